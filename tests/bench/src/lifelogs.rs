//! Lifelogs of a company: phones and watches send what they have, a month at a time, and everybody looks at a year.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use local::counters::Snapshot;
use serde_json::{Value, json};
use tests::{Actor, World};

use crate::Error;
use crate::args::Args;
use crate::figures::{self, Sample};
use crate::workers::registered;

/// How many people there are, and how many of them send at the same time.
const PEOPLE: usize = 100;
const SENDING: usize = 8;
/// What is recorded on a day, at which hours: ten entries.
const DAY: [(&str, &[i32], u32); 5] = [
    ("steps", &[9, 13, 18, 22], 2_150),
    ("active_minutes", &[22], 42),
    ("pulse", &[7, 12, 19], 64),
    ("weight", &[7], 61),
    ("sleep", &[6], 410),
];
const A_DAY: usize = 10;

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let world = World::own().await;
    let tenant = world.tenant(0);
    let workers = registered(&tenant, PEOPLE).await?;
    let counters = world.service().cloud().counters().clone();
    let days = args.entries.div_ceil(PEOPLE * A_DAY);
    let yesterday = world.today() - 1.day();
    let months = months(yesterday - Span::new().try_days(i64::try_from(days)? - 1)?, yesterday);
    let before = counters.snapshot();
    let begun = Instant::now();
    let mut sent = Vec::new();
    for group in workers.chunks(SENDING) {
        for worker in futures_util::future::join_all(group.iter().map(|worker| send(worker, &months))).await {
            sent.extend(worker?);
        }
    }
    let took = begun.elapsed();
    let between = counters.snapshot();
    let mut looked = Vec::with_capacity(PEOPLE);
    for worker in &workers {
        let path = path_of(worker).await?;
        let year = format!("{path}/series?metric=steps&from={}&to={yesterday}", yesterday - 364.days());
        let begun = Instant::now();
        let series = worker.get(&year).await;
        looked.push(begun.elapsed());
        if series.status != 200 || series.json()["points"].as_array().map(Vec::len) != Some(365) {
            return Err(format!("no year: {}", series.json()).into());
        }
    }
    let after = counters.snapshot();
    let entries = f64::from(u32::try_from(days * A_DAY * PEOPLE)?);
    let rows = [
        row("a month of one person (some 300 entries)", sent, (&before, &between)),
        row("a year of steps, by day", looked, (&between, &after)),
    ];
    let headings = ["request", "requests", "calls to DynamoDB", "RCU", "WCU", "p50", "p99"];
    println!("{}", figures::table(&headings, &rows));
    println!(
        "{} entries of {PEOPLE} people in {}, {} a second; {} people at a time.",
        figures::thousands(entries),
        figures::time(took.as_secs_f64()),
        figures::thousands(entries / took.as_secs_f64()),
        SENDING,
    );
    Ok(())
}

/// A request's line: how often it was made, and what each took.
fn row(title: &str, took: Vec<Duration>, between: (&Snapshot, &Snapshot)) -> Vec<String> {
    let sample: Sample = took.into_iter().collect();
    let share = f64::from(u32::try_from(sample.len().max(1)).unwrap_or(u32::MAX));
    let calls = |snapshot: &Snapshot| -> u64 {
        snapshot.iter().filter(|(name, _)| name.starts_with("dynamodb.")).map(|(_, count)| count.calls).sum()
    };
    let calls = f64::from(u32::try_from(calls(between.1) - calls(between.0)).unwrap_or(u32::MAX));
    vec![
        title.to_owned(),
        sample.len().to_string(),
        figures::count(calls / share),
        figures::count(figures::spent(between, |count| count.read_units) / share),
        figures::count(figures::spent(between, |count| count.write_units) / share),
        figures::time(sample.percentile(0.5)),
        figures::time(sample.percentile(0.99)),
    ]
}

/// Where somebody's lifelogs are.
async fn path_of(worker: &Actor) -> Result<String, Error> {
    let me = worker.get("/v1/me").await.json();
    let employee = me["employee_id"].as_str().ok_or("whoever records is an employee")?;
    Ok(format!("/v1/employees/{employee}/lifelogs"))
}

/// Sends all months of one person: how long each took.
async fn send(worker: &Actor, months: &[Vec<Date>]) -> Result<Vec<Duration>, Error> {
    let path = path_of(worker).await?;
    let mut took = Vec::with_capacity(months.len());
    for month in months {
        let entries: Vec<Value> = month.iter().flat_map(|day| entries(*day)).collect();
        let begun = Instant::now();
        let answer = worker.post(&path, json!({ "entries": entries })).await;
        took.push(begun.elapsed());
        if answer.status != 200 {
            return Err(format!("not recorded: {}", answer.json()).into());
        }
    }
    Ok(took)
}

/// What a watch has recorded on a day.
pub(crate) fn entries(day: Date) -> impl Iterator<Item = Value> {
    DAY.into_iter().flat_map(move |(metric, hours, value)| {
        hours.iter().map(move |hour| {
            let value = value + u32::from(day.day().unsigned_abs());
            json!({ "client_entry_id": format!("{metric}-{day}-{hour}"), "metric": metric, "value": value,
                "measured_at": format!("{day}T{hour:02}:00:00+09:00"), "origin": "device", "device": "watch" })
        })
    })
}

/// The days of a span, month by month.
fn months(from: Date, to: Date) -> Vec<Vec<Date>> {
    let mut months: Vec<Vec<Date>> = Vec::new();
    for day in from.series(1.day()).take_while(|day| *day <= to) {
        match months.last_mut() {
            Some(month) if month.first().is_some_and(|first| first.first_of_month() == day.first_of_month()) => {
                month.push(day);
            }
            _ => months.push(vec![day]),
        }
    }
    months
}
