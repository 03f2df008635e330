//! 11 アクセス制御や認可制御の欠落. Beside the walks of the matrix and of other customers' things: doors that are tried from the side.

use authz::Role;
use authz::matrix::Cell;
use serde_json::json;
use tests::{problem, run};

use super::stage::{Request, Stage, harmless};
use crate::operations::contract;

#[test]
fn r27_no_opening_and_no_cell_reaches_another_customer() {
    run(async {
        let stage = Stage::of(11).await;
        let other = stage.world().another_tenant().await;
        let administrator = other.actor("administrator");
        let account = administrator.all("/v1/accounts").await[0]["id"].as_str().unwrap().to_owned();
        let department = administrator.all("/v1/departments").await;
        let department = department.first().map_or("dep_x".to_owned(), |it| it["id"].as_str().unwrap().to_owned());
        let before = trail(&administrator).await;
        let payloads = [account.as_str(), department.as_str(), other.code()];
        stage.attack(&payloads).await;
        stage.attack_imports(&payloads).await;
        assert_eq!(trail(&administrator).await, before, "nothing happened there");
    });
}

/// What was done in a customer's place, but for looking at just that, and signing in.
async fn trail(administrator: &tests::Actor) -> Vec<String> {
    let events = administrator.all("/v1/audit-events").await;
    let changed = events.iter().map(|event| event["action"].as_str().unwrap_or_default().to_owned());
    changed
        .filter(|action| !action.starts_with("sign_in") && !action.contains("session") && !action.contains("audit"))
        .collect()
}

#[test]
fn r27_every_operation_that_is_not_open_wants_a_token() {
    run(async {
        let stage = Stage::of(11).await;
        for operation in contract() {
            let answer = Request::of(&operation).send(&stage.stranger).await;
            harmless(&operation.id, &answer, "");
            if operation.row.is_some() {
                assert_eq!((answer.status, problem(&answer).as_str()), (401, "unauthenticated"), "{}", operation.id);
            } else {
                assert_ne!(problem_or_none(&answer), "unauthenticated", "{} is open", operation.id);
            }
        }
    });
}

fn problem_or_none(answer: &tests::Answer) -> String {
    if answer.header("content-type") == "application/problem+json" { problem(answer) } else { String::new() }
}

#[test]
fn r27_no_body_gives_what_nobody_asked_about() {
    run(async {
        let stage = Stage::of(11).await;
        for operation in contract().iter().filter(|operation| operation.body.is_some()) {
            let callers = stage.callers(operation);
            let claims = [
                ("tenant_id", json!(stage.tenant.id())),
                ("is_admin", json!(true)),
                ("permissions", json!(["*"])),
                ("version", json!(1)),
                ("__proto__", json!({ "role": "administrator" })),
            ];
            for (turn, (name, value)) in claims.iter().enumerate() {
                let mut body = operation.body.clone().unwrap();
                body[name] = value.clone();
                let request = Request { body: body.to_string().into_bytes(), ..Request::of(operation) };
                let answer = request.send(&callers[turn % callers.len()].fresh().await).await;
                assert!(matches!(answer.status, 400 | 404), "{} with {name}: {}", operation.id, answer.json());
            }
        }
    });
}

#[test]
fn r27_no_header_makes_somebody_else_of_the_caller() {
    run(async {
        let stage = Stage::of(11).await;
        let employee = stage.somebody(Role::Employee);
        for operation in contract() {
            let Some(row) = operation.row.filter(|row| row.cell(Role::Employee) == Cell::No) else { continue };
            let mut request = Request::of(&operation);
            for (name, value) in [
                ("X-Tenant-Id", stage.tenant.id()),
                ("X-User", "administrator"),
                ("X-Role", "administrator"),
                ("X-Amzn-Oidc-Identity", "administrator"),
                ("X-Forwarded-For", "127.0.0.1"),
                ("X-Original-URL", "/v1/me"),
                ("X-Rewrite-URL", "/v1/me"),
            ] {
                request = request.with(name, value);
            }
            let answer = request.send(employee).await;
            assert_eq!(
                (answer.status, problem(&answer).as_str()),
                (403, "forbidden"),
                "{} ({})",
                operation.id,
                row.permission.name()
            );
        }
    });
}

#[test]
fn r27_no_other_way_of_writing_a_path_leads_around_the_door() {
    run(async {
        let stage = Stage::of(11).await;
        for who in [&stage.stranger, stage.somebody(Role::Employee)] {
            for path in [
                "/v1/accounts/",
                "//v1/accounts",
                "/v1//accounts",
                "/V1/ACCOUNTS",
                "/v1/./accounts",
                "/v1/me/../accounts",
                "/v1/accounts;x=1",
                "/v1/accounts%2f",
                "/v1/accounts%00",
                "/v1/%61ccounts",
                "/v1/accounts?",
                "/v1/accounts#x",
                "/v1/accounts%3f",
                "/v1/accounts.json",
                "/v1/me%2f..%2faccounts",
                "/prod/v1/accounts",
                "/v1/accounts/review?x",
            ] {
                let answer = who.get(path).await;
                harmless(path, &answer, "");
                assert!(matches!(answer.status, 400 | 401 | 403 | 404), "{path}: {}", answer.status);
            }
        }
    });
}
