//! The report of periodic checkups (定期健康診断結果報告書, 様式第6号): that its figures are those of the files, who reads and freezes it, and that what was frozen stays.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::imports::{CHECKUPS_2025, CHECKUPS_2026, DEPARTMENTS, EMPLOYEES, csv_rows, from_sjis, import};
use tests::{Actor, Tenant, World, logs, pdf_text, problem, run};

/// The rows of the form, from top to bottom.
const ROWS: [&str; 13] = [
    "hearing_1000",
    "hearing_4000",
    "hearing_other",
    "chest_xray",
    "sputum",
    "blood_pressure",
    "anaemia",
    "liver",
    "lipids",
    "glucose",
    "urine_glucose",
    "urine_protein",
    "ecg",
];

/// A file as lines that are asked by the names of their columns.
pub(crate) fn lines(file: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut rows = csv_rows(&from_sjis(file)).into_iter();
    let head = rows.next().expect("a heading");
    rows.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

/// A letter by the upper bounds of A, B and C, in tenths: 0 to 3. Nothing for an empty cell.
fn up_to(cell: &str, bounds: [i64; 3]) -> Option<u8> {
    let tenths = tenths(cell)?;
    Some(bounds.iter().filter(|bound| tenths > **bound).count().try_into().unwrap())
}

/// A number in tenths; what has more decimals is none of those that are counted here.
fn tenths(cell: &str) -> Option<i64> {
    let (whole, rest) = cell.split_once('.').unwrap_or((cell, "0"));
    if cell.is_empty() {
        return None;
    }
    Some(whole.parse::<i64>().unwrap() * 10 + rest[..1].parse::<i64>().unwrap())
}

/// A letter by ranges that get worse to both sides, in tenths: the first that holds the number.
fn within(cell: &str, ranges: &[(i64, i64, u8)]) -> Option<u8> {
    let tenths = tenths(cell)?;
    let found = ranges.iter().find(|(from, to, _)| (*from..=*to).contains(&tenths));
    Some(found.map_or(3, |(_, _, letter)| *letter))
}

const ANY: i64 = 1_000_000;

/// The letters of the rows that one line has values for, after domain.md 2.4; and whether the whole is D by what the law asks for.
fn letters(line: &BTreeMap<String, String>, female: bool) -> (BTreeMap<&'static str, u8>, bool) {
    let cell = |name: &str| line[name].as_str();
    let heard = |sides: [&str; 2]| {
        sides.iter().filter(|side| !cell(side).is_empty()).map(|side| u8::from(cell(side) == "所見あり") * 2).max()
    };
    let urine = |name: &str, glucose: bool| match cell(name) {
        "(-)" => Some(0),
        "(±)" => Some(if glucose { 2 } else { 1 }),
        "(+)" => Some(2),
        "" => None,
        _ if glucose => Some(2),
        _ => Some(3),
    };
    let hb = if female {
        within(cell("血色素量"), &[(121, 145, 0), (146, 160, 1), (111, 120, 2)])
    } else {
        within(cell("血色素量"), &[(131, 163, 0), (164, 180, 1), (121, 130, 2)])
    };
    let ldl = within(cell("LDLコレステロール"), &[(600, 1199, 0), (1200, 1399, 1), (1400, 1799, 2)]);
    let hdl = within(cell("HDLコレステロール"), &[(400, ANY, 0), (300, 399, 2)]);
    let tg = within(cell("中性脂肪"), &[(300, 1499, 0), (1500, 2999, 1), (3000, 4999, 2)]);
    let fpg = within(cell("空腹時血糖"), &[(700, 999, 0), (1000, 1099, 1), (1100, 1259, 2), (540, 699, 2)]);
    let a1c = up_to(cell("HbA1c"), [55, 59, 64]);
    let liver = [("AST", [300, 350, 500]), ("ALT", [300, 400, 500]), ("γ-GTP", [500, 800, 1000])];
    let finding = |name: &str| match cell(name) {
        "" => None,
        "異常なし" => Some(0),
        "要精密検査" => Some(3),
        // Words that no table knows.
        _ => Some(1),
    };
    let all: [(&'static str, Option<u8>); 13] = [
        (ROWS[0], heard(["聴力右1000Hz", "聴力左1000Hz"])),
        (ROWS[1], heard(["聴力右4000Hz", "聴力左4000Hz"])),
        (ROWS[2], None),
        (ROWS[3], finding("胸部X線")),
        (ROWS[4], None),
        (ROWS[5], up_to(cell("収縮期血圧"), [1290, 1390, 1590]).max(up_to(cell("拡張期血圧"), [840, 890, 990]))),
        (ROWS[6], hb),
        (ROWS[7], liver.iter().filter_map(|(name, bounds)| up_to(cell(name), *bounds)).max()),
        (ROWS[8], ldl.max(hdl).max(tg)),
        (ROWS[9], fpg.max(a1c)),
        (ROWS[10], urine("尿糖", true)),
        (ROWS[11], urine("尿蛋白", false)),
        (ROWS[12], finding("心電図")),
    ];
    let letters: BTreeMap<_, _> = all.into_iter().filter_map(|(row, letter)| Some((row, letter?))).collect();
    // Sugar: both at D for D, unless there is too little of it. What is not in a row (body, eyes) never earns D; kidneys and uric acid are not asked for by the law.
    let too_little = tenths(cell("空腹時血糖")).is_some_and(|fpg| fpg < 700);
    let sugar = match (fpg, a1c) {
        (Some(fpg), Some(a1c)) if !too_little => fpg == 3 && a1c == 3,
        (fpg, a1c) => fpg.max(a1c) == Some(3),
    };
    let whole = letters.iter().any(|(row, letter)| *row != ROWS[9] && *letter == 3) || sugar;
    (letters, whole)
}

/// What a workplace's report should say: per row examined and with findings, then persons with findings, and persons instructed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) examined: u64,
    rows: BTreeMap<&'static str, (u64, u64)>,
    pub(crate) with_findings: u64,
    instructed: u64,
}

/// Rows with a value from which on restriction of work is considered (domain.md 2.7), in tenths.
fn restricting(line: &BTreeMap<String, String>) -> BTreeSet<&'static str> {
    let limits = [
        ("収縮期血圧", 1800, ROWS[5]),
        ("拡張期血圧", 1100, ROWS[5]),
        ("ALT", 2000, ROWS[7]),
        ("空腹時血糖", 2000, ROWS[9]),
        ("HbA1c", 100, ROWS[9]),
    ];
    let at_least =
        limits.into_iter().filter(|(name, limit, _)| tenths(&line[*name]).is_some_and(|value| value >= *limit));
    let anaemia = tenths(&line["血色素量"]).is_some_and(|value| value <= 80).then_some(ROWS[6]);
    at_least.map(|(.., row)| row).chain(anaemia).collect()
}

/// Counts a file, workplace by workplace, with a finding from `from` on, and from values of R on where they count.
pub(crate) fn count(file: &[u8], from: u8, with_restriction: bool) -> BTreeMap<String, Expected> {
    let employees: BTreeMap<String, (String, bool)> = lines(EMPLOYEES)
        .into_iter()
        .map(|line| (line["社員番号"].clone(), (line["事業場コード"].clone(), line["性別"] == "女")))
        .collect();
    let mut latest: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for line in lines(file) {
        let before = latest.get(&line["社員番号"]).is_some_and(|before| before["受診日"] > line["受診日"]);
        if !before {
            latest.insert(line["社員番号"].clone(), line);
        }
    }
    let mut all: BTreeMap<String, Expected> = BTreeMap::new();
    for (number, line) in latest {
        let Some((workplace, female)) = employees.get(&number) else { continue };
        let expected = all.entry(workplace.clone()).or_default();
        let (letters, whole_is_d) = letters(&line, *female);
        let treated: BTreeSet<&str> = [("高血圧治療中", ROWS[5]), ("糖尿病治療中", ROWS[9])]
            .into_iter()
            .filter(|(words, _)| line["既往歴"] == *words)
            .map(|(_, row)| row)
            .collect();
        let restricting = if with_restriction { restricting(&line) } else { BTreeSet::new() };
        expected.examined += 1;
        let mut any = false;
        for (row, letter) in letters {
            let counts = expected.rows.entry(row).or_default();
            counts.0 += 1;
            if letter >= from || treated.contains(row) || restricting.contains(row) {
                counts.1 += 1;
                any = true;
            }
        }
        expected.with_findings += u64::from(any);
        expected.instructed += u64::from(any && whole_is_d);
    }
    all
}

fn said(report: &Value) -> Expected {
    let number = |value: &Value| value.as_u64().unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["row"].as_str().unwrap()).collect::<Vec<_>>(), ROWS);
    let rows = ROWS.into_iter().zip(rows).map(|(row, of)| (row, (number(&of["examined"]), number(&of["findings"]))));
    Expected {
        examined: number(&report["examined"]),
        rows: rows.filter(|(_, counts)| *counts != (0, 0)).collect(),
        with_findings: number(&report["with_findings"]),
        instructed: number(&report["instructed"]),
    }
}

pub(crate) async fn workplaces(actor: &Actor) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    actor.all("/v1/workplaces?limit=200").await.iter().map(|of| (text(&of["code"]), text(&of["id"]))).collect()
}

fn of_year(workplace: &str, year: i32) -> String {
    format!("workplace_id={workplace}&from={year}-04-01&to={}-03-31", year + 1)
}

#[test]
fn r37_the_figures_of_every_workplace_equal_those_counted_from_the_raw_files() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, nurse) = (tenant.actor("hr"), tenant.actor("nurse"));
        for (actor, kind, file) in [
            (&hr, "departments", DEPARTMENTS),
            (&hr, "employees", EMPLOYEES),
            (&nurse, "checkups", CHECKUPS_2025),
            (&nurse, "checkups", CHECKUPS_2026),
        ] {
            let done = import(actor, kind, file, json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let workplaces = workplaces(&hr).await;
        let unsaid = hr.get("/v1/reports/form-6/rule").await.json();
        assert_eq!(unsaid["finding_rule"], "c_or_worse_or_restriction", "what domain.md 3 says where nobody did");
        let rules =
            [("c_or_worse_or_restriction", 2), ("c_or_worse", 2), ("b_or_worse", 1), ("b_or_worse_or_restriction", 1)];
        for (rule, from) in rules {
            let etag = hr.get("/v1/reports/form-6/rule").await.header("etag").to_owned();
            let changed = hr.put("/v1/reports/form-6/rule", &etag, json!({ "finding_rule": rule })).await;
            assert_eq!(changed.status, 200, "{}", changed.json());
            for (year, file) in [(2025, CHECKUPS_2025), (2026, CHECKUPS_2026)] {
                let counted = count(file, from, rule.ends_with("restriction"));
                assert_eq!(counted.len(), 4, "the sample has four workplaces");
                for (code, expected) in counted {
                    let path = format!("/v1/reports/form-6?{}", of_year(&workplaces[&code], year));
                    let report = hr.get(&path).await.json();
                    assert_eq!(said(&report), expected, "{code} {year} {rule}: {report}");
                    assert_eq!((&report["finding_rule"], &report["not_covering"]), (&json!(rule), &json!(0)));
                }
            }
        }
        // Behind a figure stand as many people as it says, each of them once.
        let physician = tenant.actor("physician");
        let of = of_year(&workplaces["W01"], 2026);
        let report = physician.get(&format!("/v1/reports/form-6?{of}")).await.json();
        for (figure, number) in [
            ("examined", &report["examined"]),
            ("with_findings", &report["with_findings"]),
            ("blood_pressure.findings", &report["rows"][5]["findings"]),
            ("instructed", &report["instructed"]),
        ] {
            let people = physician.all(&format!("/v1/reports/form-6/persons?{of}&figure={figure}&limit=40")).await;
            let distinct: BTreeSet<&str> = people.iter().map(|one| one["employee_id"].as_str().unwrap()).collect();
            assert_eq!((people.len() as u64, distinct.len()), (number.as_u64().unwrap(), people.len()), "{figure}");
            assert!(people.iter().all(|one| one["name"].is_string() && one["employee_number"].is_string()));
        }
        // A period that cuts the year cuts the report.
        let part = format!("workplace_id={}&from=2026-05-01&to=2026-07-31", workplaces["W01"]);
        let part = hr.get(&format!("/v1/reports/form-6?{part}")).await.json();
        assert!(part["examined"].as_u64() < report["examined"].as_u64() && part["examined"].as_u64() > Some(0));
        assert!(part["examined_on"].as_str().unwrap() <= "2026-07-31");
    });
}

/// A few checkups of the demo's employees.
const FILE: &str = "社員番号,受診日,健診種別,総合判定,収縮期血圧,拡張期血圧,HbA1c,尿蛋白,胸部X線\r\n\
    D0001,2026-06-01,定期健康診断,,128,84,5.4,(-),異常なし\r\n\
    D0001,2026-09-01,雇入時健康診断,,190,120,9.9,(3+),要精密検査\r\n\
    D0002,2026-06-02,定期健康診断,要精密検査,165,101,7.1,(-),異常なし\r\n";

async fn with_checkups() -> (Tenant, String) {
    logs::plant(["山田　一郎", "青山　太郎"]);
    let tenant = World::shared().await.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!(done["state"], "applied", "{done}");
    let administrator = tenant.actor("administrator");
    let made = administrator.post("/v1/workplaces", json!({ "code": "R01", "name": "品川営業所" })).await;
    let workplace = made.json()["id"].as_str().unwrap().to_owned();
    for number in ["D0001", "D0002"] {
        place(&tenant, number, &workplace).await;
    }
    (tenant, workplace)
}

/// Says that an employee stands at a workplace, as of the day of their first placement.
async fn place(tenant: &Tenant, number: &str, workplace: &str) {
    let administrator = tenant.actor("administrator");
    let path = format!("/v1/employees/{}", employee(tenant, number).await);
    let etag = administrator.get(&path).await.header("etag").to_owned();
    let change = json!({ "workplace_id": workplace, "effective_on": "2020-04-01" });
    let placed = administrator.patch(&path, &etag, change).await;
    assert_eq!(placed.status, 200, "{}", placed.json());
}

async fn employee(tenant: &Tenant, number: &str) -> String {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    found[0]["id"].as_str().unwrap().to_owned()
}

fn settings() -> Value {
    json!({
        "labour_insurance_number": "１３１０１１２３４５６０００", "business_class": "39", "postal_code": "1050001", "address": "東京都港区虎ノ門0-0-0",
        "phone": "03-0000-0000", "institutions": [{ "name": "みなと健診クリニック", "address": "東京都港区0-0-0" }],
        "specific_work": { "night_work": 1 }, "physician": { "name": "山田 一郎", "institution": "みなと病院", "address": "東京都港区0-0-0" },
        "employer": { "title": "代表取締役", "name": "青山 太郎" }, "office": "三田労働基準監督署長"
    })
}

#[test]
fn r37_what_only_the_customer_knows_is_kept_per_workplace_and_stands_on_the_sheet() {
    run(async {
        let (tenant, workplace) = with_checkups().await;
        let hr = tenant.actor("hr");
        let path = format!("/v1/reports/form-6/settings/{workplace}");
        let empty = hr.get(&path).await;
        assert_eq!((empty.status, empty.header("etag")), (200, "\"0\""));
        let saved = hr.put(&path, "\"0\"", settings()).await;
        assert_eq!((saved.status, saved.header("etag")), (200, "\"1\""), "{}", saved.json());
        assert_eq!(saved.json()["labour_insurance_number"], "13-1-01-123456-000");
        let late = hr.put(&path, "\"0\"", settings()).await;
        assert_eq!((late.status, problem(&late).as_str()), (412, "stale"));
        let wrong = json!({ "labour_insurance_number": "12", "physician": { "name": "", "institution": "", "address": "x" }, "enrolled": { "workers": 5, "reason": "" } });
        let wrong = hr.put(&path, "\"1\"", wrong).await;
        let pointers: Vec<Value> =
            wrong.json()["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
        assert_eq!(wrong.status, 422);
        for pointer in ["/labour_insurance_number", "/physician/name", "/physician/institution", "/enrolled/reason"] {
            assert!(pointers.contains(&json!(pointer)), "{pointer} in {pointers:?}");
        }
        let report = hr.get(&format!("/v1/reports/form-6?{}", of_year(&workplace, 2026))).await.json();
        assert_eq!(report["missing"], json!([]), "{report}");
        assert_eq!(
            (&report["examined"], &report["enrolled"]["workers"], &report["examined_on"]),
            (&json!(2), &json!(2), &json!("2026-06-02")),
            "a checkup at hiring is none of the report"
        );
        assert_eq!(
            (&report["business"]["name"], &report["office"]),
            (&json!("情報サービス業"), &json!("三田労働基準監督署"))
        );
        assert_eq!((&report["with_findings"], &report["instructed"]), (&json!(1), &json!(1)));
        assert_eq!((&report["must_report"], &report["violations"]), (&json!(false), &json!([])));
        // As a file to copy from.
        let path = format!("/v1/reports/form-6?{}", of_year(&workplace, 2026));
        let file = hr.with("Accept", "text/csv").get(&path).await;
        let text = String::from_utf8(file.body.to_vec()).unwrap();
        assert!(text.starts_with('\u{feff}') && text.contains("\"労働保険番号\",\"13-1-01-123456-000\""), "{text}");
        assert!(text.contains("\"血圧\",\"2\",\"1\"") && text.contains("治療中の者を有所見者"), "{text}");
        let file = hr.get(&format!("{path}&encoding=shift_jis")).await;
        assert!(from_sjis(&file.body).contains("\"事業場の名称\",\"品川営業所\""));
    });
}

#[test]
fn r37_a_report_that_was_frozen_never_changes_and_a_new_one_is_a_revision() {
    run(async {
        let (tenant, workplace) = with_checkups().await;
        let hr = tenant.actor("hr");
        let body = json!({ "workplace_id": workplace, "from": "2026-04-01", "to": "2027-03-31", "report_number": 1, "submitted_on": "2026-08-20" });
        let frozen = hr.post("/v1/reports/form-6/frozen", body.clone()).await;
        assert_eq!(frozen.status, 201, "{}", frozen.json());
        let first = frozen.json();
        assert_eq!(
            (&first["revision"], &first["checkups"], &first["sheet"]["with_findings"]),
            (&json!(1), &json!(2), &json!(1))
        );
        assert_eq!(first["sheet"]["report_number"], 1);
        let path = frozen.header("location").to_owned();
        // Later a better value comes, and the rule changes.
        let later =
            "社員番号,受診日,健診種別,収縮期血圧,拡張期血圧,HbA1c\r\nD0001,2026-06-01,定期健康診断,170,110,5.4\r\n";
        assert_eq!(import(&tenant.actor("nurse"), "checkups", later.as_bytes(), json!({})).await["state"], "applied");
        let changed = hr.put("/v1/reports/form-6/rule", "\"0\"", json!({ "finding_rule": "b_or_worse" })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        assert_eq!(hr.get(&path).await.json(), first);
        let live = hr.get(&format!("/v1/reports/form-6?{}", of_year(&workplace, 2026))).await.json();
        assert_eq!(live["with_findings"], 2);
        let second = hr.post("/v1/reports/form-6/frozen", body.clone()).await.json();
        assert_eq!((&second["revision"], &second["sheet"]["with_findings"]), (&json!(2), &json!(2)));
        let listed = hr.all(&format!("/v1/reports/form-6/frozen?workplace_id={workplace}")).await;
        let revisions: Vec<&Value> = listed.iter().map(|report| &report["revision"]).collect();
        assert_eq!(revisions, [&json!(2), &json!(1)], "the newest first");
        // On paper as it was frozen, each time in the same bytes.
        let pdf = hr.with("accept", "application/pdf").get(&format!("{path}/pdf")).await;
        assert_eq!((pdf.status, pdf.header("content-type")), (200, "application/pdf"));
        let text = pdf_text(&pdf.body);
        assert!(text.contains("定期健康診断結果報告書\n") && text.contains("品川営業所\n"), "{text}");
        assert!(
            text.contains("第1版　") && text.contains("（報告1回目）") && text.contains("令和8年8月20日\n"),
            "{text}"
        );
        assert!(text.contains("所見のあった者の人数\n1 人\n"), "as it was, not as it would be now: {text}");
        assert_eq!(hr.get(&format!("{path}/pdf")).await.body, pdf.body);
        for (role, status) in [("manager", 403), ("administrator", 403), ("nurse", 200)] {
            assert_eq!(tenant.actor(role).get(&format!("{path}/pdf")).await.status, status, "{role}");
        }
        let never = format!("/v1/reports/form-6/frozen/rep_{}/pdf", "0".repeat(32));
        assert_eq!(hr.get(&never).await.status, 404);
        // Numbers that contradict each other are not frozen.
        let settings = format!("/v1/reports/form-6/settings/{workplace}");
        let few = json!({ "enrolled": { "workers": 1, "reason": "出向者を除く" } });
        assert_eq!(hr.put(&settings, "\"0\"", few).await.status, 200);
        let refused = hr.post("/v1/reports/form-6/frozen", body).await;
        assert_eq!((refused.status, refused.json()["errors"][0]["code"].clone()), (409, json!("figures_contradict")));
        let live = hr.get(&format!("/v1/reports/form-6?{}", of_year(&workplace, 2026))).await.json();
        assert_eq!(live["violations"][0]["code"], "examined_above_enrolled");
    });
}

#[test]
fn r02_r21_who_reads_a_report_who_sees_the_people_behind_it_and_what_the_trail_says() {
    run(async {
        let (tenant, workplace) = with_checkups().await;
        let (of, body) =
            (of_year(&workplace, 2026), json!({ "workplace_id": workplace, "from": "2026-04-01", "to": "2027-03-31" }));
        for (role, reads, freezes, people) in [
            ("hr", 200, 201, 403),
            ("health_officer", 200, 201, 200),
            ("physician", 200, 403, 200),
            ("nurse", 200, 403, 200),
            ("manager", 403, 403, 403),
            ("stress_implementer", 403, 403, 403),
            ("administrator", 403, 403, 403),
        ] {
            let actor = tenant.actor(role);
            let figures = actor.get(&format!("/v1/reports/form-6?{of}")).await.status;
            let frozen = actor.post("/v1/reports/form-6/frozen", body.clone()).await.status;
            let persons = actor.get(&format!("/v1/reports/form-6/persons?{of}&figure=examined")).await.status;
            assert_eq!((figures, frozen, persons), (reads, freezes, people), "{role}");
        }
        // By the clinic's word alone nobody is shown to whoever does not see that word.
        let nurse = tenant.actor("nurse");
        let findings = nurse.all(&format!("/v1/reports/form-6/persons?{of}&figure=with_findings")).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0]["findings"], json!(["blood_pressure", "glucose"]));
        let id = findings[0]["employee_id"].as_str().unwrap();
        let trail = tenant.actor("administrator").all(&format!("/v1/audit-events?subject={id}&action=report")).await;
        assert_eq!((&trail[0]["action"], &trail[0]["permission"]), (&json!("report.persons"), &json!("checkups.view")));
        let trail = tenant.actor("administrator").all(&format!("/v1/audit-events?subject={workplace}")).await;
        let figures = trail.iter().find(|event| event["action"] == "report.figures").unwrap();
        assert_eq!((&figures["reason"], &figures["subjects"]), (&json!("people:2"), &json!([workplace])));
        // Whoever reaches another workplace reaches nothing here.
        let other =
            tenant.actor("administrator").post("/v1/workplaces", json!({ "code": "R02", "name": "横浜営業所" })).await;
        let scope = json!({ "kind": "parts", "workplaces": [other.json()["id"]] });
        tenant.grant("health_officer", json!([{ "role": "health_officer", "scope": scope }])).await;
        let officer = tenant.actor("health_officer");
        let never = of_year(&format!("wpl_{}", "0".repeat(32)), 2026);
        for path in ["/v1/reports/form-6?".to_owned(), "/v1/reports/form-6/persons?figure=examined&".to_owned()] {
            let (outside, unknown) =
                (officer.get(&format!("{path}{of}")).await, officer.get(&format!("{path}{never}")).await);
            assert_eq!((outside.status, &outside.body), (404, &unknown.body), "{path}");
        }
        assert!(officer.all("/v1/reports/form-6/frozen").await.is_empty());
        for wrong in ["figure=height", "figure=examined&limit=0", "figure=examined&x=1"] {
            assert_eq!(nurse.get(&format!("/v1/reports/form-6/persons?{of}&{wrong}")).await.status, 400, "{wrong}");
        }
        let long = format!("/v1/reports/form-6?workplace_id={workplace}&from=2026-04-01&to=2027-04-02");
        assert_eq!(nurse.get(&long).await.status, 400);
    });
}

#[test]
fn r37_where_somebody_stood_on_the_day_of_the_checkup_decides_who_reports_them() {
    run(async {
        let (tenant, workplace) = with_checkups().await;
        let made =
            tenant.actor("administrator").post("/v1/workplaces", json!({ "code": "R03", "name": "千葉営業所" })).await;
        let other = made.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/employees/{}", employee(&tenant, "D0001").await);
        let administrator = tenant.actor("administrator");
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let change = json!({ "workplace_id": other, "effective_on": "2026-06-02" });
        assert_eq!(administrator.patch(&path, &etag, change).await.status, 200);
        let hr = tenant.actor("hr");
        let examined = async |workplace: &str| {
            hr.get(&format!("/v1/reports/form-6?{}", of_year(workplace, 2026))).await.json()["examined"].clone()
        };
        assert_eq!(
            (examined(&workplace).await, examined(&other).await),
            (json!(2), json!(0)),
            "they were examined the day before"
        );
    });
}
