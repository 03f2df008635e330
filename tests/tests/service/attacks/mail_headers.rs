//! 8 メールヘッダ・インジェクション. Who gets a mail is looked up, what it is about is fixed; what was typed stands in the text at most.

use std::collections::BTreeSet;

use authz::Role;
use serde_json::json;
use tests::run;

use super::stage::{Stage, harmless};

const PAYLOADS: [&str; 6] = [
    "a@example.jp\r\nBcc: all@evil.example",
    "a@example.jp%0ABcc:all@evil.example",
    "a@example.jp, all@evil.example",
    "\"x\" <all@evil.example>",
    "a@example.jp\nSubject: evil.example",
    "a@example.jp;all@evil.example",
];

#[test]
fn r27_no_opening_and_no_cell_reaches_a_mails_header() {
    run(async {
        let stage = Stage::of(8).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
        let subjects: BTreeSet<_> =
            stage.world().mails().await.iter().map(|mail| mail["subject"].to_string()).collect();
        for mail in stage.world().mails().await {
            let to = mail["to"].to_string();
            assert!(!to.contains("evil.example"), "{mail}");
        }
        for subject in subjects {
            assert!(!subject.contains("\\n") && !subject.contains("\\r") && !subject.contains("evil"), "{subject}");
        }
    });
}

#[test]
fn r27_an_address_is_one_address() {
    run(async {
        let stage = Stage::of(8).await;
        let administrator = stage.somebody(Role::Administrator);
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let body = json!({ "login_id": format!("hdr{number}@example.jp"), "name": "見出 守", "mail": payload });
            let answer = administrator.post("/v1/accounts", body).await;
            harmless("an address", &answer, payload);
            assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/mail")), "{payload:?}");
        }
    });
}
