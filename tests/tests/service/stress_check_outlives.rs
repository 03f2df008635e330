//! A stress check whose own term outlives the contract of the rest: two purges, each on its own day, with what the stress check needs between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use jiff::{ToSpan as _, civil::Date};
use local::ServiceOptions;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, etag, problem, run, unchanged};
use vault::Purpose;

use crate::stress_checks::{answer_all, employee_of, opened, own, signed, worst};

type Item = HashMap<String, AttributeValue>;

/// How many things a run deletes at most here: several runs are needed.
const MOST: u64 = 5;
/// What is there while checkups are contracted.
const CHECKUPS: &str = "/v1/checkups?fiscal_year=2026";
/// Somebody whom no round ever asked.
const NEVER_ASKED: &str = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分\n\
    D9001,遠野 未受検,トオノ ミジュケン,1980-02-29,男,2020-04-01,W01,X110,一般,正社員,在籍\n";

/// Ids of the tenant's items in a table, by family: a look under the floor that knows nothing of the purge.
async fn by_family(world: &World, table: &str, tenant: &Tenant) -> BTreeMap<String, BTreeSet<String>> {
    let scan = world.service().clients().dynamodb.scan().table_name(table).into_paginator().items();
    let all: Vec<Item> = scan.send().collect::<Result<_, _>>().await.unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in all {
        let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
        if let Some(rest) = pk.strip_prefix(&format!("T#{}#", tenant.id())) {
            let place = format!("{}|{sk}", rest.split_once('#').map_or("", |(_, rest)| rest));
            found.entry(rest.split('#').next().unwrap().to_owned()).or_default().insert(place);
        }
    }
    found
}

/// The last parts of the sort keys in a family.
fn ids(found: &BTreeMap<String, BTreeSet<String>>, family: &str) -> BTreeSet<String> {
    let places = found.get(family).into_iter().flatten();
    places.filter_map(|place| place.rsplit_once('|')).map(|(_, sk)| sk.to_owned()).collect()
}

async fn say(world: &World, tenant: &Tenant, verb: &str, body: Value) -> Value {
    let operator = world.operator(0).fresh().await;
    let path = format!("/v1/contracts/{}", tenant.id());
    let tag = etag(&operator.get(&path).await);
    let answer = if verb.is_empty() {
        operator.patch(&path, &tag, body).await
    } else {
        operator.call("POST", &format!("{path}/{verb}"), &[("If-Match", &tag)], Some(body)).await
    };
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn contract(world: &World, tenant: &Tenant) -> Value {
    world.operator(1).get(&format!("/v1/contracts/{}", tenant.id())).await.json()
}

/// Runs the purge day after day from `day` until the contract is in `state`; after how many runs, and on which day.
async fn purge_until(world: &World, tenant: &Tenant, day: Date, state: &str) -> (i32, Date) {
    for runs in 0..60 {
        let today = day + runs.days();
        world.run_schedule("retention-purge", &format!("{today}T03:00:00+09:00")).await;
        let is = contract(world, tenant).await["state"].clone();
        if is == state {
            return (runs + 1, today);
        }
        assert_eq!(is, "purging", "it should be on its way to {state}");
        assert_eq!(tenant.nth("employee", 1).sign_in().await.status, 401, "nobody is in while it lasts");
    }
    panic!("sixty runs did not do");
}

#[test]
fn r17_a_stress_check_with_a_longer_term_keeps_what_it_needs_and_goes_on_its_own_day() {
    run(async {
        let world = World::start(ServiceOptions { most_deletes: Some(MOST), ..ServiceOptions::ephemeral() }).await;
        let tenant = world.tenant(0);
        let id: TenantId = tenant.id().parse().unwrap();
        let until = world.today() + 6.months();
        let services = json!([{ "service": "checkup" }, { "service": "stress_check", "until": until }]);
        say(&world, &tenant, "", json!({ "services": services })).await;

        let (nurse, one, other) = (tenant.actor("nurse"), tenant.actor("employee"), tenant.nth("employee", 1));
        let checkup = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\n";
        assert_eq!(import(&nurse, "checkups", checkup.as_bytes(), json!({})).await["state"], "applied");
        let done = import(&tenant.actor("administrator"), "employees", NEVER_ASKED.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{done}");
        let found = tenant.actor("hr").all("/v1/employees?employee_number=D9001").await;
        let never_asked = found[0]["id"].as_str().unwrap().to_owned();
        let round = opened(&tenant).await;
        answer_all(&one, &round, worst).await;
        answer_all(&other, &round, |item| 5 - worst(item)).await;
        let examinees = BTreeSet::from([employee_of(&one).await, employee_of(&other).await]);
        signed(&tenant, &round, 1).await;
        let result = format!("{}/result", own(&round));
        let told = one.get(&result).await;
        assert_eq!(told.status, 200, "{}", told.json());

        assert_eq!(nurse.get(CHECKUPS).await.status, 200);
        let shown = say(&world, &tenant, "terminate", json!({ "terminates_on": world.today() })).await;
        let day = |value: &Value| value.as_str().unwrap().parse::<Date>().unwrap();
        let (rest_on, stress_on) = (day(&shown["purge_on"]), day(&shown["stress_check"]["purge_on"]));
        assert!(rest_on < stress_on, "{shown}");

        // After the last day of the rest the stress check goes on, and nothing else.
        world.pass(86_400);
        for actor in [&one, &other, &nurse] {
            actor.forget().await;
        }
        assert_eq!(one.get(&result).await.json(), told.json());
        assert_eq!(problem(&nurse.get(CHECKUPS).await), "not-found", "not contracted any more");

        let (runs, done_on) = purge_until(&world, &tenant, rest_on, "stress_check_only").await;
        assert!(runs > 2, "{MOST} deletions a run should need several runs, not {runs}");
        let (records, names) = (by_family(&world, "records", &tenant).await, by_family(&world, "names", &tenant).await);
        for gone in ["CHECKUP", "CHECKUPHISTORY", "IMPORT", "IMPORTPART", "FOLLOWUP", "SESSION", "OUTBOX", "LINK"] {
            assert!(ids(&records, gone).is_empty(), "{gone}: {records:?}");
        }
        let (employees, people) = (ids(&records, "EMPLOYEE"), ids(&names, "PERSON"));
        assert!(employees.is_superset(&examinees) && !employees.contains(&never_asked), "{employees:?}");
        assert_eq!(employees, people, "a name for everybody who is left, and for nobody else");
        for holder in ids(&names, "HOLDER") {
            assert!(ids(&records, "ACCOUNT").contains(&holder), "a name of whoever has no account: {holder}");
        }
        let clock = world.service().store().clock().clone();
        let opens = async |purpose| world.service().clients().vault(&clock).unwrap().keyring_for(id, purpose, []).await;
        assert!(matches!(opens(Purpose::Health).await, Err(vault::Error::Shredded)));
        assert!(opens(Purpose::Stress).await.is_ok() && opens(Purpose::Names).await.is_ok());
        let certificate = format!("/v1/contracts/{}/deletion-certificate", tenant.id());
        let first = world.operator(0).get(&certificate).await.json();
        assert_eq!(first["spared_for_stress_check"]["purge_on"], json!(stress_on), "{first}");
        assert_eq!((&first["deleted"][0]["left"], &first["deleted"][1]["left"]), (&json!(0), &json!(0)), "{first}");

        // The result is read by the worker and by whoever was trusted with it; nobody sees what was not shared.
        let implementer = tenant.actor("stress_implementer");
        for actor in [&one, &nurse, &implementer] {
            actor.forget().await;
        }
        assert_eq!(one.get(&result).await.json(), told.json(), "as it was");
        assert_eq!(implementer.all(&format!("{round}/results")).await.len(), 2);
        let unshared = nurse.get(&format!("{round}/shared-results/{}", employee_of(&one).await)).await;
        assert_eq!(unshared.status, 404, "{}", unshared.json());
        assert_eq!(problem(&nurse.get(CHECKUPS).await), "not-found", "not contracted any more");
        assert_eq!(tenant.actor("administrator").all("/v1/accounts").await.len(), ids(&names, "HOLDER").len());
        let operator = world.operator(0).fresh().await;
        let path = format!("/v1/contracts/{}", tenant.id());
        let tag = etag(&operator.get(&path).await);
        let back = operator.call("POST", &format!("{path}/withdraw"), &[("If-Match", &tag)], None).await;
        assert_eq!(back.status, 409, "what is gone does not come back: {}", back.json());

        // Nothing more goes before its own day, and then everything does.
        world.run_schedule("retention-purge", &format!("{}T03:00:00+09:00", stress_on - 1.day())).await;
        assert!(done_on < stress_on);
        let stress = |found: &BTreeMap<String, BTreeSet<String>>| ids(found, "STRESSRESULT");
        unchanged("results", &stress(&records), &stress(&by_family(&world, "records", &tenant).await));
        purge_until(&world, &tenant, stress_on, "purged").await;
        for table in ["records", "names", "keys"] {
            let left = by_family(&world, table, &tenant).await;
            assert!(left.is_empty(), "{table} still holds {left:?}");
        }
        let second = world.operator(0).get(&certificate).await.json();
        assert_eq!(second["earlier_deletion"]["certificate_id"], first["certificate_id"], "{second}");
        assert_eq!(second["terminates_on"], json!(until), "{second}");
    });
}
