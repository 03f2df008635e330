//! Who may do what: every operation of the contract × every role, asked over HTTP and compared with `authz::matrix`
//! . An operation that names no row of the matrix, and is not on the list of open ones, fails.

use authz::Role;
use authz::matrix::{Cell, Row};
use serde_json::json;
use tests::{Answer, World, anonymous, problem, run};

use crate::operations::{LAST, contract};
use crate::operators::break_glass;

/// What the decision was, whatever came after it.
fn decision(answer: &Answer) -> String {
    if !matches!(answer.status, 401 | 403) {
        assert!(answer.status < 500, "{}", answer.json());
        return "allowed".to_owned();
    }
    problem(answer)
}

/// What the matrix says about somebody with one role, signed in with all that the role asks for.
fn expected(row: &Row, role: Role) -> &'static str {
    let allowed = match row.cell(role) {
        Cell::Own => role == Role::Employee || row.is_about_the_account(),
        Cell::Scope => true,
        // A new tenant has declared no handling rules.
        Cell::No | Cell::ScopeIf(_) | Cell::BrokenGlass => false,
    };
    if allowed { "allowed" } else { "forbidden" }
}

#[test]
fn r02_r11_every_operation_answers_every_role_as_the_matrix_says() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let mut wrong = Vec::new();
        // Before its administrator signs out.
        let program = tenant.somebody(Role::ApiClient).await;
        for role in Role::ALL {
            let actor = if role == Role::ApiClient { program.clone() } else { tenant.somebody(role).await };
            let signs_with_code = !matches!(role, Role::Employee | Role::ApiClient);
            let actor = if signs_with_code { actor.fresh().await } else { actor };
            for operation in contract() {
                let Some(row) = operation.row else { continue };
                if row.fresh && row.cell(Role::Employee) == Cell::Own && role == Role::Employee {
                    // Who has no second factor is asked for one first.
                    assert_eq!(decision(&operation.ask(&actor).await), "fresh-second-factor-required");
                    continue;
                }
                if operation.id == "signOutEverywhere" {
                    // Signing out has ended the session: another one, with another one-time password.
                    world.pass(60);
                    actor.forget().await;
                }
                if role == Role::Operator && row.service.is_some() {
                    // The platform contracts no service.
                    assert_eq!(operation.ask(&actor).await.status, 404, "{} as operator", operation.id);
                    continue;
                }
                let (is, should) = (decision(&operation.ask(&actor).await), expected(row, role));
                if is != should {
                    wrong.push(format!(
                        "{} {} as {}: {is}, but the matrix says {should}",
                        operation.method,
                        operation.path,
                        role.name()
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn r32_through_broken_glass_an_operator_gets_what_the_matrix_says_and_nothing_more() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(0), world.operator(0).fresh().await);
        let broken = break_glass(&operator, tenant.id(), 60).await;
        assert_eq!(broken.status, 201, "{}", broken.json());
        for operation in contract().iter().filter(|operation| !LAST.contains(&operation.id.as_str())) {
            let Some(row) = operation.row.filter(|row| row.service.is_none()) else { continue };
            let should = match row.cell(Role::Operator) {
                Cell::BrokenGlass => "allowed",
                _ => expected(row, Role::Operator),
            };
            let is = decision(&operation.ask(&operator).await);
            assert_eq!(is, should, "{} through broken glass", operation.id);
        }
        assert_eq!(operator.get("/v1/tenant").await.json()["id"], tenant.id(), "it is still broken");
    });
}

#[test]
fn r11_without_a_good_token_nothing_opens() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        let good = administrator.token().await.unwrap();
        let nobody = anonymous(&world);
        let mut signature_changed = good.clone();
        let last = signature_changed.pop().unwrap();
        signature_changed.push(if last == 'A' { 'Q' } else { 'A' });
        let payload = good.split('.').nth(1).unwrap();
        // {"typ":"at+jwt","alg":"none"}
        let unsigned = format!("eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIn0.{payload}.");
        // {"typ":"at+jwt","alg":"HS256","kid":"k0001"}
        let symmetric = format!("eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6ImswMDAxIn0.{payload}.c2lnbmF0dXJl");
        let begun = nobody.post("/v1/sessions", administrator.sign_in_body(&administrator.account().password)).await;
        let challenge = begun.json()["challenge_token"].as_str().unwrap().to_owned();
        let bad = [
            ("no token", nobody.clone()),
            ("a changed signature", nobody.with_token(&signature_changed)),
            ("no signature", nobody.with_token(&unsigned)),
            ("another algorithm", nobody.with_token(&symmetric)),
            ("a challenge's token", nobody.with_token(&challenge)),
            ("no token at all", nobody.with_token("x")),
        ];
        for operation in contract().iter().filter(|operation| operation.row.is_some()) {
            for (what, actor) in &bad {
                let answer = operation.ask(actor).await;
                assert_eq!(decision(&answer), "unauthenticated", "{} with {what}", operation.id);
            }
        }
        world.pass(16 * 60);
        let expired = nobody.with_token(&good);
        for operation in contract().iter().filter(|operation| operation.row.is_some()) {
            let answer = operation.ask(&expired).await;
            assert_eq!(decision(&answer), "unauthenticated", "{} with an expired token", operation.id);
        }
    });
}

#[test]
fn operations_without_a_permission_answer_without_a_token() {
    run(async {
        let world = World::shared().await;
        for operation in contract().iter().filter(|operation| operation.row.is_none()) {
            let answer = operation.ask(&anonymous(&world)).await;
            assert!(!matches!(answer.status, 401 | 403) && answer.status < 500, "{}: {}", operation.id, answer.json());
        }
    });
}

/// Only what reaches others asks for the address and the second factor; one's own needs neither.
fn reaches_others(row: &Row, role: Role) -> bool {
    matches!(row.cell(role), Cell::Scope)
}

#[test]
fn r10_outside_the_tenants_networks_every_role_beyond_employee_is_refused() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        let program = tenant.somebody(Role::ApiClient).await;
        program.token().await;
        let etag = administrator.get("/v1/tenant/ip-rules").await.header("etag").to_owned();
        let rules = json!({ "networks": ["203.0.113.0/24"], "force": true });
        let answer = administrator.put("/v1/tenant/ip-rules", &etag, rules).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Operator) {
            let actor = if role == Role::ApiClient { program.clone() } else { tenant.actor(role.name()) };
            for operation in contract().iter().filter(|operation| !LAST.contains(&operation.id.as_str())) {
                let Some(row) = operation.row.filter(|row| reaches_others(row, role)) else { continue };
                let outside = decision(&operation.ask(&actor).await);
                assert_eq!(outside, "address-not-allowed", "{} as {}", operation.id, role.name());
                let inside = decision(&operation.ask(&actor.from_address("203.0.113.7")).await);
                assert_eq!(inside, expected(row, role), "{} as {}", operation.id, role.name());
            }
            if role != Role::ApiClient {
                assert_eq!(actor.get("/v1/me").await.status, 200, "one's own account is open from everywhere");
            }
        }
        // A header that a client sends is not where it comes from.
        let claimed = administrator.with("X-Forwarded-For", "203.0.113.7").get("/v1/accounts").await;
        assert_eq!(decision(&claimed), "address-not-allowed");
        // Operators have networks of their own.
        let operator = world.operator(0);
        operator.token().await;
        let abroad = operator.from_address("198.51.100.9").get("/v1/contracts").await;
        assert_eq!(decision(&abroad), "address-not-allowed");
    });
}

#[test]
fn r10_a_list_that_would_shut_its_author_out_is_refused_unless_forced() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let etag = administrator.get("/v1/tenant/ip-rules").await.header("etag").to_owned();
        let answer = administrator.put("/v1/tenant/ip-rules", &etag, json!({ "networks": ["203.0.113.0/24"] })).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (409, "conflict"), "{}", answer.json());
        let answer = administrator
            .put("/v1/tenant/ip-rules", &etag, json!({ "networks": ["127.0.0.0/8", "2001:db8::/32"] }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    });
}

#[test]
fn r03_without_a_second_factor_no_role_beyond_employee_can_be_used() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        for role in
            Role::ALL.into_iter().filter(|role| !matches!(role, Role::Employee | Role::Operator | Role::ApiClient))
        {
            let login = format!("{}-otp@example.jp", role.name().replace('_', "-"));
            let (initial, own) = ("Mada-Otp-Nashi-26", "Otp-wa-Korekara-27");
            let body = json!({ "login_id": login, "name": "二要素 未子", "initial_password": initial,
                "grants": [{ "role": role.name(), "scope": { "kind": "tenant" } }] });
            let made = administrator.fresh().await.post("/v1/accounts", body).await;
            assert_eq!(made.status, 201, "{}", made.json());
            let newcomer = tenant.account(&login, initial);
            let changed = newcomer
                .call("PUT", "/v1/me/password", &[], Some(json!({ "current_password": initial, "new_password": own })))
                .await;
            assert_eq!(changed.status, 200, "{}", changed.json());
            for operation in contract().iter().filter(|operation| !LAST.contains(&operation.id.as_str())) {
                let Some(row) = operation.row else { continue };
                let should = match row.cell(role) {
                    Cell::Own if row.fresh => "fresh-second-factor-required",
                    _ if reaches_others(row, role) => "second-factor-required",
                    _ => expected(row, role),
                };
                let is = decision(&operation.ask(&newcomer).await);
                assert_eq!(is, should, "{} as {} without a second factor", operation.id, role.name());
            }
        }
    });
}

#[test]
fn r03_the_most_dangerous_operations_want_a_one_time_password_of_the_last_five_minutes() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        for role in Role::ALL.into_iter().filter(|role| *role != Role::ApiClient) {
            let actor = tenant.somebody(role).await;
            let token = actor.token().await.unwrap();
            world.pass(6 * 60);
            let stale = actor.with_token(&token);
            for operation in contract() {
                let Some(row) = operation.row.filter(|row| row.fresh && row.cell(role) != Cell::No) else { continue };
                let is = decision(&operation.ask(&stale).await);
                assert_eq!(
                    is,
                    "fresh-second-factor-required",
                    "{} ({}) as {}",
                    operation.id,
                    row.permission.name(),
                    role.name()
                );
            }
            if actor.account().totp_secret.is_some() {
                let code = actor.otp().await;
                assert_eq!(stale.post("/v1/sessions/step-up", json!({ "code": code })).await.status, 204);
                for operation in contract().iter().filter(|operation| !LAST.contains(&operation.id.as_str())) {
                    // No service is contracted by the provider: what belongs to one is not there for its people.
                    let there = |row: &&Row| row.fresh && (role != Role::Operator || row.service.is_none());
                    let Some(row) = operation.row.filter(there) else { continue };
                    let is = decision(&operation.ask(&stale).await);
                    assert_eq!(is, expected(row, role), "{} as {}", operation.id, role.name());
                }
            }
        }
    });
}

#[test]
fn a_service_that_is_not_contracted_is_not_there() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let operator = world.operator(0);
        let path = format!("/v1/contracts/{}", tenant.id());
        let etag = operator.get(&path).await.header("etag").to_owned();
        let only = json!({ "services": [{ "service": "stress_check" }] });
        let answer = operator.patch(&path, &etag, only).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Operator | Role::ApiClient)) {
            let actor = tenant.actor(role.name());
            for operation in contract() {
                let other = |service| service != domain::contract::Service::StressCheck;
                if operation.row.is_some_and(|row| row.service.is_some_and(other)) {
                    let answer = operation.ask(&actor).await;
                    assert_eq!((answer.status, problem(&answer).as_str()), (404, "not-found"), "{}", operation.id);
                }
            }
        }
    });
}
