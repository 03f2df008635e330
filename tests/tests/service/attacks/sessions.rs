//! 4 セッション管理の不備. A token is taken from the `Authorization` header alone, and from nobody who made it themselves.

use std::collections::BTreeSet;

use authz::Role;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::run;

use super::stage::{Request, Stage, encoded, harmless};
use crate::operations::contract;

const PAYLOADS: [&str; 4] = [
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "sid=00000000-0000-0000-0000-000000000000",
    "Bearer null; admin=true",
    "__Host-session=forged",
];

#[test]
fn r27_no_opening_and_no_cell_takes_a_session() {
    run(async {
        let stage = Stage::of(4).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_a_good_token_anywhere_but_in_the_header_is_none() {
    run(async {
        let stage = Stage::of(4).await;
        for operation in contract().iter().filter(|operation| operation.row.is_some()) {
            let token = stage.callers(operation)[0].token().await.unwrap();
            let request = Request::of(operation);
            let in_address = Request { path: format!("{}?access_token={token}", request.path), ..request };
            let bearer = format!("Bearer {token}");
            let requests = [
                in_address,
                Request::of(operation).with("Cookie", &format!("access_token={token}; __Host-session={token}")),
                Request::of(operation).with("X-Authorization", &bearer),
                Request::of(operation).with("Authorization", &format!("Basic {token}")),
                Request::of(operation).with("Authorization", &token),
            ];
            for request in requests {
                let answer = request.send(&stage.stranger).await;
                harmless(&operation.id, &answer, &token);
                assert_eq!(answer.status, 401, "{} at {}", operation.id, request.path);
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{}", operation.id);
            }
        }
    });
}

#[test]
fn r27_a_token_that_was_touched_is_none() {
    run(async {
        let stage = Stage::of(4).await;
        let token = stage.somebody(Role::Employee).token().await.unwrap();
        let administrator = stage.somebody(Role::Administrator).token().await.unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, signature] = parts.as_slice() else { panic!("a token has three parts") };
        let part = |text: &str| serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        let written = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let with = |text: &str, name: &str, value: Value| {
            let mut changed = part(text);
            changed[name] = value;
            written(&changed)
        };
        let theirs = administrator.split('.').nth(1).unwrap();
        let forged = [
            format!("{}.{claims}.", with(head, "alg", json!("none"))),
            format!("{}.{claims}.{signature}", with(head, "alg", json!("HS256"))),
            format!("{}.{claims}.{signature}", with(head, "kid", json!("../../etc/passwd"))),
            format!("{}.{claims}.{signature}", with(head, "kid", json!("' OR '1'='1"))),
            format!("{}.{claims}.{signature}", with(head, "jku", json!("https://evil.example/jwks.json"))),
            format!("{head}.{theirs}.{signature}"),
            format!("{head}.{}.{signature}", with(claims, "exp", json!(u32::MAX))),
            format!("{head}.{claims}.{}", BASE64_URL_SAFE_NO_PAD.encode([0; 64])),
            format!("{head}.{claims}"),
            format!("{token}.{signature}"),
            format!("{head}..{signature}"),
            "a.b.c".to_owned(),
            "A".repeat(9_000),
            String::new(),
        ];
        for token in forged {
            let answer = stage.stranger.with_token(&token).get("/v1/me").await;
            harmless("a forged token", &answer, "");
            assert_eq!(answer.status, 401, "{}", &token[..token.len().min(200)]);
        }
    });
}

#[test]
fn r27_every_sign_in_makes_a_session_that_was_not_there_and_no_text_of_the_callers_names_it() {
    run(async {
        let stage = Stage::of(4).await;
        let employee = stage.somebody(Role::Employee);
        let mut seen = BTreeSet::new();
        for _ in 0..4 {
            let body = employee.sign_in_body(&employee.account().password);
            let fixed = stage.stranger.with("Cookie", "session=fixed").with("X-Session-Id", "fixed");
            let answer = fixed.post("/v1/sessions?session=fixed", body).await;
            let answer = if answer.status == 201 { answer } else { employee.sign_in().await };
            let signed = answer.json();
            for secret in ["access_token", "refresh_token"] {
                let secret = signed[secret].as_str().unwrap();
                tests::logs::plant([secret]);
                assert!(secret.len() >= 32 && !secret.contains("fixed") && seen.insert(secret.to_owned()));
            }
        }
    });
}

#[test]
fn r27_what_was_given_for_something_else_is_no_token() {
    run(async {
        let stage = Stage::of(4).await;
        let signed = stage.somebody(Role::Employee).sign_in().await.json();
        let refresh = signed["refresh_token"].as_str().unwrap();
        assert_eq!(stage.stranger.with_token(refresh).get("/v1/me").await.status, 401);
        let access = signed["access_token"].as_str().unwrap();
        let answer = stage.stranger.post("/v1/sessions/refresh", json!({ "refresh_token": access })).await;
        assert_eq!(answer.status, 401, "{}", answer.json());
        let path = format!("/v1/invitations/{}", encoded(access));
        let answer = stage.stranger.call("PUT", &path, &[], Some(json!({ "new_password": "Kore-wa-Dame-2026" }))).await;
        assert!(matches!(answer.status, 400 | 401 | 404 | 422), "{}", answer.json());
    });
}
