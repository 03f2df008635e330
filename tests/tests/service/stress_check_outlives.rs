//! A stress check with a term of its own. Where it outlives the rest: what it needs of people is sealed with its own keys, two purges each on its own day, and a look
//! after the first one. Where it ends before the rest: its data and keys go alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use jiff::{ToSpan as _, civil::Date};
use local::ServiceOptions;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, etag, problem, run, unchanged};
use vault::Purpose;

use crate::accounts::link;
use crate::exports::write_files;
use crate::stress_checks::{answer_all, employee_of, opened, own, signed, worst};

type Item = HashMap<String, AttributeValue>;

/// How many things a run deletes at most here: several runs are needed.
const MOST: u64 = 5;
/// What is there while checkups are contracted.
const CHECKUPS: &str = "/v1/checkups?fiscal_year=2026";
/// Somebody whom no round ever asked.
const NEVER_ASKED: &str = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分\n\
    D9001,遠野 未受検,トオノ ミジュケン,1980-02-29,男,2020-04-01,W01,X110,一般,正社員,在籍\n";

/// All items of a table.
async fn items(world: &World, table: &str) -> Vec<Item> {
    let scan = world.service().clients().dynamodb.scan().table_name(table).into_paginator().items();
    scan.send().collect::<Result<_, _>>().await.unwrap()
}

/// The tenant's items that tell who somebody is and are still sealed for everything.
async fn not_sealed_anew(world: &World, tenant: &Tenant) -> Vec<String> {
    let mut found = Vec::new();
    for (table, families) in [("records", &["EMPLOYEE"][..]), ("names", &["PERSON", "HOLDER"])] {
        for item in items(world, table).await {
            let pk = item["pk"].as_s().unwrap();
            let is = |family: &&str| pk.starts_with(&format!("T#{}#{family}#", tenant.id()));
            if families.iter().any(is) && !item.contains_key("sealed_for") {
                found.push(format!("{pk}|{}", item["sk"].as_s().unwrap()));
            }
        }
    }
    found
}

/// Ids of the tenant's items in a table, by family: a look under the floor that knows nothing of the purge.
async fn by_family(world: &World, table: &str, tenant: &Tenant) -> BTreeMap<String, BTreeSet<String>> {
    let all = items(world, table).await;
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

/// What a run of the purge says of the tenant.
fn outcome(answer: &Value, tenant: &Tenant) -> Value {
    let of_it = answer["tenants"].as_array().unwrap().iter().find(|line| line["tenant"] == json!(tenant.id()));
    of_it.unwrap_or_else(|| panic!("nothing about the tenant: {answer}")).clone()
}

/// Runs both jobs day after day from `day` until the contract is in `state`; after how many runs, and on which day.
async fn purge_until(world: &World, tenant: &Tenant, day: Date, state: &str) -> (i32, Date) {
    for runs in 0..60 {
        let today = day + runs.days();
        world.run_schedule("identity-reseal", &format!("{today}T02:30:00+09:00")).await;
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

/// Nothing is deleted while names wait to be sealed anew; a tenant is shut with the first of them.
async fn names_wait(world: &World, tenant: &Tenant, rest_on: Date) {
    let purge = async || world.run_schedule("retention-purge", &format!("{rest_on}T03:00:00+09:00")).await;
    let waits = purge().await;
    assert_eq!(outcome(&waits, tenant)["outcome"], "waiting", "{waits}");
    assert_eq!(contract(world, tenant).await["state"], "terminated");
    let names = by_family(world, "names", tenant).await;
    let sealed = world.run_schedule("identity-reseal", &format!("{rest_on}T02:55:00+09:00")).await;
    assert_eq!(outcome(&sealed, tenant)["complete"], false, "{MOST} a run do not do: {sealed}");
    let waits = purge().await;
    assert_eq!(outcome(&waits, tenant)["outcome"], "waiting", "{waits}");
    unchanged("names", &names, &by_family(world, "names", tenant).await);
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
        let (hr, administrator) = (tenant.actor("hr"), tenant.actor("administrator"));
        let card = format!("/v1/employees/{}", employee_of(&one).await);
        let tag = etag(&hr.get(&card).await);
        let titled = hr.patch(&card, &tag, json!({ "job_title": "主任", "night_work": true })).await;
        let (person, me) = (titled.json(), one.get("/v1/me").await.json());
        assert!(person["job_title"].is_string() && person["birth_date"].is_string(), "{person}");

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

        names_wait(&world, &tenant, rest_on).await;
        let (runs, done_on) = purge_until(&world, &tenant, rest_on, "stress_check_only").await;
        assert!(runs > 2, "{MOST} deletions a run should need several runs, not {runs}");
        let (records, names) = (by_family(&world, "records", &tenant).await, by_family(&world, "names", &tenant).await);
        for gone in ["CHECKUP", "CHECKUPHISTORY", "IMPORT", "IMPORTPART", "FOLLOWUP", "SESSION", "OUTBOX", "LINK"] {
            assert!(ids(&records, gone).is_empty(), "{gone}: {records:?}");
        }
        let (employees, people) = (ids(&records, "EMPLOYEE"), ids(&names, "PERSON"));
        assert!(employees.is_superset(&examinees) && !employees.contains(&never_asked), "{employees:?}");
        assert_eq!(not_sealed_anew(&world, &tenant).await, Vec::<String>::new());
        assert_eq!(employees, people, "a name for everybody who is left, and for nobody else");
        for holder in ids(&names, "HOLDER") {
            assert!(ids(&records, "ACCOUNT").contains(&holder), "a name of whoever has no account: {holder}");
        }
        let clock = world.service().store().clock().clone();
        let opens = async |purpose| world.service().clients().vault(&clock).unwrap().keyring_for(id, purpose, []).await;
        for gone in [Purpose::Health, Purpose::Names, Purpose::Attributes] {
            assert!(matches!(opens(gone).await, Err(vault::Error::Shredded)), "{gone}");
        }
        assert!(opens(Purpose::Stress).await.is_ok() && opens(Purpose::StressIdentity).await.is_ok());
        let certificate = format!("/v1/contracts/{}/deletion-certificate", tenant.id());
        let first = world.operator(0).get(&certificate).await.json();
        assert_eq!(first["spared_for_stress_check"]["purge_on"], json!(stress_on), "{first}");
        assert_eq!((&first["deleted"][0]["left"], &first["deleted"][1]["left"]), (&json!(0), &json!(0)), "{first}");

        let shredded = first["shredded_keys"].as_array().unwrap().iter().map(|key| key["purpose"].as_str().unwrap());
        let shredded: BTreeSet<&str> = shredded.collect();
        assert!(shredded.is_superset(&BTreeSet::from(["names", "attributes", "health"])), "{first}");

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
        assert_eq!(administrator.all("/v1/accounts").await.len(), ids(&names, "HOLDER").len());
        people_are_known(&world, &tenant, (&person, &me)).await;
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
        looked_at_again(&world, &tenant, done_on).await;
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

/// What the stress check was left of people opens at every door that shows or needs them, and what it does not need is gone.
async fn people_are_known(world: &World, tenant: &Tenant, (person, me): (&Value, &Value)) {
    let (one, hr, administrator) = (tenant.actor("employee"), tenant.actor("hr"), tenant.actor("administrator"));
    for actor in [&one, &hr, &administrator] {
        actor.forget().await;
    }
    assert_eq!(one.get("/v1/me").await.json()["name"], me["name"]);
    let path = format!("/v1/employees/{}", me["employee_id"].as_str().unwrap());
    let now = hr.get(&path).await.json();
    for field in ["employee_number", "name", "birth_date", "sex", "employment_type"] {
        assert_eq!(now[field], person[field], "{field}: {now}");
    }
    assert_eq!((&now["job_title"], &now["night_work"]), (&Value::Null, &json!(false)), "cut away: {now}");
    let own = one.get("/v1/me/export?kind=employee").await;
    assert_eq!(own.status, 200, "{}", own.json());
    assert_eq!(own.json()["sections"][0]["rows"][0]["name"], person["name"], "{}", own.json());
    let wish = json!({ "right": "disclosure", "content": "残っている情報を見せてください。" });
    let asked = one.post(&format!("{path}/rights-requests"), wish).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    assert_eq!(hr.all("/v1/rights-requests").await[0]["content"], "残っている情報を見せてください。");
    let number = person["employee_number"].as_str().unwrap();
    let file = format!(
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分\n\
         {number},改姓 花子,カイセイ ハナコ,{},{},2020-04-01,W01,X110,一般,正社員,在籍\n",
        person["birth_date"].as_str().unwrap(),
        if person["sex"] == "female" { "女" } else { "男" },
    );
    let checked = import(&administrator, "employees", file.as_bytes(), json!({ "dry_run": true })).await;
    assert_eq!(checked["state"], "checked", "{checked}");
    let login = one.account().login_id.clone();
    let body = json!({ "tenant_code": tenant.code(), "login_id": login });
    assert_eq!(tests::anonymous(world).post("/v1/password-resets", body).await.status, 202);
    link(world, &login, 0).await;
    let fresh = administrator.fresh().await;
    let key = [("Idempotency-Key", "stress-only")];
    let file = fresh.call("POST", "/v1/exports", &key, Some(json!({ "what": "employees" }))).await;
    assert_eq!(file.status, 202, "{}", file.json());
    write_files(world).await;
    let listed = administrator.all("/v1/exports").await;
    assert_eq!((listed.len(), &listed[0]["state"]), (1, &json!("ready")), "{listed:?}");
}

/// In the days after the first purge: what came late of a service that ended goes, and nothing that was spared is missing.
async fn looked_at_again(world: &World, tenant: &Tenant, done_on: Date) {
    let late = format!("T#{}#CHECKUP#emp_late", tenant.id());
    let put = world.service().clients().dynamodb.put_item().table_name("records");
    let put = put.item("pk", AttributeValue::S(late)).item("sk", AttributeValue::S("chk_late".to_owned()));
    put.send().await.unwrap();
    for found in [1, 0] {
        let answer = world.run_schedule("retention-purge", &format!("{}T03:00:00+09:00", done_on + 1.day())).await;
        let line = outcome(&answer, tenant);
        assert_eq!((&line["outcome"], &line["found"]["records"]), (&json!("looked_again"), &json!(found)), "{line}");
        assert_eq!((&line["missing"]["records"], &line["missing"]["names"]), (&json!(0), &json!(0)), "{line}");
    }
    assert!(ids(&by_family(world, "records", tenant).await, "CHECKUP").is_empty());
}

#[test]
fn r17_a_stress_check_that_ends_before_the_rest_goes_alone_with_its_keys_and_a_certificate() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let id: TenantId = tenant.id().parse().unwrap();
        let until = world.today();
        let services = json!([{ "service": "checkup" }, { "service": "stress_check", "until": until }]);
        let shown = say(&world, &tenant, "", json!({ "services": services })).await;
        let due: Date = shown["stress_check"]["purge_on"].as_str().unwrap().parse().unwrap();
        let (nurse, one) = (tenant.actor("nurse"), tenant.actor("employee"));
        let checkup = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\n";
        assert_eq!(import(&nurse, "checkups", checkup.as_bytes(), json!({})).await["state"], "applied");
        let round = opened(&tenant).await;
        answer_all(&one, &round, worst).await;
        signed(&tenant, &round, 1).await;
        world.pass(86_400);
        for actor in [&one, &nurse] {
            actor.forget().await;
        }
        assert_eq!(problem(&one.get(&format!("{}/result", own(&round))).await), "not-found", "not contracted any more");

        let before = by_family(&world, "records", &tenant).await;
        let run = async |day: Date| world.run_schedule("retention-purge", &format!("{day}T03:00:00+09:00")).await;
        run(due - 1.day()).await;
        assert!(
            before.contains_key("STRESSRESULT")
                && by_family(&world, "records", &tenant).await.contains_key("STRESSRESULT")
        );
        let answer = run(due).await;
        assert_eq!(outcome(&answer, &tenant)["outcome"], "purged", "{answer}");
        assert_eq!(contract(&world, &tenant).await["state"], "active", "the rest lives on");
        let again = run(due + 1.day()).await;
        assert!(again["tenants"].as_array().unwrap().is_empty(), "it is done: {again}");
        let after = by_family(&world, "records", &tenant).await;
        assert!(after.keys().all(|family| !family.starts_with("STRESS")), "{:?}", after.keys());
        for stays in ["CHECKUP", "EMPLOYEE", "EMPLOYEENUMBER", "ACCOUNT", "CREDENTIAL"] {
            assert_eq!(ids(&after, stays), ids(&before, stays), "{stays}");
        }
        let clock = world.service().store().clock().clone();
        let opens = async |purpose| world.service().clients().vault(&clock).unwrap().keyring_for(id, purpose, []).await;
        assert!(matches!(opens(Purpose::Stress).await, Err(vault::Error::Shredded)));
        assert!(opens(Purpose::Names).await.is_ok() && opens(Purpose::Health).await.is_ok());
        assert_eq!(nurse.get(CHECKUPS).await.status, 200);
        let certificate = format!("/v1/contracts/{}/deletion-certificate", tenant.id());
        let own = world.operator(0).get(&certificate).await.json();
        assert!(own["statement"].as_str().unwrap().contains("ストレスチェックのデータをすべて削除"), "{own}");
        assert_eq!((&own["terminates_on"], &own["deleted"][0]["left"]), (&json!(until), &json!(0)), "{own}");
        let purposes: Vec<&Value> = own["shredded_keys"].as_array().unwrap().iter().map(|it| &it["purpose"]).collect();
        assert_eq!(purposes, ["stress", "stress-identity"]);

        // Its keys are gone for good, and so it does not come back; everything else of the contract changes as before.
        let operator = world.operator(0).fresh().await;
        let path = format!("/v1/contracts/{}", tenant.id());
        let tag = etag(&operator.get(&path).await);
        let again = json!({ "services": [{ "service": "checkup" }, { "service": "stress_check" }] });
        assert_eq!(operator.patch(&path, &tag, again).await.status, 409);
        say(&world, &tenant, "", json!({ "name": "みなと精機株式会社" })).await;

        // The end of the rest names what went before.
        let shown = say(&world, &tenant, "terminate", json!({ "terminates_on": world.today() })).await;
        let rest_on: Date = shown["purge_on"].as_str().unwrap().parse().unwrap();
        run(rest_on).await;
        assert_eq!(contract(&world, &tenant).await["state"], "purged");
        let last = world.operator(0).get(&certificate).await.json();
        assert_eq!(last["earlier_deletion"]["certificate_id"], own["certificate_id"], "{last}");
    });
}
