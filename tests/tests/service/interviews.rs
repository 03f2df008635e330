//! Interviews from what gives cause for them to what the employer decides: who asks, who holds them, what the employer gets to read, and what it never does.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, codes, etag, pdf_text, problem, run};

use crate::stress_checks;

/// What was talked about: it must reach nobody of the employer's side.
const SECRET: &str = "上司との関係に悩み、眠れない日が続いている。";

async fn employee_of(actor: &Actor) -> String {
    stress_checks::employee_of(actor).await
}

/// A month of 90 hours and more beyond 40 a week; where the employee's interviews are.
async fn overworked(tenant: &Tenant, actor: &Actor) -> (String, String) {
    let id = employee_of(actor).await;
    let body = json!({ "month": "2026-10", "total": "270" });
    let made = tenant.actor("hr").post(&format!("/v1/employees/{id}/working-hours"), body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (format!("/v1/employees/{id}/working-hours/2026-10"), format!("/v1/employees/{id}/interviews"))
}

/// The tasks of a month, each with where it is.
async fn tasks(actor: &Actor, month: &str) -> Vec<(String, String)> {
    let month = actor.get(month).await.json();
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    month["tasks"].as_array().unwrap().iter().map(|it| (text(it, "task"), text(it, "state"))).collect()
}

fn of(tasks: &[(String, String)], task: &str) -> Option<String> {
    tasks.iter().find(|(of, _)| of == task).map(|(_, state)| state.clone())
}

/// Holds an interview today, whoever holds it; the answer.
async fn held(actor: &Actor, path: &str, today: jiff::civil::Date) -> tests::Answer {
    let tag = etag(&actor.get(path).await);
    actor.post_if(&format!("{path}/held"), &tag, json!({ "held_on": today })).await
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the request to the end of the measures")]
fn r36_a_month_of_overwork_is_asked_about_booked_held_reported_and_decided_and_its_tasks_are_done() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, physician, nurse) = (tenant.actor("hr"), tenant.actor("physician"), tenant.actor("nurse"));
        let (one, other, today) = (tenant.actor("employee"), tenant.nth("employee", 1), world.today());
        let (month, interviews) = overworked(&tenant, &one).await;
        let requests = interviews.replace("/interviews", "/interview-requests");
        // Each kind says what it comes from, and everything that is wrong is told at once.
        let wrong = json!({ "kind": "high_stress", "month": "2026-10", "wish": "" });
        let told = [("/kind", "not_requested_here"), ("/month", "not_taken"), ("/wish", "remark_invalid")];
        let mut is = codes(&one.post(&requests, wrong).await);
        is.retain(|(at, _)| at != "/round_id");
        assert_eq!(is, told.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let none = one.post(&requests, json!({ "kind": "overwork", "month": "2026-09" })).await;
        assert_eq!((none.status, &none.json()["errors"][0]["code"]), (422, &json!("missing_reference")));
        let wish = json!({ "kind": "overwork", "month": "2026-10", "wish": "夕方を希望します。" });
        assert_eq!(other.post(&requests, wish.clone()).await.status, 404, "a colleague's");
        assert_eq!(hr.post(&requests, wish.clone()).await.status, 403, "the wish is the worker's own");
        let asked = one.post(&requests, wish.clone()).await;
        assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("requested")), "{}", asked.json());
        let due = today + 30.days();
        assert_eq!(asked.json()["due_on"], json!(due), "thirty days from the request on");
        let twice = one.post(&requests, wish).await;
        assert_eq!((twice.status, &twice.json()["errors"][0]["code"]), (409, &json!("interview_exists")));
        assert_eq!(of(&tasks(&hr, &month).await, "accept_request").as_deref(), Some("done"));

        let path = asked.header("location").to_owned();
        let seen = hr.get(&path).await;
        assert!(!seen.json().to_string().contains("夕方"), "the worker's words are not for the employer");
        assert!(nurse.get(&path).await.json().to_string().contains("夕方"));
        for role in ["manager", "administrator", "stress_implementer", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get(&path).await.status, 403, "{role}");
        }
        // A time that lies ahead, a place, and somebody who may hold it.
        let at = |days: i64| format!("{}T14:00:00+09:00", today + days.days());
        let nurses = stress_checks::account_of(&tenant, &nurse).await;
        let bad = json!({ "starts_at": at(-1), "minutes": 1, "place": "健康管理室", "with_account_id": nurses });
        let refused = hr.put(&format!("{path}/booking"), &etag(&seen), bad).await;
        let told =
            [("/with_account_id", "not_a_conductor"), ("/starts_at", "in_the_past"), ("/minutes", "out_of_range")];
        assert_eq!(codes(&refused), told.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let physicians = stress_checks::account_of(&tenant, &physician).await;
        let body = json!({ "starts_at": at(3), "minutes": 30, "place": "https://meet.example.jp/a", "with_account_id": physicians });
        let booked = hr.put(&format!("{path}/booking"), &etag(&seen), body.clone()).await;
        assert_eq!((booked.status, &booked.json()["state"]), (200, &json!("booked")), "{}", booked.json());
        assert_eq!(hr.put(&format!("{path}/booking"), &etag(&seen), body.clone()).await.status, 412);
        let listed = hr.all("/v1/interviews?state=booked").await;
        assert_eq!((listed.len(), &listed[0]["id"]), (1, &asked.json()["id"]));
        // A nurse holds no interview that the law gives to physicians; HR and nurses report nothing.
        let missed = format!("{path}/no-show");
        assert_eq!(nurse.post_if(&missed, &etag(&booked), json!({})).await.status, 403);
        let missed = physician.post_if(&missed, &etag(&booked), json!({})).await;
        assert_eq!((missed.status, &missed.json()["state"]), (200, &json!("no_show")), "{}", missed.json());
        let again = hr.put(&format!("{path}/booking"), &etag(&missed), body).await;
        assert_eq!(again.json()["state"], "booked");
        let tomorrow = json!({ "held_on": today.tomorrow().unwrap() });
        let early = physician.post_if(&format!("{path}/held"), &etag(&again), tomorrow).await;
        assert_eq!(codes(&early), [("/held_on".to_owned(), "in_the_future".to_owned())]);
        let done = held(&physician, &path, today).await;
        assert_eq!((done.status, &done.json()["state"], &done.json()["next_on"]), (200, &json!("held"), &json!(due)));
        let stand = tasks(&hr, &month).await;
        assert_eq!(
            (of(&stand, "interview").as_deref(), of(&stand, "opinion").as_deref()),
            (Some("done"), Some("open"))
        );
        let reason = json!({ "reason": "報告は不要。" });
        let ended = physician.post_if(&format!("{path}/close"), &etag(&done), reason.clone()).await;
        assert_eq!((ended.status, problem(&ended).as_str()), (409, "conflict"), "the law wants an opinion");
        let report = json!({
            "guidance": ["observation"], "category": "restricted", "measures": [{ "kind": "overtime_limit", "hours_a_month": 20 }],
            "from": today, "until": today + 60.days(), "review_on": today + 50.days(), "words": "疲労の回復のため、時間外労働を制限する。",
            "for_workplace": "残業は月20時間までとしてください。",
        });
        for role in ["hr", "nurse", "health_officer", "employee", "manager"] {
            let answer = tenant.actor(role).put(&format!("{path}/opinion"), &etag(&done), report.clone()).await;
            assert_eq!(answer.status, 403, "{role}");
        }
        let agreed = json!({ "category": "pending", "agreed_on": today });
        let refused = physician.put(&format!("{path}/opinion"), &etag(&done), agreed).await;
        let told = [
            ("/category", "not_taken"),
            ("/agreed_on", "not_taken"),
            ("/review_on", "required"),
            ("/words", "required"),
        ];
        assert_eq!(codes(&refused), told.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let given = physician.put(&format!("{path}/opinion"), &etag(&done), report).await;
        assert_eq!((given.status, &given.json()["state"]), (200, &json!("opinion_given")), "{}", given.json());
        assert_eq!(given.json()["report"]["guidance"][0]["name"], "要経過観察");
        assert_eq!(of(&tasks(&hr, &month).await, "measures").as_deref(), Some("open"));
        let decision = json!({ "answer": "adopted", "heard_on": today, "heard": "承知した。" });
        assert_eq!(physician.put(&format!("{path}/decision"), &etag(&given), decision.clone()).await.status, 403);
        let decided = hr.put(&format!("{path}/decision"), &etag(&given), decision).await;
        assert_eq!((decided.status, &decided.json()["state"]), (200, &json!("decided")), "{}", decided.json());
        assert_eq!(decided.json()["decision"]["measures"][0]["hours_a_month"], 20);
        let stand = tasks(&hr, &month).await;
        let open: Vec<_> = stand
            .iter()
            .filter(|(task, state)| state == "open" && !task.starts_with("notify") && !task.starts_with("tell"))
            .collect();
        assert!(open.is_empty(), "{open:?}");
        // The workplace sees the measures, and nothing of why or after what.
        let measures = hr.all("/v1/interviews/measures").await;
        assert_eq!((measures.len(), &measures[0]["measures"][0]["kind"]), (1, &json!("overtime_limit")));
        assert!(measures[0].get("kind").is_none() && !measures[0].to_string().contains("疲労"), "{measures:?}");
        assert_eq!(tenant.actor("manager").get("/v1/interviews/measures").await.status, 200);
        // The report on paper says what the employer is to do, and nothing of what was talked about.
        let letter = format!("{path}/letter");
        let pdf = hr.call("GET", &letter, &[("Accept", "application/pdf")], None).await;
        assert_eq!(pdf.status, 200, "{}", String::from_utf8_lossy(&pdf.body));
        let text = pdf_text(&pdf.body);
        for words in ["面接指導結果報告書・意見書", "要経過観察", "時間外労働の制限（月20時間まで）"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains(SECRET) && !text.contains("夕方"), "{text}");
        assert_eq!(other.call("GET", &letter, &[("Accept", "application/pdf")], None).await.status, 404);
        // The worker reads the report; a colleague finds nothing.
        assert_eq!(one.get(&path).await.json()["report"]["opinion"]["category"], "restricted");
        assert_eq!(other.get(&path).await.status, 404);
        let over = hr.post_if(&format!("{path}/end-measures"), &etag(&decided), reason).await;
        assert_eq!((over.status, &over.json()["state"]), (200, &json!("closed")), "{}", over.json());
        let acts: Vec<_> = over.json()["history"].as_array().unwrap().iter().map(|step| step["act"].clone()).collect();
        assert_eq!(acts, ["requested", "booked", "missed", "booked", "held", "opinion", "decision", "closed"]);
        // Mails say that something is there, and nothing of what; the trail has the steps, and no word of anybody's.
        let words = |mail: &Value| format!("{}{}{}", mail["subject"], mail["text"], mail["html"]);
        for mail in world.mails().await.iter().map(words).filter(|words| words.contains("新しいお知らせ")) {
            for word in ["面談", "面接", "残業", "産業医", "疲労"] {
                assert!(!mail.contains(word), "{word} stands in a mail");
            }
        }
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=interview").await;
        let actions: Vec<_> = trail.iter().map(|event| event["action"].as_str().unwrap()).collect();
        for act in ["request", "book", "miss", "hold", "opine", "decide", "close"] {
            assert!(actions.contains(&&*format!("interview.{act}")), "{act} is not in {actions:?}");
        }
        assert!(trail.iter().all(|event| !event.to_string().contains("疲労")));
    });
}

#[test]
fn r36_what_is_talked_about_stays_with_those_who_hold_the_interview_and_every_version_of_it_stays() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, physician, nurse) = (tenant.actor("hr"), tenant.actor("physician"), tenant.actor("nurse"));
        let (one, today) = (tenant.actor("employee"), tenant.world().today());
        let (_, interviews) = overworked(&tenant, &one).await;
        // A consultation is nobody's of the employer's side: not in a list, not by its id, not in the trail.
        let requests = interviews.replace("/interviews", "/interview-requests");
        let asked = one.post(&requests, json!({ "kind": "consult", "wish": "相談したい。" })).await;
        assert_eq!(asked.status, 201, "{}", asked.json());
        let path = asked.header("location").to_owned();
        let never = format!("{interviews}/int_0190000000007000800000000000dead");
        for role in ["hr", "health_officer"] {
            let actor = tenant.actor(role);
            let (is, should) = (actor.get(&path).await, actor.get(&never).await);
            assert_eq!((is.status, &is.body), (404, &should.body), "{role}");
            assert!(
                actor.all(&interviews).await.is_empty() && actor.all("/v1/interviews?state=requested").await.is_empty()
            );
            assert_eq!(actor.get("/v1/interviews/consultations?state=requested").await.status, 403);
            assert_eq!(
                actor.post_if(&format!("{path}/cancel"), "\"1\"", json!({ "reason": "中止" })).await.status,
                404
            );
            let opened = actor.post(&interviews, json!({ "kind": "consult" })).await;
            assert_eq!(opened.status, 403, "{role} opens no consultation");
        }
        assert_eq!(nurse.all("/v1/interviews/consultations?state=requested").await.len(), 1);
        // A nurse keeps the note of a kind that nurses hold.
        let note = format!("{path}/note");
        let empty = nurse.get(&note).await;
        assert_eq!((empty.status, etag(&empty).as_str()), (200, "\"0\""));
        let first = nurse.put(&note, "\"0\"", json!({ "content": SECRET, "burden": "強い疲労感" })).await;
        assert_eq!((first.status, etag(&first).as_str()), (200, "\"1\""), "{}", first.json());
        let stale = physician.put(&note, "\"0\"", json!({ "content": "別の記録" })).await;
        assert_eq!(
            (stale.status, problem(&stale).as_str()),
            (412, "stale"),
            "two at once: one of them has not seen it"
        );
        let second = physician.put(&note, "\"1\"", json!({ "content": "訂正：眠れない日は減っている。" })).await;
        assert_eq!(second.status, 200, "{}", second.json());
        let versions = nurse.get(&note).await.json()["versions"].as_array().unwrap().clone();
        assert_eq!((versions.len(), &versions[1]["content"], &versions[0]["number"]), (2, &json!(SECRET), &json!(2)));
        for role in ["hr", "health_officer", "manager", "administrator", "stress_implementer", "employee"] {
            assert_eq!(tenant.actor(role).get(&note).await.status, 403, "{role}");
        }
        // Only what the worker agrees to is reported, and only then the employer knows that there was something.
        let done = held(&nurse, &path, today).await;
        assert_eq!((done.status, &done.json()["state"]), (200, &json!("held")), "{}", done.json());
        let report = json!({ "category": "normal", "guidance": ["another_interview"] });
        let refused = physician.put(&format!("{path}/opinion"), &etag(&done), report.clone()).await;
        assert_eq!(codes(&refused), [("/agreed_on".to_owned(), "required".to_owned())]);
        assert_eq!(hr.get(&path).await.status, 404);
        let mut report = report;
        report["agreed_on"] = json!(today);
        let given = physician.put(&format!("{path}/opinion"), &etag(&done), report).await;
        assert_eq!((given.status, &given.json()["state"]), (200, &json!("closed")), "{}", given.json());
        let seen = hr.get(&path).await;
        assert_eq!((seen.status, &seen.json()["report"]["agreed_on"]), (200, &json!(today)));
        assert!(!seen.json().to_string().contains("相談したい") && !seen.json().to_string().contains("眠れない"));
        // A nurse reads no note of an interview that the law gives to physicians.
        let opened = hr.post(&interviews, json!({ "kind": "overwork", "month": "2026-10" })).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        let statutory = opened.header("location").to_owned();
        let note = format!("{statutory}/note");
        assert_eq!(physician.put(&note, "\"0\"", json!({ "content": SECRET })).await.status, 200);
        assert_eq!(nurse.get(&note).await.status, 403);
        assert_eq!(nurse.get(&statutory).await.status, 200, "that there is one, a nurse knows");
        // Guidance ends without a report, and a report is not taken.
        let checkup = "社員番号,受診日,健診種別,身長,体重\r\nD0001,2026-06-01,定期健康診断,160.0,50.0\r\n";
        import(&nurse, "checkups", checkup.as_bytes(), json!({})).await;
        let checkup = nurse.all("/v1/checkups?fiscal_year=2026").await.remove(0);
        let theirs = format!("/v1/employees/{}/interviews", checkup["employee_id"].as_str().unwrap());
        let body = json!({ "kind": "guidance", "checkup_id": checkup["id"] });
        assert_eq!(codes(&nurse.post(&theirs, json!({ "kind": "guidance" })).await)[0].0, "/checkup_id");
        let guidance = nurse.post(&theirs, body.clone()).await;
        assert_eq!(guidance.status, 201, "{}", guidance.json());
        assert_eq!(nurse.post(&theirs, body.clone()).await.status, 409);
        let path = guidance.header("location").to_owned();
        let done = held(&nurse, &path, today).await;
        let normal = json!({ "category": "normal" });
        assert_eq!(physician.put(&format!("{path}/opinion"), &etag(&done), normal).await.status, 409);
        let closed = nurse.post_if(&format!("{path}/close"), &etag(&done), json!({ "reason": "助言を終えた。" })).await;
        assert_eq!((closed.status, &closed.json()["state"]), (200, &json!("closed")), "{}", closed.json());
        assert_eq!(nurse.post(&theirs, body).await.status, 201, "and another one may follow");
        // The company's trail says nothing of consultations, guidance and notes; the worker sees who looked.
        let trail = tenant.actor("administrator").all("/v1/audit-events?limit=200").await;
        let consult = asked.json()["id"].as_str().unwrap().to_owned();
        let before: Vec<_> = trail.iter().filter(|event| event["action"] != "interview.read").collect();
        assert!(
            before.iter().all(|event| !event["action"].as_str().unwrap().starts_with("interview_note")),
            "{before:?}"
        );
        let told = trail.iter().filter(|event| event["action"] == "interview.request").count();
        assert_eq!(told, 0, "{consult} was asked for in confidence");
        let looks = tests::eventually("the look is entered", async || {
            let looks = one.all("/v1/me/access-log").await;
            looks.iter().any(|look| look["action"] == "interview_note.read").then_some(looks)
        })
        .await;
        assert!(looks.iter().any(|look| look.to_string().contains("面接指導と健康相談")), "{looks:?}");
    });
}

#[test]
fn r35_r36_an_interview_after_a_stress_check_needs_a_request_that_stands_and_says_nothing_without_one() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = stress_checks::opened(&tenant).await;
        let (one, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
        stress_checks::answer_all(&one, &round, stress_checks::worst).await;
        stress_checks::answer_all(&other, &round, |item| 5 - stress_checks::worst(item)).await;
        stress_checks::signed(&tenant, &round, 1).await;
        let (hr, physician, today) = (tenant.actor("hr"), tenant.actor("physician"), world.today());
        let (high, well) = (employee_of(&one).await, employee_of(&other).await);
        let id = round.rsplit('/').next().unwrap().to_owned();
        let body = json!({ "kind": "high_stress", "round_id": id });
        let never = json!({ "kind": "high_stress", "round_id": "srd_0190000000007000800000000000dead" });
        // Whoever has not asked, is not under high stress, or was never in a round: the answers are the same.
        for role in ["hr", "physician"] {
            let actor = tenant.actor(role);
            let should = actor.post(&format!("/v1/employees/{well}/interviews"), never.clone()).await;
            for employee in [&high, &well] {
                let is = actor.post(&format!("/v1/employees/{employee}/interviews"), body.clone()).await;
                assert_eq!((is.status, codes(&is)), (422, codes(&should)), "{role}");
            }
        }
        let mine = stress_checks::own(&round);
        let seen = one.get(&format!("{mine}/result")).await;
        let request = format!("{mine}/interview-request");
        let requested = one.put(&request, &etag(&seen), json!({ "wish": "午後を希望します。" })).await;
        assert_eq!(requested.status, 200, "{}", requested.json());
        let opened = hr.post(&format!("/v1/employees/{high}/interviews"), body.clone()).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        let month = today.saturating_add(1.month());
        assert_eq!(opened.json()["due_on"], json!(month), "a month from the request on");
        let path = opened.header("location").to_owned();
        assert_eq!(hr.all("/v1/interviews?state=requested").await.len(), 1);
        // The worker takes the request back before anybody has read the result: the interview is there for nobody else any more.
        let back = one.delete(&request, &etag(&one.get(&format!("{mine}/result")).await)).await;
        assert_eq!(back.status, 200, "{}", back.json());
        let nobodys = format!("/v1/employees/{high}/interviews/int_0190000000007000800000000000dead");
        for role in ["hr", "health_officer", "physician", "nurse"] {
            let actor = tenant.actor(role);
            assert_eq!(actor.get(&path).await.body, actor.get(&nobodys).await.body, "{role}");
            assert!(actor.all("/v1/interviews?state=requested").await.is_empty(), "{role}");
            assert!(actor.all(&format!("/v1/employees/{high}/interviews")).await.is_empty(), "{role}");
        }
        let tag = etag(&one.get(&path).await);
        assert_eq!(physician.post_if(&format!("{path}/held"), &tag, json!({ "held_on": today })).await.status, 404);
        let declined = one.post_if(&format!("{path}/decline"), &tag, json!({})).await;
        assert_eq!((declined.status, &declined.json()["state"]), (200, &json!("declined")), "{}", declined.json());
        // Asked again, another one follows; what was held stays.
        let result = one.get(&format!("{mine}/result")).await;
        assert_eq!(one.put(&request, &etag(&result), json!({})).await.status, 200);
        let opened = physician.post(&format!("/v1/employees/{high}/interviews"), body).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        let path = opened.header("location").to_owned();
        let done = held(&physician, &path, today).await;
        assert_eq!((done.status, &done.json()["next_on"]), (200, &json!(month)), "{}", done.json());
        let given = physician.put(&format!("{path}/opinion"), &etag(&done), json!({ "category": "normal" })).await;
        assert_eq!((given.status, &given.json()["state"]), (200, &json!("closed")), "{}", given.json());
        assert_eq!(hr.get(&path).await.status, 200);
        // The company's trail knows of no such interview.
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=interview").await;
        assert!(trail.iter().all(|event| event["action"] == "interview.list"), "{trail:?}");
    });
}

#[test]
fn r36_deadlines_and_bookings_are_reminded_of_in_words_that_tell_nothing() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, one) = (tenant.actor("hr"), tenant.actor("employee"));
        let (_, interviews) = overworked(&tenant, &one).await;
        let requests = interviews.replace("/interviews", "/interview-requests");
        let asked = one.post(&requests, json!({ "kind": "overwork", "month": "2026-10" })).await;
        assert_eq!(asked.status, 201, "{}", asked.json());
        let path = asked.header("location").to_owned();
        let words = |mail: &Value| format!("{}{}{}", mail["subject"], mail["text"], mail["html"]);
        let notices = async || {
            world.mails().await.iter().map(words).filter(|it| it.contains("新しいお知らせ")).collect::<Vec<_>>()
        };
        let reminded = async || {
            let run = world.run_schedule("reminders", &format!("{}T09:00:00+09:00", world.today())).await;
            assert_eq!(run["failed"], 0, "{run}");
            run["told"].as_u64().unwrap()
        };
        // From a week before the day on, and then every week: whoever arranges, once however often the job runs.
        let mut told = Vec::new();
        for days in [22, 1, 0, 6, 1] {
            world.pass(days * 86_400);
            told.push(reminded().await);
        }
        assert_eq!(told, [0, 1, 0, 0, 1], "the day is 30 days after the request");
        let arranged = notices().await.len();
        assert!(arranged >= 2 && arranged % 2 == 0, "each of them twice: {arranged}");
        // The worker is reminded on the day before, and nobody else.
        let tomorrow = world.today().tomorrow().unwrap();
        let booking =
            json!({ "starts_at": format!("{tomorrow}T14:00:00+09:00"), "minutes": 30, "place": "健康管理室" });
        let booked = hr.put(&format!("{path}/booking"), &etag(&hr.get(&path).await), booking).await;
        assert_eq!(booked.status, 200, "{}", booked.json());
        assert_eq!((reminded().await, reminded().await), (1, 0));
        let mails = notices().await;
        assert_eq!(mails.len(), arranged + 2, "the worker was told of the booking, and of the day");
        for word in ["面談", "面接", "残業", "労働時間", "健康管理室", "産業医"] {
            assert!(mails.iter().all(|mail| !mail.contains(word)), "{word} stands in a mail");
        }
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the offer of a time to its withdrawal")]
fn r36_a_slot_goes_to_one_of_those_who_want_it_is_given_back_and_not_withdrawn_in_silence() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, physician, nurse) = (tenant.actor("hr"), tenant.actor("physician"), tenant.actor("nurse"));
        let (one, other, today) = (tenant.actor("employee"), tenant.nth("employee", 1), world.today());
        let asked = async |actor: &Actor| {
            let requests = format!("/v1/employees/{}/interview-requests", employee_of(actor).await);
            let asked = actor.post(&requests, json!({ "kind": "consult" })).await;
            assert_eq!(asked.status, 201, "{}", asked.json());
            asked.header("location").to_owned()
        };
        let (mine, theirs) = (asked(&one).await, asked(&other).await);
        let at = |days: i64, time: &str| format!("{}T{time}:00+09:00", today + days.days());
        let slots = "/v1/interview-slots";
        // Everything that is wrong with an offer; who may not offer; whom the law gives no such interview.
        let wrong = json!({ "starts_at": at(-1, "23:50"), "minutes": 30, "place": "", "kinds": [] });
        assert_eq!(codes(&nurse.post(slots, wrong).await), [("/place".to_owned(), "place_invalid".to_owned())]);
        let wrong = json!({ "starts_at": at(-1, "23:50"), "minutes": 30, "place": "健康管理室", "kinds": [] });
        let told = [("/starts_at", "in_the_past"), ("/kinds", "required"), ("/minutes", "past_midnight")];
        assert_eq!(codes(&nurse.post(slots, wrong).await), told.map(|(at, code)| (at.to_owned(), code.to_owned())));
        let offer =
            |at: String, kinds: Value| json!({ "starts_at": at, "minutes": 30, "place": "健康管理室", "kinds": kinds });
        let barred = nurse.post(slots, offer(at(2, "09:00"), json!(["consult", "overwork"]))).await;
        assert_eq!(codes(&barred), [("/with_account_id".to_owned(), "not_a_conductor".to_owned())]);
        for role in ["employee", "manager", "administrator"] {
            assert_eq!(
                tenant.actor(role).post(slots, offer(at(2, "09:00"), json!(["consult"]))).await.status,
                403,
                "{role}"
            );
        }
        // Somebody offers times for the nurse; two of one person never overlap.
        let first = nurse.post(slots, offer(at(2, "09:00"), json!(["consult"]))).await;
        assert_eq!((first.status, &first.json()["state"]), (201, &json!("open")), "{}", first.json());
        let meets = nurse.post(slots, offer(at(2, "09:29"), json!(["consult"]))).await;
        assert_eq!((meets.status, &meets.json()["errors"][0]["code"]), (409, &json!("slots_overlap")));
        let mut body = offer(at(2, "09:30"), json!(["consult"]));
        body["with_account_id"] = json!(stress_checks::account_of(&tenant, &nurse).await);
        let second = hr.post(slots, body).await;
        assert_eq!(second.status, 201, "{}", second.json());
        let overwork = physician.post(slots, offer(at(3, "09:00"), json!(["overwork"]))).await;
        assert_eq!(overwork.status, 201, "{}", overwork.json());
        let listed = one.all(&format!("{slots}?limit=1")).await;
        assert_eq!(listed.len(), 3);
        assert_eq!(one.all(&format!("{slots}?kind=overwork")).await.len(), 1);
        let choose = |slot: &tests::Answer| json!({ "slot_id": slot.json()["id"] });
        // Two want the same time at once: one of them gets it.
        let (tag, their_tag) = (etag(&one.get(&mine).await), etag(&other.get(&theirs).await));
        let (at_mine, at_theirs) = (format!("{mine}/slot"), format!("{theirs}/slot"));
        let (left, right) = futures_util::future::join(
            one.put(&at_mine, &tag, choose(&first)),
            other.put(&at_theirs, &their_tag, choose(&first)),
        )
        .await;
        let mut both = [left.status, right.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", left.json(), right.json());
        let (winner, loser) =
            if left.status == 200 { ((&one, &mine), (&other, &theirs)) } else { ((&other, &theirs), (&one, &mine)) };
        let refused = if left.status == 200 { right } else { left };
        assert_eq!(refused.json()["errors"][0]["code"], "slot_taken");
        let booked = winner.0.get(winner.1).await;
        assert_eq!(
            (&booked.json()["state"], &booked.json()["booking"]["slot_id"]),
            (&json!("booked"), &first.json()["id"])
        );
        assert!(loser.0.all(slots).await.iter().all(|slot| slot["id"] != first.json()["id"]), "it is gone for others");
        let seen = hr.all(slots).await;
        let taken = seen.iter().find(|slot| slot["id"] == first.json()["id"]).unwrap();
        assert_eq!(taken["state"], "booked");
        assert!(!taken.to_string().contains("emp_"), "whose it is stands nowhere: {taken}");
        let path = winner.1;
        let slot = format!("{path}/slot");
        let never = json!({ "slot_id": "slt_0190000000007000800000000000dead" });
        assert_eq!(winner.0.put(&slot, &etag(&booked), never).await.status, 422);
        let unfit = winner.0.put(&slot, &etag(&booked), choose(&overwork)).await;
        assert_eq!(codes(&unfit), [("/slot_id".to_owned(), "other_kind".to_owned())]);
        // Moving leaves the earlier time to others; giving it up leaves the interview to be arranged.
        let moved = winner.0.put(&slot, &etag(&booked), choose(&second)).await;
        assert_eq!(
            (moved.status, &moved.json()["booking"]["slot_id"]),
            (200, &second.json()["id"]),
            "{}",
            moved.json()
        );
        let free = loser.0.put(&format!("{}/slot", loser.1), &etag(&loser.0.get(loser.1).await), choose(&first)).await;
        assert_eq!(free.status, 200, "{}", free.json());
        let given = winner.0.delete(&slot, &etag(&moved)).await;
        assert_eq!(
            (given.status, &given.json()["state"], &given.json()["booking"]),
            (200, &json!("requested"), &Value::Null)
        );
        assert_eq!(winner.0.delete(&slot, &etag(&given)).await.status, 409, "it has none");
        // Withdrawing what is booked: the interview is to be arranged again, and both are told without a word of what.
        let words = |mail: &Value| format!("{}{}{}", mail["subject"], mail["text"], mail["html"]);
        let notices = async || {
            world.mails().await.iter().map(words).filter(|it| it.contains("新しいお知らせ")).collect::<Vec<_>>()
        };
        let before = notices().await.len();
        let at_first = first.header("location").to_owned();
        assert_eq!(hr.delete(&at_first, "\"1\"").await.status, 412, "it was booked meanwhile");
        let withdrawn = hr.delete(&at_first, &etag(&hr.get(&at_first).await)).await;
        assert_eq!(withdrawn.status, 204, "{}", String::from_utf8_lossy(&withdrawn.body));
        let mails = notices().await;
        assert_eq!(mails.len(), before + 2, "the worker and the nurse");
        for word in ["面談", "相談", "予約", "健康管理室"] {
            assert!(mails.iter().all(|mail| !mail.contains(word)), "{word} stands in a mail");
        }
        let back = loser.0.get(loser.1).await.json();
        assert_eq!((&back["state"], &back["booking"]), (&json!("requested"), &Value::Null));
        let acts: Vec<_> = back["history"].as_array().unwrap().iter().map(|step| step["act"].clone()).collect();
        assert_eq!(acts, ["requested", "booked", "unbooked"]);
        assert_eq!(hr.get(loser.1).await.status, 404, "a consultation is nobody's of the employer's side all the same");
        assert_eq!(
            nurse.post(slots, offer(at(2, "09:10"), json!(["consult"]))).await.status,
            409,
            "09:30 is still there"
        );
        // Calling off gives the time back; what has begun is not booked.
        let tag = etag(&loser.0.get(loser.1).await);
        let taken = loser.0.put(&format!("{}/slot", loser.1), &tag, choose(&second)).await;
        assert_eq!(taken.status, 200, "{}", taken.json());
        let declined = loser.0.post_if(&format!("{}/decline", loser.1), &etag(&taken), json!({})).await;
        assert_eq!(declined.status, 200, "{}", declined.json());
        let at_second = second.header("location").to_owned();
        assert_eq!(one.get(&at_second).await.json()["state"], "open");
        world.pass(3 * 86_400);
        let late = winner.0.put(&slot, &etag(&winner.0.get(path).await), choose(&second)).await;
        assert_eq!((late.status, &late.json()["errors"][0]["code"]), (409, &json!("slot_over")), "{}", late.json());
        assert!(one.all(slots).await.iter().all(|slot| slot["id"] != second.json()["id"]));
        assert_eq!(hr.delete(&at_second, &etag(&hr.get(&at_second).await)).await.status, 409);
    });
}
