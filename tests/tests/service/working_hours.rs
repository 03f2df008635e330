//! From hours to what the law asks next: files and entries, whose hours are over a line, who is told and how, and who sees what of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::{DEPARTMENTS, EMPLOYEES, WORKING_HOURS, import};
use tests::{Actor, Tenant, World, codes, etag, problem, run};

/// Days of the sample's months.
const MONTHS: [(&str, i64); 7] = [
    ("2026-04", 30),
    ("2026-05", 31),
    ("2026-06", 30),
    ("2026-07", 31),
    ("2026-08", 31),
    ("2026-09", 30),
    ("2026-10", 31),
];

/// Hundredths of hours as a file writes them.
fn hundredths(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap();
    assert_eq!(rest.len(), 2, "{text}");
    whole.parse::<i64>().unwrap() * 100 + rest.parse::<i64>().unwrap()
}

/// Sevenths of a hundredth of an hour beyond 40 hours a week, by the formula of domain.md 5.1 and nothing of the service.
fn excess(total: i64, days: i64) -> i64 {
    7 * total - 40 * 100 * days
}

/// Of each number and month of the sample the hours, in hundredths.
fn sample() -> BTreeMap<(String, String), i64> {
    let text = std::str::from_utf8(WORKING_HOURS).unwrap().trim_start_matches('\u{feff}');
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        ((cells[0].to_owned(), cells[1].to_owned()), hundredths(cells[2]))
    };
    text.lines().skip(1).map(row).collect()
}

/// Whom the sample has over a line, by month and line, in whole numbers.
fn expected(month: &str, over: &str) -> BTreeSet<String> {
    let sample = sample();
    let at = MONTHS.iter().position(|(of, _)| *of == month).unwrap();
    let numbers: BTreeSet<&String> = sample.keys().map(|(number, _)| number).collect();
    let part = |number: &str, at: usize| {
        let (of, days) = MONTHS[at];
        excess(sample[&(number.to_owned(), of.to_owned())], days)
    };
    let is_over = |number: &str| match over {
        "average" => (2..=6_usize).filter(|count| *count <= at + 1).any(|count| {
            let sum: i64 = (0..count).map(|back| part(number, at - back).max(0)).sum();
            sum > i64::try_from(count).unwrap() * 7 * 100 * 80
        }),
        hours => part(number, at) > 7 * 100 * hours.parse::<i64>().unwrap(),
    };
    numbers.into_iter().filter(|number| is_over(number)).cloned().collect()
}

#[test]
fn r36_all_rows_of_the_sample_go_in_and_the_lists_are_those_of_an_independent_computation() {
    run(async {
        let tenant = World::own().await.another_tenant().await;
        let (administrator, hr) = (tenant.actor("administrator"), tenant.actor("hr"));
        assert_eq!(import(&administrator, "departments", DEPARTMENTS, json!({})).await["state"], "applied");
        assert_eq!(import(&administrator, "employees", EMPLOYEES, json!({})).await["state"], "applied");
        let done = import(&hr, "working_hours", WORKING_HOURS, json!({})).await;
        assert_eq!((&done["state"], &done["rows"]["applied"]), (&json!("applied"), &json!(7_000)), "{done}");
        let people = hr.all("/v1/employees?limit=200").await;
        let numbers: BTreeMap<String, String> = people
            .iter()
            .map(|it| (it["id"].as_str().unwrap().to_owned(), it["employee_number"].as_str().unwrap().to_owned()))
            .collect();
        let mut some = 0;
        for (month, _) in MONTHS {
            for over in ["45", "60", "80", "100", "average"] {
                let path = format!("/v1/working-hours/overwork?month={month}&over={over}&limit=20");
                let found = hr.all(&path).await;
                let of = |it: &Value| numbers[it["employee_id"].as_str().unwrap()].clone();
                let listed: BTreeSet<String> = found.iter().map(of).collect();
                assert_eq!(listed.len(), found.len(), "nobody stands twice in {path}");
                assert_eq!(listed, expected(month, over), "{path}");
                some += listed.len();
                // What is shown is the same figure, rounded once.
                for it in found.iter().take(3) {
                    let total = sample()[&(of(it), month.to_owned())];
                    let days = it["days"].as_i64().unwrap();
                    let shown: f64 = it["excess_hours"].as_str().unwrap().parse().unwrap();
                    #[expect(clippy::cast_precision_loss, reason = "a figure with two decimals")]
                    let exact = excess(total, days) as f64 / 700.0;
                    assert!((shown - exact).abs() <= 0.005_001, "{it}");
                }
            }
        }
        assert!(some > 300, "the sample has people over the lines: {some}");
        // The worst come first.
        let ordered = hr.all("/v1/working-hours/overwork?month=2026-06&over=45").await;
        let lines: Vec<usize> = ordered.iter().map(|it| it["lines"].as_array().unwrap().len()).collect();
        assert!(lines.is_sorted_by(|a, b| a >= b), "{lines:?}");
        // The same file again changes nothing.
        let again = import(&hr, "working_hours", WORKING_HOURS, json!({})).await;
        assert_eq!((&again["rows"]["applied"], &again["rows"]["unchanged"]), (&json!(0), &json!(7_000)), "{again}");
    });
}

/// The employee with an account, and somebody else's account.
async fn own(tenant: &Tenant) -> (Actor, Actor, String) {
    let (one, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
    let id = one.get("/v1/me").await.json()["employee_id"].as_str().unwrap().to_owned();
    (one, other, id)
}

#[test]
fn r36_a_month_is_recorded_corrected_and_never_without_trace() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let hr = tenant.actor("hr");
        let (one, other, id) = own(&tenant).await;
        let months = format!("/v1/employees/{id}/working-hours");
        let october = json!({ "month": "2026-10", "total": "257:09", "overtime": "75.5", "holiday": "8:00" });
        let made = hr.post(&months, october.clone()).await;
        assert_eq!(
            (made.status, made.header("location")),
            (201, format!("{months}/2026-10").as_str()),
            "{}",
            made.json()
        );
        let month = made.json();
        assert_eq!(
            (&month["total_minutes"], &month["excess_hours"], &month["class"], &month["days"]),
            (&json!("15429"), &json!("80.01"), &json!("high"), &json!(31)),
            "{month}"
        );
        let warned: Vec<_> = month["warnings"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
        assert_eq!(warned, ["month_over45"], "{month}");
        let again = hr.post(&months, october).await;
        assert_eq!((again.status, again.json()["errors"][0]["code"].clone()), (409, json!("month_exists")));
        // Everything that is wrong is told at once.
        let wrong = json!({ "month": "2026-09", "total": "百", "overtime": "1.23456", "from": "2026-09-01" });
        assert_eq!(
            codes(&hr.post(&months, wrong).await),
            [("/total", "hours_unreadable"), ("/overtime", "hours_too_fine"), ("/from", "period_invalid")]
                .map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        let wrong = json!({ "month": "2027-10", "total": "800", "overtime": "700", "holiday": "200" });
        let told = codes(&hr.post(&months, wrong).await);
        let told: Vec<_> = told.iter().map(|(_, code)| code.as_str()).collect();
        assert_eq!(told, ["out_of_range", "over_total", "in_the_future"]);
        // A correction takes a reason and keeps what was there.
        let path = format!("{months}/2026-10");
        let correction = json!({ "total": "257:08", "overtime": "75.5", "holiday": "8:00", "reason": "打刻の誤り" });
        let stale = hr.put(&path, "\"7\"", correction.clone()).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
        let corrected = hr.put(&path, &etag(&made), correction).await;
        assert_eq!((corrected.status, &corrected.json()["class"]), (200, &json!("mid")), "{}", corrected.json());
        let history = hr.get(&format!("{path}/history")).await.json();
        let versions: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (it["version"].as_u64().unwrap(), it["total_minutes"].clone(), it["reason"].clone(), it["note"].clone())
            })
            .collect();
        assert_eq!(
            versions,
            [
                (2, json!("15428"), json!("correction"), json!("打刻の誤り")),
                (1, json!("15429"), json!("entry"), Value::Null)
            ]
        );
        // A file brings the same month: it takes its place, and what was there is kept.
        let number =
            hr.get(&format!("/v1/employees/{id}")).await.json()["employee_number"].as_str().unwrap().to_owned();
        let file = format!("社員番号,対象年月,実労働時間(分),労働者区分\n{number},2026年10月,15900,研究開発\n");
        let done = import(&tenant.actor("health_officer"), "working_hours", file.as_bytes(), json!({})).await;
        assert_eq!(done["rows"]["applied"], 1, "{done}");
        let month = one.get(&path).await.json();
        assert_eq!(
            (&month["total_hours"], &month["kind"], &month["version"]),
            (&json!("265.00"), &json!("research"), &json!(3))
        );
        assert_eq!(month["overtime_hours"], "75.50", "what the file leaves out stays");
        assert_eq!(other.get(&path).await.status, 404, "a colleague's");
        // Months close when the company says.
        let settings = hr.get("/v1/working-hours/settings").await;
        assert_eq!((settings.json()["closing_day"].as_u64(), settings.header("etag")), (Some(31), "\"0\""));
        let set = hr.put("/v1/working-hours/settings", &etag(&settings), json!({ "closing_day": 20 })).await;
        assert_eq!(set.status, 200, "{}", set.json());
        let september = hr.post(&months, json!({ "month": "2026-09", "total": "170" })).await.json();
        assert_eq!((&september["from"], &september["to"]), (&json!("2026-08-21"), &json!("2026-09-20")));
        // A file with something wrong changes nothing and says what.
        let file = format!(
            "社員番号,対象年月,実労働時間,残業時間\n{number},2026-08,160,170\nNOBODY,2026-08,160,0\n{number},2026-13,160,0\n"
        );
        let rejected = import(&hr, "working_hours", file.as_bytes(), json!({})).await;
        assert_eq!(rejected["state"], "rejected");
        let faults = tests::imports::faults(&hr, &rejected).await;
        for code in ["overtime_over_total", "unknown_employee", "month_invalid"] {
            assert!(faults.iter().any(|line| line.iter().any(|cell| cell == code)), "{code}: {faults:?}");
        }
        assert_eq!(hr.get(&format!("{months}/2026-08")).await.status, 404);
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn r36_the_worker_is_notified_the_physician_told_and_each_notice_is_proof_without_a_figure_in_any_mail() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, officer, physician) = (tenant.actor("hr"), tenant.actor("health_officer"), tenant.actor("physician"));
        let (one, _, id) = own(&tenant).await;
        let path = format!("/v1/employees/{id}/working-hours/2026-10");
        let body = json!({ "month": "2026-10", "total": "265", "overtime": "80", "holiday": "7.5" });
        assert_eq!(hr.post(&format!("/v1/employees/{id}/working-hours"), body).await.status, 201);
        let tasks = async |actor: &Actor| {
            let month = actor.get(&path).await.json();
            let of = |it: &Value| {
                format!(
                    "{} {} {}",
                    it["task"].as_str().unwrap(),
                    it["state"].as_str().unwrap(),
                    it["due_on"].as_str().unwrap()
                )
            };
            month["tasks"].as_array().map(|all| all.iter().map(of).collect::<Vec<_>>())
        };
        assert_eq!(
            tasks(&hr).await.unwrap(),
            ["notify_worker open 2026-11-14", "tell_physician open 2026-11-14", "accept_request open 2026-11-30"]
        );
        // A manager sees the hours of their departments, and nothing of what follows from them.
        let manager = tenant.actor("manager");
        let of_manager = manager.all("/v1/working-hours/overwork?month=2026-10&over=80").await;
        assert!(of_manager.iter().all(|it| it.get("tasks").is_none() && it.get("notices").is_none()), "{of_manager:?}");
        assert!(manager.all("/v1/working-hours/tasks").await.is_empty());
        for role in ["administrator", "stress_implementer", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get("/v1/working-hours/overwork?month=2026-10").await.status, 403, "{role}");
        }
        let due = hr.all("/v1/working-hours/tasks").await;
        assert_eq!((due.len(), &due[0]["employee_id"]), (1, &json!(id)));
        assert!(hr.all("/v1/working-hours/tasks?until=2026-11-13").await.is_empty());
        // All or none, and why.
        let months = json!([{ "employee_id": id, "month": "2026-10" }]);
        let mail = |task: &str, months: &Value| json!({ "task": task, "channel": "mail", "months": months });
        let twice = json!([months[0], months[0], { "employee_id": id, "month": "2026-09" }]);
        let refused = hr.post("/v1/working-hours/notices", mail("notify_worker", &twice)).await;
        assert_eq!(
            codes(&refused),
            [("/months/1", "twice"), ("/months/2", "not_found")].map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        let told = hr.post("/v1/working-hours/notices", mail("notify_worker", &months)).await;
        assert_eq!((told.status, told.json()["notified"].as_u64()), (201, Some(1)), "{}", told.json());
        let mut tell = mail("tell_physician", &months);
        assert_eq!(codes(&officer.post("/v1/working-hours/notices", tell.clone()).await)[0].0, "/physician_id");
        tell["physician_id"] = hr_id(&hr).await;
        assert_eq!(codes(&officer.post("/v1/working-hours/notices", tell.clone()).await)[0].1, "not_a_physician");
        tell["physician_id"] = hr_id(&physician).await;
        assert_eq!(officer.post("/v1/working-hours/notices", tell).await.status, 201);
        let today = world.today();
        let month = hr.get(&path).await;
        let notices = month.json()["notices"].clone();
        assert_eq!(
            (&notices[0]["task"], &notices[0]["channel"], &notices[0]["given_on"], &notices[0]["text_version"]),
            (&json!("notify_worker"), &json!("mail"), &json!(today.to_string()), &json!("something_to_read/1"))
        );
        assert_eq!(notices[1]["physician_id"], hr_id(&physician).await);
        let window = today + 30.days();
        assert_eq!(
            tasks(&one).await.unwrap(),
            [
                "notify_worker done 2026-11-14".to_owned(),
                "tell_physician done 2026-11-14".to_owned(),
                format!("accept_request open {window}")
            ]
        );
        assert!(hr.all("/v1/working-hours/tasks").await.is_empty(), "whether to ask is the worker's");
        let words = |mail: &Value| format!("{}{}{}", mail["subject"], mail["text"], mail["html"]);
        let mails: Vec<String> =
            world.mails().await.iter().map(words).filter(|words| words.contains("新しいお知らせ")).collect();
        assert_eq!(mails.len(), 2, "the worker's and the physician's");
        for word in ["265", "87", "残業", "時間外", "労働時間", "過重", "80時間", "面接"] {
            assert!(mails.iter().all(|mail| !mail.contains(word)), "{word} stands in a mail");
        }
        // A physician alone says that no interview is needed.
        assert_eq!(hr.post_if(&format!("{path}/excuse"), &etag(&month), json!({})).await.status, 403);
        let excused = physician.post_if(&format!("{path}/excuse"), &etag(&month), json!({})).await;
        assert_eq!(excused.status, 200, "{}", excused.json());
        assert_eq!(excused.json()["tasks"][2]["state"], "excused");
        let again = physician.post_if(&format!("{path}/excuse"), &etag(&excused), json!({})).await;
        assert_eq!((again.status, &again.json()["errors"][0]["code"]), (409, &json!("wrong_state")));
        // The timeline tells of both notices, to those who see what follows from hours.
        let timeline = format!("/v1/employees/{id}/timeline");
        let told = physician.get(&timeline).await.json();
        let told: Vec<_> = told["items"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
        assert_eq!(
            told,
            ["長時間労働についての産業医への情報提供（2026-10分）", "長時間労働の本人への通知（2026-10分）"]
        );
        assert_eq!(tenant.actor("administrator").get(&timeline).await.json()["items"], json!([]));
        // Who reads is written down for the worker to see.
        let looked = one.get("/v1/me/access-log").await.json();
        assert!(looked.to_string().contains("長時間労働への対応"), "{looked}");
        // The fatigue check list: one's own, for physicians and nurses, and for nobody else.
        let checks = format!("/v1/employees/{id}/fatigue-checks");
        let bad = one.post(&checks, json!({ "symptoms": [2], "work": vec![0; 13] })).await;
        assert_eq!(
            codes(&bad),
            [("/symptoms", "wrong_count"), ("/symptoms/0", "not_an_answer")]
                .map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        let answered = one.post(&checks, json!({ "symptoms": vec![1; 14], "work": vec![1; 13] })).await;
        assert_eq!(answered.status, 201, "{}", answered.json());
        assert_eq!((answered.json()["burden"].as_u64(), &answered.json()["level"]), (Some(6), &json!("very_high")));
        assert_eq!(physician.all(&checks).await.len(), 1);
        assert_eq!(hr.get(&checks).await.status, 403);
        let items = one.get("/v1/working-hours/fatigue-items").await.json();
        assert_eq!((items["symptoms"].as_array().unwrap().len(), &items["verified"]), (14, &json!(false)));
    });
}

/// The id of somebody's account.
async fn hr_id(actor: &Actor) -> Value {
    actor.get("/v1/me").await.json()["id"].clone()
}

#[test]
fn r36_where_overwork_is_not_contracted_there_is_nothing() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let operator = world.operator(0);
        let path = format!("/v1/contracts/{}", tenant.id());
        let etag = etag(&operator.get(&path).await);
        let changed = operator.patch(&path, &etag, json!({ "services": [{ "service": "checkup" }] })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let hr = tenant.actor("hr");
        for path in
            ["/v1/working-hours/overwork?month=2026-10", "/v1/working-hours/tasks", "/v1/working-hours/settings"]
        {
            assert_eq!(hr.get(path).await.status, 404, "{path}");
        }
        let start = hr.post("/v1/imports", json!({ "kind": "working_hours", "file_name": "x.csv" })).await;
        assert!(matches!(start.status, 403 | 404), "{}", start.json());
    });
}
