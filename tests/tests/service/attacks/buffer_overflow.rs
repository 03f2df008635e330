//! 10 バッファオーバーフロー. Too long, too deep, too many, too large: refused, and the next request is answered as ever.

use std::fs;
use std::path::Path;

use authz::Role;
use serde_json::{Value, json};
use tests::run;

use super::stage::{Request, Stage, encoded, harmless};
use crate::operations::{Opening, contract};

#[test]
fn r27_no_opening_and_no_cell_is_too_short_for_what_is_sent() {
    run(async {
        let stage = Stage::of(10).await;
        let long = "A".repeat(5_000);
        let payloads = [
            long.as_str(),
            "%s%s%s%n%n%n%p%x",
            "\0\0\0\0\0\0\0\0",
            "9223372036854775808",
            "-0",
            "1e400",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{fffd}\u{10ffff}",
            "",
        ];
        stage.attack(&payloads).await;
        stage.attack_imports(&payloads).await;
    });
}

#[test]
fn r27_a_body_too_large_or_too_deep_is_refused_by_every_operation_that_takes_one() {
    run(async {
        let stage = Stage::of(10).await;
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)).into_bytes();
        let nested = format!("{}1{}", "{\"name\":".repeat(20_000), "}".repeat(20_000)).into_bytes();
        let large = [b"{\"name\":\"".to_vec(), vec![b'A'; 1024 * 1024], b"\"}".to_vec()].concat();
        let many = (0..20_000).map(|number| format!("\"k{number}\":1,")).collect::<Vec<_>>().concat();
        let many = format!("{{{many}\"name\":1}}").into_bytes();
        let bodies: [(&str, Vec<u8>, &[u16]); 8] = [
            ("deep", deep, &[400]),
            ("nested", nested, &[400]),
            ("large", large, &[413]),
            ("many", many, &[400]),
            ("cut off", b"{\"name\":\"".to_vec(), &[400]),
            ("not UTF-8", vec![b'"', 0xff, 0xfe, b'"'], &[400]),
            ("half a letter", b"{\"name\":\"\\ud800\"}".to_vec(), &[400]),
            ("nothing", Vec::new(), &[400]),
        ];
        for operation in contract().iter().filter(|operation| operation.body.is_some()) {
            let callers = stage.callers(operation);
            // The first three for each, of the others one.
            let turns = [0, 1, 2, 3 + operation.path.len() % (bodies.len() - 3)];
            for (turn, (what, body, statuses)) in turns.iter().map(|turn| &bodies[*turn]).enumerate() {
                let request = Request { body: body.clone(), ..Request::of(operation) };
                let caller = callers[turn % callers.len()].fresh().await;
                let answer = request.send(&caller).await;
                harmless(&format!("{} with a body that is {what}", operation.id), &answer, "");
                // A thing that never was may be looked for first.
                let fits = statuses.contains(&answer.status) || answer.status == 404;
                assert!(fits, "{}: a body that is {what}: {} {}", operation.id, answer.status, answer.json());
            }
        }
        stage.all_is_well().await;
    });
}

#[test]
fn r27_numbers_at_the_edges_are_taken_or_refused_by_every_field() {
    run(async {
        let stage = Stage::of(10).await;
        let numbers = [
            "9223372036854775807",
            "18446744073709551616",
            "-9223372036854775808",
            "1e308",
            "1e999",
            "-0.0",
            "0.1",
            "NaN",
        ];
        let mut turn = 0;
        for operation in contract() {
            let callers = stage.callers(&operation);
            for opening in &operation.openings {
                let Opening::Body(place) = opening else { continue };
                // Two of them for each field, in turns.
                for number in [numbers[turn % numbers.len()], numbers[(turn + 3) % numbers.len()]] {
                    turn += 1;
                    let marker = "\"the number\"";
                    let mut body = operation.body.clone().unwrap();
                    let field = place.iter().fold(&mut body, |at, step| match step.as_str() {
                        "0" => {
                            *at = json!([at.get(0).cloned().unwrap_or_default()]);
                            &mut at[0]
                        }
                        name => {
                            if !at.is_object() {
                                *at = json!({});
                            }
                            &mut at[name]
                        }
                    });
                    *field = Value::from("the number");
                    let body = body.to_string().replace(marker, number).into_bytes();
                    let caller = callers[turn % callers.len()].fresh().await;
                    let answer = Request { body, ..Request::of(&operation) }.send(&caller).await;
                    harmless(&format!("{} with {number} in {place:?}", operation.id), &answer, "");
                }
            }
        }
        stage.all_is_well().await;
    });
}

#[test]
fn r27_long_addresses_and_headers_are_refused_or_answered() {
    run(async {
        let stage = Stage::of(10).await;
        let administrator = stage.somebody(Role::Administrator);
        for length in [1_000, 8_000] {
            let long = "a".repeat(length);
            for path in [
                format!("/v1/accounts?q={long}"),
                format!("/v1/accounts/{long}"),
                format!("/v1/{long}"),
                format!("/v1/labels?{}", encoded(&"&".repeat(length / 3))),
            ] {
                harmless(&path[..20], &administrator.get(&path).await, &long);
            }
            harmless("a long header", &administrator.with("If-Match", &long).get("/v1/me").await, &long);
        }
        stage.all_is_well().await;
    });
}

#[test]
fn r27_all_code_is_in_a_language_that_minds_its_memory() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""), "the workspace forbids unsafe code");
}
