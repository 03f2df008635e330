//! What a large company costs: lists with letters, a search by name, the report of form 6, and everything judged once more. People and checkups come by file, as a customer brings them, before anything
//! is measured; the doors and the job answer in this process, so that time is that of this program and calls and units are what a request makes anywhere.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use local::ServiceOptions;
use local::counters::Snapshot;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World};

use crate::Error;
use crate::args::Args;
use crate::doors::add;
use crate::figures::{self, Sample};
use crate::imports::sample;

/// How often each request is sent.
const TIMES: usize = 10;
/// How many runs of the job there are at most.
const MOST_RUNS: usize = 1_000;

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let world = World::start(ServiceOptions::ephemeral()).await;
    let tenant = world.tenant(0);
    registered(&tenant, args.people).await?;
    let (hr, nurse) = (tenant.actor("hr"), tenant.actor("nurse"));
    let workplaces = tenant.actor("administrator").all("/v1/workplaces").await;
    let workplace = workplaces.iter().find(|it| it["code"] == "W01").ok_or("the demo has a workplace W01")?;
    let report = format!(
        "/v1/reports/form-6?workplace_id={}&from=2026-04-01&to=2027-03-31",
        workplace["id"].as_str().unwrap_or_default()
    );
    let pages = args.people.div_ceil(200);
    let searched = "/v1/employees?q=%E8%A8%88%E6%B8%AC".to_owned();
    let mut rows = vec![
        measured(&world, "name search (first 50)", TIMES, async || ask(&hr, &searched).await).await?,
        measured(&world, "list with letters, page of 200", TIMES, async || {
            ask(&nurse, "/v1/checkups?fiscal_year=2026&limit=200").await
        })
        .await?,
        measured(&world, &format!("list with letters, whole ({pages} pages)"), 1, async || {
            nurse.all("/v1/checkups?fiscal_year=2026&limit=200").await;
            Ok(())
        })
        .await?,
        measured(&world, "form 6 of everybody", TIMES, async || ask(&hr, &report).await).await?,
    ];
    asked_to_judge(&tenant).await?;
    let at = format!("{}T12:00:00+09:00", world.today());
    rows.push(measured(&world, "everything judged once more", 1, async || judged(&world, &tenant, &at).await).await?);
    println!("{}", figures::table(&["what", "p50", "longest", "calls to DynamoDB", "RCU", "WCU"], &rows));
    println!(
        "{} employees at one workplace, a checkup each.",
        figures::thousands(f64::from(u32::try_from(args.people)?))
    );
    Ok(())
}

/// One line: how long it takes, and what it calls each time.
async fn measured(
    world: &World,
    what: &str,
    times: usize,
    ask: impl AsyncFn() -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    let counters = world.service().cloud().counters();
    if times > 1 {
        // Keys and the catalogue are in memory from here on.
        ask().await?;
    }
    let (mut calls, mut took) = (Snapshot::new(), Vec::<Duration>::with_capacity(times));
    for _ in 0..times {
        let (before, begun) = (counters.snapshot(), Instant::now());
        ask().await?;
        took.push(begun.elapsed());
        add(&mut calls, &before, counters.snapshot());
    }
    let share = f64::from(u32::try_from(times)?);
    let of_dynamodb = || calls.iter().filter(|(name, _)| name.starts_with("dynamodb"));
    let number = of_dynamodb().map(|(_, count)| count.calls).sum::<u64>();
    let sum = |of: fn(&local::counters::Count) -> f64| of_dynamodb().map(|(_, count)| of(count)).sum::<f64>() / share;
    let sample: Sample = took.into_iter().collect();
    Ok(vec![
        what.to_owned(),
        figures::time(sample.median()),
        figures::time(sample.percentile(1.0)),
        figures::thousands(f64::from(u32::try_from(number)?) / share),
        figures::thousands(sum(|count| count.read_units)),
        figures::thousands(sum(|count| count.write_units)),
    ])
}

async fn ask(actor: &Actor, path: &str) -> Result<(), Error> {
    let answer = actor.get(path).await;
    if answer.status == 200 {
        Ok(())
    } else {
        Err(format!("{path} answers {}: {}", answer.status, answer.json()).into())
    }
}

/// Registers people at one workplace with a checkup each, with the sample's values.
async fn registered(tenant: &Tenant, people: usize) -> Result<(), Error> {
    let employee = |number| {
        let sex = if number % 2 == 0 { "女" } else { "男" };
        format!("L{number:06},計測 一郎,ケイソク イチロウ,1980-05-05,{sex},2003-04-01,W01,X100,正社員,在籍\n")
    };
    let heading = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分\n";
    let employees: String = std::iter::once(heading.to_owned()).chain((0..people).map(employee)).collect();
    let (mut checkups, rests) = sample()?;
    let day = Date::new(2026, 7, 1)?;
    for (number, rest) in (0..people).zip(rests.iter().cycle()) {
        checkups.extend(format!("L{number:06},{day}").into_bytes());
        checkups.extend_from_slice(rest);
    }
    for (actor, kind, file) in [("administrator", "employees", employees.into_bytes()), ("nurse", "checkups", checkups)]
    {
        let done = import(&tenant.actor(actor), kind, &file, json!({})).await;
        if done["state"] != "applied" {
            return Err(format!("{kind} are not applied: {done}").into());
        }
    }
    Ok(())
}

/// A physician's criteria that change letters, and the wish to judge everything once more by them.
async fn asked_to_judge(tenant: &Tenant) -> Result<(), Error> {
    let (path, physician) = ("/v1/tenant/checkup-criteria", tenant.actor("physician").fresh().await);
    let read = physician.get(path).await;
    let mut criteria = read.json()["active"].clone();
    let rows = criteria["rows"].as_array_mut().ok_or("criteria have rows")?;
    let row = rows.iter_mut().find(|row| row["item"] == "ast").ok_or("there is a row of AST")?;
    row["steps"][0]["up_to"] = json!("20");
    criteria["version"] = json!("keisoku-2026-04");
    criteria["valid_from"] = json!("2026-04-01");
    let body = json!({ "criteria": criteria, "reason": "計測のため" });
    let changed = physician.put(path, read.header("etag"), body).await;
    let asked = json!({ "reason": "計測のため" });
    let asked = physician.post(&format!("{path}/rejudgements"), asked).await;
    if (changed.status, asked.status) == (200, 202) {
        Ok(())
    } else {
        Err(format!("{} {}", changed.json(), asked.json()).into())
    }
}

/// Runs the job until nothing is left to judge.
async fn judged(world: &World, tenant: &Tenant, at: &str) -> Result<(), Error> {
    let physician = tenant.actor("physician");
    for _ in 0..MOST_RUNS {
        world.run_schedule("criteria-rejudge", at).await;
        let all = physician.all("/v1/tenant/checkup-criteria/rejudgements").await;
        if all.iter().all(|it: &Value| it["state"] == "done") {
            return Ok(());
        }
    }
    Err("the job does not come to its end".into())
}
