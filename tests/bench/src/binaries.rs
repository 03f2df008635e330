//! What the functions weigh, and how long they take from the start of the process to the first poll of the Runtime API
//! and to the first answer; beside a minimal function with the same clients, started in the same minutes.

use std::path::Path;
use std::time::Duration;

use local::{Service, ServiceOptions};
use serde_json::Value;

use crate::Error;
use crate::args::Args;
use crate::figures::{self, Sample};
use crate::functions::{self, Running};

/// What every function is compared with.
const MINIMAL: &str = "minimal";
/// The profile that is deployed.
const DEPLOYED: &str = "release";
/// How many times as long as the minimal function a start may take.
const MOST_TIMES: f64 = 2.0;
/// How large a function may be, and one that carries more than the clients of `DynamoDB` and KMS, in MB.
const LARGEST: f64 = 10.0;
const LARGEST_WITH_MORE: f64 = 14.0;
/// Functions with more clients than these two, and what for.
const WITH_MORE: [(&str, &str); 4] =
    [("imports", "S3, SQS"), ("csv-import", "S3, SQS, CSV"), ("mail-delivery", "SESv2"), ("retention-purge", "S3")];

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let service = Box::pin(Service::start(ServiceOptions { demo: false, ..ServiceOptions::ephemeral() })).await?;
    let environment = functions::environment(service.cloud());
    let mut names = vec![MINIMAL.to_owned()];
    names.extend(functions::names("api")?);
    names.extend(functions::names("events")?);
    let (built, missing): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| args.binaries.join(name).exists());
    if built.first().is_none_or(|name| name != MINIMAL) {
        return Err("the minimal function is not there: build it first (`-p bench`)".into());
    }
    let mut functions = Vec::new();
    for name in built {
        functions.push(Function::new(&args.binaries, name)?);
    }
    // In turns, so that what else the machine does falls on all of them alike.
    for _ in 0..args.starts {
        for function in &mut functions {
            function.start(&args.binaries, &environment).await?;
        }
    }
    let poll_of_minimal = Sample::from_iter(functions[0].to_poll.clone()).median();
    let headings = [
        "function",
        "clients beside DynamoDB and KMS",
        "size",
        "budget",
        "to the first poll",
        "of minimal",
        "to the first answer",
    ];
    let rows: Vec<_> = functions.iter().map(|function| function.row(poll_of_minimal)).collect();
    println!("{}", figures::table(&headings, &rows));
    if !missing.is_empty() {
        println!("Not built with this profile: {}.\n", missing.join(", "));
    }
    let verdict = |bad: Vec<&str>| {
        if bad.is_empty() { "holds".to_owned() } else { format!("does not hold for {}", bad.join(", ")) }
    };
    if args.profile == DEPLOYED {
        let heavy = functions.iter().filter(|function| function.budget().is_some_and(|most| function.megabytes > most));
        println!("Sizes within their budgets: {}.", verdict(heavy.map(|function| function.name.as_str()).collect()));
    } else {
        println!("Budgets are for what is deployed (profile `{DEPLOYED}`): not compared.");
    }
    let slow = functions.iter().filter(|function| function.poll() > MOST_TIMES * poll_of_minimal);
    let slow = verdict(slow.map(|function| function.name.as_str()).collect());
    println!("Start to first poll at most {MOST_TIMES:.0} times the minimal function's: {slow}.");
    Ok(())
}

/// A function with what was measured of it.
struct Function {
    name: String,
    example: Value,
    megabytes: f64,
    to_poll: Vec<Duration>,
    to_answer: Vec<Duration>,
}

impl Function {
    fn new(binaries: &Path, name: String) -> Result<Self, Error> {
        let bytes = std::fs::metadata(functions::binary(binaries, &name)?)?.len();
        let example = functions::example(if name == MINIMAL { "status" } else { &name })?;
        let megabytes = f64::from(u32::try_from(bytes)?) / 1e6;
        Ok(Self { name, example, megabytes, to_poll: Vec::new(), to_answer: Vec::new() })
    }

    /// Starts a process, hands it its example, and stops it.
    async fn start(&mut self, binaries: &Path, environment: &[(&'static str, String)]) -> Result<(), Error> {
        let running = Running::start(binaries, &self.name, environment).await?;
        let to_poll = running.to_first_poll().await?;
        running.invoke(&self.example).await.map_err(|error| format!("{}: {error}", self.name))?;
        self.to_answer.push(running.age());
        self.to_poll.push(to_poll);
        Ok(())
    }

    fn more(&self) -> Option<&'static str> {
        WITH_MORE.iter().find(|(name, _)| *name == self.name).map(|(_, more)| *more)
    }

    /// How large it may be, in MB; the minimal function is what it is.
    fn budget(&self) -> Option<f64> {
        let budget = if self.more().is_some() { LARGEST_WITH_MORE } else { LARGEST };
        (self.name != MINIMAL).then_some(budget)
    }

    fn poll(&self) -> f64 {
        self.to_poll.iter().copied().collect::<Sample>().median()
    }

    fn row(&self, poll_of_minimal: f64) -> Vec<String> {
        let answer: Sample = self.to_answer.iter().copied().collect();
        vec![
            self.name.clone(),
            self.more().unwrap_or_default().to_owned(),
            format!("{:.2} MB", self.megabytes),
            self.budget().map(|most| format!("{most:.0} MB")).unwrap_or_default(),
            figures::time(self.poll()),
            format!("{:.1} ×", self.poll() / poll_of_minimal),
            figures::time(answer.median()),
        ]
    }
}
