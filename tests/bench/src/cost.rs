//! What the service costs: US$ per 1,000 employees and month, from units that are counted while a described month is asked of the doors; and what the audit trail adds to
//! each request.
//!
//! Calls and units are the local cloud's, which counts as DynamoDB does. Seconds of Lambda are not measured but reckoned, for this machine is no Lambda: the call itself, and
//! [`HOP`] for each call that a request waits for. Prices are data (`prices.csv`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use local::counters::Snapshot;
use tests::World;

use crate::Error;
use crate::args::Args;
use crate::doors::Asking;
use crate::figures::{self, Sample};
use crate::rounds;

const PRICES: &str = include_str!("../prices.csv");
/// When the prices were read, and for where.
const PRICED: &str = "on-demand prices of ap-northeast-1, without free tiers and taxes, as known in June 2025; look them up before you quote them";
/// How long a call of one AWS service to another takes within a region.
const HOP: Duration = Duration::from_millis(5);
/// Requests of each kind that are counted.
const COUNTED: usize = 12;
/// Bytes of log lines that one request leaves: the function's own, Lambda's, and the gateway's access line.
const LOG_BYTES: f64 = 2_200.0;

/// A month of 1,000 employees: a door, how often it is asked, and the memory of the function behind it. Sign-ins: everybody twice a month, thirty people who work with it
/// daily. Reads: a physician, two nurses, five of HR and ten managers on twenty days.
const MONTH: [(&str, f64, f64); 17] = [
    ("`POST /v1/sessions` (password alone)", 2_000.0, 1_769.0),
    ("`POST /v1/sessions` (a second factor follows)", 600.0, 1_769.0),
    ("`POST /v1/sessions/otp`", 600.0, 1_769.0),
    ("`POST /v1/sessions/refresh`", 20_000.0, 1_769.0),
    ("`GET /v1/me`", 2_600.0, 1_769.0),
    ("`GET /v1/employees/{id}/checkups` (one's own)", 2_000.0, 512.0),
    ("`GET /v1/employees` (50 of 1,003)", 4_000.0, 1_024.0),
    ("`GET /v1/employees?q=田中`", 4_000.0, 1_024.0),
    ("`GET /v1/employees/{id}`", 8_000.0, 1_024.0),
    ("`GET /v1/employees/{id}/checkups`", 4_000.0, 512.0),
    ("`GET /v1/employees/{id}/checkups/{id}`", 4_000.0, 512.0),
    ("`GET /v1/checkups` (50 of 928)", 1_000.0, 512.0),
    ("`GET /v1/departments`", 4_000.0, 512.0),
    ("`PATCH /v1/employees/{id}`", 200.0, 1_024.0),
    ("`GET /v1/accounts`", 100.0, 1_769.0),
    ("`GET /v1/imports/{id}`", 200.0, 512.0),
    ("`GET /v1/audit-events` (50)", 20.0, 512.0),
];
/// Imports of the sample files (1,000 employees, ten departments, 1,756 checkups) in a month: the register every month, checkups once a year.
const IMPORTS: f64 = 1.0;
/// Gigabytes in tables and in a month's logs' archive: measured by nobody, and small.
const STORED_GB: f64 = 0.1;

/// What a deployment costs before anybody uses it: things and how many. Keys and rules are those of `infra/`.
const FIXED: [(&str, &str, f64); 6] = [
    ("fixed: KMS", "key", 8.0),
    ("fixed: WAF", "ACL", 1.0),
    ("fixed: WAF", "rule", 7.0),
    ("fixed: CloudWatch", "alarm", 20.0),
    ("fixed: CloudWatch", "dashboard", 1.0),
    ("fixed: CloudWatch", "metric", 20.0),
];

/// Prints the tables of `docs/cost.md`.
pub(crate) async fn print(_: &Args) -> Result<(), Error> {
    let prices = prices()?;
    let world = World::own().await;
    let counters = world.service().cloud().counters().clone();
    let before = counters.snapshot();
    let mut doors = crate::requests::doors(&world).await?;
    let mut month = Used::default();
    month.add(&since(&before, &counters.snapshot()), IMPORTS);
    let mut trail = Vec::new();
    for (title, times, megabytes) in MONTH {
        let door =
            doors.iter_mut().find(|door| door.title == title).ok_or_else(|| format!("there is no door {title}"))?;
        let mut asking = Asking { door, last: None };
        for _ in 0..2 {
            let ask = asking.next().await;
            asking.send(world.api(), ask).await?;
        }
        let (mut calls, mut took, mut waits) = (Snapshot::new(), Vec::new(), 0);
        for _ in 0..COUNTED {
            let ask = asking.next().await;
            let counted = counters.snapshot();
            rounds::watch();
            let started = Instant::now();
            asking.send(world.api(), ask).await?;
            took.push(started.elapsed());
            waits = waits.max(rounds::seen());
            crate::doors::add(&mut calls, &counted, counters.snapshot());
        }
        let requests = f64::from(u32::try_from(COUNTED)?);
        let took: Sample = took.into_iter().collect();
        let seconds = took.median() + HOP.as_secs_f64() * f64::from(u32::try_from(waits)?);
        month.add(&calls, times / requests);
        month.request(times, seconds * times * megabytes / 1_024.0);
        trail.push(told(title, &calls, requests));
    }
    println!("{}", month.table(&prices)?);
    println!("{}", fixed(&prices)?);
    println!("Prices: {PRICED}.\n");
    println!("#### What the audit trail adds\n");
    println!(
        "{}",
        figures::table(&["request", "events", "calls of their own", "written with the request's own write"], &trail)
    );
    println!("{}", latency(&world).await?);
    Ok(())
}

/// A price: US$ for so many of a service's unit.
type Prices = BTreeMap<(String, String), f64>;

fn prices() -> Result<Prices, Error> {
    let mut prices = Prices::new();
    for line in PRICES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [service, unit, usd, per, _] = cells[..] else { return Err(format!("prices.csv: {line}").into()) };
        prices.insert((service.to_owned(), unit.to_owned()), usd.parse::<f64>()? / per.parse::<f64>()?);
    }
    Ok(prices)
}

fn since(before: &Snapshot, after: &Snapshot) -> Snapshot {
    let mut calls = Snapshot::new();
    crate::doors::add(&mut calls, before, after.clone());
    calls
}

/// How much of each unit a month takes.
#[derive(Debug, Default)]
struct Used(BTreeMap<(&'static str, &'static str), f64>);

impl Used {
    fn more(&mut self, service: &'static str, unit: &'static str, amount: f64) {
        *self.0.entry((service, unit)).or_default() += amount;
    }

    /// What was counted, so many times.
    #[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
    fn add(&mut self, calls: &Snapshot, times: f64) {
        for (operation, count) in calls {
            let called = count.calls as f64 * times;
            match operation.split_once('.') {
                Some(("dynamodb", _)) => {
                    self.more("DynamoDB", "read unit", count.read_units * times);
                    self.more("DynamoDB", "write unit", count.write_units * times);
                }
                Some(("kms", _)) => self.more("KMS", "request", called),
                Some(("s3", "GetObject" | "HeadObject")) => self.more("S3", "get", called),
                Some(("s3", _)) => self.more("S3", "put or list", called),
                Some(("sqs", _)) => self.more("SQS", "request", called),
                Some(("ses", _)) => self.more("SES", "mail", called),
                _ => {}
            }
        }
    }

    fn request(&mut self, times: f64, gigabyte_seconds: f64) {
        self.more("API Gateway", "request (REST)", times);
        self.more("WAF", "request", times);
        self.more("Lambda", "request", times);
        self.more("Lambda", "GB-second (arm64)", gigabyte_seconds);
        self.more("CloudWatch", "GB of logs", times * LOG_BYTES / 1e9);
        // Thirteen months of them are kept.
        self.more("CloudWatch", "GB-month of logs", times * LOG_BYTES / 1e9 * 13.0);
    }

    fn table(mut self, prices: &Prices) -> Result<String, Error> {
        self.more("DynamoDB", "GB-month", STORED_GB);
        self.more("DynamoDB", "GB-month of point-in-time recovery", STORED_GB);
        // Seven generations of three tables.
        self.more("Backup", "GB-month of snapshots", STORED_GB * 7.0);
        let (mut rows, mut sum) = (Vec::new(), 0.0);
        for ((service, unit), amount) in &self.0 {
            let price = prices.get(&((*service).to_owned(), (*unit).to_owned()));
            let cost = price.ok_or_else(|| format!("{service}, {unit}: no price"))? * amount;
            sum += cost;
            rows.push(vec![format!("{service}: {unit}"), figures::digits(*amount), format!("{cost:.4}")]);
        }
        rows.push(vec!["**1,000 employees, a month**".to_owned(), String::new(), format!("**{sum:.2}**")]);
        Ok(figures::table(&["service and unit", "used in a month", "US$"], &rows))
    }
}

/// What stands there before anybody uses it.
fn fixed(prices: &Prices) -> Result<String, Error> {
    let (mut rows, mut sum) = (Vec::new(), 0.0);
    for (service, unit, amount) in FIXED {
        let price = prices.get(&(service.to_owned(), unit.to_owned()));
        let cost = price.ok_or_else(|| format!("{service}, {unit}: no price"))? * amount;
        sum += cost;
        let service = service.trim_start_matches("fixed: ");
        rows.push(vec![format!("{service}: {unit}"), figures::digits(amount), format!("{cost:.2}")]);
    }
    rows.push(vec!["**a deployment, a month**".to_owned(), String::new(), format!("**{sum:.2}**")]);
    Ok(figures::table(&["what is there anyway", "how many", "US$"], &rows))
}

/// What a request tells the trail: events, and how they travel.
#[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
fn told(title: &str, calls: &Snapshot, requests: f64) -> Vec<String> {
    let of = |how: &str| calls.get(&format!("trail.{how}")).map_or(0.0, |count| count.calls as f64 / requests);
    let (own, with) = (of("PutItem"), of("TransactWriteItems"));
    vec![title.to_owned(), figures::count(own + with), figures::count(own), figures::count(with)]
}

/// How long an event takes that travels alone, and how much longer a transaction takes with one in it.
async fn latency(world: &World) -> Result<String, Error> {
    let client = &world.service().clients().dynamodb;
    let item = |table: &str, number: usize, bytes: usize| {
        let text = |text: String| AttributeValue::S(text);
        let put = Put::builder()
            .table_name(table)
            .item("pk", text("T#platform#EVENT#bench".to_owned()))
            .item("sk", text(format!("{number}-{bytes}")))
            .item("sealed", text("x".repeat(bytes)))
            .build();
        put.map(|put| TransactWriteItem::builder().put(put).build())
    };
    let (mut alone, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..200 {
        let started = Instant::now();
        client.transact_write_items().transact_items(item("audit", number, 600)?).send().await?;
        alone.push(started.elapsed());
        let started = Instant::now();
        client
            .transact_write_items()
            .transact_items(item("records", number, 601)?)
            .transact_items(item("records", number, 602)?)
            .send()
            .await?;
        without.push(started.elapsed());
        let started = Instant::now();
        let written = client.transact_write_items().transact_items(item("records", number, 603)?);
        written
            .transact_items(item("records", number, 604)?)
            .transact_items(item("audit", number, 605)?)
            .send()
            .await?;
        with.push(started.elapsed());
    }
    let median = |took: Vec<Duration>| took.into_iter().collect::<Sample>().median();
    let (alone, without, with) = (median(alone), median(without), median(with));
    Ok(format!(
        "An event that travels alone takes {} here, and on AWS one more call within the region (about {} ms); it is written before the answer goes out. An event that travels in a transaction of two adds {} here, and no call.",
        figures::time(alone),
        HOP.as_millis(),
        figures::time((with - without).max(0.0)),
    ))
}
