//! Rows that say whom they are about in another way than by number, and rows that do not say it clearly (R-34, domain.md 9.5).

use serde_json::{Value, json};
use tests::imports::{faults, import, sjis};
use tests::{Actor, World, eventually, problem, run};

const HEADER: &str = "社員番号,氏名,氏名カナ,生年月日,性別,受診日,健診種別,AST";

async fn id_of(nurse: &Actor, number: &str) -> String {
    let found = nurse.all(&format!("/v1/employees?employee_number={number}")).await;
    found[0]["id"].as_str().unwrap().to_owned()
}

/// The AST of an employee's checkup of this year; null without one.
async fn ast(nurse: &Actor, employee: &str) -> Value {
    let checkups = nurse.get(&format!("/v1/employees/{employee}/checkups?fiscal_year=2026")).await.json();
    let results = checkups["items"][0]["results"].as_array().cloned().unwrap_or_default();
    results.iter().find(|it| it["item"] == "ast").map_or(Value::Null, |it| it["value"].clone())
}

#[test]
fn r34_a_row_without_a_number_is_found_or_waits_until_somebody_says_whose_it_is() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let file = sjis(&[
            HEADER,
            ",,ｱｵﾔﾏ ﾐﾅﾐ,S63.6.12,女,2026-06-01,定期,20",
            ",,ウンノ ダイスケ,1979-11-04,男,2026-06-01,定期,21",
            "0003,桐谷　さやか,,,,2026-06-01,定期,22",
        ]);
        let queue = json!({ "options": { "unmatched": "queue" } });
        let done = import(&nurse, "checkups", &file, queue.clone()).await;
        let counts = ["read", "applied", "waiting", "rejected"].map(|count| done["rows"][count].as_u64().unwrap());
        assert_eq!((done["state"].as_str(), counts), (Some("applied"), [3, 1, 2, 0]), "{done}");
        let told: Vec<_> =
            faults(&nurse, &done).await.into_iter().map(|line| (line[0].clone(), line[4].clone())).collect();
        assert_eq!(told, ["3", "4"].map(|row| (row.to_owned(), "waits_for_matching".to_owned())));
        let (minami, daisuke, sayaka) =
            (id_of(&nurse, "D0001").await, id_of(&nurse, "D0002").await, id_of(&nurse, "D0003").await);
        assert_eq!(ast(&nurse, &minami).await, json!(20), "kana, birth date and sex are hers alone");

        let path = format!("/v1/imports/{}/discrepancies", done["id"].as_str().unwrap());
        let waiting = nurse.get(&path).await.json()["items"].clone();
        let of = |row: usize| {
            let it = &waiting[row];
            (it["row"].clone(), it["cause"].clone(), it["state"].clone(), it["candidates"].clone())
        };
        let candidate = |id: &str, reasons: &[&str]| json!([{ "employee_id": id, "reasons": reasons }]);
        assert_eq!(of(0), (json!(3), json!("fits_nobody"), json!("open"), candidate(&daisuke, &["kana"])));
        assert_eq!(of(1), (json!(4), json!("unknown_number"), json!("open"), candidate(&sayaka, &["digits", "name"])));
        assert_eq!((&waiting[0]["birth_date"], &waiting[1]["name"]), (&json!("1979-11-04"), &json!("桐谷　さやか")));
        assert_eq!(nurse.get("/v1/import-discrepancies?state=open").await.json()["items"], waiting);
        for list in [path.as_str(), "/v1/import-discrepancies"] {
            assert_eq!(json!(nurse.all(&format!("{list}?limit=1")).await), waiting, "{list}, page by page");
        }

        let resolve = async |at: usize, body: Value| {
            nurse.post(&format!("{path}/{}/resolve", waiting[at]["id"].as_str().unwrap()), body).await
        };
        let state = async |at: usize| nurse.get(&path).await.json()["items"][at].clone();
        // Another birth date is another person, whatever somebody says.
        assert_eq!(resolve(0, json!({ "employee_id": daisuke })).await.status, 202);
        let refused = eventually("the row is refused", async || {
            let row = state(0).await;
            (row["state"] == "open").then_some(row)
        })
        .await;
        assert_eq!(refused["refused"], "birth_date_contradicts", "{refused}");
        assert_eq!(ast(&nurse, &daisuke).await, Value::Null);
        // A number that a spreadsheet has damaged is somebody's all the same, once.
        assert_eq!(resolve(1, json!({ "employee_id": sayaka })).await.status, 202);
        eventually("the row is applied", async || (state(1).await["state"] == "resolved").then_some(())).await;
        assert_eq!(ast(&nurse, &sayaka).await, json!(22));
        let again = resolve(1, json!({ "employee_id": minami })).await;
        assert_eq!((again.status, problem(&again).as_str()), (409, "conflict"));
        assert_eq!(resolve(0, json!({ "dismiss": true })).await.status, 422, "a reason is asked for");
        assert_eq!(resolve(0, json!({ "dismiss": true, "reason": "他社の方の結果" })).await.status, 202);
        assert_eq!(nurse.get("/v1/import-discrepancies").await.json()["items"], json!([]));

        let administrator = tenant.actor("administrator");
        assert_eq!(administrator.get(&path).await.status, 404, "no checkups for administrators");
        assert_eq!(administrator.get("/v1/import-discrepancies").await.json()["items"], json!([]));
    });
}

#[test]
fn r34_an_unknown_number_is_an_error_where_nobody_asked_to_queue_it() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let file = sjis(&[HEADER, "0003,桐谷　さやか,,,,2026-06-01,定期,22"]);
        let rejected = import(&nurse, "checkups", &file, json!({})).await;
        assert_eq!(rejected["state"], "rejected");
        assert_eq!(faults(&nurse, &rejected).await[0][4], "unknown_employee");
        let checked =
            import(&nurse, "checkups", &file, json!({ "dry_run": true, "options": { "unmatched": "queue" } })).await;
        assert_eq!((checked["state"].as_str(), checked["rows"]["waiting"].as_u64()), (Some("checked"), Some(1)));
        assert_eq!(nurse.get("/v1/import-discrepancies").await.json()["items"], json!([]), "a dry run keeps nothing");
    });
}
