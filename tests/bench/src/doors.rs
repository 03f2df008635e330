//! What one warm request to each door costs: calls, units, CPU time, latency.
//!
//! Calls and units are counted by the local cloud, and CPU time by the kernel, for the functions' own processes behind
//! the gateway, as they are deployed. In how many rounds the calls are made is seen in this process, where the same code
//! answers as well.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use local::client::send;
use local::counters::{Counters, Snapshot};
use local::gateway::{Gateway, GatewayOptions};
use local::{Cloud, ServiceOptions, documents};
use tests::{Answer, World};

use crate::Error;
use crate::args::Args;
use crate::figures::{self, Sample};
use crate::functions::{self, Running};
use crate::requests::{Ask, Door};
use crate::rounds;

/// Requests after which a function is warm, and in how many the rounds are looked at.
const WARM_UP: usize = 5;
const LOOKED_AT: usize = 9;
/// Rounds that a warm read may take.
const MOST_ROUNDS: usize = 3;
/// Which part of all requests is sent to a slow door.
const SLOW: usize = 5;

/// The gateway with the functions' processes behind it.
#[derive(Debug)]
pub(crate) struct Deployment {
    gateway: Gateway,
    functions: BTreeMap<String, Arc<Running>>,
}

impl Deployment {
    /// Starts these functions, and the gateway in front of them.
    pub(crate) async fn start(binaries: &Path, names: &[String], cloud: &Cloud) -> Result<Self, Error> {
        let environment = functions::environment(cloud);
        let mut functions = BTreeMap::new();
        for name in names {
            functions.insert(name.clone(), Arc::new(Running::start(binaries, name, &environment).await?));
        }
        let options = GatewayOptions {
            shape: ServiceOptions::ephemeral().shape,
            clock: cloud.clock().clone(),
            ..GatewayOptions::new(documents::GATEWAY)
        };
        let deployed: Vec<_> = functions.values().map(Running::deployed).collect();
        Ok(Self { gateway: Gateway::start(options, deployed, Counters::default()).await?, functions })
    }

    /// The API's address.
    pub(crate) fn api(&self) -> &str {
        self.gateway.url()
    }
}

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let names = functions::names("api")?;
    for name in &names {
        functions::binary(&args.binaries, name)?;
    }
    let world = World::start(ServiceOptions::ephemeral()).await;
    let mut doors = crate::requests::doors(&world).await?;
    let deployment = Deployment::start(&args.binaries, &names, world.service().cloud()).await?;
    let mut measured = Vec::new();
    for door in &mut doors {
        let mut figures = figures_of(door, &world, &deployment, args.requests).await?;
        if figures.calls_to("kms") > 0.0 {
            // A data key serves for five minutes, and one may have run out just now. It does not do so twice in a row.
            figures = figures_of(door, &world, &deployment, args.requests).await?;
        }
        if figures.calls_to("kms") > 0.0 {
            return Err(format!("a warm request must not call KMS, and {} does", door.title).into());
        }
        measured.push(figures);
    }
    let headings = ["request", "calls to DynamoDB", "in sequence", "RCU", "WCU", "S3", "KMS", "CPU time", "p50", "p99"];
    let rows: Vec<_> = measured.iter().map(Figures::row).collect();
    println!("{}", figures::table(&headings, &rows));
    println!("No warm request calls KMS.");
    let long: Vec<_> = measured
        .iter()
        .filter(|figures| figures.title.starts_with("`GET") && figures.rounds > MOST_ROUNDS)
        .map(|figures| figures.title)
        .collect();
    let verdict = if long.is_empty() { "holds".to_owned() } else { format!("does not hold for {}", long.join(", ")) };
    println!("At most {MOST_ROUNDS} calls to DynamoDB in sequence on a warm read: {verdict}.");
    Ok(())
}

/// What was measured of one door.
struct Figures {
    title: &'static str,
    rounds: usize,
    requests: f64,
    /// All calls of all requests.
    calls: Snapshot,
    cpu: Duration,
    latency: Sample,
}

impl Figures {
    fn calls_to(&self, service: &str) -> f64 {
        self.of(service).map(|(_, calls, _)| calls).sum()
    }

    /// Operations of a service with their calls and units per request.
    #[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
    fn of(&self, service: &str) -> impl Iterator<Item = (&str, f64, [f64; 2])> {
        self.calls.iter().filter_map(move |(name, count)| {
            let operation = name.strip_prefix(service)?.strip_prefix('.')?;
            let per_request = |value: f64| value / self.requests;
            let units = [per_request(count.read_units), per_request(count.write_units)];
            Some((operation, per_request(count.calls as f64), units))
        })
    }

    fn row(&self) -> Vec<String> {
        let calls: Vec<_> = self
            .of("dynamodb")
            .filter(|(_, calls, _)| *calls > 0.0)
            .map(|(operation, calls, _)| format!("{operation} {}", figures::count(calls)))
            .collect();
        let units = |which: usize| figures::count(self.of("dynamodb").map(|(_, _, units)| units[which]).sum());
        vec![
            self.title.to_owned(),
            calls.join(", "),
            self.rounds.to_string(),
            units(0),
            units(1),
            figures::count(self.calls_to("s3")),
            format!("{:.0}", self.calls_to("kms")),
            figures::time(self.cpu.as_secs_f64() / self.requests),
            figures::time(self.latency.median()),
            figures::time(self.latency.percentile(0.99)),
        ]
    }
}

async fn figures_of(door: &mut Door, world: &World, deployment: &Deployment, most: usize) -> Result<Figures, Error> {
    let mut asking = Asking { door, last: None };
    let mut seen = Vec::new();
    for number in 0..WARM_UP + LOOKED_AT {
        let ask = asking.next().await;
        rounds::watch();
        asking.send(world.api(), ask).await?;
        let rounds = rounds::seen();
        if number >= WARM_UP {
            seen.push(rounds);
        }
    }
    seen.sort_unstable();
    for _ in 0..WARM_UP {
        let ask = asking.next().await;
        asking.send(deployment.api(), ask).await?;
    }
    let requests = if asking.door.is_slow { most.div_ceil(SLOW) } else { most };
    let function = &deployment.functions[asking.door.function];
    let counters = world.service().cloud().counters();
    let (mut calls, mut latency) = (Snapshot::new(), Vec::with_capacity(requests));
    let before = function.cpu_time()?;
    for _ in 0..requests {
        let ask = asking.next().await;
        let counted = counters.snapshot();
        let started = Instant::now();
        asking.send(deployment.api(), ask).await?;
        latency.push(started.elapsed());
        add(&mut calls, &counted, counters.snapshot());
    }
    Ok(Figures {
        title: asking.door.title,
        rounds: seen[LOOKED_AT / 2],
        requests: f64::from(u32::try_from(requests)?),
        calls,
        cpu: function.cpu_time()?.since(&before),
        latency: latency.into_iter().collect(),
    })
}

/// Adds what was counted between two moments.
pub(crate) fn add(sum: &mut Snapshot, before: &Snapshot, after: Snapshot) {
    for (operation, now) in after {
        let then = before.get(&operation).copied().unwrap_or_default();
        let count = sum.entry(operation).or_default();
        count.calls += now.calls - then.calls;
        count.read_units += now.read_units - then.read_units;
        count.write_units += now.write_units - then.write_units;
    }
}

/// One client, who sends one request after the other.
pub(crate) struct Asking<'a> {
    pub(crate) door: &'a mut Door,
    pub(crate) last: Option<Answer>,
}

impl Asking<'_> {
    /// What to send next; whatever that takes is not measured.
    pub(crate) async fn next(&mut self) -> Ask {
        let ask = (self.door.next)(self.door.asked, self.last.take()).await;
        self.door.asked += 1;
        ask
    }

    pub(crate) async fn send(&mut self, api: &str, ask: Ask) -> Result<(), Error> {
        let token = ask.token.map(|token| format!("Bearer {token}"));
        let mut headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", token.as_str())).collect();
        headers.extend(ask.etag.as_deref().map(|etag| ("if-match", etag)));
        if ask.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = ask.body.map(|body| body.to_string()).unwrap_or_default();
        let answer = send(ask.method, &format!("{api}{}", ask.path), &headers, body).await?;
        if answer.status >= 300 {
            return Err(format!("{} answers {}: {}", self.door.title, answer.status, answer.json()).into());
        }
        self.last = Some(answer);
        Ok(())
    }
}
