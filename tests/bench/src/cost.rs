//! What the service costs: US$ per 1,000 employees and month, from units that are counted while a described month is asked of the doors; and what the audit trail adds to
//! each request, before its answer and after it.
//!
//! Calls and units are the local cloud's, which counts as DynamoDB does. Seconds of Lambda are not measured but reckoned, for this machine is no Lambda: the call itself, and
//! [`HOP`] for each call that a request waits for. Prices are data (`prices.csv`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use local::ServiceOptions;
use local::counters::{Counters, Snapshot};
use serde_json::Value;
use tests::World;

use crate::Error;
use crate::args::Args;
use crate::doors::Asking;
use crate::figures::{self, Sample};
use crate::rounds;

const PRICES: &str = include_str!("../prices.csv");
/// What the prices are, and how far to trust them.
const PRICED: &str = "on-demand prices of ap-northeast-1, without free tiers, volume discounts and taxes; tests/bench/prices.csv has the day of each. A price with a star was not seen in AWS's price list: \
    look it up before you quote it";
/// How long nothing may be called before what a request set off is over.
const QUIET: Duration = Duration::from_millis(300);
/// Megabytes of `audit-archive`, which copies each event.
const ARCHIVE_MEGABYTES: f64 = 512.0;
/// How long a call of one AWS service to another takes within a region.
const HOP: Duration = Duration::from_millis(5);
/// Requests of each kind that are counted.
const COUNTED: usize = 12;
/// Bytes of log lines that one request leaves: the function's own, Lambda's, and the gateway's access line.
const LOG_BYTES: f64 = 2_200.0;

/// A month of 1,000 employees: a door, how often it is asked, and the memory of the function behind it. Sign-ins: everybody twice a month, thirty people who work with it
/// daily. Reads: a physician, two nurses, five of HR and ten managers on twenty days. Lifelogs: half of them have a watch that sends each day, and look once a week.
const MONTH: [(&str, f64, f64); 22] = [
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
    ("`POST /v1/employees/{id}/lifelogs` (a watch's day)", 15_000.0, 512.0),
    ("`GET /v1/employees/{id}/lifelogs/series` (a year)", 2_000.0, 512.0),
    ("`GET /v1/employees/{id}/points`", 2_000.0, 512.0),
    ("`GET /v1/employees/{id}/working-hours`", 1_000.0, 512.0),
    ("`GET /v1/reports/dashboard`", 100.0, 1_769.0),
    ("`GET /v1/audit-events` (50)", 20.0, 512.0),
];
/// Imports of the sample files (1,000 employees, ten departments, 1,756 checkups) in a month: the register every month, checkups once a year.
const IMPORTS: f64 = 1.0;
/// Nights in a month: each counts the figures of the dashboard anew.
const NIGHTS: f64 = 30.0;
/// Gigabytes in tables and in a month's logs' archive: measured by nobody, and small.
const STORED_GB: f64 = 0.1;

/// How often the canary looks in a month, and what it asks (its sign-out counts as another read).
const LOOKS: f64 = 12.0 * 24.0 * 30.0;
const LOOK: [(&str, f64); 2] = [("`POST /v1/sessions` (password alone)", 1.0), ("`GET /v1/me`", 2.0)];
/// What else the clock wakes in a month: three sweeps every five minutes, the rest hourly or daily.
const WOKEN: f64 = 3.0 * LOOKS + 25.0 * 30.0 + 3.0 * 30.0;
/// Metrics that functions count in their logs, by function: `_aws` in functions/events, and errors.
const METRICS: f64 = 20.0;

/// Prints the tables of `docs/cost.md`.
pub(crate) async fn print(_: &Args) -> Result<(), Error> {
    let prices = prices()?;
    let world = World::start(ServiceOptions::ephemeral()).await;
    let counters = world.service().cloud().counters().clone();
    let before = counters.snapshot();
    let mut doors = crate::requests::doors(&world).await?;
    let mut month = Used::default();
    month.add(&since(&before, &counters.snapshot()), IMPORTS);
    let before = quiet(&counters).await;
    crate::company::counted(&world, &world.tenant(0)).await?;
    month.add(&since(&before, &quiet(&counters).await), NIGHTS);
    let (mut trail, mut clock) = (Vec::new(), Used::default());
    for (title, times, megabytes) in MONTH {
        let door =
            doors.iter_mut().find(|door| door.title == title).ok_or_else(|| format!("there is no door {title}"))?;
        let mut asking = Asking { door, last: None };
        for _ in 0..2 {
            let ask = asking.next().await;
            asking.send(world.api(), ask).await?;
        }
        let (mut until_answer, mut calls, mut took, mut waits) = (Snapshot::new(), Snapshot::new(), Vec::new(), 0);
        for _ in 0..COUNTED {
            let ask = asking.next().await;
            let before = quiet(&counters).await;
            rounds::watch();
            let started = Instant::now();
            asking.send(world.api(), ask).await?;
            took.push(started.elapsed());
            waits = waits.max(rounds::seen());
            crate::doors::add(&mut until_answer, &before, counters.snapshot());
            crate::doors::add(&mut calls, &before, quiet(&counters).await);
        }
        let requests = f64::from(u32::try_from(COUNTED)?);
        let took: Sample = took.into_iter().collect();
        let seconds = took.median() + HOP.as_secs_f64() * f64::from(u32::try_from(waits)?);
        month.add(&calls, times / requests);
        month.request(times, seconds * times * megabytes / 1_024.0);
        month.copies(events(&calls) * times / requests);
        if let Some((_, asked)) = LOOK.iter().find(|(asked, _)| *asked == title) {
            let times = asked * LOOKS;
            clock.add(&calls, times / requests);
            clock.request(times, seconds * times * megabytes / 1_024.0);
            clock.copies(events(&calls) * times / requests);
        }
        trail.push(told(title, &until_answer, &calls, requests, &prices)?);
    }
    clock.more("Lambda", "request", LOOKS + WOKEN);
    clock.more("Lambda", "GB-second (arm64)", (LOOKS + WOKEN) * HOP.as_secs_f64() / 2.0);
    println!("{}", month.table(&prices)?);
    println!("{}", fixed(clock.sum(&prices)?, &prices)?);
    println!("Prices: {PRICED}.\n");
    println!("#### What the audit trail adds to a request\n");
    let headings = [
        "request",
        "events: calls of their own, before the answer",
        "events: with the request's own write",
        "WCU",
        "afterwards: S3 puts",
        "afterwards: WCU",
        "US$ per million requests",
    ];
    println!("{}", figures::table(&headings, &trail));
    println!("{}", latency(&world).await?);
    Ok(())
}

/// Everything counted so far, once nothing has been called for a while: what streams and queues set off belongs to the request that set it off.
async fn quiet(counters: &Counters) -> Snapshot {
    let mut last = counters.snapshot();
    loop {
        tokio::time::sleep(QUIET).await;
        let now = counters.snapshot();
        if now == last {
            return now;
        }
        last = now;
    }
}

/// A price: US$ for one of a service's unit, and whether it was seen in AWS's price list.
type Prices = BTreeMap<(String, String), (f64, bool)>;

fn prices() -> Result<Prices, Error> {
    let mut prices = Prices::new();
    for line in PRICES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [service, unit, usd, per, _, seen, _, _] = cells[..] else {
            return Err(format!("prices.csv: {line}").into());
        };
        let price = usd.parse::<f64>()? / per.parse::<f64>()?;
        prices.insert((service.to_owned(), unit.to_owned()), (price, seen == "yes"));
    }
    Ok(prices)
}

/// What so many of a unit cost, and the star of a price that somebody has to look up.
fn priced(prices: &Prices, service: &str, unit: &str, amount: f64) -> Result<(f64, &'static str), Error> {
    let price = prices.get(&(service.to_owned(), unit.to_owned()));
    let (usd, seen) = price.ok_or_else(|| format!("{service}, {unit}: no price"))?;
    Ok((usd * amount, if *seen { "" } else { " *" }))
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

    /// What copies so many events of the trail, one by one at the worst.
    fn copies(&mut self, events: f64) {
        self.more("Lambda", "request", events);
        self.more("Lambda", "GB-second (arm64)", events * 2.0 * HOP.as_secs_f64() * ARCHIVE_MEGABYTES / 1_024.0);
        self.more("CloudWatch", "GB of logs", events * LOG_BYTES / 1e9);
        self.more("CloudWatch", "GB-month of logs", events * LOG_BYTES / 1e9 * 13.0);
    }

    /// What all of it costs.
    fn sum(&self, prices: &Prices) -> Result<f64, Error> {
        let all = self.0.iter().map(|((service, unit), amount)| Ok(priced(prices, service, unit, *amount)?.0));
        all.sum()
    }

    fn table(mut self, prices: &Prices) -> Result<String, Error> {
        self.more("DynamoDB", "GB-month", STORED_GB);
        self.more("DynamoDB", "GB-month of point-in-time recovery", STORED_GB);
        // Seven generations of three tables.
        self.more("Backup", "GB-month of snapshots", STORED_GB * 7.0);
        let (mut rows, mut sum) = (Vec::new(), 0.0);
        for ((service, unit), amount) in &self.0 {
            let (cost, star) = priced(prices, service, unit, *amount)?;
            sum += cost;
            rows.push(vec![format!("{service}: {unit}{star}"), figures::digits(*amount), format!("{cost:.4}")]);
        }
        rows.push(vec!["**1,000 employees, a month**".to_owned(), String::new(), format!("**{sum:.2}**")]);
        Ok(figures::table(&["service and unit", "used in a month", "US$"], &rows))
    }
}

/// What stands there before anybody uses it, counted in the templates.
fn fixed(clock: f64, prices: &Prices) -> Result<String, Error> {
    let [mut keys, mut lists, mut rules, mut alarms, mut dashboards] = [0.0; 5];
    for file in ["keys.yaml", "firewall.yaml", "alarms.yaml"] {
        let text = std::fs::read_to_string(local::documents::infra().join(file))?;
        let template = local::cloud::cloudformation::parse(&text)?;
        for (name, resource) in template["Resources"].as_object().into_iter().flatten() {
            // A loop holds one resource, and a list of what it is made for.
            let times = if name.starts_with("Fn::ForEach") { len(&resource[1])? } else { 1.0 };
            let looped = resource[2].as_object().and_then(|made| made.values().next());
            let resource = looped.unwrap_or(resource);
            match resource["Type"].as_str().unwrap_or_default() {
                "AWS::KMS::Key" => keys += times,
                "AWS::WAFv2::WebACL" => {
                    lists += times;
                    rules += len(&resource["Properties"]["Rules"])?;
                }
                // An alarm over several metrics is paid for each.
                "AWS::CloudWatch::Alarm" => {
                    let metrics = resource["Properties"]["Metrics"].as_array();
                    let read = metrics.map(|all| all.iter().filter(|one| one["MetricStat"].is_object()).count());
                    alarms += times * f64::from(u32::try_from(read.unwrap_or(1))?);
                }
                "AWS::CloudWatch::Dashboard" => dashboards += times,
                _ => {}
            }
        }
    }
    let (mut rows, mut sum) = (Vec::new(), 0.0);
    for (service, unit, amount) in [
        ("fixed: KMS", "key", keys),
        ("fixed: WAF", "ACL", lists),
        ("fixed: WAF", "rule", rules),
        ("fixed: CloudWatch", "alarm", alarms),
        ("fixed: CloudWatch", "dashboard", dashboards),
        ("fixed: CloudWatch", "metric", METRICS),
    ] {
        let (cost, star) = priced(prices, service, unit, amount)?;
        sum += cost;
        let service = service.trim_start_matches("fixed: ");
        rows.push(vec![format!("{service}: {unit}{star}"), format!("{amount:.0}"), format!("{cost:.2}")]);
    }
    sum += clock;
    rows.push(vec![
        "what the clock wakes: the canary's requests, sweeps".to_owned(),
        String::new(),
        format!("{clock:.2}"),
    ]);
    rows.push(vec!["**a deployment, a month**".to_owned(), String::new(), format!("**{sum:.2}**")]);
    Ok(figures::table(&["what is there anyway", "how many", "US$"], &rows))
}

/// How many a list of a template has.
fn len(list: &Value) -> Result<f64, Error> {
    Ok(f64::from(u32::try_from(list.as_array().map_or(0, Vec::len))?))
}

/// Events that were told to the trail.
#[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
fn events(calls: &Snapshot) -> f64 {
    calls.iter().filter(|(name, _)| name.starts_with("trail.")).map(|(_, count)| count.calls as f64).sum()
}

/// What a request tells the trail: events, how they travel, what they weigh in units, and what follows.
#[expect(clippy::cast_precision_loss, reason = "some thousand calls")]
fn told(
    title: &str,
    until_answer: &Snapshot,
    calls: &Snapshot,
    requests: f64,
    prices: &Prices,
) -> Result<Vec<String>, Error> {
    let of = |name: &str| until_answer.get(name).copied().unwrap_or_default();
    let (own, with) = (of("trail.PutItem"), of("trail.TransactWriteItems"));
    if own.calls + with.calls == 0 {
        return Ok([title].into_iter().chain([""; 6]).map(str::to_owned).collect());
    }
    let units = own.write_units + with.write_units;
    // What follows can come before the answer has: a request that reads writes nothing itself but its event.
    let itself = if title.starts_with("`GET") { units } else { written(until_answer) };
    let afterwards = written(calls) - itself;
    let copies = calls.get("s3.PutObject").map_or(0, |puts| puts.calls) as f64;
    let units_cost = priced(prices, "DynamoDB", "write unit", units + afterwards)?.0;
    let usd = units_cost + priced(prices, "S3", "put or list", copies)?.0;
    let per_request = |value: f64| figures::count(value / requests);
    Ok(vec![
        title.to_owned(),
        per_request(own.calls as f64),
        per_request(with.calls as f64),
        per_request(units),
        per_request(copies),
        per_request(afterwards),
        format!("{:.2}", usd * 1e6 / requests),
    ])
}

/// Units that were written.
fn written(calls: &Snapshot) -> f64 {
    calls.iter().filter(|(name, _)| name.starts_with("dynamodb.")).map(|(_, count)| count.write_units).sum()
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
