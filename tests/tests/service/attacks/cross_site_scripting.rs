//! 5 クロスサイト・スクリプティング. Answers are JSON that no browser takes for a page; mails are plain; files open in a spreadsheet and run nothing.

use authz::Role;
use serde_json::json;
use tests::imports::{csv_rows, import};
use tests::run;

use super::stage::{Stage, is_formula, line};

const PAYLOADS: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(document.domain)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "+ADw-script+AD4-alert(1)",
    "＜script＞alert(1)＜/script＞",
    "{{constructor.constructor('alert(1)')()}}",
    "\u{2028}</script\u{200b}><script>//",
];
/// What a spreadsheet would run.
const FORMULAS: [&str; 6] = [
    "=HYPERLINK(\"https://evil.example\")",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1+1+1",
    "=1+1\r\n=2+2",
];

#[test]
fn r27_no_opening_and_no_cell_becomes_a_page_or_a_formula() {
    run(async {
        let stage = Stage::of(5).await;
        let payloads: Vec<&str> = PAYLOADS.into_iter().chain(FORMULAS).collect();
        stage.attack(&payloads).await;
        stage.attack_imports(&payloads).await;
    });
}

#[test]
fn r27_what_was_imported_comes_back_as_it_was_and_in_a_file_as_text() {
    run(async {
        let stage = Stage::of(5).await;
        let administrator = stage.somebody(Role::Administrator);
        // Those of one line: a name has no line ends.
        let in_lines = |payload: &&str| payload.contains(char::is_control) || payload.contains('\u{2028}');
        let all = || PAYLOADS.into_iter().chain(FORMULAS).filter(|payload| !in_lines(payload));
        let mut file = "部署コード,部署名,上位部署コード\r\n".to_owned();
        for (number, payload) in all().enumerate() {
            file.push_str(&line(&[format!("ZZ{number:03}"), payload.to_owned(), String::new()]));
        }
        let imported = import(administrator, "departments", file.as_bytes(), json!({ "skip_bad_rows": true })).await;
        assert_eq!(imported["state"], "applied", "{imported}");
        let departments = administrator.all("/v1/departments").await;
        let kept = departments.iter().filter(|department| department["code"].as_str().unwrap().starts_with("ZZ"));
        let kept: Vec<_> = kept.map(|department| department["name"].as_str().unwrap()).collect();
        assert_eq!(kept, all().collect::<Vec<_>>());
        for (number, payload) in all().enumerate() {
            let body = json!({ "login_id": format!("x{number:03}@example.jp"), "name": payload, "initial_password": "Ishi-no-Ue-2026" });
            let made = administrator.post("/v1/accounts", body).await;
            assert!(matches!(made.status, 201 | 422), "{payload:?}: {}", made.json());
        }
        let answer = administrator.fresh().await.get("/v1/accounts/review").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\""));
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let rows = csv_rows(text.trim_start_matches('\u{feff}'));
        assert!(rows.len() > 12, "{}", rows.len());
        for cell in rows.into_iter().flatten() {
            assert!(!is_formula(&cell), "a spreadsheet would run {cell:?}");
        }
    });
}

#[test]
fn r27_the_one_page_runs_nothing_but_its_own_script() {
    run(async {
        let stage = Stage::of(5).await;
        for payload in PAYLOADS {
            let answer = stage.stranger.get(&format!("/v1/docs?q={}", super::stage::encoded(payload))).await;
            let page = String::from_utf8(answer.body.to_vec()).unwrap();
            assert!(!page.contains(payload), "{payload:?}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        }
    });
}

#[test]
fn r27_no_mail_holds_what_a_reader_would_run() {
    run(async {
        let stage = Stage::of(5).await;
        let administrator = stage.somebody(Role::Administrator);
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let mail = format!("xss{number}@example.jp");
            let body = json!({ "login_id": mail, "name": payload, "mail": mail });
            let made = administrator.post("/v1/accounts", body).await;
            assert!(matches!(made.status, 201 | 422), "{payload:?}: {}", made.json());
        }
        for mail in stage.world().mails().await {
            let said = mail.to_string();
            for run in ["<script", "onerror=", "onload=", "javascript:", "data:text"] {
                assert!(!said.contains(run), "{run} in {mail}");
            }
        }
    });
}
