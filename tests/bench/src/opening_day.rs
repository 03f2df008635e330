//! Opening day: everybody of a company answers a stress check at the same time. People and accounts come by file, and sign in before anything is measured; then all of them save in three parts and
//! submit, each as fast as they are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::{Actor, Tenant, World, etag};
use tokio::sync::Barrier;

use crate::Error;
use crate::args::Args;
use crate::figures::{self, Sample};
use crate::workers::registered;

/// The requests of one worker.
const STEPS: [&str; 5] = ["read", "save a third", "save a second third", "save the rest", "submit"];

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let people = args.people;
    let world = World::own().await;
    let tenant = world.tenant(0);
    let workers = registered(&tenant, people).await?;
    let round = opened(&tenant).await?;
    let path = Arc::new(format!("/v1/me/stress-checks/{round}/answers"));
    let counters = world.service().cloud().counters().clone();
    let (before, begun, barrier) = (counters.snapshot(), Instant::now(), Arc::new(Barrier::new(workers.len())));
    let answering = workers.into_iter().map(|worker| {
        let (path, barrier) = (Arc::clone(&path), Arc::clone(&barrier));
        tests::spawn(async move {
            barrier.wait().await;
            answer(&worker, &path).await
        })
    });
    let answering: Vec<_> = answering.collect();
    let mut took: [Vec<Duration>; STEPS.len()] = Default::default();
    let mut errors = 0_usize;
    for one in answering {
        match one.await? {
            Ok(steps) => took.iter_mut().zip(steps).for_each(|(took, step)| took.push(step)),
            Err(status) => {
                errors += 1;
                eprintln!("answered with {status}");
            }
        }
    }
    let whole = begun.elapsed().as_secs_f64();
    let rows = STEPS.iter().zip(took).map(|(step, took)| {
        let sample: Sample = took.into_iter().collect();
        let at = |part| figures::time(sample.percentile(part));
        vec![(*step).to_owned(), sample.len().to_string(), at(0.5), at(0.99)]
    });
    println!("{}", figures::table(&["request", "workers", "p50", "p99"], &rows.collect::<Vec<_>>()));
    let after = counters.snapshot();
    let sum = |of: fn(&local::counters::Count) -> f64| figures::spent((&before, &after), of);
    let share = f64::from(u32::try_from(people)?);
    println!(
        "{} workers in {}, {errors} errors; per worker {} RCU and {} WCU.",
        figures::thousands(share),
        figures::time(whole),
        figures::count(sum(|count| count.read_units) / share),
        figures::count(sum(|count| count.write_units) / share),
    );
    if errors > 0 { Err("not everybody could answer".into()) } else { Ok(()) }
}

/// One worker's answers: how long each request took, or the status of the first that failed.
async fn answer(worker: &Actor, path: &str) -> Result<[Duration; STEPS.len()], u16> {
    let mut took = [Duration::ZERO; STEPS.len()];
    let mut begun = Instant::now();
    let mut last = worker.get(path).await;
    took[0] = begun.elapsed();
    for (part, items) in [1..=19, 20..=38, 39..=57].into_iter().enumerate() {
        let answers: Vec<Value> = items.map(|item| json!({ "item": item, "choice": 1 + item % 4 })).collect();
        begun = Instant::now();
        last = worker.put(path, &etag(&last), json!({ "answers": answers })).await;
        took[part + 1] = begun.elapsed();
        if last.status != 200 {
            return Err(last.status);
        }
    }
    begun = Instant::now();
    let headers = [("If-Match", &*etag(&last))];
    let submitted = worker.call("POST", &format!("{path}/submit"), &headers, None).await;
    took[STEPS.len() - 1] = begun.elapsed();
    if submitted.status == 200 { Ok(took) } else { Err(submitted.status) }
}

/// A round that is open today, with its implementer and its clerk; its id.
pub(crate) async fn opened(tenant: &Tenant) -> Result<String, Error> {
    let (hr, implementer, clerk) =
        (tenant.actor("hr"), tenant.actor("stress_implementer"), tenant.actor("stress_clerk"));
    let today = tenant.world().today();
    let plan = json!({
        "title": "開始日", "opens_on": today, "closes_on": today + 7.days(), "questionnaire": "items_57", "method": "conversion",
        "targets": { "as_of": today },
    });
    let planned = hr.post("/v1/stress-rounds", plan).await;
    let round = planned.header("location").to_owned();
    for (of, duty) in [
        (&implementer, json!({ "duty": "implementer", "qualification": "nurse" })),
        (&clerk, json!({ "duty": "clerk" })),
    ] {
        let (account, ..) = of.seen_by(&tenant.actor("administrator")).await;
        let mut body = duty;
        body["account_id"] = json!(account.rsplit('/').next());
        moved(&hr, &round, "appointments", Some(body)).await?;
    }
    for trusted in [&implementer, &clerk] {
        moved(trusted, &round, "pledge", None).await?;
    }
    moved(&hr, &round, "open", None).await?;
    Ok(round.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Does something to a round as it is now.
pub(crate) async fn moved(actor: &Actor, round: &str, act: &str, body: Option<Value>) -> Result<(), Error> {
    let etag = etag(&actor.get(round).await);
    let answer = actor.call("POST", &format!("{round}/{act}"), &[("If-Match", &etag)], body).await;
    if answer.status == 200 { Ok(()) } else { Err(format!("{act}: {}", answer.json()).into()) }
}
