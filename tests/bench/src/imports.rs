//! Whole imports of checkups through the deployed importer: a process of its own, so that its memory and CPU time are its
//! alone, with a local cloud for files, queues and tables.
//!
//! A check (`dry_run`) reads every row and holds it against the register; an application checks once more, and then
//! writes. The local tables answer some thousand calls a second, so that large files are only checked.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use jiff::civil::Date;
use local::client::send;
use local::cloud::s3::BucketSpec;
use local::cloud::sqs::QueueSpec;
use local::counters::Count;
use local::service::{IMPORTS_BUCKET, IMPORTS_QUEUE, LEDGER_BUCKET};
use local::triggers::{QueueMapping, Triggers};
use local::{Cloud, Options, ServiceOptions};
use serde_json::{Value, json};
use tests::World;
use tests::imports::CHECKUPS_2026;

use crate::Error;
use crate::args::Args;
use crate::doors::Deployment;
use crate::figures;
use crate::functions::{self, Running};

/// People whose checkups the files hold.
const PEOPLE: usize = 1_000;
/// The largest file that is applied as well.
const APPLIED: usize = 50_000;
/// Memory that the importer may take, in MiB.
const MOST_MEMORY: f64 = 128.0;
/// How often somebody looks at least whether an import has come to its end, and for how long at most.
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_hours(1);
/// After what time a message that failed comes again.
const RETRY: Duration = Duration::from_secs(2);
/// For how long an access token is used.
const TOKEN: Duration = Duration::from_mins(10);

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let names = ["imports", "sessions"].map(str::to_owned);
    for name in names.iter().map(String::as_str).chain(["csv-import"]) {
        functions::binary(&args.binaries, name)?;
    }
    let directory = tempfile::tempdir()?;
    let refresh_token = settle(directory.path()).await?;
    let cloud = Cloud::start(cloud_options(directory.path())).await?;
    let deployment = Deployment::start(&args.binaries, &names, &cloud).await?;
    let mut client = Client { api: deployment.api().to_owned(), refresh_token, access: None };
    let mut rows = Vec::new();
    let mut most_memory: f64 = 0.0;
    // Every file has days of its own: nothing in it is there already.
    let mut last_day = store::Clock::system().now().date();
    for &count in &args.rows {
        let file = checkups(count, last_day)?;
        last_day = last_day.checked_sub(i64::try_from(count.div_ceil(PEOPLE))?.days())?;
        let importer = Importer::start(&args.binaries, &cloud).await?;
        let import = client.start(file).await?;
        let check = importer.measure(&mut client, &import, "checked", count).await?;
        rows.push(check.row("check"));
        if count <= APPLIED {
            client.call("POST", &format!("/v1/imports/{import}/apply"), None).await?;
            let apply = importer.measure(&mut client, &import, "applied", count).await?;
            rows.push(apply.row("check and application"));
        }
        most_memory = most_memory.max(importer.peak_memory()?);
    }
    let headings = [
        "rows",
        "what",
        "time",
        "rows per second",
        "CPU s per 100,000 rows",
        "peak memory",
        "RCU per row",
        "WCU per row",
    ];
    println!("{}", figures::table(&headings, &rows));
    let verdict = if most_memory < MOST_MEMORY { "holds" } else { "does not hold" };
    println!("The importer's memory under {MOST_MEMORY:.0} MiB: {verdict} ({most_memory:.0} MiB at most).");
    Ok(())
}

/// Makes a tenant with a thousand employees under a directory; answers with the refresh token of somebody who may import.
async fn settle(directory: &Path) -> Result<String, Error> {
    let world = World::start(ServiceOptions::in_directory(directory)).await;
    let nurse = world.tenant(0).actor("nurse");
    let administrator = world.tenant(0).actor("administrator");
    let done = tests::imports::import(&administrator, "employees", employees().as_bytes(), json!({})).await;
    if done["state"] != "applied" {
        return Err(format!("the employees are not applied: {done}").into());
    }
    text(&nurse.sign_in().await.json()["refresh_token"])
}

/// The same cloud as the service's, without its functions.
fn cloud_options(directory: &Path) -> Options {
    Options {
        kms_aliases: ["names", "records", "platform"].map(|name| format!("alias/{name}")).into(),
        buckets: vec![BucketSpec::new(IMPORTS_BUCKET).notify(IMPORTS_QUEUE), BucketSpec::new(LEDGER_BUCKET).locked()],
        queues: vec![QueueSpec::new(IMPORTS_QUEUE).visibility(PATIENCE)],
        ..Options::in_directory(directory)
    }
}

fn number(person: usize) -> String {
    format!("B{person:05}")
}

fn employees() -> String {
    let heading =
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分\r\n".to_owned();
    let row = |person| {
        let (number, sex) = (number(person), if person % 2 == 0 { "女" } else { "男" });
        format!("{number},計測 一郎,ケイソク イチロウ,1980-05-05,{sex},2003-04-01,W01,X100,正社員,在籍\r\n")
    };
    (0..PEOPLE).map(row).fold(heading, |file, row| file + &row)
}

/// The heading of the sample's checkups, and what stands in each row behind number and day, which are ours. Neither cell can hold a comma.
pub(crate) fn sample() -> Result<(Vec<u8>, Vec<&'static [u8]>), Error> {
    let mut lines = CHECKUPS_2026.split_inclusive(|byte| *byte == b'\n');
    let heading = lines.next().ok_or("the sample file is empty")?.to_vec();
    let rest = |line: &'static [u8]| {
        let commas = line.iter().enumerate().filter(|(_, byte)| **byte == b',');
        commas.map(|(at, _)| &line[at..]).nth(1)
    };
    Ok((heading, lines.filter_map(rest).collect()))
}

/// A file in the sample's layout and with its values: one checkup per person and day, from `last_day` backwards.
fn checkups(rows: usize, last_day: Date) -> Result<Vec<u8>, Error> {
    let (mut file, rests) = sample()?;
    for (row, rest) in (0..rows).zip(rests.iter().cycle()) {
        let day = last_day.checked_sub(i64::try_from(row / PEOPLE)?.days())?;
        file.extend(format!("{},{day}", number(row % PEOPLE)).into_bytes());
        file.extend_from_slice(rest);
    }
    Ok(file)
}

fn text(value: &Value) -> Result<String, Error> {
    Ok(value.as_str().ok_or("a text is missing in an answer")?.to_owned())
}

/// Somebody who imports.
struct Client {
    api: String,
    refresh_token: String,
    /// An access token, and since when.
    access: Option<(String, Instant)>,
}

impl Client {
    async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Result<Value, Error> {
        let token = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(token.iter().map(|token| ("authorization", token.as_str())));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = send(method, &format!("{}{path}", self.api), &headers, body).await?;
        if answer.status >= 300 {
            return Err(format!("{method} {path} answers {}: {}", answer.status, answer.json()).into());
        }
        Ok(answer.json())
    }

    /// Asks with a token that is good.
    async fn call(&mut self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let token = self.token().await?;
        self.ask(method, path, Some(&token), body).await
    }

    /// An access token: some imports take longer than one lasts.
    async fn token(&mut self) -> Result<String, Error> {
        if let Some((token, since)) = &self.access
            && since.elapsed() < TOKEN
        {
            return Ok(token.clone());
        }
        let refresh = json!({ "refresh_token": self.refresh_token });
        let tokens = self.ask("POST", "/v1/sessions/refresh", None, Some(refresh)).await?;
        self.refresh_token = text(&tokens["refresh_token"])?;
        let token = text(&tokens["access_token"])?;
        self.access = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    /// Starts the check of a file; the import's id.
    async fn start(&mut self, file: Vec<u8>) -> Result<String, Error> {
        let body = json!({ "kind": "checkups", "file_name": "checkups.csv", "dry_run": true });
        let import = self.call("POST", "/v1/imports", Some(body)).await?;
        let answer = send("PUT", &text(&import["upload"]["url"])?, &[], file).await?;
        if answer.status != 200 {
            return Err(format!("the upload answers {}", answer.status).into());
        }
        text(&import["id"])
    }
}

/// The importer's process behind its queue.
struct Importer<'a> {
    cloud: &'a Cloud,
    running: Arc<Running>,
    _triggers: Triggers,
}

impl<'a> Importer<'a> {
    async fn start(binaries: &Path, cloud: &'a Cloud) -> Result<Self, Error> {
        let running = Arc::new(Running::start(binaries, "csv-import", &functions::environment(cloud)).await?);
        running.to_first_poll().await?;
        // One copy of the function with one chunk at a time: as much as the local tables keep up with.
        let mapping = QueueMapping::new(IMPORTS_QUEUE, running.deployed()).batch_size(1).concurrency(1);
        let mapping = mapping.retry_after(RETRY);
        Ok(Self { cloud, running, _triggers: Triggers::start(cloud, [mapping], []) })
    }

    /// Waits until an import has come to this state; what the importer used until then.
    async fn measure(&self, client: &mut Client, import: &str, state: &str, rows: usize) -> Result<Figures, Error> {
        let (started, cpu, units) = (Instant::now(), self.running.cpu_time()?, self.units());
        let path = format!("/v1/imports/{import}");
        loop {
            // Looking costs, too: the longer it takes, the longer between two looks.
            tokio::time::sleep(LOOK.max(started.elapsed() / 50)).await;
            let import = client.call("GET", &path, None).await?;
            match import["state"].as_str().unwrap_or_default() {
                now if now == state => break,
                "awaiting_upload" | "waiting" | "checking" | "checked" | "applying" if started.elapsed() < PATIENCE => {
                }
                _ => return Err(format!("the import does not come to be {state}: {import}").into()),
            }
        }
        let (read, written) = self.units();
        Ok(Figures {
            rows: f64::from(u32::try_from(rows)?),
            time: started.elapsed(),
            cpu: self.running.cpu_time()?.since(&cpu),
            memory: self.peak_memory()?,
            read_units: read - units.0,
            write_units: written - units.1,
        })
    }

    /// In MiB.
    fn peak_memory(&self) -> Result<f64, Error> {
        Ok(f64::from(u32::try_from(self.running.peak_memory()? / 1024)?) / 1024.0)
    }

    fn units(&self) -> (f64, f64) {
        let sum = |of: fn(&Count) -> f64| self.cloud.counters().snapshot().values().map(of).sum();
        (sum(|count| count.read_units), sum(|count| count.write_units))
    }
}

/// What an import took.
struct Figures {
    rows: f64,
    time: Duration,
    cpu: Duration,
    memory: f64,
    read_units: f64,
    write_units: f64,
}

impl Figures {
    fn row(&self, what: &str) -> Vec<String> {
        let seconds = self.time.as_secs_f64();
        vec![
            figures::thousands(self.rows),
            what.to_owned(),
            figures::time(seconds),
            figures::thousands(self.rows / seconds),
            figures::digits(self.cpu.as_secs_f64() / self.rows * 1e5),
            format!("{:.0} MiB", self.memory),
            figures::digits(self.read_units / self.rows),
            figures::digits(self.write_units / self.rows),
        ]
    }
}
