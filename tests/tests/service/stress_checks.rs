//! The stress check from the committee's decision to what the employer may know: who plans, who answers, who is trusted with individuals, and what never leaves their hands.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tests::imports::{DEPARTMENTS, EMPLOYEES, faults, import};
use tests::stress_scores::{ANSWERS, expected, sample};
use tests::{Actor, Answer, Tenant, World, codes, etag, problem, run};

/// A plan for a round that is open from today on.
pub(crate) fn plan(today: Date) -> Value {
    json!({
        "title": "ストレスチェック", "opens_on": today, "closes_on": today + 14.days(), "questionnaire": "items_57", "method": "sum",
        "targets": { "as_of": today, "seconded": true, "employment_types_left_out": ["アルバイト"] }, "announcement": "回答は任意です。結果は本人にだけ通知されます。",
    })
}

/// The id of the account of an actor.
pub(crate) async fn account_of(tenant: &Tenant, actor: &Actor) -> String {
    let (path, ..) = actor.seen_by(&tenant.actor("administrator")).await;
    path.rsplit('/').next().unwrap().to_owned()
}

pub(crate) async fn act(actor: &Actor, round: &str, act: &str, body: Option<Value>) -> Answer {
    let etag = etag(&actor.get(round).await);
    actor.call("POST", &format!("{round}/{act}"), &[("If-Match", &etag)], body).await
}

/// A round that takes answers, with its implementer and its clerk; where it is.
pub(crate) async fn opened(tenant: &Tenant) -> String {
    let (hr, implementer, clerk) =
        (tenant.actor("hr"), tenant.actor("stress_implementer"), tenant.actor("stress_clerk"));
    let planned = hr.post("/v1/stress-rounds", plan(tenant.world().today())).await;
    assert_eq!(planned.status, 201, "{}", planned.json());
    let round = planned.header("location").to_owned();
    let implementers = account_of(tenant, &implementer).await;
    let appointed =
        json!({ "account_id": implementers, "duty": "implementer", "qualification": "public_health_nurse" });
    for body in [appointed, json!({ "account_id": account_of(tenant, &clerk).await, "duty": "clerk" })] {
        let answer = act(&hr, &round, "appointments", Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
    for trusted in [&implementer, &clerk] {
        assert_eq!(act(trusted, &round, "pledge", None).await.status, 200);
    }
    let open = act(&hr, &round, "open", None).await;
    assert_eq!((open.status, open.json()["state"].as_str()), (200, Some("opened")), "{}", open.json());
    round
}

/// Where somebody's own part of a round is.
pub(crate) fn own(round: &str) -> String {
    round.replace("/v1/stress-rounds/", "/v1/me/stress-checks/")
}

fn id_of(round: &str) -> &str {
    round.rsplit('/').next().unwrap()
}

/// The worst answer to an item of the 57: 1 where the simple sum turns it, 4 elsewhere.
pub(crate) fn worst(item: u8) -> u8 {
    if matches!(item, 1..=7 | 11..=13 | 15 | 18..=20) { 1 } else { 4 }
}

fn answers(choice: impl Fn(u8) -> u8) -> Value {
    let one = |item: u8| json!({ "item": item, "choice": choice(item) });
    json!({ "answers": (1..=57).map(one).collect::<Vec<_>>() })
}

pub(crate) async fn answer_all(actor: &Actor, round: &str, choice: impl Fn(u8) -> u8) {
    let path = format!("{}/answers", own(round));
    let before = etag(&actor.get(&path).await);
    let saved = actor.put(&path, &before, answers(choice)).await;
    assert_eq!(saved.status, 200, "{}", saved.json());
    let submitted = actor.call("POST", &format!("{path}/submit"), &[("If-Match", &etag(&saved))], None).await;
    assert_eq!(
        (submitted.status, submitted.json()["state"].as_str()),
        (200, Some("submitted")),
        "{}",
        submitted.json()
    );
}

pub(crate) async fn employee_of(actor: &Actor) -> String {
    actor.get("/v1/me").await.json()["employee_id"].as_str().unwrap().to_owned()
}

/// Closes a round and signs for it, as the implementer does who has seen how many it is.
pub(crate) async fn signed(tenant: &Tenant, round: &str, interviews: u64) {
    let (hr, implementer) = (tenant.actor("hr"), tenant.actor("stress_implementer"));
    assert_eq!(act(&hr, round, "close", None).await.status, 200);
    tenant.world().pass(61);
    let selection = implementer.get(&format!("{round}/selection")).await;
    assert_eq!(selection.json()["interviews"], interviews, "{}", selection.json());
    let path = format!("{round}/selection/sign");
    let answer = implementer.post_if(&path, &etag(&selection), json!({ "interviews": interviews })).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

#[test]
fn r35_a_round_is_planned_with_reasons_and_locked_when_it_opens() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, implementer, today) = (tenant.actor("hr"), tenant.actor("stress_implementer"), tenant.world().today());
        // Own cut-offs want a reason, the short form has no conversion table, and everything wrong is told at once.
        let mut wrong = plan(today);
        wrong["closes_on"] = json!(today - 1.day());
        wrong["cut_offs"] = json!({ "reactions": 70, "reactions_with_causes": 63, "causes": 76 });
        wrong["remind_every"] = json!(1);
        let refused = hr.post("/v1/stress-rounds", wrong.clone()).await;
        let expected = [
            ("/closes_on", "period_invalid"),
            ("/cut_off_reason", "reason_required"),
            ("/remind_every", "out_of_range"),
        ];
        assert_eq!(codes(&refused), expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let planned = hr.post("/v1/stress-rounds", plan(today)).await;
        let round = planned.header("location").to_owned();
        let mut anew = plan(today);
        anew["questionnaire"] = json!("items_23");
        anew["cut_offs"] = json!({ "reactions": 30, "reactions_with_causes": 22, "causes": 39 });
        anew["cut_off_reason"] = json!("衛生委員会で審議した。");
        let anew = hr.put(&round, &etag(&planned), anew).await;
        assert_eq!((anew.status, anew.json()["cut_offs"]["reactions"].as_u64()), (200, Some(30)), "{}", anew.json());
        let back = hr.put(&round, &etag(&anew), plan(today)).await;
        assert_eq!(back.status, 200);
        // Nobody carries it out yet: it does not open. Nobody appoints themselves, nor whoever lacks the role or may decide about people.
        let early = act(&hr, &round, "open", None).await;
        assert_eq!((early.status, early.json()["errors"][0]["code"].as_str()), (409, Some("wrong_state")));
        let implementers = account_of(&tenant, &implementer).await;
        let body = json!({ "account_id": implementers, "duty": "implementer", "qualification": "physician" });
        let oneself = act(&implementer, &round, "appointments", Some(body.clone())).await;
        assert_eq!((oneself.status, codes(&oneself)[0].1.as_str()), (409, "second_person_needed"));
        let nurse = json!({ "account_id": account_of(&tenant, &tenant.actor("nurse")).await, "duty": "clerk" });
        assert_eq!(codes(&act(&hr, &round, "appointments", Some(nurse)).await)[0].1, "lacks_role");
        let unqualified = json!({ "account_id": implementers, "duty": "implementer" });
        assert_eq!(codes(&act(&hr, &round, "appointments", Some(unqualified)).await)[0].1, "required");
        assert_eq!(act(&hr, &round, "appointments", Some(body)).await.status, 200);
        // Without the pledge nothing of individuals is there; clerks who were not appointed find none at all.
        let open = act(&hr, &round, "open", None).await;
        assert_eq!(open.status, 200, "{}", open.json());
        assert_eq!(implementer.get(&format!("{round}/results")).await.status, 404);
        assert_eq!(act(&tenant.actor("stress_clerk"), &round, "pledge", None).await.status, 404);
        assert_eq!(act(&implementer, &round, "pledge", None).await.status, 200);
        let still_open = implementer.get(&format!("{round}/results")).await;
        assert_eq!((still_open.status, problem(&still_open).as_str()), (409, "conflict"), "answers still come");
        // Locked, but for a last day that is put off.
        let tag = etag(&hr.get(&round).await);
        assert_eq!(hr.put(&round, &tag, plan(today)).await.status, 409);
        assert_eq!(hr.delete(&round, &tag).await.status, 409);
        assert_eq!(hr.patch(&round, &tag, json!({ "closes_on": today + 2.days() })).await.status, 409, "earlier");
        let put_off = hr.patch(&round, &tag, json!({ "closes_on": today + 20.days() })).await;
        assert_eq!(put_off.status, 200, "{}", put_off.json());
        assert_eq!(hr.patch(&round, &tag, json!({ "closes_on": today + 21.days() })).await.status, 412);
        let tag = etag(&hr.get(&round).await);
        let dismissed = hr.delete(&format!("{round}/appointments/{implementers}"), &tag).await;
        assert_eq!(dismissed.status, 409, "an open round keeps an implementer");
        for (role, status) in [("manager", 403), ("administrator", 403), ("employee", 403), ("nurse", 200)] {
            assert_eq!(tenant.actor(role).get(&round).await.status, status, "{role}");
        }
        let english = tenant.actor("employee").get("/v1/stress-questionnaires/items_57?language=en").await.json();
        assert_eq!(english["areas"][2]["choices"][0], "Very much", "{english}");
    });
}

#[test]
fn r35_answers_are_saved_resumed_submitted_once_and_opened_again_by_an_implementer_alone() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let round = opened(&tenant).await;
        let (me, colleague) = (tenant.actor("employee"), tenant.nth("employee", 1));
        let path = format!("{}/answers", own(&round));
        let listed = me.get("/v1/me/stress-checks").await.json();
        assert_eq!((listed["items"][0]["open"].as_bool(), &listed["items"][0]["answers"]), (Some(true), &Value::Null));
        let none = me.get(&path).await;
        assert_eq!((etag(&none).as_str(), none.json()["open_items"].as_array().unwrap().len()), ("\"0\"", 57));
        let some = json!({ "answers": [{ "item": 1, "choice": 2 }, { "item": 57, "choice": 4 }] });
        let saved = me.put(&path, "\"0\"", some.clone()).await;
        assert_eq!((saved.status, etag(&saved).as_str()), (200, "\"1\""), "{}", saved.json());
        assert_eq!(me.put(&path, "\"0\"", some).await.status, 412, "another device was faster");
        let wrong = json!({ "answers": [{ "item": 58, "choice": 1 }, { "item": 2, "choice": 1 }] });
        assert_eq!(
            codes(&me.put(&path, "\"1\"", wrong).await),
            [("/answers/0/item".to_owned(), "unknown_item".to_owned())]
        );
        let five = json!({ "answers": [{ "item": 2, "choice": 5 }] });
        assert_eq!(codes(&me.put(&path, "\"1\"", five).await)[0].1, "choice_invalid");
        // Half of it is not submitted; what is saved is nobody else's, not even the implementer's.
        let submit = format!("{path}/submit");
        let early = me.call("POST", &submit, &[("If-Match", "\"1\"")], None).await;
        assert_eq!((early.status, early.json()["errors"].as_array().unwrap().len()), (422, 55));
        let (implementer, whom) = (tenant.actor("stress_implementer"), employee_of(&me).await);
        let theirs = format!("{round}/answers/{whom}");
        assert_eq!(implementer.get(&theirs).await.status, 404, "a draft is one's own");
        answer_all(&me, &round, |_| 2).await;
        let again = me.put(&path, "\"3\"", json!({ "answers": [{ "item": 1, "choice": 3 }] })).await;
        assert_eq!((again.status, codes(&again)[0].1.as_str()), (409, "wrong_state"));
        assert_eq!(colleague.get(&path).await.json()["state"], Value::Null, "a colleague has their own");
        // Whoever may know knows whether, and nothing else; nobody of the employer's side has a way to answers.
        let attendance = tenant.actor("hr").all(&format!("{round}/attendance?state=answered")).await;
        assert_eq!(attendance, [json!({ "employee_id": whom, "state": "answered", "left_out": null })]);
        for role in ["hr", "health_officer", "physician", "nurse", "manager", "administrator", "employee"] {
            let actor = tenant.actor(role);
            for path in [&theirs, &format!("{round}/results"), &format!("{round}/selection")] {
                assert_eq!(actor.get(path).await.status, 403, "{role} {path}");
            }
        }
        let clerk = tenant.actor("stress_clerk");
        let read = clerk.get(&theirs).await;
        assert_eq!((read.status, read.json()["answers"][0]["choice"].as_u64()), (200, Some(2)));
        let reopen = format!("{theirs}/reopen");
        let reason = json!({ "reason": "本人から読み違えたとの申し出があった。" });
        assert_eq!(clerk.post_if(&reopen, &etag(&read), reason.clone()).await.status, 403, "clerks do not");
        assert_eq!(implementer.post_if(&reopen, &etag(&read), reason).await.status, 204);
        assert_eq!(me.get(&path).await.json()["state"], "draft");
        assert_eq!(tenant.actor("hr").all(&format!("{round}/attendance?state=answered")).await.len(), 0);
        answer_all(&me, &round, |_| 3).await;
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn r35_the_worker_alone_is_told_and_the_employer_sees_what_the_workers_word_allows_and_nothing_else() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = opened(&tenant).await;
        let (one, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
        answer_all(&one, &round, worst).await;
        answer_all(&other, &round, |item| 5 - worst(item)).await;
        let (high, well) = (employee_of(&one).await, employee_of(&other).await);
        let administrator = tenant.actor("administrator").fresh().await;
        let person = format!("/v1/employees/{well}");
        let kept = administrator.delete(&person, &etag(&administrator.get(&person).await)).await;
        assert_eq!((kept.status, codes(&kept)[0].1.as_str()), (409, "has_records"), "whoever has answered stays");
        let result = format!("{}/result", own(&round));
        let chart = format!("{result}/charts/reactions");
        assert_eq!(one.get(&result).await.status, 404, "nobody has signed yet");
        assert_eq!(one.get(&chart).await.status, 404, "nor is anything drawn");
        let taken = async |kind: &str| {
            let told = one.get(&format!("/v1/me/export?kind={kind}")).await.json();
            told["sections"][0]["rows"].as_array().unwrap_or_else(|| panic!("{told}")).clone()
        };
        assert_eq!(taken("stress_answers").await.len(), 57, "one's own answers are one's own");
        assert!(taken("stress_results").await.is_empty(), "nor is it taken away before");
        signed(&tenant, &round, 1).await;
        let implementer = tenant.actor("stress_implementer");
        let needy = implementer.all(&format!("{round}/results?needs_interview=true")).await;
        assert_eq!(needy.len(), 1);
        assert_eq!(
            (needy[0]["employee_id"].as_str(), needy[0]["score"]["sums"]["b"].as_u64()),
            (Some(&*high), Some(116))
        );
        let late = json!({ "needs_interview": false, "reason": "再確認" });
        assert_eq!(
            implementer.put(&format!("{round}/results/{high}/decision"), "\"1\"", late).await.status,
            409,
            "signed"
        );

        // Before a word: what is there and what never was are told alike, byte for byte, to every role of the employer's side.
        let nobody = "emp_0190000000007000800000000000dead";
        let shared = |employee: &str| format!("{round}/shared-results/{employee}");
        for role in ["hr", "health_officer", "physician", "nurse"] {
            let actor = tenant.actor(role);
            let never = actor.get(&shared(nobody)).await;
            for employee in [&high, &well] {
                let is = actor.get(&shared(employee)).await;
                assert_eq!((is.status, &is.body), (404, &never.body), "{role}");
            }
            assert_eq!(actor.all(&format!("{round}/shared-results")).await.len(), 0);
            assert_eq!(actor.all(&format!("{round}/interview-requests")).await.len(), 0);
        }
        // The consent is an act of its own, to words that were shown, after the result was seen.
        let consent = format!("{}/consent", own(&round));
        let words = json!({ "version": "2026-11" });
        let drawn = one.get(&chart).await;
        assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml; charset=utf-8"));
        let drawn = String::from_utf8(drawn.body.to_vec()).unwrap();
        assert!(drawn.contains("ストレスによっておこる心身の反応") && drawn.contains("外側ほど良好"), "{drawn}");
        assert_eq!(one.get(&format!("{result}/charts/anger")).await.status, 404);
        let unseen = one.put(&consent, "\"0\"", words.clone()).await;
        assert_eq!((unseen.status, codes(&unseen)[0].1.as_str()), (409, "result_not_seen"));
        let seen = one.get(&result).await;
        assert_eq!(seen.json()["score"]["high"], true, "{}", seen.json());
        let [mine] = &taken("stress_results").await[..] else { panic!("one round") };
        assert_eq!(
            (&mine["high"], &mine["needs_interview"], &mine["consented_at"]),
            (&json!("該当"), &json!("要"), &json!(""))
        );
        assert!(seen.json()["advice"]["opening"].as_str().unwrap().contains("高ストレス"));
        assert_eq!(codes(&one.put(&consent, &etag(&seen), json!({ "version": "old" })).await)[0].1, "other_version");
        let given = one.put(&consent, &etag(&seen), words.clone()).await;
        assert_eq!(given.status, 200, "{}", given.json());
        let withdrawn = one.delete(&consent, &etag(&given)).await;
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.json());
        let hr = tenant.actor("hr");
        assert_eq!(
            hr.get(&shared(&high)).await.body,
            hr.get(&shared(nobody)).await.body,
            "withdrawn before it was used"
        );
        // A request counts as consent; whoever needs no interview requests none, and may share all the same.
        let request = format!("{}/interview-request", own(&round));
        let wish = json!({ "wish": "平日の午後を希望します。" });
        let requested = one.put(&request, &etag(&withdrawn), wish.clone()).await;
        assert_eq!(requested.status, 200, "{}", requested.json());
        let fine = other.get(&result).await;
        assert_eq!(codes(&other.put(&request, &etag(&fine), wish).await)[0].1, "interview_not_needed");
        let fine = other.put(&consent, &etag(&fine), words).await;
        assert_eq!(fine.status, 200);
        let requests = tenant.actor("physician").all(&format!("{round}/interview-requests")).await;
        assert_eq!((requests.len(), requests[0]["employee_id"].as_str()), (1, Some(&*high)), "{requests:?}");
        assert_eq!(hr.all(&format!("{round}/shared-results")).await.len(), 2);
        let read = hr.get(&shared(&high)).await;
        assert_eq!((read.status, read.json()["needs_interview"].as_bool()), (200, Some(true)), "{}", read.json());
        assert!(read.json().get("answers").is_none() && !read.json().to_string().contains("choice"), "no answers");
        let late = one.delete(&request, &etag(&one.get(&result).await)).await;
        assert_eq!((late.status, codes(&late)[0].1.as_str()), (409, "already_provided"));
        for role in ["manager", "administrator", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get(&shared(&high)).await.status, 403, "{role}");
        }
        // The company's trail knows rounds and no individual; the worker's own access log says who looked.
        let trail = tenant.actor("administrator").all("/v1/audit-events?limit=200").await;
        assert!(trail.iter().any(|event| event["action"] == "stress_round.sign"));
        let told = |event: &&Value| {
            let action = event["action"].as_str().unwrap_or_default();
            ["stress_answers.", "stress_result.", "stress_interview."].iter().any(|thing| action.starts_with(thing))
        };
        let told: Vec<_> = trail.iter().filter(told).collect();
        assert!(told.is_empty(), "{told:?}");
        let looks = tests::eventually("the look is entered", async || {
            let looks = one.all("/v1/me/access-log").await;
            looks.iter().any(|look| look["action"] == "stress_result.shared_read").then_some(looks)
        })
        .await;
        assert!(looks.iter().any(|look| look["action"] == "stress_result.list"), "{looks:?}");
        // Archived: what was said stays, and nothing more is said.
        assert_eq!(act(&hr, &round, "archive", None).await.status, 200);
        let over = other.delete(&consent, &etag(&fine)).await;
        assert_eq!((over.status, codes(&over)[0].1.as_str()), (409, "round_over"));
        assert_eq!(hr.get(&shared(&well)).await.status, 200);
        assert_eq!(id_of(&round), hr.get(&round).await.json()["id"].as_str().unwrap());
    });
}

#[test]
fn r35_answers_on_paper_go_in_by_file_and_come_to_what_another_computation_says() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        for (kind, file) in [("departments", DEPARTMENTS), ("employees", EMPLOYEES)] {
            let done = import(&administrator, kind, file, json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let round = opened(&tenant).await;
        let (clerk, into) = (tenant.actor("stress_clerk"), json!({ "options": { "stress_round_id": id_of(&round) } }));
        // Without a round, into one that is not theirs, and by others: no.
        let start = async |actor: &Actor, options: Value| {
            let body = json!({ "kind": "stress_answers", "file_name": "a.csv", "options": options });
            actor.post("/v1/imports", body).await
        };
        assert_eq!(codes(&start(&clerk, json!({})).await)[0].1, "required");
        let another = tenant.actor("hr").post("/v1/stress-rounds", plan(tenant.world().today())).await.json();
        let refused = start(&clerk, json!({ "stress_round_id": another["id"] })).await;
        assert_eq!(codes(&refused)[0].1, "round_not_open");
        let planned = format!("/v1/stress-rounds/{}", another["id"].as_str().unwrap());
        assert_eq!(tenant.actor("hr").delete(&planned, "\"1\"").await.status, 204, "what is only planned can go");
        for role in ["hr", "administrator", "physician"] {
            assert_eq!(start(&tenant.actor(role), into["options"].clone()).await.status, 403, "{role}");
        }
        // A row about somebody else, an answer that is none, and somebody who is not there: nothing goes in, and no answer is shown.
        let header: String = (1..=57).map(|item| format!(",問{item}")).collect::<Vec<_>>().concat();
        let row = |number: &str, name: &str, first: &str| format!("{number},{name},{first}{}\n", ",2".repeat(56));
        let wrong = format!(
            "社員番号,氏名{header}\n{}",
            row("000001", "別人 太郎", "1") + &row("000002", "佐々木 健一", "7") + &row("999999", "", "1")
        );
        let rejected = import(&clerk, "stress_answers", wrong.as_bytes(), into.clone()).await;
        assert_eq!(rejected["state"], "rejected", "{rejected}");
        let told = faults(&clerk, &rejected).await;
        let all = format!("{told:?}");
        for code in ["name_contradicts", "choice_invalid", "unknown_employee"] {
            assert!(all.contains(code), "{code}: {all}");
        }
        assert!(!told.iter().any(|line| line.iter().any(|cell| cell == "7")), "{all}");
        let done = import(&clerk, "stress_answers", ANSWERS, into.clone()).await;
        assert_eq!(
            (done["state"].as_str(), done["rows"]["applied"].as_u64()),
            (Some("applied"), Some(1_000)),
            "{done}"
        );
        let again = import(&clerk, "stress_answers", ANSWERS, into).await;
        assert_eq!(again["rows"]["unchanged"], 1_000, "{again}");
        assert_eq!(act(&tenant.actor("hr"), &round, "close", None).await.status, 200);
        let results = tenant.actor("stress_implementer").all(&format!("{round}/results?limit=200")).await;
        assert_eq!(results.len(), 1_000);
        let numbers: std::collections::HashMap<String, String> = administrator
            .all("/v1/employees?limit=200")
            .await
            .iter()
            .map(|it| {
                (it["id"].as_str().unwrap().to_owned(), it["employee_number"].as_str().unwrap_or_default().to_owned())
            })
            .collect();
        let mut by_number: std::collections::HashMap<String, &Value> = std::collections::HashMap::new();
        for result in &results {
            by_number.insert(numbers[result["employee_id"].as_str().unwrap()].clone(), result);
        }
        for (number, (female, answers)) in sample() {
            let (expected, is) = (expected(&answers, female), by_number[&number]);
            let sums = ["a", "b", "c"].map(|part| i32::try_from(is["score"]["sums"][part].as_i64().unwrap()).unwrap());
            assert_eq!((sums, is["score"]["high"].as_bool()), (expected.sums, Some(expected.high_by_sum)), "{number}");
        }
        let trail = administrator.all("/v1/audit-events?limit=200&action=import.apply_stress_answers").await;
        assert!(trail.is_empty(), "whose answers a file held is nobody's of the company: {trail:?}");
    });
}

#[test]
fn r35_workers_are_told_once_reminded_while_they_have_not_answered_and_told_alike_in_the_end() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = opened(&tenant).await;
        let (hr, me) = (tenant.actor("hr"), tenant.actor("employee"));
        let tell = async || {
            let run = world.run_schedule("reminders-hourly", &format!("{}T10:00:00+09:00", world.today())).await;
            assert_eq!(run["failed"], 0, "{run}");
            run["told"].as_u64().unwrap()
        };
        let people = tell().await;
        assert!(people >= 2, "everybody with an account is told");
        assert_eq!(tell().await, 0, "once");
        answer_all(&me, &round, |_| 2).await;
        world.pass(86_400);
        assert_eq!(act(&hr, &round, "remind", None).await.status, 200);
        assert_eq!(act(&hr, &round, "remind", None).await.status, 409, "not twice in a row");
        assert_eq!(tell().await, people - 1, "those alone who have not answered");
        assert_eq!(tell().await, 0);
        signed(&tenant, &round, 0).await;
        assert_eq!(tell().await, 1, "whoever has answered, and in the words of any other notice");
        assert_eq!(tell().await, 0);
        let mails = tests::eventually("mails left", async || {
            let mails = world.mails().await.iter().map(ToString::to_string).collect::<Vec<_>>();
            let told = mails.iter().filter(|mail| mail.contains("ストレスチェック")).count() as u64;
            (told == 2 * people - 1 && mails.iter().any(|mail| mail.contains("新しいお知らせ"))).then_some(mails)
        })
        .await;
        for mail in mails.iter().filter(|mail| mail.contains("ストレスチェック")) {
            assert!(mail.contains("回答は任意です"), "{mail}");
            for word in ["高ストレス", "面接", "判定", "結果"] {
                assert!(!mail.contains(word), "{word}: {mail}");
            }
        }
    });
}
