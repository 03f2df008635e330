//! 6 CSRF. A browser adds nothing to a request by itself that this service would take for a permission; and what a page of somebody else's can send is refused.

use tests::run;

use super::stage::{Request, Stage, harmless};
use crate::operations::contract;

const PAYLOADS: [&str; 3] =
    ["https://evil.example/?csrf=1", "\"><form action=https://evil.example>", "{\"_method\":\"DELETE\"}"];

#[test]
fn r27_no_opening_and_no_cell_makes_a_request_of_its_own() {
    run(async {
        let stage = Stage::of(6).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_what_a_form_of_another_site_can_send_is_refused() {
    run(async {
        let stage = Stage::of(6).await;
        for operation in contract().iter().filter(|operation| operation.body.is_some()) {
            let callers = stage.callers(operation);
            for (turn, media) in
                ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
                    .iter()
                    .enumerate()
            {
                let request = Request::of(operation).with("Content-Type", media).with("Origin", "https://evil.example");
                let caller = callers[turn % callers.len()].fresh().await;
                let answer = request.send(&caller).await;
                harmless(&operation.id, &answer, "");
                assert!(matches!(answer.status, 404 | 415), "{} as {media:?}: {}", operation.id, answer.json());
            }
        }
    });
}

#[test]
fn r27_cookies_and_origins_open_nothing() {
    run(async {
        let stage = Stage::of(6).await;
        for operation in contract() {
            let token = stage.callers(&operation)[0].token().await;
            if let Some(token) = token {
                let request = Request::of(&operation).with("Cookie", &format!("token={token}; session={token}"));
                assert_eq!(request.send(&stage.stranger).await.status, 401, "{}", operation.id);
            }
            // A browser asks first whether another site's script may: no answer says so.
            let asked = Request { method: "OPTIONS".to_owned(), body: Vec::new(), ..Request::of(&operation) }
                .with("Origin", "https://evil.example")
                .with("Access-Control-Request-Method", &operation.method)
                .with("Access-Control-Request-Headers", "authorization");
            let answer = asked.send(&stage.stranger).await;
            harmless(&operation.id, &answer, "https://evil.example");
            assert!(matches!(answer.status, 404 | 405), "{}: {}", operation.id, answer.status);
        }
    });
}

#[test]
fn r27_no_header_makes_another_method_of_a_request() {
    run(async {
        let stage = Stage::of(6).await;
        let operations = contract();
        for operation in operations.iter().filter(|operation| operation.method == "DELETE") {
            let Some(read) = operations.iter().find(|other| other.path == operation.path && other.method == "GET")
            else {
                continue;
            };
            let caller = stage.callers(read)[0].fresh().await;
            for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
                let answer = Request::of(read).with(name, "DELETE").send(&caller).await;
                let plain = Request::of(read).send(&caller).await;
                assert_eq!(answer.status, plain.status, "{} with {name}", read.id);
            }
        }
        stage.all_is_well().await;
    });
}
