//! 9 クリックジャッキング. Nothing may be framed, whoever answers; and what must not happen by a click alone wants a one-time password.

use authz::matrix::MATRIX;
use tests::run;

use super::stage::{Request, Stage, harmless};
use crate::operations::contract;

const PAYLOADS: [&str; 2] = ["<iframe src=https://evil.example></iframe>", "https://evil.example/frame?x=<frameset>"];

#[test]
fn r27_no_opening_and_no_cell_is_framed() {
    run(async {
        let stage = Stage::of(9).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_no_answer_may_be_framed_whoever_gives_it() {
    run(async {
        let stage = Stage::of(9).await;
        for operation in contract() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                // Without a token: refused by the function, or by the gateway where it knows no such method.
                let request = Request { method: method.to_owned(), ..Request::of(&operation) };
                let answer = request.with("Content-Type", "text/html").send(&stage.stranger).await;
                harmless(&format!("{method} {}", operation.path), &answer, "");
                assert_eq!(answer.header("x-frame-options"), "DENY");
            }
        }
    });
}

#[test]
fn r27_what_must_not_happen_by_a_click_alone_wants_a_one_time_password() {
    // What each of these rows does is asked in `r03_the_most_dangerous_operations_want_a_one_time_password_of_the_last_five_minutes`.
    let fresh: Vec<_> = MATRIX.iter().filter(|row| row.fresh).map(|row| row.permission.name()).collect();
    for permission in [
        "accounts.delete",
        "accounts.grant",
        "accounts.otp_reset",
        "accounts.export",
        "employees.delete",
        "contracts.terminate",
        "api_clients.manage",
    ] {
        assert!(fresh.contains(&permission), "{permission} should want a fresh one-time password: {fresh:?}");
    }
}
