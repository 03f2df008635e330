//! What was answered in a stress check goes before what it came to: original answers have a period of their own, and nobody misses them who reads results.

use std::{collections::HashMap, fmt::Write as _};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{ToSpan as _, civil::Date};
use local::ServiceOptions;
use serde_json::json;
use tests::imports::import;
use tests::{Tenant, World, codes, etag, run};

use crate::stress_checks::{act, answer_all, employee_of, opened, own, signed, worst};

/// Of how many people a run deletes answers at most here: several runs are needed.
const MOST: u64 = 5;
/// How many answer on paper.
const ON_PAPER: usize = 12;

/// A file of people, and one of what they answered on paper.
fn on_paper() -> (String, String) {
    let mut people =
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分\n".to_owned();
    let items: Vec<String> = (1..=57).map(|item| format!("問{item}")).collect();
    let items = items.join(",");
    let mut answers = format!("社員番号,氏名,{items}\n");
    for n in 0..ON_PAPER {
        let _ = writeln!(
            people,
            "P90{n:02},紙野 回答,カミノ カイトウ,1980-02-{:02},男,2020-04-01,W01,X110,一般,正社員,在籍",
            n + 1
        );
        let _ = writeln!(answers, "P90{n:02},紙野 回答{}", ",2".repeat(57));
    }
    (people, answers)
}

/// What a run of the job says of the tenant's answers: how many it found, and how many it deleted.
async fn run_at(world: &World, tenant: &Tenant, day: Date) -> (u64, u64) {
    let told = world.run_schedule("retention-purge", &format!("{day}T03:00:00+09:00")).await;
    let lines = told["tidied"].as_array().unwrap();
    let line = lines.iter().find(|line| line["tenant"] == tenant.id());
    let count = |name: &str| line.map_or(0, |line| line["stress_answers"][name].as_u64().unwrap());
    (count("found"), count("deleted"))
}

/// Puts the tenant's contract on hold, or lets go of it.
async fn hold(world: &World, tenant: &Tenant, verb: &str, reason: &str) {
    let operator = world.operator(0).fresh().await;
    let path = format!("/v1/contracts/{}", tenant.id());
    let tag = etag(&operator.get(&path).await);
    let answer = operator
        .call("POST", &format!("{path}/{verb}"), &[("If-Match", &tag)], Some(json!({ "reason": reason })))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

/// How many items of answers there are, and how many of them hold something: a look under the floor.
async fn sealed(world: &World, tenant: &Tenant) -> (usize, usize) {
    let scan = world.service().clients().dynamodb.scan().table_name("records").into_paginator().items();
    let all: Vec<HashMap<String, AttributeValue>> = scan.send().collect::<Result<_, _>>().await.unwrap();
    let of = format!("T#{}#STRESSANSWER#", tenant.id());
    let answers: Vec<_> = all.iter().filter(|item| item["pk"].as_s().unwrap().starts_with(&of)).collect();
    (answers.len(), answers.iter().filter(|item| item.contains_key("answers")).count())
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn r35_answers_go_when_their_company_says_so_and_everything_that_they_came_to_stays() {
    run(async {
        let world = World::start(ServiceOptions { most_deletes: Some(MOST), ..ServiceOptions::ephemeral() }).await;
        let tenant = world.tenant(0);
        let (one, other, hr) = (tenant.actor("employee"), tenant.nth("employee", 1), tenant.actor("hr"));
        let (implementer, clerk) = (tenant.actor("stress_implementer"), tenant.actor("stress_clerk"));
        let (people, answers) = on_paper();
        let done = import(&tenant.actor("administrator"), "employees", people.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{done}");

        // One round that is analysed, archived, and whose result somebody shares; and one that nobody analysed.
        let round = opened(&tenant).await;
        answer_all(&one, &round, worst).await;
        answer_all(&other, &round, |item| 5 - worst(item)).await;
        let id = round.rsplit('/').next().unwrap();
        let into = json!({ "options": { "stress_round_id": id } });
        let done = import(&clerk, "stress_answers", answers.as_bytes(), into).await;
        assert_eq!(done["state"], "applied", "{done}");
        signed(&tenant, &round, 1).await;
        let made = clerk.post(&format!("{round}/analysis"), json!({ "with_risks": true })).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let (result, whom) = (format!("{}/result", own(&round)), employee_of(&one).await);
        let seen = one.get(&result).await;
        let consent = one.put(&format!("{}/consent", own(&round)), &etag(&seen), json!({ "version": "2026-11" })).await;
        assert_eq!(consent.status, 200, "{}", consent.json());
        assert_eq!(hr.get(&format!("{round}/shared-results/{whom}")).await.status, 200);
        assert_eq!(act(&hr, &round, "archive", None).await.status, 200);
        let unanalysed = opened(&tenant).await;
        answer_all(&one, &unanalysed, |_| 2).await;
        signed(&tenant, &unanalysed, 0).await;

        let workplaces = tenant.actor("administrator").all("/v1/workplaces").await;
        let workplace = workplaces.iter().find(|it| it["code"] == "W01").unwrap()["id"].as_str().unwrap().to_owned();
        let report = format!("/v1/stress-reports/{workplace}/{}", world.today().year());
        let everything = async || {
            let one_by_one = [
                one.get(&result).await,
                one.get(&format!("{result}/charts/reactions")).await,
                one.get("/v1/me/export?kind=stress_results").await,
                hr.get(&format!("{round}/shared-results/{whom}")).await,
                hr.get(&format!("{round}/analysis")).await,
                hr.get(&report).await,
                clerk.get(&format!("{round}/results/{whom}")).await,
            ];
            let mut told: Vec<String> = one_by_one
                .iter()
                .map(|answer| {
                    assert_eq!(answer.status, 200);
                    String::from_utf8_lossy(&answer.body).into_owned()
                })
                .collect();
            for list in ["attendance?state=answered", "results?limit=200"] {
                let actor = if list.starts_with("results") { &implementer } else { &hr };
                told.push(json!(actor.all(&format!("{round}/{list}")).await).to_string());
            }
            told
        };
        let before = everything().await;
        assert!(before[4].contains("全体"), "{}", before[4]);

        // Answers go after five years by themselves, and earlier where their company wants it: not before ninety days.
        let administrator = tenant.actor("administrator").fresh().await;
        let policy = administrator.get("/v1/tenant/retention").await;
        let of_answers = |answer: &tests::Answer| {
            let items = answer.json()["items"].as_array().unwrap().clone();
            items.into_iter().find(|it| it["kind"] == "stress_answers").unwrap()
        };
        let shown = of_answers(&policy);
        assert_eq!((&shown["minimum_years"], &shown["years"]), (&json!(0), &json!(5)), "{shown}");
        let signed_on = world.today();
        assert_eq!(run_at(&world, &tenant, signed_on + 5.years()).await, (0, 0), "the last of their days");
        let periods = json!({ "periods": [{ "kind": "stress_answers", "years": 0 }] });
        let decided = administrator.put("/v1/tenant/retention", &etag(&policy), periods).await;
        assert_eq!((decided.status, &of_answers(&decided)["years"]), (200, &json!(0)), "{}", decided.json());
        assert_eq!(run_at(&world, &tenant, signed_on + 90.days()).await, (0, 0));
        let all = ON_PAPER as u64 + 3;
        assert_eq!(run_at(&world, &tenant, signed_on + 91.days()).await, (all, MOST));
        // Nothing is counted of what is there in part, and nothing goes while a hold lasts.
        let body = json!({ "with_risks": false });
        let late = clerk.post(&format!("{unanalysed}/analysis"), body).await;
        assert_eq!((late.status, codes(&late)[0].1.as_str()), (409, "answers_deleted"), "{}", late.json());
        hold(&world, &tenant, "hold", "証拠保全の要請のため").await;
        assert_eq!(run_at(&world, &tenant, signed_on + 92.days()).await, (0, 0));
        assert_eq!(sealed(&world, &tenant).await, (15, 10));
        hold(&world, &tenant, "release", "要請が取り下げられたため").await;
        assert_eq!(run_at(&world, &tenant, signed_on + 92.days()).await, (10, MOST));
        assert_eq!(run_at(&world, &tenant, signed_on + 93.days()).await, (5, MOST));
        assert_eq!(run_at(&world, &tenant, signed_on + 94.days()).await, (0, 0));
        assert_eq!(sealed(&world, &tenant).await, (15, 0), "the items stay, and hold nothing");

        // Whoever reads results, figures, attendance and the report reads what they read before.
        let after = everything().await;
        for (then, now) in before.iter().zip(&after) {
            assert_eq!(then, now);
        }
        assert!(hr.get(&round).await.json()["answers_deleted_at"].is_string());
        // Whoever reads answers is told that they are gone, and can do nothing with them.
        let path = format!("{}/answers", own(&round));
        let theirs = format!("{round}/answers/{whom}");
        for answer in [one.get(&path).await, clerk.get(&theirs).await] {
            let told = answer.json();
            assert_eq!((answer.status, told["state"].as_str()), (200, Some("submitted")), "{told}");
            assert_eq!((&told["answers"], &told["open_items"]), (&json!([]), &json!([])), "{told}");
            assert!(told["deleted_at"].is_string(), "{told}");
        }
        let mine = one.get(&path).await;
        let read = implementer.get(&theirs).await;
        let refused = [
            one.put(&path, &etag(&mine), json!({ "answers": [{ "item": 1, "choice": 3 }] })).await,
            one.call("POST", &format!("{path}/submit"), &[("If-Match", &etag(&mine))], None).await,
            implementer.post_if(&format!("{theirs}/reopen"), &etag(&read), json!({ "reason": "再確認" })).await,
        ];
        for answer in refused {
            assert_eq!((answer.status, codes(&answer)[0].1.as_str()), (409, "answers_deleted"), "{}", answer.json());
        }
        let taken = one.get("/v1/me/export?kind=stress_answers").await.json();
        let lines = taken["sections"][0]["rows"].as_array().unwrap();
        assert_eq!(lines.len(), 2, "a line for each round: {taken}");
        assert!(lines.iter().all(|line| line["text"].as_str().unwrap().contains("削除されました")), "{taken}");
        // The company's trail tells of the rounds, and of nobody who answered.
        let trail = administrator.all("/v1/audit-events?action=stress_round.expire_answers").await;
        assert_eq!(trail.len(), 2, "{trail:?}");
        assert!(trail.iter().all(|event| event["reason"] == "retention"), "{trail:?}");
        assert_eq!(administrator.all("/v1/audit-events?action=stress_answers").await.len(), 0);
    });
}
