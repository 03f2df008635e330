//! A company takes its data along: files whose hashes are known, and everything that it must keep before the purge.

use std::time::Duration;

use aws_lc_rs::digest;
use calamine::{Data, Reader as _, Xlsx};
use export_writer::ExportWriter;
use jiff::ToSpan as _;
use jobs::Invocation;
use serde_json::{Value, json};
use tests::imports::{csv_rows, from_sjis, import};
use tests::{Actor, Answer, Tenant, World, etag, eventually, killed_after, problem, run};

/// The job, run once.
pub(crate) async fn write_files(world: &World) -> Value {
    world.run_schedule("export-writer", &format!("{}T12:00:00+09:00", world.today())).await
}

/// The job, killed after it was polled `polls` times; whether it got to its end before.
pub(crate) async fn write_and_die(world: &World, polls: usize) -> bool {
    let service = world.service();
    let clients = service.clients().of_function(service.cloud(), "export-writer");
    let store = clients.store(service.store().clock().clone()).unwrap();
    let job = ExportWriter { store, files: clients.files() };
    let event: Value = serde_json::from_str(include_str!("../../../events/export-writer.json")).unwrap();
    let invocation = Invocation::new("by-hand".to_owned(), Duration::from_mins(15));
    killed_after(polls, export_writer::handle(&job, event, invocation)).await.is_some()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Asks under a key of its own.
async fn ask(actor: &Actor, key: &str, body: Value) -> Answer {
    actor.fresh().await.call("POST", "/v1/exports", &[("Idempotency-Key", key)], Some(body)).await
}

/// Takes every file that is offered, whose hashes must be what was said; by name.
pub(crate) async fn take_all(offered: &Value, actor: &Actor) -> Vec<(String, Vec<u8>)> {
    let mut taken = Vec::new();
    for file in offered["files"].as_array().unwrap() {
        let answer = actor.get(file["address"].as_str().unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(json!(sha256(&answer.body)), file["sha256"], "{}", file["name"]);
        taken.push((file["name"].as_str().unwrap().to_owned(), answer.body.to_vec()));
    }
    taken
}

fn file<'a>(taken: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let names: Vec<&String> = taken.iter().map(|(name, _)| name).collect();
    &taken.iter().find(|(is, _)| is == name).unwrap_or_else(|| panic!("{name} is not among {names:?}")).1
}

/// The cells of a workbook's only sheet, row by row.
fn cells_of(workbook: &[u8]) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(workbook)).expect("a workbook");
    let sheets = book.worksheets();
    let [(_, sheet)] = sheets.as_slice() else { panic!("one sheet, not {}", sheets.len()) };
    sheet.rows().map(<[Data]>::to_vec).collect()
}

/// Numbers are numbers, what is only bounded and every other text is text, and no character is lost.
fn the_book_says_what_the_checkups_say(workbook: &[u8]) {
    let mut cells = cells_of(workbook);
    cells[1..].sort_by_key(|row| row[0].to_string());
    let (text, number) = (|text: &str| Data::String(text.to_owned()), Data::Float);
    let heading = [
        "社員番号",
        "受診日",
        "健診種別",
        "年度",
        "医療機関名",
        "AST(U/L)",
        "収縮期血圧(mmHg)",
        "収縮期血圧の判定",
        "尿蛋白",
    ];
    let row = |no: &str, day: &str, clinic: &str, ast: Data, sbp: f64, grade: &str| {
        let year = number(2026.0);
        vec![text(no), text(day), text("定期健康診断"), year, text(clinic), ast, number(sbp), text(grade), text("(-)")]
    };
    assert_eq!(
        cells,
        [
            heading.map(text).to_vec(),
            row("D0001", "2026-06-01", "髙𠮷〜病院", number(25.0), 160.0, "D"),
            row("D0002", "2026-06-02", "みなと", text("<5"), 120.0, "A"),
        ]
    );
}

/// Ends the contract today; the day on which the purge is due.
async fn terminate(tenant: &Tenant) -> jiff::civil::Date {
    let world = tenant.world();
    let operator = world.operator(0).fresh().await;
    let path = format!("/v1/contracts/{}", tenant.id());
    let etag = operator.get(&path).await.header("etag").to_owned();
    let body = Some(json!({ "terminates_on": world.today() }));
    let answer = operator.call("POST", &format!("{path}/terminate"), &[("If-Match", &etag)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["purge_on"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn with_a_checkup(tenant: &Tenant) {
    let checkup =
        "社員番号,受診日,健診種別,身長,収縮期血圧,拡張期血圧,コメント\nD0001,2026-06-01,定期,160.0,120,80,=1+1\n";
    let done = import(&tenant.actor("nurse"), "checkups", checkup.as_bytes(), json!({})).await;
    assert_eq!(done["state"], "applied", "{done}");
}

async fn mails(world: &World, subject: &str) -> usize {
    let is_it = |mail: &&Value| mail["subject"].as_str().is_some_and(|it| it.contains(subject));
    world.mails().await.iter().filter(is_it).count()
}

#[test]
fn r17_after_the_last_day_administrators_take_along_everything_that_must_be_kept_and_do_nothing_else() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        with_a_checkup(&tenant).await;
        let administrator = tenant.actor("administrator");
        let found = administrator.all("/v1/employees?employee_number=D0001").await;
        let months = format!("/v1/employees/{}/working-hours", found[0]["id"].as_str().unwrap());
        let month = json!({ "month": "2026-10", "total": "257:09", "overtime": "75.5", "holiday": "8:00" });
        assert_eq!(tenant.actor("hr").post(&months, month).await.status, 201);
        let everything = json!({ "what": "everything" });
        assert_eq!(ask(&administrator, "early", everything.clone()).await.status, 409, "not while the contract runs");
        let purge_on = terminate(&tenant).await;
        world.pass(86_400);
        for (path, body) in [("/v1/labels", json!({ "name": "夜勤" })), ("/v1/accounts", json!({}))] {
            let answer = administrator.fresh().await.post(path, body).await;
            assert_eq!(problem(&answer), "contract-ended", "{path}");
        }
        assert_eq!(problem(&administrator.get("/v1/employees").await), "contract-ended");
        let asked = ask(&administrator, "last", everything.clone()).await;
        assert_eq!((asked.status, &asked.json()["state"]), (202, &json!("asked")), "{}", asked.json());
        let path = asked.header("location").to_owned();
        assert_eq!(ask(&administrator, "last", everything).await.json()["id"], asked.json()["id"], "asked once");
        assert_eq!(administrator.post(&format!("{path}/downloads"), json!({})).await.status, 409, "not written yet");
        eventually("a mail", async || (mails(&world, "すべてのデータの書き出し").await > 0).then_some(())).await;

        assert_eq!(write_files(&world).await, json!({ "done": 1, "unfinished": 0, "failed": 0 }));
        assert_eq!(write_files(&world).await["done"], 0, "made once");
        eventually("a mail", async || (mails(&world, "データの書き出しをご用意").await == 1).then_some(())).await;
        let contract = format!("/v1/contracts/{}", tenant.id());
        assert_eq!(world.operator(0).get(&contract).await.json()["last_export_at"], Value::Null, "nobody has taken it");

        world.pass(600);
        let stale = administrator.post(&format!("{path}/downloads"), json!({})).await;
        assert_eq!(problem(&stale), "fresh-second-factor-required");
        let fresh = administrator.fresh().await;
        let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await;
        assert_eq!(offered.status, 201, "{}", offered.json());
        let offered = offered.json();
        let taken = take_all(&offered, &fresh).await;
        let results = String::from_utf8(file(&taken, "checkup_results-1.csv").to_vec()).unwrap();
        let rows = csv_rows(results.trim_start_matches('\u{feff}'));
        let height = rows.iter().find(|row| row[4] == "height").unwrap();
        assert_eq!((height[2].as_str(), height[6].as_str(), height[7].as_str()), ("D0001", "160.0", "cm"));
        let checkups = String::from_utf8(file(&taken, "checkups-1.csv").to_vec()).unwrap();
        assert!(checkups.contains("\"'=1+1\"") && checkups.contains("\"定期健康診断\""), "{checkups}");
        let employees = String::from_utf8(file(&taken, "employees-1.csv").to_vec()).unwrap();
        let accounts = String::from_utf8(file(&taken, "accounts-1.csv").to_vec()).unwrap();
        assert!(employees.contains("D0001") && accounts.contains("administrator:tenant"));
        for secret in ["argon2", "$2b$", administrator.account().totp_secret.as_deref().unwrap()] {
            assert!(!accounts.contains(secret), "an account is exported without what opens it");
        }
        let manifest: Value = serde_json::from_slice(file(&taken, "manifest.json")).unwrap();
        let of = |name: &str| {
            let kinds = manifest["kinds"].as_array().unwrap();
            kinds.iter().find(|kind| kind["name"] == name).unwrap().clone()
        };
        let hours = String::from_utf8(file(&taken, "working_hours-1.csv").to_vec()).unwrap();
        assert!(hours.contains("\"2026-10\"") && hours.contains("\"257.15\""), "{hours}");
        assert_eq!(of("working_hours")["法定保存期間"][0]["保存年数"], 3);
        assert_eq!((&of("work_fitness")["件数"], &of("follow_ups")["件数"]), (&json!(0), &json!(0)));
        assert_eq!(of("checkups")["件数"], 1);
        assert_eq!(of("checkups")["files"][0]["sha256"], sha256(file(&taken, "checkups-1.csv")));
        assert_eq!(of("checkups")["法定保存期間"][0]["保存年数"], 5);
        assert!(of("audit_events")["件数"].as_u64().unwrap() > 0 && of("employees")["件数"].as_u64().unwrap() > 0);

        // Somebody else's address opens nothing, and nobody's is good for long.
        let address = offered["files"][0]["address"].as_str().unwrap();
        let other = world.tenant(1).actor("administrator").fresh().await;
        assert_eq!(other.get(address).await.status, 404);
        world.pass(300);
        assert_eq!(administrator.fresh().await.get(address).await.status, 404, "five minutes are over");

        // The contract says when; the trail says what, and whose health.
        assert_eq!(write_files(&world).await["done"], 1);
        assert!(world.operator(0).get(&contract).await.json()["last_export_at"].is_string(), "it was taken");
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let trail = administrator.all(&format!("/v1/audit-events?subject={id}")).await;
        for action in ["export.ask", "export.file", "export.take", "export.fetch"] {
            assert!(trail.iter().any(|event| event["action"] == action), "{action} is not in the trail");
        }
        let looked = trail.iter().filter(|event| event["action"] == "export.fetch");
        let shown = looked.filter(|event| {
            event["subjects"].as_array().unwrap().iter().any(|it| it.as_str().unwrap().starts_with("emp_"))
        });
        assert_eq!(shown.count(), 3, "of checkups, their results and working hours");

        world.pass(86_400);
        assert_eq!(write_files(&world).await["done"], 1);
        assert_eq!(administrator.get(&path).await.json()["state"], "expired");
        let (bucket, prefix) = (&world.service().endpoints().imports_bucket, format!("{}/made/exports/", tenant.id()));
        let left =
            world.service().clients().s3.list_object_versions().bucket(bucket).prefix(prefix).send().await.unwrap();
        assert!(left.versions().is_empty() && left.delete_markers().is_empty(), "{left:?}");

        // Asked for and not written when the purge begins: nothing comes of it.
        assert_eq!(ask(&administrator, "late", json!({ "what": "everything" })).await.status, 202);
        let purged = world.run_schedule("retention-purge", &format!("{purge_on}T03:00:00+09:00")).await;
        assert_eq!(purged["tenants"][0]["outcome"], "purged", "{purged}");
        assert_eq!(write_files(&world).await, json!({ "done": 0, "unfinished": 0, "failed": 0 }));
        assert!(
            world.operator(0).get(&contract).await.json()["last_export_at"].is_string(),
            "the contract's record stays"
        );
    });
}

#[test]
fn r17_administrators_are_reminded_of_the_last_export_before_their_data_goes() {
    run(async {
        let world = World::own().await;
        let purge_on = terminate(&world.tenant(0)).await;
        world.pass(86_400);
        let remind =
            async |day: jiff::civil::Date| world.run_schedule("reminders", &format!("{day}T09:00:00+09:00")).await;
        assert_eq!(remind(purge_on - 15.days()).await["told"], 0, "too early");
        assert_eq!(remind(purge_on - 8.days()).await["told"], 1);
        assert_eq!(remind(purge_on - 8.days()).await["told"], 0, "once for each step");
        assert_eq!(remind(purge_on - 1.day()).await["told"], 1);
        let told = eventually("mails", async || {
            let mails = world.mails().await;
            let told: Vec<Value> = mails
                .into_iter()
                .filter(|mail| mail["subject"].as_str().is_some_and(|it| it.contains("データの削除開始日")))
                .collect();
            (told.len() >= 2).then_some(told)
        })
        .await;
        assert!(told[0].to_string().contains("まだ取得されていません"), "{}", told[0]);
    });
}

#[test]
fn r17_an_export_that_is_killed_wherever_it_is_comes_out_as_if_nothing_had_happened() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        with_a_checkup(&tenant).await;
        terminate(&tenant).await;
        let administrator = tenant.actor("administrator");
        let asked = ask(&administrator, "killed", json!({ "what": "everything", "format": "json_lines" })).await;
        assert_eq!(asked.status, 202, "{}", asked.json());
        let mut kills = 0;
        while !write_and_die(&world, 8 << kills).await {
            kills += 1;
        }
        assert!(kills > 2, "the job was killed {kills} times: that shows nothing");
        let path = asked.header("location").to_owned();
        let fresh = administrator.fresh().await;
        let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await.json();
        let taken = take_all(&offered, &fresh).await;
        let manifest: Value = serde_json::from_slice(file(&taken, "manifest.json")).unwrap();
        let kinds = manifest["kinds"].as_array().unwrap();
        let names: Vec<&str> = kinds.iter().map(|kind| kind["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 14, "{names:?}");
        for kind in kinds {
            let rows = kind["files"].as_array().unwrap().iter().map(|file| file["rows"].as_u64().unwrap());
            assert_eq!(json!(rows.sum::<u64>()), kind["件数"], "{}", kind["name"]);
        }
        let lines = String::from_utf8(file(&taken, "employees-1.jsonl").to_vec()).unwrap();
        let mut numbers: Vec<String> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["employee_number"].as_str().unwrap().to_owned())
            .collect();
        let read = numbers.len();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), read, "everybody once");
        assert!(read > 1 && numbers.contains(&"D0001".to_owned()));
    });
}

#[test]
fn r17_while_a_contract_runs_administrators_export_what_is_theirs_to_see_and_nobody_elses_role_does() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        let keyless = administrator.fresh().await.post("/v1/exports", json!({ "what": "employees" })).await;
        assert_eq!((keyless.status, &keyless.json()["errors"][0]["pointer"]), (400, &json!("Idempotency-Key")));
        for role in ["employee", "manager", "hr", "nurse", "physician"] {
            assert_eq!(ask(&tenant.actor(role), "x", json!({ "what": "employees" })).await.status, 403, "{role}");
        }
        let body = json!({ "what": "employees", "format": "csv_shift_jis" });
        let asked = ask(&administrator, "one", body).await;
        assert_eq!(asked.status, 202, "{}", asked.json());
        let another = ask(&administrator, "one", json!({ "what": "accounts" })).await;
        assert_eq!(problem(&another), "idempotency-key-reused");
        // Two runs at once: the files are made once.
        let (one, other) = tokio::join!(write_files(&world), write_files(&world));
        assert_eq!(one["done"].as_u64().unwrap() + other["done"].as_u64().unwrap(), 1, "{one} {other}");
        let fresh = administrator.fresh().await;
        let path = asked.header("location").to_owned();
        let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await.json();
        let taken = take_all(&offered, &fresh).await;
        let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["employees-1.csv", "placements-1.csv", "manifest.json"]);
        let text = from_sjis(file(&taken, "employees-1.csv"));
        assert!(text.starts_with("\"従業員ID\",\"社員番号\",\"氏名\"") && text.contains("D0001"), "{text}");
        let listed = administrator.all("/v1/exports").await;
        assert_eq!((listed.len(), &listed[0]["state"]), (1, &json!("ready")));
        assert_eq!(world.tenant(1).actor("administrator").all("/v1/exports").await, [] as [Value; 0]);
    });
}

#[test]
fn r34_checkups_are_exported_with_the_columns_that_whoever_asks_may_see_and_for_nobody_else() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let nurse = tenant.actor("nurse");
        let sent = "社員番号,受診日,健診種別,収縮期血圧,拡張期血圧,尿蛋白,尿潜血,AST,医療機関名,コメント\n\
            D0001,2026-06-01,定期,160,90,(-),(+),25,髙𠮷〜病院,=1+1\nD0002,2026-06-02,定期,120,80,(-),(-),<5,みなと,\n";
        assert_eq!(import(&nurse, "checkups", sent.as_bytes(), json!({})).await["state"], "applied");
        for (role, what) in [("nurse", "employees"), ("administrator", "checkups"), ("hr", "checkups")] {
            assert_eq!(ask(&tenant.actor(role), "no", json!({ "what": what })).await.status, 403, "{what} as {role}");
        }
        let wrong = json!({ "what": "checkups", "checkups": { "columns": ["sbp", "sbp", "horoscope", "u_ob"] } });
        let refused = ask(&tenant.actor("physician"), "wrong", wrong).await;
        let codes: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
        assert_eq!(
            (refused.status, codes),
            (422, vec![json!("column_twice"), json!("unknown_column"), json!("column_not_permitted")])
        );

        let columns = "employee_number name workplace examined_on clinic overall sbp sbp.grade ast u_pro";
        let columns: Value = columns.split(' ').collect();
        let body = json!({ "what": "checkups", "format": "csv_shift_jis", "checkups": { "fiscal_year": 2026, "columns": columns } });
        let asked = ask(&nurse, "table", body.clone()).await;
        assert_eq!((asked.status, &asked.json()["checkups"]["columns"]), (202, &columns), "{}", asked.json());
        let book = json!({ "what": "checkups", "format": "xlsx", "checkups": { "fiscal_year": 2026, "columns": ["employee_number", "examined_on", "kind", "fiscal_year", "clinic", "ast", "sbp", "sbp.grade", "u_pro"] } });
        let book = ask(&nurse, "book", book).await;
        assert_eq!(write_files(&world).await["done"], 2);
        let path = asked.header("location").to_owned();
        for other in ["physician", "administrator", "health_officer"] {
            let other = tenant.actor(other).fresh().await;
            assert_eq!(other.get(&path).await.status, 404);
            assert_eq!(other.call("POST", &format!("{path}/downloads"), &[], None).await.status, 404);
            assert_eq!(other.all("/v1/exports").await.len(), 0);
        }
        let fresh = nurse.fresh().await;
        let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await.json();
        assert_eq!(
            (&offered["files"][0]["rows"], &offered["files"][0]["replaced"]),
            (&json!(2), &json!(1)),
            "{offered}"
        );
        let taken = take_all(&offered, &fresh).await;
        let mut rows = csv_rows(&from_sjis(file(&taken, "checkups-1.csv")));
        rows[1..].sort();
        let heading = [
            "社員番号",
            "氏名",
            "事業場名",
            "受診日",
            "医療機関名",
            "総合判定",
            "収縮期血圧(mmHg)",
            "収縮期血圧の判定",
            "AST(GOT)(U/L)",
            "尿蛋白",
        ];
        assert_eq!(rows[0].len(), heading.len(), "{:?}", rows[0]);
        assert_eq!((rows[0][0].as_str(), rows[0][6].as_str()), (heading[0], heading[6]));
        let first: Vec<&str> = rows[1].iter().map(String::as_str).collect();
        assert_eq!((first[0], first[3], first[4]), ("D0001", "2026-06-01", "髙〓～病院"), "{first:?}");
        assert_eq!((first[5], first[6], first[7], first[9]), ("D", "160", "D", "(-)"));
        assert_eq!(rows[2][8], "<5");
        let path = book.header("location").to_owned();
        let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await.json();
        let taken = take_all(&offered, &fresh).await;
        the_book_says_what_the_checkups_say(file(&taken, "checkups-1.xlsx"));
        // Those whose results were in it find that in their access log.
        let looks = eventually("the access log", async || {
            let log = tenant.actor("employee").get("/v1/me/access-log").await.json();
            let found = log["items"].as_array().unwrap().iter().filter(|it| it.to_string().contains("export")).count();
            (found > 0).then_some(found)
        })
        .await;
        assert!(looks > 0);

        // Who loses the role gets nothing; who sees part gets part.
        assert_eq!(ask(&nurse, "late", body).await.status, 202);
        tenant.grant("nurse", json!([])).await;
        assert_eq!(write_files(&world).await["failed"], 1);
        let workplaces = tenant.actor("administrator").all("/v1/workplaces").await;
        let tokyo = workplaces.iter().find(|workplace| workplace["code"] == "W01").unwrap()["id"].clone();
        tenant.grant("nurse", json!([{ "role": "nurse", "scope": { "kind": "parts", "workplaces": [tokyo] } }])).await;
        let part = ask(&nurse, "part", json!({ "what": "checkups", "checkups": { "fiscal_year": 2026 } })).await;
        assert_eq!(part.status, 202, "{}", part.json());
        assert_eq!(write_files(&world).await["done"], 1);
        let read = nurse.get(part.header("location")).await.json();
        assert_eq!(read["files"][0]["rows"], 1, "{read}");
        let usual = read["checkups"]["columns"].as_array().unwrap();
        assert!(usual.contains(&json!("sbp.grade")) && !usual.contains(&json!("u_ob")), "{usual:?}");
    });
}

/// Asks for interviews, has them written and takes them: the lines of the file, and all that was taken as text.
async fn interviews_for(world: &World, actor: &Actor, key: &str) -> (Vec<Vec<String>>, String) {
    let asked = ask(actor, key, json!({ "what": "interviews" })).await;
    assert_eq!(asked.status, 202, "{}", asked.json());
    assert_eq!(write_files(world).await["done"], 1);
    let (path, fresh) = (asked.header("location").to_owned(), actor.fresh().await);
    let offered = fresh.call("POST", &format!("{path}/downloads"), &[], None).await.json();
    let taken = take_all(&offered, &fresh).await;
    let text = String::from_utf8(file(&taken, "interviews-1.csv").to_vec()).unwrap();
    (csv_rows(text.trim_start_matches('\u{feff}')).split_off(1), text)
}

#[test]
fn r17_r36_interviews_leave_as_far_as_whoever_asks_sees_them_and_what_was_talked_about_with_nobody() {
    run(async {
        let world = World::own().await;
        let (tenant, today) = (world.tenant(0), world.today());
        let (hr, nurse, physician) = (tenant.actor("hr"), tenant.actor("nurse"), tenant.actor("physician"));
        let one = tenant.actor("employee");
        let id = one.get("/v1/me").await.json()["employee_id"].as_str().unwrap().to_owned();
        let person = format!("/v1/employees/{id}");
        let month = json!({ "month": "2026-10", "total": "270" });
        assert_eq!(hr.post(&format!("{person}/working-hours"), month).await.status, 201);
        let mut paths = Vec::new();
        for (body, by, secret) in [
            (json!({ "kind": "overwork", "month": "2026-10", "wish": "夕方を希望。" }), &physician, "不眠が続く。"),
            (json!({ "kind": "consult", "wish": "家族のことで相談。" }), &nurse, "介護の負担が重い。"),
        ] {
            let asked = one.post(&format!("{person}/interview-requests"), body).await;
            assert_eq!(asked.status, 201, "{}", asked.json());
            let path = asked.header("location").to_owned();
            let note = by.put(&format!("{path}/note"), "\"0\"", json!({ "content": secret })).await;
            assert_eq!(note.status, 200, "{}", note.json());
            let held = by.post_if(&format!("{path}/held"), &etag(&asked), json!({ "held_on": today })).await;
            assert_eq!(held.status, 200, "{}", held.json());
            paths.push((path, etag(&held)));
        }
        let report = json!({ "category": "restricted", "measures": [{ "kind": "overtime_limit", "hours_a_month": 20 }],
            "from": today, "until": today + 60.days(), "review_on": today + 60.days(), "words": "残業の制限が必要。", "guidance": ["observation"] });
        let given = physician.put(&format!("{}/opinion", paths[0].0), &paths[0].1, report).await;
        assert_eq!(given.status, 200, "{}", given.json());

        // The worker: both, with their own words.
        let own = one.get("/v1/me/export?kind=interviews").await.json();
        let rows = own["sections"][0]["rows"].as_array().unwrap();
        let acts: Vec<(&str, &str)> =
            rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["act"].as_str().unwrap())).collect();
        let overwork = "長時間労働者への面接指導";
        let told = [
            (overwork, "申出"),
            (overwork, "実施"),
            (overwork, "医師の意見"),
            ("健康相談", "申出"),
            ("健康相談", "実施"),
        ];
        assert_eq!(acts, told, "{own}");
        let opinion = &rows[2];
        assert_eq!((&opinion["conclusion"], &opinion["state"]), (&json!("就業制限・配慮"), &json!("決定待ち")));
        assert!(opinion["measures"].as_str().unwrap().contains("月20時間まで"), "{opinion}");
        assert_eq!((&rows[0]["words"], &rows[3]["words"]), (&json!("夕方を希望。"), &json!("家族のことで相談。")));

        // The employer: what was reported; those who hold consultations: these, too; nobody: what was talked about.
        for role in ["manager", "administrator", "stress_implementer", "employee"] {
            let refused = ask(&tenant.actor(role), "no", json!({ "what": "interviews" })).await;
            assert_eq!(refused.status, 403, "{role}");
        }
        let (lines, employers) = interviews_for(&world, &hr, "hr").await;
        assert_eq!(lines.iter().map(|line| line[8].as_str()).collect::<Vec<_>>(), ["申出", "実施", "医師の意見"]);
        assert!(!employers.contains("夕方") && !employers.contains("健康相談"), "{employers}");
        let (lines, nurses) = interviews_for(&world, &nurse, "nurse").await;
        assert!(lines.len() == 5 && nurses.contains("夕方を希望。") && nurses.contains("家族のことで相談。"));
        let looks = eventually("the access log", async || {
            let log = one.all("/v1/me/access-log").await;
            let found = log.iter().filter(|it| it["action"] == "export.fetch").count();
            (found == 2).then_some(found)
        })
        .await;
        assert_eq!(looks, 2, "the worker sees both");
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=export.fetch").await;
        assert!(trail.iter().all(|event| !event.to_string().contains(&id)), "{trail:?}");
        // Whoever sees a part gets a part, and whoever has lost the right gets nothing.
        let workplaces = hr.all("/v1/workplaces").await;
        let here = hr.get(&person).await.json()["workplace_id"].clone();
        let other = workplaces.iter().find(|workplace| workplace["id"] != here).unwrap()["id"].clone();
        let parts = json!([{ "role": "health_officer", "scope": { "kind": "parts", "workplaces": [other] } }]);
        tenant.grant("health_officer", parts).await;
        assert!(interviews_for(&world, &tenant.actor("health_officer"), "part").await.0.is_empty());
        assert_eq!(ask(&nurse, "late", json!({ "what": "interviews" })).await.status, 202);
        tenant.grant("nurse", json!([])).await;
        assert_eq!(write_files(&world).await["failed"], 1);

        // The last export holds what the employer must keep, and no more.
        terminate(&tenant).await;
        let administrator = tenant.actor("administrator");
        let asked = ask(&administrator, "last", json!({ "what": "everything" })).await;
        assert_eq!(asked.status, 202, "{}", asked.json());
        assert_eq!(write_files(&world).await["done"], 1);
        let fresh = administrator.fresh().await;
        let downloads = format!("{}/downloads", asked.header("location"));
        let taken = take_all(&fresh.call("POST", &downloads, &[], None).await.json(), &fresh).await;
        let last = String::from_utf8(file(&taken, "interviews-1.csv").to_vec()).unwrap();
        assert_eq!(last, employers);
        let manifest: Value = serde_json::from_slice(file(&taken, "manifest.json")).unwrap();
        let kinds = manifest["kinds"].as_array().unwrap();
        let kind = kinds.iter().find(|kind| kind["name"] == "interviews").unwrap();
        assert_eq!(kind["法定保存期間"][0]["保存年数"], 5);
        let all = taken.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect::<String>();
        for text in [own.to_string(), employers, nurses, all] {
            assert!(!text.contains("不眠") && !text.contains("介護"), "{text}");
        }
    });
}
