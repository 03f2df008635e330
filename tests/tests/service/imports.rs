//! Files become records: whole or not at all, each row once, whoever delivers what how often.

use std::collections::BTreeMap;

use csv_import::Limits;
use serde_json::{Value, json};
use tests::imports::{
    CHECKUPS_2025, CHECKUPS_2026, DEPARTMENTS, EMPLOYEES, csv_rows, faults, import, settled, sjis, start, upload,
};
use tests::{Actor, Hand, Tenant, World, eventually, logs, problem, run, unchanged};

fn rows(import: &Value) -> [u64; 4] {
    ["read", "applied", "unchanged", "rejected"].map(|count| import["rows"][count].as_u64().unwrap())
}

/// What each employee and each checkup is at this moment, by id: everything that an answer says.
async fn everything(tenant: &Tenant) -> BTreeMap<String, Value> {
    let mut all = tenant.actor("administrator").all("/v1/employees?limit=200").await;
    let nurse = tenant.actor("nurse");
    for year in [2025, 2026] {
        all.extend(nurse.all(&format!("/v1/checkups?fiscal_year={year}&limit=200")).await);
    }
    all.into_iter().map(|thing| (thing["id"].as_str().unwrap().to_owned(), thing)).collect()
}

/// What stands in the sample files about people must stand in no log line.
fn plant_people() {
    let text = encoding_rs::SHIFT_JIS.decode(EMPLOYEES).0.into_owned();
    for row in csv_rows(&text).into_iter().skip(1).step_by(7) {
        logs::plant([&row[1], &row[1].replace(' ', "　"), &row[2], &row[12]]);
    }
}

#[test]
fn r33_r34_real_files_become_employees_and_judged_checkups_and_the_same_bytes_change_nothing() {
    run(async {
        plant_people();
        let tenant = World::shared().await.another_tenant().await;
        let (administrator, nurse) = (tenant.actor("administrator"), tenant.actor("nurse"));
        let files: [(&str, &[u8], &Actor, u64); 4] = [
            ("departments", DEPARTMENTS, &administrator, 10),
            ("employees", EMPLOYEES, &administrator, 1_000),
            ("checkups", CHECKUPS_2025, &nurse, 828),
            ("checkups", CHECKUPS_2026, &nurse, 928),
        ];
        for (kind, file, actor, count) in files {
            let done = import(actor, kind, file, json!({})).await;
            assert_eq!((done["state"].as_str(), rows(&done)), (Some("applied"), [count, count, 0, 0]), "{done}");
        }
        let before = everything(&tenant).await;
        assert_eq!(before.len(), 3 + 1_000 + 828 + 928, "and three of the demo's");
        let checkups: Vec<_> = before.values().filter(|thing| thing["judgement"].is_object()).collect();
        assert!(checkups.iter().all(|checkup| checkup["judgement"]["overall"].is_string()), "each is judged");

        let first = checkups.iter().find(|checkup| {
            let employee = before[checkup["employee_id"].as_str().unwrap()].clone();
            employee["employee_number"] == "000001" && checkup["fiscal_year"] == 2026
        });
        let first = first.expect("the first row of the file");
        let value = |item: &str| {
            let results = first["results"].as_array().unwrap();
            results.iter().find(|result| result["item"] == item).map_or(Value::Null, |result| result["value"].clone())
        };
        assert_eq!((first["examined_on"].as_str(), first["age"].as_u64()), (Some("2026-07-19"), Some(24)));
        assert_eq!([value("height"), value("sbp"), value("u_pro")], [json!(157.7), json!(125), json!("(-)")]);

        for (kind, file, actor, count) in files {
            let done = import(actor, kind, file, json!({})).await;
            assert_eq!((done["state"].as_str(), rows(&done)), (Some("applied"), [count, 0, count, 0]), "{done}");
        }
        unchanged("what was imported", &before, &everything(&tenant).await);
        let employee = before.values().find(|thing| thing["employee_number"] == "000001").unwrap();
        let answer = administrator.get(&format!("/v1/employees/{}", employee["id"].as_str().unwrap())).await;
        assert_eq!(answer.header("etag"), "\"1\"", "not even a version");
    });
}

#[test]
fn r34_four_files_dropped_at_once_are_taken_in_the_order_of_what_they_need() {
    run(async {
        let world = World::shared().await;
        let (tenant, other) = (world.another_tenant().await, world.tenant(1));
        let files = [
            ("checkups", CHECKUPS_2026),
            ("checkups", CHECKUPS_2025),
            ("employees", EMPLOYEES),
            ("departments", DEPARTMENTS),
        ];
        for (number, (kind, file)) in files.into_iter().enumerate() {
            tenant.drop_file(kind, &format!("{number} 全社.csv"), file.to_vec()).await.unwrap();
        }
        let everybody = [tenant.actor("administrator"), tenant.actor("nurse")];
        let ended = eventually("four imports end", async || {
            let mut imports = BTreeMap::new();
            for actor in &everybody {
                for import in actor.all("/v1/imports").await {
                    imports.insert(import["id"].to_string(), import);
                }
            }
            let ended = imports.values().filter(|import| import["state"] == "applied").count();
            (ended == 4).then(|| imports.into_values().collect::<Vec<_>>())
        })
        .await;
        let read: u64 = ended.iter().map(|import| rows(import)[1]).sum();
        assert_eq!(read, 10 + 1_000 + 828 + 928);
        assert!(ended.iter().all(|import| import["way"] == "drop"));
        // The key opens its own prefix, for the kinds that an administrator allowed, and nothing else.
        for kind in ["accounts", "stress_answers", "working_hours"] {
            assert!(tenant.drop_file(kind, "x.csv", b"x".to_vec()).await.is_err(), "{kind} may not be dropped");
        }
        let bucket = &world.service().endpoints().imports_bucket;
        let foreign = format!("{}/drop/employees/x.csv", other.id());
        let put = tenant.s3().put_object().bucket(bucket).key(foreign).body(b"x".to_vec().into()).send().await;
        assert!(put.is_err(), "another tenant's prefix refuses the key");
    });
}

/// What is wrong with each row of the file below, by the row's number.
const FAULTS: [(u64, &str, &str); 25] = [
    (1, "星座", "unknown_header"),
    (3, "社員番号", "unknown_employee"),
    (4, "社員番号", "duplicate_in_file"),
    (5, "生年月日", "birth_date_contradicts"),
    (6, "性別", "sex_contradicts"),
    (7, "氏名", "name_contradicts"),
    (8, "収縮期血圧", "value_out_of_range"),
    (9, "受診日", "era_date_does_not_exist"),
    (10, "受診日", "date_invalid"),
    (11, "受診日", "future_date"),
    (12, "受診日", "two_digit_year"),
    (13, "受診日", "serial_number"),
    (14, "受診日", "required"),
    (15, "健診種別", "checkup_kind_unknown"),
    (16, "", "wrong_column_count"),
    (17, "", "wrong_column_count"),
    (18, "身長", "value_unreadable"),
    (19, "拡張期血圧", "diastolic_not_below_systolic"),
    (20, "尿糖", "answer_unknown"),
    (21, "社員番号", "required"),
    (22, "社員番号", "employee_number_invalid"),
    (23, "", "no_results"),
    (24, "受診日", "date_outside_fiscal_year"),
    (25, "", "mixed_encoding"),
    (26, "", "broken_quote"),
];

/// A file in which nearly every row is wrong in its own way; with a header that nobody knows, if `last` names one.
fn with_faults(last: &str) -> Vec<u8> {
    let blank = if last.is_empty() { "" } else { "," };
    let lines = [
        "社員番号,氏名,生年月日,性別,受診日,健診種別,身長,収縮期血圧,拡張期血圧,尿糖,所見",
        "D0001,青山 みなみ,1988-06-12,女,2026-06-01,定期,160.0,120,80,(-),",
        "999999,,,,2026-06-01,定期,160.0,120,80,(-),",
        "Ｄ０００１,,,,令和8年6月1日,定期健康診断,160.0,120,80,(-),",
        "D0002,,1979-11-04,,2026-06-01,定期,160.0,120,80,(-),",
        "D0002,,,女,2026-06-02,定期,160.0,120,80,(-),",
        "D0002,海野 次郎,,,2026-06-03,定期,160.0,120,80,(-),",
        "D0002,,,,2026-06-04,定期,160.0,1200,80,(-),",
        "D0002,,,,昭和70年1月1日,定期,160.0,120,80,(-),",
        "D0002,,,,2026-06-31,定期,160.0,120,80,(-),",
        "D0002,,,,2099-06-01,定期,160.0,120,80,(-),",
        "D0002,,,,26-06-01,定期,160.0,120,80,(-),",
        "D0002,,,,46000,定期,160.0,120,80,(-),",
        "D0002,,,,,定期,160.0,120,80,(-),",
        "D0002,,,,2026-06-05,車検,160.0,120,80,(-),",
        "D0002,,,,2026-06-06,定期,160.0,120,80",
        "D0002,,,,2026-06-07,定期,160.0,120,80,(-),,多い,多い",
        "D0002,,,,2026-06-08,定期,たかい,120,80,(-),",
        "D0002,,,,2026-06-09,定期,160.0,80,120,(-),",
        "D0002,,,,2026-06-10,定期,160.0,120,80,多い,",
        ",,,,2026-06-11,定期,160.0,120,80,(-),",
        "1.2E+10,,,,2026-06-12,定期,160.0,120,80,(-),",
        "D0002,,,,2026-06-13,定期,,,,,",
        "D0002,,,,2025-06-14,定期,160.0,120,80,(-),",
    ];
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("{line}{blank}{}", if at == 0 { last } else { "" }))
        .collect();
    let mut file = sjis(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    file.extend(format!("D0002,,,,2026-06-15,定期,160.0,120,80,(-),鷗外の鷗{blank}\r\n").as_bytes());
    file.extend(sjis(&["D0002,,,,2026-06-16,定期,160.0,120,80,(-),\"閉じない"]));
    file
}

#[test]
fn r33_a_file_with_faults_changes_nothing_and_tells_each_of_them() {
    run(async {
        logs::plant(["海野 次郎", "海野　次郎", "鷗外の鷗", "1979-11-04"]);
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let before = everything(&tenant).await;
        let rejected =
            import(&nurse, "checkups", &with_faults("星座"), json!({ "options": { "fiscal_year": 2026 } })).await;
        assert_eq!((rejected["state"].as_str(), rows(&rejected)), (Some("rejected"), [25, 0, 0, 24]), "{rejected}");
        let told = faults(&nurse, &rejected).await;
        let errors: Vec<_> = told.iter().filter(|line| line[3] == "誤り").collect();
        let is: Vec<(u64, &str, &str)> =
            errors.iter().map(|line| (line[0].parse().unwrap(), line[1].as_str(), line[4].as_str())).collect();
        assert_eq!(is, FAULTS);
        for line in &told {
            assert!(line[5].ends_with('。') && line[5].contains("ください") || line[3] == "注意", "{line:?}");
            assert!(!line.join(",").contains("海野"), "no name leaves the service in a list of faults: {line:?}");
            assert!(!line.join(",").contains("1979"), "nor a birth date: {line:?}");
        }
        unchanged("what was there", &before, &everything(&tenant).await);

        // The good rows alone, where that is asked for.
        let options = json!({ "skip_bad_rows": true, "options": { "fiscal_year": 2026 } });
        let header = import(&nurse, "checkups", &with_faults("星座"), options.clone()).await;
        assert_eq!(
            (header["state"].as_str(), rows(&header)),
            (Some("rejected"), [25, 0, 0, 24]),
            "a header concerns all rows"
        );
        let skipped = import(&nurse, "checkups", &with_faults(""), options).await;
        assert_eq!((skipped["state"].as_str(), rows(&skipped)), (Some("applied"), [25, 1, 0, 24]), "{skipped}");
    });
}

#[test]
fn r33_a_file_that_is_none_is_refused_as_a_whole() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let utf16: Vec<u8> = "\u{feff}社員番号,氏名\r\n1,山田\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (file, code) in [
            (Vec::new(), "empty_file"),
            (
                sjis(&["社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分"]),
                "empty_file",
            ),
            (utf16, "encoding_unsupported"),
            (sjis(&["社員番号,星座", "1,てんびん"]), "unknown_header"),
            (sjis(&["社員番号,従業員番号", "1,1"]), "duplicate_header"),
            (sjis(&["氏名", "山田 太郎"]), "missing_header"),
        ] {
            let rejected = import(&administrator, "employees", &file, json!({})).await;
            assert_eq!(rejected["state"], "rejected", "{code}: {rejected}");
            let told = faults(&administrator, &rejected).await;
            assert!(told.iter().any(|line| line[4] == code), "{code} is not among {told:?}");
        }
    });
}

#[test]
fn r33_departments_that_form_no_tree_are_told_all_at_once() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let file =
            sjis(&["部署コード,部署名,上位部署コード", "Z1,甲,Z2", "Z2,乙,Z1", "Z3,丙,Z9", "Z4,丁,Z3", "Z5,戊,"]);
        let rejected = import(&administrator, "departments", &file, json!({})).await;
        let told: Vec<_> = faults(&administrator, &rejected)
            .await
            .into_iter()
            .map(|line| (line[0].clone(), line[4].clone()))
            .collect();
        let should =
            [("2", "department_cycle"), ("3", "department_cycle"), ("4", "parent_unknown"), ("5", "parent_unknown")];
        assert_eq!(told, should.map(|(row, code)| (row.to_owned(), code.to_owned())));
        let skipped = import(&administrator, "departments", &file, json!({ "skip_bad_rows": true })).await;
        assert_eq!((skipped["state"].as_str(), rows(&skipped)), (Some("applied"), [5, 1, 0, 4]), "{skipped}");
    });
}

#[test]
fn a_dry_run_changes_nothing_until_it_is_applied() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let file = sjis(&["部署コード,部署名,上位部署コード", "Y1,試験部,"]);
        let checked = import(&administrator, "departments", &file, json!({ "dry_run": true })).await;
        assert_eq!((checked["state"].as_str(), rows(&checked)), (Some("checked"), [1, 0, 0, 0]), "{checked}");
        let has =
            async || administrator.all("/v1/departments").await.iter().any(|department| department["code"] == "Y1");
        assert!(!has().await);
        let id = checked["id"].as_str().unwrap();
        let answer = administrator.post(&format!("/v1/imports/{id}/apply"), json!({})).await;
        assert_eq!(answer.status, 202, "{}", answer.json());
        let applied = eventually("the import is applied", async || {
            let import = settled(&administrator, id).await;
            (import["state"] == "applied").then_some(import)
        })
        .await;
        assert_eq!(rows(&applied), [1, 1, 0, 0]);
        assert!(has().await);
        let again = administrator.post(&format!("/v1/imports/{id}/apply"), json!({})).await;
        assert_eq!((again.status, problem(&again).as_str()), (409, "conflict"));
    });
}

#[test]
fn the_same_content_in_another_dress_is_the_same() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let lines =
            ["社員番号,受診日,健診種別,身長,収縮期血圧,拡張期血圧", "D0001,2026-06-01,定期健康診断,160.0,120,80"];
        let done = import(&nurse, "checkups", &sjis(&lines), json!({})).await;
        assert_eq!(rows(&done), [1, 1, 0, 0], "{done}");
        let tabs = lines.map(|line| line.replace(',', "\t")).join("\n");
        let dressed: [(&str, Vec<u8>); 4] = [
            ("UTF-8", lines.join("\n").into_bytes()),
            ("UTF-8 with a byte order mark", [b"\xef\xbb\xbf".as_slice(), lines.join("\r\n").as_bytes()].concat()),
            ("tabs", encoding_rs::SHIFT_JIS.encode(&tabs).0.into_owned()),
            ("quotes and an era", "社員番号,健診日,健診種別,身長,最高血圧,最低血圧\r\n\"D0001\",\"令和8年6月1日\",\"定期健康診断\",\"160.0\",\"120\",\"80\"\r\n".into()),
        ];
        for (dress, file) in dressed {
            let done = import(&nurse, "checkups", &file, json!({})).await;
            assert_eq!((done["state"].as_str(), rows(&done)), (Some("applied"), [1, 0, 1, 0]), "{dress}: {done}");
        }
        // What a cell was written like is part of what was delivered (the raw text is kept).
        let wide = sjis(&["社員番号,受診日,健診種別,収縮期血圧", "Ｄ０００１,2026-06-01,定期健康診断,１２０"]);
        assert_eq!(rows(&import(&nurse, "checkups", &wide, json!({})).await), [1, 1, 0, 0]);
    });
}

#[test]
fn r02_rows_about_people_beyond_the_uploaders_reach_are_rows_about_nobody() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let workplaces = tenant.actor("administrator").all("/v1/workplaces").await;
        let tokyo = workplaces.iter().find(|workplace| workplace["code"] == "W01").unwrap()["id"].clone();
        tenant.grant("nurse", json!([{ "role": "nurse", "scope": { "kind": "parts", "workplaces": [tokyo] } }])).await;
        let nurse = tenant.actor("nurse");
        let header = "社員番号,受診日,健診種別,身長";
        let (own, others) = ("D0001,2026-06-01,定期,160.0", "D0002,2026-06-01,定期,170.0");
        let rejected = import(&nurse, "checkups", &sjis(&[header, own, others]), json!({})).await;
        assert_eq!(rejected["state"], "rejected");
        let told = faults(&nurse, &rejected).await;
        assert_eq!((told.len(), told[0][0].as_str(), told[0][4].as_str()), (1, "3", "unknown_employee"));
        let done = import(&nurse, "checkups", &sjis(&[header, own]), json!({})).await;
        assert_eq!(rows(&done), [1, 1, 0, 0]);
        // An import of somebody who reaches everybody is not theirs to see.
        let wide = import(&tenant.actor("physician"), "checkups", &sjis(&[header, own, others]), json!({})).await;
        let answer = nurse.get(&format!("/v1/imports/{}", wide["id"].as_str().unwrap())).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (404, "not-found"));
    });
}

#[test]
fn each_role_starts_imports_of_its_own_kinds() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        for (role, kind, status) in [
            ("administrator", "employees", 201),
            ("administrator", "checkups", 403),
            ("hr", "employees", 201),
            ("hr", "checkups", 201),
            ("nurse", "checkups", 201),
            ("nurse", "departments", 403),
            ("manager", "checkups", 403),
            ("employee", "checkups", 403),
            ("stress_clerk", "checkups", 403),
            ("nurse", "horoscopes", 422),
        ] {
            let answer = tenant.actor(role).post("/v1/imports", json!({ "kind": kind, "file_name": "x.csv" })).await;
            assert_eq!(answer.status, status, "{kind} as {role}: {}", answer.json());
        }
        let options = json!({ "kind": "departments", "file_name": "x.csv", "options": { "fiscal_year": 26, "checkup_kind": "車検" } });
        let answer = tenant.actor("administrator").post("/v1/imports", options).await;
        let codes: Vec<_> =
            answer.json()["errors"].as_array().unwrap().iter().map(|fault| fault["code"].clone()).collect();
        assert_eq!(codes, ["out_of_range", "unknown_value", "not_applicable", "not_applicable"]);
    });
}

/// Employees of a file whose rows are chunks of their own.
fn three_employees(job_title: &str) -> Vec<u8> {
    let row = |number: usize| {
        format!(
            "{number:06},試験 {},シケン {},1990-01-0{number},女,2020-04-01,W01,X110,{job_title},正社員,在籍",
            ["一", "二", "三"][number - 1],
            ["イチ", "ニ", "サン"][number - 1]
        )
    };
    let mut lines = vec![
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分".to_owned(),
    ];
    lines.extend((1..=3).map(row));
    sjis(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A world whose import job is the test's own hand, with a file of three rows on its way: its import's id.
async fn by_hand(chunk_rows: usize, file: &[u8]) -> (Hand, Actor, String) {
    let hand = Hand::start(Limits { chunk_rows, ..Limits::default() }).await;
    let administrator = hand.world().tenant(0).actor("administrator");
    let id = uploaded(&administrator, file).await;
    (hand, administrator, id)
}

async fn uploaded(administrator: &Actor, file: &[u8]) -> String {
    let (id, url) = start(administrator, "employees", json!({})).await;
    assert_eq!(upload(&url, file).await, 200);
    id
}

async fn read(actor: &Actor, import: &str) -> Value {
    actor.get(&format!("/v1/imports/{import}")).await.json()
}

/// The file's employees by number, each with its ETag.
async fn employees(administrator: &Actor) -> BTreeMap<String, (Value, String)> {
    let mut found = BTreeMap::new();
    for employee in administrator.all("/v1/employees?q=試験").await {
        let path = format!("/v1/employees/{}", employee["id"].as_str().unwrap());
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let before = found.insert(employee["employee_number"].as_str().unwrap().to_owned(), (employee, etag));
        assert!(before.is_none(), "a number twice");
    }
    found
}

#[test]
fn r33_an_employee_changed_by_hand_between_check_and_apply_is_a_conflict_and_not_overwritten() {
    // Written alone, and together with others in one transaction.
    for chunk_rows in [1, 500] {
        run(a_conflict(chunk_rows));
    }
}

async fn a_conflict(chunk_rows: usize) {
    let (hand, administrator, first) = by_hand(chunk_rows, &three_employees("一般")).await;
    hand.settle().await;
    assert_eq!(read(&administrator, &first).await["state"], "applied");
    let second = uploaded(&administrator, &three_employees("主任")).await;
    let chunks = hand.until_chunks().await;
    let (employee, etag) = employees(&administrator).await["000002"].clone();
    let path = format!("/v1/employees/{}", employee["id"].as_str().unwrap());
    let changed = administrator.patch(&path, &etag, json!({ "job_title": "部長" })).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    for chunk in &chunks {
        hand.deliver(chunk).await;
    }
    hand.settle().await;
    let done = read(&administrator, &second).await;
    assert_eq!(
        (done["state"].as_str(), &done["rows"]["conflicts"], &done["rows"]["applied"]),
        (Some("applied_with_conflicts"), &json!(1), &json!(2)),
        "{done}"
    );
    let told = faults(&administrator, &done).await;
    assert_eq!((told.len(), told[0][0].as_str(), told[0][4].as_str()), (1, "3", "changed_meanwhile"));
    let titles: Vec<_> =
        employees(&administrator).await.into_values().map(|(employee, _)| employee["job_title"].clone()).collect();
    assert_eq!(titles, ["主任", "部長", "主任"]);
}

#[test]
fn r33_every_message_may_come_twice_and_in_any_order() {
    run(async {
        let (hand, administrator, import) = by_hand(1, &three_employees("一般")).await;
        let created = hand.next().expect("S3 tells of the file");
        hand.deliver(&created).await;
        hand.deliver(&created).await;
        let mut chunks = hand.until_chunks().await;
        chunks.reverse();
        for chunk in chunks.iter().chain(&chunks) {
            hand.deliver(chunk).await;
        }
        hand.settle().await;
        hand.deliver(&created).await;
        hand.settle().await;
        assert_eq!(rows(&read(&administrator, &import).await), [3, 3, 0, 0]);
        let all = employees(&administrator).await;
        assert_eq!(all.len(), 3);
        assert!(all.values().all(|(_, etag)| etag == "\"1\""), "each row was written once: {all:?}");
        assert_eq!(administrator.all("/v1/imports").await.len(), 1);
    });
}

#[test]
fn r33_a_job_that_dies_anywhere_in_a_chunk_is_finished_by_the_next_delivery() {
    run(async {
        // Each time it gets a little further before it dies.
        let mut polls = 1;
        loop {
            let (hand, administrator, import) = by_hand(1, &three_employees("一般")).await;
            let chunks = hand.until_chunks().await;
            let ended = hand.deliver_and_die(&chunks[1], polls).await;
            // If it died with the turn, nobody gave that back: it runs out.
            hand.world().pass(31);
            for chunk in &chunks {
                hand.deliver(chunk).await;
            }
            hand.settle().await;
            let done = read(&administrator, &import).await;
            assert_eq!(
                (done["state"].as_str(), rows(&done)),
                (Some("applied"), [3, 3, 0, 0]),
                "died after {polls}: {done}"
            );
            let all = employees(&administrator).await;
            assert_eq!(all.len(), 3, "died after {polls}");
            assert!(all.values().all(|(_, etag)| etag == "\"1\""), "died after {polls}: {all:?}");
            if ended {
                break;
            }
            polls = polls * 2 + 1;
        }
        assert!(polls > 3, "it should have died at least twice, not ended after {polls} polls");
    });
}

#[test]
fn r33_a_job_that_dies_anywhere_before_it_applies_is_taken_up_by_the_next_delivery() {
    run(async {
        let mut polls = 1;
        loop {
            let (hand, administrator, import) = by_hand(1, &three_employees("一般")).await;
            let created = hand.next().expect("S3 tells of the file");
            let ended = hand.deliver_and_die(&created, polls).await;
            // Nobody gave the turn back: it runs out.
            hand.world().pass(31);
            hand.deliver(&created).await;
            hand.settle().await;
            let done = read(&administrator, &import).await;
            assert_eq!(
                (done["state"].as_str(), rows(&done)),
                (Some("applied"), [3, 3, 0, 0]),
                "died after {polls}: {done}"
            );
            let all = employees(&administrator).await;
            assert!(all.len() == 3 && all.values().all(|(_, etag)| etag == "\"1\""), "died after {polls}: {all:?}");
            if ended {
                break;
            }
            polls += 1 + polls / 3;
        }
        assert!(polls > 3, "it should have died at least twice, not ended after {polls} polls");
    });
}

#[test]
fn r02_an_uploader_who_loses_the_right_loses_the_import() {
    run(async {
        let (hand, administrator, _) = by_hand(1, &three_employees("一般")).await;
        hand.settle().await;
        let tenant = hand.world().tenant(0);
        let hr = tenant.actor("hr");
        let import = uploaded(&hr, &three_employees("主任")).await;
        let chunks = hand.until_chunks().await;
        tenant.grant("hr", json!([])).await;
        for chunk in &chunks {
            hand.deliver(chunk).await;
        }
        hand.settle().await;
        let failed = read(&administrator, &import).await;
        assert_eq!(
            (failed["state"].as_str(), failed["reason"].as_str()),
            (Some("failed"), Some("right_lost")),
            "{failed}"
        );
        let titles: Vec<_> =
            employees(&administrator).await.into_values().map(|(employee, _)| employee["job_title"].clone()).collect();
        assert_eq!(titles, ["一般"; 3]);
    });
}

#[test]
fn what_cannot_be_finished_is_given_up_and_told_and_holds_up_nothing_behind_it() {
    run(async {
        let (hand, administrator, first) = by_hand(1, &three_employees("一般")).await;
        let chunks = hand.until_chunks().await;
        let second = uploaded(&administrator, &three_employees("主任")).await;
        // Somebody deleted the file under the import's hands: every version of it, as a bucket's owner can.
        let (s3, bucket) = (&hand.world().service().clients().s3, &hand.world().service().endpoints().imports_bucket);
        let prefix = format!("{}/api/employees/{first}/", hand.world().tenant(0).id());
        let found = s3.list_object_versions().bucket(bucket).prefix(prefix).send().await.unwrap();
        for version in found.versions() {
            let (key, id) = (version.key().unwrap(), version.version_id().unwrap());
            s3.delete_object().bucket(bucket).key(key).version_id(id).send().await.unwrap();
        }
        let failed = hand.deliver_for_the(1, &chunks[0]).await;
        assert_eq!(failed["batchItemFailures"].as_array().unwrap().len(), 1, "it is to come again");
        assert_eq!(read(&administrator, &first).await["state"], "applying");
        let given_up = hand.deliver_for_the(5, &chunks[0]).await;
        assert_eq!(given_up["batchItemFailures"], json!([]), "the last delivery is the end of it");
        let import = read(&administrator, &first).await;
        assert_eq!(
            (import["state"].as_str(), import["reason"].as_str()),
            (Some("failed"), Some("gave_up")),
            "{import}"
        );
        hand.settle().await;
        assert_eq!(rows(&read(&administrator, &second).await), [3, 3, 0, 0]);
    });
}

#[test]
fn r33_two_imports_at_once_have_their_turns_one_after_the_other() {
    run(async {
        let (hand, administrator, first) = by_hand(1, &three_employees("一般")).await;
        let second = uploaded(&administrator, &three_employees("主任")).await;
        let (one, other) = (hand.next().expect("a file"), hand.next().expect("another file"));
        // Both begin at the same moment: one has the turn, and the other comes back.
        tokio::join!(hand.deliver(&one), hand.deliver(&other));
        hand.world().pass(31);
        hand.settle().await;
        for import in [&first, &second] {
            assert_eq!(rows(&read(&administrator, import).await), [3, 3, 0, 0]);
        }
        let all = employees(&administrator).await;
        let is: Vec<_> = all.values().map(|(employee, etag)| (employee["job_title"].clone(), etag.as_str())).collect();
        assert_eq!(is, [(); 3].map(|()| (json!("主任"), "\"2\"")), "the later file came last");
    });
}

#[test]
fn r33_a_chunk_that_got_lost_on_its_way_is_handed_out_once_more() {
    run(async {
        let (hand, administrator, import) = by_hand(1, &three_employees("一般")).await;
        let created = hand.next().expect("S3 tells of the file");
        hand.deliver(&created).await;
        let chunks = hand.until_chunks().await;
        assert_eq!(chunks.len(), 3);
        // One never arrives, and whoever watched is gone, too.
        for chunk in &chunks[1..] {
            hand.deliver(chunk).await;
        }
        hand.deliver(&created).await;
        assert_eq!(read(&administrator, &import).await["state"], "applying", "it may still be on its way");
        while hand.next().is_some() {}
        hand.world().pass(301);
        hand.deliver(&created).await;
        hand.settle().await;
        let done = read(&administrator, &import).await;
        assert_eq!((done["state"].as_str(), rows(&done)), (Some("applied"), [3, 3, 0, 0]), "{done}");
        let all = employees(&administrator).await;
        assert!(all.len() == 3 && all.values().all(|(_, etag)| etag == "\"1\""), "each row was written once: {all:?}");
    });
}
