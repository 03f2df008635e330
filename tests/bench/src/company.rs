//! What a large company costs: lists with letters, a search by name, the report of form 6, the dashboard, everything judged once more, and the group analysis of a stress check. People, checkups and
//! answers come by file, as a customer brings them, before anything is measured; the doors and the jobs answer in this process, so that time is that of this program and its tables, and calls and units
//! are what a request makes anywhere.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use local::counters::Snapshot;
use serde_json::{Value, json};
use tests::{Actor, Tenant, World, anonymous};

use crate::Error;
use crate::args::Args;
use crate::doors::add;
use crate::figures::{self, Sample};
use crate::files::applied;
use crate::imports::sample;
use crate::opening_day::{moved, opened};

/// How often each request is sent.
const TIMES: usize = 10;
/// How many runs of a job there are at most.
const MOST_RUNS: usize = 1_000;
/// How many sections people stand in, of how many departments.
const SECTIONS: usize = 1_000;
const DEPARTMENTS: usize = 10;

/// Prints the table.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let world = World::own().await;
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
    rows.push(
        measured(&world, "the night's count for the dashboard", 1, async || counted(&world, &tenant).await).await?,
    );
    let dashboard = "/v1/reports/dashboard?fiscal_year=2026";
    rows.push(measured(&world, "dashboard", TIMES, async || ask(&hr, dashboard).await).await?);
    let round = answered(&tenant, args.people).await?;
    rows.push(measured(&world, "group analysis", 1, async || analysed(&tenant, &round).await).await?);
    println!("{}", figures::table(&["what", "p50", "longest", "calls to DynamoDB", "RCU", "WCU"], &rows));
    println!(
        "{} employees at one workplace, in {SECTIONS} sections, a checkup and the answers to a stress check each.",
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
    let department = |number| format!("P{number:02},計測部,\n");
    let section = |number| format!("S{number:03},計測課,P{:02}\n", number % DEPARTMENTS);
    let departments: String = std::iter::once("部署コード,部署名,上位部署コード\n".to_owned())
        .chain((0..DEPARTMENTS).map(department))
        .chain((0..SECTIONS).map(section))
        .collect();
    let employee = |number| {
        let (sex, section, year) =
            (if number % 2 == 0 { "女" } else { "男" }, number % SECTIONS, 1961 + number / SECTIONS % 40);
        format!(
            "{},計測 一郎,ケイソク イチロウ,{year}-05-05,{sex},2023-04-01,W01,S{section:03},正社員,在籍\n",
            named(number)
        )
    };
    let heading = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分\n";
    let employees: String = std::iter::once(heading.to_owned()).chain((0..people).map(employee)).collect();
    let (mut checkups, rests) = sample()?;
    let day = Date::new(2026, 7, 1)?;
    for (number, rest) in (0..people).zip(rests.iter().cycle()) {
        checkups.extend(format!("{},{day}", named(number)).into_bytes());
        checkups.extend_from_slice(rest);
    }
    let (administrator, nurse) = (tenant.actor("administrator"), tenant.actor("nurse"));
    applied(&administrator, "departments", departments.as_bytes(), json!({})).await?;
    applied(&administrator, "employees", employees.as_bytes(), json!({})).await?;
    applied(&nurse, "checkups", &checkups, json!({})).await
}

fn named(number: usize) -> String {
    format!("L{number:06}")
}

/// A round of the stress check that everybody has answered and that has closed; where it is.
async fn answered(tenant: &Tenant, people: usize) -> Result<String, Error> {
    let round = opened(tenant).await?;
    let items: Vec<String> = (1..=57).map(|item| format!("問{item}")).collect();
    let row = |number: usize| {
        let choice = |item: usize| (number * 7 + item * 3 + number / 11) % 4 + 1;
        let choices: Vec<String> = (0..57).map(|item| choice(item).to_string()).collect();
        format!("{},{}\n", named(number), choices.join(","))
    };
    let heading = format!("社員番号,{}\n", items.join(","));
    let answers: String = std::iter::once(heading).chain((0..people).map(row)).collect();
    let options = json!({ "options": { "stress_round_id": round } });
    applied(&tenant.actor("stress_clerk"), "stress_answers", answers.as_bytes(), options).await?;
    let round = format!("/v1/stress-rounds/{round}");
    moved(&tenant.actor("hr"), &round, "close", None).await?;
    // An answer may still be on its way for a minute.
    tenant.world().pass(61);
    Ok(round)
}

/// Analyses a round by groups.
async fn analysed(tenant: &Tenant, round: &str) -> Result<(), Error> {
    let path = format!("{round}/analysis");
    let made = tenant.actor("stress_clerk").post(&path, json!({ "with_risks": true })).await;
    if made.status == 201 { Ok(()) } else { Err(format!("not analysed: {}", made.json()).into()) }
}

/// Counts the figures of workplaces, as each night.
pub(crate) async fn counted(world: &World, tenant: &Tenant) -> Result<(), Error> {
    let now = world.service().store().clock().now().to_string();
    let input = json!({ "input": { "tenant": tenant.id(), "as_of": now } });
    let answer = anonymous(world).post("/_local/schedules/rollup", input).await;
    if answer.status == 200 && answer.json()["answer"]["failed"] == 0 {
        Ok(())
    } else {
        Err(format!("not counted: {}", answer.json()).into())
    }
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
