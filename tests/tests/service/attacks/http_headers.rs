//! 7 HTTPヘッダ・インジェクション. Whatever is sent, an answer has its own headers and no others.

use authz::Role;
use serde_json::json;
use tests::run;

use super::stage::{Request, Stage, encoded, harmless};
use crate::operations::contract;

const PAYLOADS: [&str; 6] = [
    "x\r\nX-Injected: 1",
    "x\nSet-Cookie: session=fixed",
    "x\r\n\r\n<script>alert(1)</script>",
    "%0d%0aX-Injected:%201",
    "x\u{560a}\u{560d}X-Injected: 1",
    "x\rLocation: https://evil.example",
];

#[test]
fn r27_no_opening_and_no_cell_splits_an_answer() {
    run(async {
        let stage = Stage::of(7).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_the_link_to_the_next_page_holds_the_query_as_it_was_sent() {
    run(async {
        let stage = Stage::of(7).await;
        let administrator = stage.somebody(Role::Administrator);
        for number in 0..3 {
            let name = format!("見出し{number}");
            assert_eq!(administrator.post("/v1/labels", json!({ "name": name })).await.status, 201);
        }
        for payload in PAYLOADS {
            for path in ["/v1/labels?limit=1&", "/v1/accounts?limit=1&state=active&"] {
                let answer = administrator.get(&format!("{path}cursor={}", encoded(payload))).await;
                harmless(path, &answer, payload);
                assert_eq!(answer.status, 400);
            }
        }
        let answer = administrator.get("/v1/accounts?limit=1&state=active").await;
        let link = answer.header("link");
        let cursor = answer.json()["next_cursor"].as_str().unwrap().to_owned();
        assert!(
            link.starts_with("</v1/accounts?") && link.ends_with(&format!("&cursor={cursor}>; rel=\"next\"")),
            "{link}"
        );
        assert!(link.contains("limit=1") && link.contains("state=active"), "{link}");
    });
}

#[test]
fn r27_a_text_of_one_line_holds_nothing_that_ends_a_line() {
    run(async {
        let administrator = Stage::of(7).await.somebody(Role::Administrator);
        for end in ["\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\0"] {
            let answer = administrator.post("/v1/labels", json!({ "name": format!("上{end}下") })).await;
            assert_eq!(answer.status, 422, "{end:?}: {}", answer.json());
        }
    });
}

#[test]
fn r27_no_header_of_a_request_comes_back() {
    run(async {
        let stage = Stage::of(7).await;
        for operation in contract() {
            let caller = stage.callers(&operation)[0].fresh().await;
            let mut request = Request::of(&operation);
            if operation.body.is_some() {
                request.body = b"{\"no_such_field\":1}".to_vec();
            } else if operation.method != "GET" {
                continue;
            }
            for name in [
                "X-Forwarded-Host",
                "X-Forwarded-For",
                "X-Request-Id",
                "X-Amzn-Trace-Id",
                "Origin",
                "Referer",
                "Accept-Language",
                "User-Agent",
                "X-Original-URL",
            ] {
                request = request.with(name, "evil.example%0d%0aX-Injected");
            }
            let answer = request.send(&caller).await;
            harmless(&operation.id, &answer, "evil.example%0d%0aX-Injected");
        }
    });
}

#[test]
fn r27_trace_and_methods_that_nobody_knows_are_refused_and_head_says_no_more_than_get() {
    run(async {
        let stage = Stage::of(7).await;
        for operation in contract() {
            let caller = stage.callers(&operation)[0];
            for method in ["TRACE", "TRACK", "CONNECT_", "PROPFIND", "get"] {
                let request = Request { method: method.to_owned(), body: Vec::new(), ..Request::of(&operation) };
                let answer = request.with("X-Marked", "marked-by-the-caller").send(caller).await;
                harmless(&operation.id, &answer, "marked-by-the-caller");
                assert!(matches!(answer.status, 404 | 405), "{method} {}: {}", operation.path, answer.status);
            }
            let request = Request { method: "HEAD".to_owned(), body: Vec::new(), ..Request::of(&operation) };
            let answer = request.send(caller).await;
            assert!(answer.body.is_empty() && answer.status < 500, "HEAD {}: {}", operation.path, answer.status);
        }
        stage.all_is_well().await;
    });
}
