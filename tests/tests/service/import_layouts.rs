//! How clinics write their files is suggested, confirmed once and used again.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tests::imports::{faults, import, sjis};
use tests::workbook::{Cell, workbook, zipped};
use tests::{Actor, World, eventually, problem, run};

const LAYOUTS: &str = "/v1/tenant/import-layouts/checkups";

/// What a clinic delivers: titles, tabs, its own names, units and words, eras, two values to a cell.
const FILE: [&str; 6] = [
    "健診結果一覧\t2026年度,本社\t\t\t\t\t\t\t\t\t\t\t",
    "",
    "No.\t検査実施日\t種別\tWBC(×10^3/μL)\tRBC\t血圧\t視力（右）\tCRP\t尿P\tGLU\t肝の評価\t\t",
    "（職員）\t\t\t\t\t\t\t\t\t\t\t\t",
    "D0001\tR8.6.1\t定期\t5.6\t4.50\t１４２／９０\t0.7(1.2)\t5未満\t検出せず\t5.5\t３\t\t",
    "D0002\t令和8年6月2日(火)\t定期\t6.0\t478\t118/76\t1.0\t<0.10\t1+\t6.1 H\t治\t\t",
];

fn file() -> Vec<u8> {
    sjis(&FILE)
}

/// What a person makes of the suggestion for it.
fn layout() -> Value {
    let plain = |header: &str, means: &str| json!({ "header": header, "means": means });
    json!({
        "header_row": 3,
        "data_row": 5,
        "columns": [
            plain("No.", "社員番号"),
            plain("検査実施日", "受診日"),
            plain("種別", "健診種別"),
            { "header": "WBC(×10^3/μL)", "means": "白血球数", "unit": { "name": "×10^3/μL", "factor": "1000" } },
            plain("RBC", "赤血球数"),
            plain("血圧", "血圧"),
            plain("視力（右）", "視力(裸眼・右)"),
            plain("CRP", "CRP"),
            { "header": "尿P", "means": "尿蛋白", "words": { "検出せず": "(-)" } },
            { "header": "GLU", "means": "空腹時血糖", "unit": { "name": "mmol/L", "factor": "18.0182" } },
            plain("肝の評価", "AST判定"),
        ],
        "grades": { "3": "C", "治": "E" },
    })
}

/// The path of a layout, as a client sends it.
fn path(name: &str) -> String {
    let escaped = name.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    });
    format!("{LAYOUTS}/{escaped}")
}

async fn set(actor: &Actor, name: &str, layout: Value) -> Value {
    let answer = actor.call("PUT", &path(name), &[], Some(layout)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

/// A preview with its conversions in the order of their columns.
fn sorted(preview: &Value) -> Value {
    let mut sorted = preview.clone();
    let conversions = sorted["conversions"].as_array_mut().unwrap_or_else(|| panic!("{preview}"));
    conversions.sort_by_key(|it| it["column"].to_string());
    sorted
}

/// The results of the only checkup of an employee, by item.
async fn results(nurse: &Actor, number: &str) -> Vec<(String, Value, Value)> {
    let found = nurse.all(&format!("/v1/employees?employee_number={number}")).await;
    let id = found[0]["id"].as_str().unwrap();
    let checkups = nurse.get(&format!("/v1/employees/{id}/checkups?fiscal_year=2026")).await.json();
    let results = checkups["items"][0]["results"].as_array().unwrap_or_else(|| panic!("{checkups}")).clone();
    results.iter().map(|it| (it["item"].as_str().unwrap().to_owned(), it["value"].clone(), it["raw"].clone())).collect()
}

#[test]
fn r34_a_clinics_file_is_read_by_the_layout_whose_headers_it_has() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let refused = import(&nurse, "checkups", &file(), json!({})).await;
        assert_eq!(refused["state"], "rejected", "our own names are not its names: {refused}");
        set(&nurse, "みなと健診クリニック", layout()).await;

        let checked = import(&nurse, "checkups", &file(), json!({ "dry_run": true })).await;
        assert_eq!(checked["state"], "checked", "{checked}");
        assert_eq!(checked["layout"], json!({ "name": "みなと健診クリニック", "version": 1 }));
        let told: Vec<_> = faults(&nurse, &checked)
            .await
            .into_iter()
            .map(|line| (line[0].clone(), line[1].clone(), line[4].clone()))
            .collect();
        let converted = |row: &str, column: &str| (row.to_owned(), column.to_owned(), "unit_converted".to_owned());
        assert_eq!(
            told,
            [
                converted("5", "WBC(×10^3/μL)"),
                converted("5", "RBC"),
                converted("5", "GLU"),
                converted("6", "WBC(×10^3/μL)"),
                converted("6", "GLU"),
            ],
            "conversions are shown before anything is applied"
        );

        let foreseen = json!({
            "new": 2, "changed": 0, "unchanged": 0, "letters": [],
            "conversions": [
                { "column": "RBC", "rows": 1 }, { "column": "WBC(×10^3/μL)", "rows": 2 }, { "column": "GLU", "rows": 2 },
            ],
        });
        assert_eq!(sorted(&checked["preview"]), sorted(&foreseen));

        // What was checked is applied as it was checked, whatever has become of its layout.
        let current = nurse.get(&path("みなと健診クリニック")).await;
        let etag = current.header("etag").to_owned();
        assert_eq!(nurse.delete(&path("みなと健診クリニック"), &etag).await.status, 204);
        let used = format!("{}?version={}", path("みなと健診クリニック"), checked["layout"]["version"]);
        assert_eq!(nurse.get(&used).await.json()["layout"], current.json()["layout"]);
        set(&nurse, "別院", layout()).await;
        let done = import(&nurse, "checkups", &file(), json!({ "options": { "layout": "別院" } })).await;
        assert_eq!((done["state"].as_str(), done["rows"]["applied"].as_u64()), (Some("applied"), Some(2)), "{done}");
        let results = results(&nurse, "D0001").await;
        let value = |item: &str| {
            let found = results.iter().find(|(of, ..)| of == item);
            found.map_or((Value::Null, Value::Null), |(_, value, raw)| (value.clone(), raw.clone()))
        };
        assert_eq!(value("rbc"), (json!(450), json!("4.50")));
        assert_eq!([value("sbp").0, value("dbp").0], [json!(142), json!(90)]);
        assert_eq!([value("vis_r").0, value("visc_r").0], [json!(0.70), json!(1.20)]);
        assert_eq!(value("fpg"), (json!(99), json!("5.5 [GLU]")));
        assert_eq!(value("u_pro"), (json!("(-)"), json!("検出せず")), "their own word stays");
    });
}

#[test]
fn r34_a_dropped_file_finds_its_layout_by_itself() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        set(&nurse, "みなと健診クリニック", layout()).await;
        tenant.drop_file("checkups", "結果.txt", file()).await.unwrap();
        let done = eventually("the file is applied", async || {
            let imports = nurse.all("/v1/imports").await;
            imports.into_iter().find(|import| import["state"] == "applied")
        })
        .await;
        assert_eq!(done["layout"]["name"], "みなと健診クリニック", "{done}");
    });
}

#[test]
fn r34_a_layout_is_suggested_with_confidences_and_kept_by_its_version() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let body = json!({ "header": cells(FILE[2]), "samples": [cells(FILE[4]), cells(FILE[5])] });
        let answer = nurse.post(&format!("{LAYOUTS}/suggestions"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let suggested = answer.json();
        let of = |at: usize| {
            let column = &suggested["columns"][at];
            (column["column"]["means"].clone(), column["confidence"].clone(), column["reason"].clone())
        };
        assert_eq!(of(3), (json!("白血球数"), json!(90), json!("longest_prefix")));
        assert_eq!(suggested["columns"][3]["column"]["unit"], json!({ "name": "×10^3/μL", "factor": "1000" }));
        assert_eq!(of(5), (json!("血圧"), json!(100), json!("exact_name")));
        assert_eq!(of(10).0, Value::Null);
        assert_eq!(nurse.get(LAYOUTS).await.json()["items"], json!([]), "a suggestion keeps nothing");

        let made = set(&nurse, "甲", layout()).await;
        assert_eq!(
            (made["version"].as_u64(), &made["layout"]["columns"][9]["unit"]["factor"]),
            (Some(1), &json!("18.0182"))
        );
        let again = nurse.call("PUT", &path("甲"), &[], Some(layout())).await;
        assert_eq!(again.status, 412, "it is there already");
        let changed = nurse
            .put(&path("甲"), "\"1\"", json!({ "header_row": 1, "data_row": 2, "columns": [{ "header": "x" }] }))
            .await;
        assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{}", changed.json());
        assert_eq!(nurse.put(&path("甲"), "\"1\"", layout()).await.status, 412);
        assert_eq!(nurse.delete(&path("甲"), "\"1\"").await.status, 412);
        assert_eq!(nurse.delete(&path("甲"), "\"2\"").await.status, 204);
        assert_eq!(nurse.get(&path("甲")).await.status, 404);
        // What an import was read by can be read whatever has become of it, and numbers are not used twice.
        let first = nurse.get(&format!("{}?version=1", path("甲"))).await;
        assert_eq!((first.status, &first.json()), (200, &made));
        assert_eq!(nurse.get(&format!("{}?version=3", path("甲"))).await.status, 404);
        assert_eq!(set(&nurse, "甲", layout()).await["version"], 3);
        let versions = nurse.get(&format!("{}/versions", path("甲"))).await.json();
        let numbers: Vec<_> = versions["items"].as_array().unwrap().iter().map(|it| it["version"].clone()).collect();
        assert_eq!(numbers, [3, 2, 1]);
        assert_eq!(nurse.get(&format!("{}/versions", path("丙"))).await.status, 404);

        let wrong = json!({ "header_row": 9, "data_row": 3, "columns": [{ "header": "a", "means": "星座" }] });
        let wrong = nurse.call("PUT", &path("乙"), &[], Some(wrong)).await;
        let pointers: Vec<_> =
            wrong.json()["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
        assert_eq!((wrong.status, pointers), (422, vec![json!("/data_row"), json!("/columns/0/means")]));
        let unknown = json!({ "kind": "checkups", "file_name": "x.csv", "options": { "layout": "乙" } });
        let unknown = nurse.post("/v1/imports", unknown).await;
        assert_eq!((unknown.status, unknown.json()["errors"][0]["code"].clone()), (422, json!("unknown_layout")));
    });
}

#[test]
fn r02_layouts_are_for_those_who_import_their_kind_and_kept_by_those_who_import_it_for_everybody() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (nurse, administrator) = (tenant.actor("nurse"), tenant.actor("administrator"));
        set(&nurse, "甲", layout()).await;
        assert_eq!(administrator.get(LAYOUTS).await.status, 403, "no checkups for administrators");
        assert_eq!(tenant.actor("employee").get(LAYOUTS).await.status, 403);
        assert_eq!(nurse.get("/v1/tenant/import-layouts/departments").await.status, 403);
        assert_eq!(nurse.get("/v1/tenant/import-layouts/horoscopes").await.status, 404);
        let other = World::shared().await.tenant(1).actor("nurse");
        for theirs in [path("甲"), format!("{}?version=1", path("甲")), format!("{}/versions", path("甲"))] {
            assert_eq!(other.get(&theirs).await.status, 404, "another company's are not there");
        }

        let workplaces = administrator.all("/v1/workplaces").await;
        let tokyo = workplaces.iter().find(|workplace| workplace["code"] == "W01").unwrap()["id"].clone();
        tenant.grant("nurse", json!([{ "role": "nurse", "scope": { "kind": "parts", "workplaces": [tokyo] } }])).await;
        let nurse = tenant.actor("nurse");
        assert_eq!(nurse.get(&path("甲")).await.status, 200, "a part of the company reads by it");
        let put = nurse.put(&path("甲"), "\"1\"", layout()).await;
        assert_eq!((put.status, problem(&put).as_str()), (403, "forbidden"), "and does not say how others are read");
    });
}

/// The same as a workbook: a cover, then the results below a title.
fn results_workbook() -> Vec<u8> {
    use Cell::{Blank, Day, Number, Text};
    let header = [
        Text("No."),
        Text("検査実施日"),
        Text("種別"),
        Text("WBC(×10^3/μL)"),
        Text("RBC"),
        Text("血圧"),
        Text("視力（右）"),
        Text("CRP"),
        Text("尿P"),
        Text("GLU"),
        Text("肝の評価"),
    ];
    let row = [
        Text("D0001"),
        Day("46174"),
        Text("定期"),
        Number("4.7000000000000002"),
        Number("450"),
        Text("142/90"),
        Text("0.7(1.2)"),
        Number("0.10000000000000001"),
        Text("検出せず"),
        Number("6.0999999999999996"),
        Number("3"),
    ];
    workbook(&[
        ("表紙", &[&[Text("みなと健診クリニック")]]),
        ("結果", &[&[Text("健診結果一覧")], &[Blank], &header, &[Text("（職員）")], &row]),
    ])
}

#[test]
fn r34_a_workbook_is_read_like_the_file_that_a_spreadsheet_saves() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let refused = import(&nurse, "checkups", &results_workbook(), json!({})).await;
        assert_eq!(faults(&nurse, &refused).await[0][4], "missing_header", "the cover is the first sheet: {refused}");
        let mut on_its_sheet = layout();
        on_its_sheet["sheet"] = json!("結果");
        set(&nurse, "みなと健診クリニック", on_its_sheet).await;
        let done = import(&nurse, "checkups", &results_workbook(), json!({})).await;
        assert_eq!((done["state"].as_str(), done["rows"]["applied"].as_u64()), (Some("applied"), Some(1)), "{done}");
        assert_eq!(done["layout"]["name"], "みなと健診クリニック", "its sheet is looked at as well");
        let results = results(&nurse, "D0001").await;
        let of =
            |item: &str| results.iter().find(|(of, ..)| of == item).map(|(_, value, raw)| (value.clone(), raw.clone()));
        assert_eq!(of("rbc"), Some((json!(450), Value::Null)));
        assert_eq!(of("fpg"), Some((json!(110), json!("6.1 [GLU]"))), "without the noise of binary numbers");
        assert_eq!(of("dbp").map(|it| it.0), Some(json!(90)));
        let again = import(&nurse, "checkups", &results_workbook(), json!({})).await;
        assert_eq!(again["rows"]["unchanged"].as_u64(), Some(1), "the same day and the same numbers: {again}");
    });
}

#[test]
fn r34_a_workbook_that_cannot_be_read_says_why() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let part = |name: &str| (name.to_owned(), String::new());
        let compound = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (file, code) in [
            (zipped(&[part("結果.csv")]), "workbook_unreadable"),
            (zipped(&[part("xl/workbook.xml"), part("xl/vbaProject.bin")]), "workbook_has_macros"),
            (compound.to_vec(), "workbook_too_old"),
            ([compound.as_slice(), &encrypted].concat(), "workbook_encrypted"),
            (workbook(&[("空", &[])]), "empty_file"),
        ] {
            let rejected = import(&nurse, "checkups", &file, json!({})).await;
            assert_eq!(rejected["state"], "rejected", "{code}: {rejected}");
            let told = faults(&nurse, &rejected).await;
            assert_eq!(told[0][4], code, "{told:?}");
        }
    });
}

#[test]
fn r34_a_dry_run_tells_what_would_change_and_letters_to_those_who_may_see_them() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let header = "社員番号,受診日,健診種別,AST";
        let before = ["D0001,2025-06-01,定期,20", "D0001,2026-06-01,定期,20", "D0002,2026-06-01,定期,25"];
        let done = import(&nurse, "checkups", &sjis(&[&[header], before.as_slice()].concat()), json!({})).await;
        assert_eq!(done["rows"]["applied"], 3, "{done}");
        let file = sjis(&[header, "D0001,2026-06-01,定期,80", "D0002,2026-06-01,定期,25", "D0003,2026-06-01,定期,30"]);
        let checked = import(&nurse, "checkups", &file, json!({ "dry_run": true })).await;
        let preview = &checked["preview"];
        assert_eq!(
            [&preview["new"], &preview["changed"], &preview["unchanged"]],
            [1, 1, 1].map(|n| json!(n)).each_ref(),
            "{checked}"
        );
        let letters = preview["letters"].as_array().unwrap();
        assert_eq!(letters.len(), 2, "the other two stay as they are: {checked}");
        assert!(letters.iter().all(|it| it["from"] == "A" && it["to"] == "D" && it["checkups"] == 1), "{checked}");
        // Who imports without seeing values is not told one person's letter either.
        let hr = tenant.actor("hr");
        let seen = hr.get(&format!("/v1/imports/{}", checked["id"].as_str().unwrap())).await.json();
        assert_eq!((&seen["preview"]["new"], seen["preview"].get("letters")), (&json!(1), None), "{seen}");
    });
}
