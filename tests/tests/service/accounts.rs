//! Accounts: invitations, the review of who may what, and what a grant still lacks.

use serde_json::{Value, json};
use tests::{Tenant, World, anonymous, eventually, problem, run};

/// The token of the newest link that was mailed to `address`; waits for more than `seen` mails.
pub(crate) async fn link(world: &World, address: &str, seen: usize) -> String {
    let text = eventually("a mail with a link", async || {
        let mails = world.mails().await;
        let theirs: Vec<&Value> = mails.iter().filter(|mail| mail["to"][0] == address).collect();
        let links: Vec<String> = theirs.iter().filter_map(|mail| token(mail["text"].as_str()?)).collect();
        (links.len() > seen).then(|| links.last().cloned()).flatten()
    })
    .await;
    tests::logs::plant([&text]);
    text
}

fn token(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("https://kenko.ailes-plus.example/")?;
    rest.split_once('#')?.1.split_whitespace().next().map(str::to_owned)
}

async fn invite(tenant: &Tenant, address: &str) -> Value {
    let body = json!({ "login_id": address, "name": "招待 待子", "mail": address });
    let made = tenant.actor("administrator").post("/v1/accounts", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()
}

#[test]
fn r01_an_invitation_by_mail_sets_the_first_password_once() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (address, password) = ("machiko@example.jp", "Hajimemashite-26");
        assert_eq!(invite(&tenant, address).await["state"], "invited");
        let token = link(&world, address, 0).await;
        let path = format!("/v1/invitations/{token}");
        let weak = anonymous(&world).call("PUT", &path, &[], Some(json!({ "new_password": "short" }))).await;
        assert_eq!((weak.status, problem(&weak).as_str()), (422, "invalid"), "the link is good for another try");
        let set = anonymous(&world).call("PUT", &path, &[], Some(json!({ "new_password": password }))).await;
        assert_eq!(set.status, 200, "{}", set.json());
        assert!(set.json()["strength"].is_number());
        let again = anonymous(&world).call("PUT", &path, &[], Some(json!({ "new_password": password }))).await;
        assert_eq!(again.status, 404, "a link works once");
        let newcomer = tenant.account(address, password);
        assert_eq!(newcomer.sign_in().await.status, 201);
        let me = newcomer.get("/v1/me").await.json();
        assert_eq!((me["state"].as_str(), me["must_change_password"].as_bool()), (Some("active"), Some(false)));
    });
}

#[test]
fn r01_an_invitation_ends_after_72_hours_and_where_another_one_was_sent() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        let address = "machiko@example.jp";
        invite(&tenant, address).await;
        let first = link(&world, address, 0).await;
        let (path, etag, _) = tenant.account(address, "Mada-nani-mo-nai").seen_by(&administrator).await;
        let again = administrator.call("POST", &format!("{path}/invitation"), &[("If-Match", &etag)], None).await;
        assert_eq!(again.status, 200, "{}", again.json());
        let second = link(&world, address, 1).await;
        let accept = async |token: &str| {
            let body = Some(json!({ "new_password": "Hajimemashite-26" }));
            anonymous(&world).call("PUT", &format!("/v1/invitations/{token}"), &[], body).await.status
        };
        assert_eq!(accept(&first).await, 404, "the first one is no good any more");
        world.pass(72 * 3600);
        assert_eq!(accept(&second).await, 404, "72 hours are over");
        let reset = format!("/v1/password-resets/{second}");
        let body = Some(json!({ "new_password": "Hajimemashite-26" }));
        assert_eq!(anonymous(&world).call("PUT", &reset, &[], body).await.status, 404, "and it is no reset");
    });
}

#[test]
fn r01_without_password_and_without_mail_there_is_no_account() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let body = json!({ "login_id": "nomail@example.jp", "name": "宛先 無子" });
        let refused = tenant.actor("administrator").post("/v1/accounts", body).await;
        assert_eq!(refused.status, 422, "{}", refused.json());
        assert_eq!(refused.json()["errors"][0]["pointer"], "/mail");
    });
}

#[test]
fn r03_a_grant_beyond_employee_is_shown_with_what_it_lacks_until_it_has_it() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator").fresh().await;
        let (login, password) = ("kore-kara@example.jp", "Hajimari-no-Asa-26");
        let body = json!({ "login_id": login, "name": "是空 楽", "mail": login,
            "grants": [{ "role": "nurse", "scope": { "kind": "tenant" } }] });
        assert_eq!(administrator.post("/v1/accounts", body).await.status, 201);
        let nurse = tenant.account(login, password);
        let lack = async || nurse.seen_by(&administrator).await.2["grants_lack"].clone();
        assert_eq!(lack().await, json!(["stronger_password", "second_factor"]));
        let token = link(&world, login, 0).await;
        let body = Some(json!({ "new_password": password }));
        assert_eq!(anonymous(&world).call("PUT", &format!("/v1/invitations/{token}"), &[], body).await.status, 200);
        assert_eq!(lack().await, json!(["second_factor"]));
        let refused = nurse.get("/v1/employees").await;
        assert_eq!(problem(&refused), "second-factor-required");
        nurse.enrol().await;
        assert_eq!(lack().await, json!([]));
        assert_eq!(nurse.get("/v1/employees").await.status, 200);
    });
}

#[test]
fn r01_accounts_that_nobody_uses_are_found_and_taken_away_as_a_file_with_a_fresh_one_time_password() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        invite(&tenant, "dare@example.jp").await;
        let all = administrator.all("/v1/accounts").await.len();
        assert_eq!(administrator.all("/v1/accounts?unused_days=90").await.len(), 0);
        world.pass(91 * 86_400);
        let unused = administrator.all("/v1/accounts?unused_days=90&sort=login_id&limit=3").await;
        assert_eq!(unused.len(), all - 1, "everybody but the administrator who looks");
        assert_eq!(administrator.all("/v1/accounts?unused_days=90").await.len(), all - 1);
        let file = administrator.fresh().await.get("/v1/accounts/review?unused_days=90").await;
        assert_eq!(file.status, 200);
        let text = String::from_utf8(file.body.to_vec()).unwrap();
        assert!(text.starts_with("\u{feff}\"ログインID\",\"氏名\""), "{text}");
        assert_eq!(text.lines().count(), all, "a line each, and the header");
        assert!(text.contains("\"dare@example.jp\",\"招待　待子\",\"未使用\""), "{text}");
        world.pass(6 * 60);
        let stale = administrator.get("/v1/accounts/review").await;
        assert_eq!(problem(&stale), "fresh-second-factor-required");
    });
}

#[test]
fn r01_two_administrators_who_remove_each_other_at_once_leave_one() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (one, other) = (tenant.actor("administrator"), tenant.nth("administrator", 1));
        let (one, other) = (one.fresh().await, other.fresh().await);
        let ((path_of_one, etag_of_one, _), (path_of_other, etag_of_other, _)) =
            (one.seen_by(&other).await, other.seen_by(&one).await);
        assert_eq!(one.get("/v1/me").await.json().get("warnings"), None, "there are two");
        let first = tests::spawn({
            let other = other.clone();
            async move { other.delete(&path_of_one, &etag_of_one).await.status }
        });
        let second = tests::spawn({
            let one = one.clone();
            async move { one.delete(&path_of_other, &etag_of_other).await.status }
        });
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        let left = [&one, &other];
        let mut usable = 0;
        for administrator in left {
            let me = administrator.get("/v1/me").await;
            usable += usize::from(me.status == 200);
            assert!(me.status == 401 || me.json()["warnings"][0]["code"] == "few_administrators", "{}", me.json());
        }
        assert_eq!(usable, 1, "{first} and {second}: exactly one is left");
        let mut answers = [first, second];
        answers.sort_unstable();
        assert_eq!(answers[0], 204);
        assert!(matches!(answers[1], 401 | 409), "{answers:?}");
    });
}
