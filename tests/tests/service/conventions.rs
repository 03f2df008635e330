//! What every door does the same way.

use serde_json::{Value, json};
use tests::{Actor, World, anonymous, problem, run};

async fn new_account(administrator: &Actor, number: usize) -> (String, String) {
    let body = json!({ "login_id": format!("jun{number:03}@example.jp"), "name": "順番 待子", "initial_password": "Junban-Machi-26" });
    let answer = administrator.post("/v1/accounts", body).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    (answer.header("location").to_owned(), answer.header("etag").to_owned())
}

#[test]
fn a_change_needs_the_etag_that_was_read() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let (path, etag) = new_account(&administrator, 1).await;
        let read = administrator.get(&path).await;
        assert_eq!(read.header("etag"), etag);
        let change = json!({ "personnel_authority": true });
        let without = administrator.call("PATCH", &path, &[], Some(change.clone())).await;
        assert_eq!((without.status, problem(&without).as_str()), (428, "precondition-required"));
        let changed = administrator.patch(&path, &etag, change.clone()).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        assert_ne!(changed.header("etag"), etag);
        let stale = administrator.patch(&path, &etag, change).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
    });
}

#[test]
fn a_repeated_post_with_the_same_key_is_answered_again_and_done_once() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let body =
            json!({ "login_id": "nido@example.jp", "name": "二度 押子", "initial_password": "Oshita-Hazu-2026" });
        let once = administrator.with("Idempotency-Key", "4f0c-1");
        let (first, second) = (once.post("/v1/accounts", body.clone()).await, once.post("/v1/accounts", body).await);
        assert_eq!((first.status, second.status), (201, 201), "{} {}", first.json(), second.json());
        assert_eq!(first.body, second.body);
        assert_eq!(first.header("location"), second.header("location"));
        let other =
            json!({ "login_id": "sando@example.jp", "name": "三度 押子", "initial_password": "Sando-Oshi-2026" });
        let conflict = once.post("/v1/accounts", other).await;
        assert_eq!((conflict.status, problem(&conflict).as_str()), (422, "idempotency-key-reused"));
        let accounts = administrator.all("/v1/accounts").await;
        assert_eq!(accounts.iter().filter(|account| account["login_id"] == "nido@example.jp").count(), 1);
    });
}

#[test]
fn the_same_post_many_times_at_once_is_done_once() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator").with("Idempotency-Key", "many");
        administrator.token().await;
        let body =
            json!({ "login_id": "renda@example.jp", "name": "連打 太郎", "initial_password": "Oshi-Tsuzuke-26" });
        let posts: Vec<_> = (0..8)
            .map(|_| {
                let (administrator, body) = (administrator.clone(), body.clone());
                tests::spawn(async move { administrator.post("/v1/accounts", body).await })
            })
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        for post in posts {
            let answer = post.await.unwrap();
            assert_eq!(answer.status, 201, "{}", answer.json());
            ids.insert(answer.json()["id"].to_string());
        }
        assert_eq!(ids.len(), 1, "eight times the same request made {ids:?}");
    });
}

#[test]
fn a_list_is_read_page_by_page_without_gap_or_repetition() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        for number in 0..7 {
            new_account(&administrator, number).await;
        }
        let whole = administrator.all("/v1/accounts?limit=200").await;
        let mut paged = Vec::new();
        let mut next = Some("/v1/accounts?limit=3".to_owned());
        while let Some(path) = next {
            let answer = administrator.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.json());
            let page = answer.json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3);
            paged.extend(items.iter().cloned());
            let link = answer.header("link");
            assert_eq!(link.is_empty(), page["next_cursor"].is_null(), "Link and next_cursor should agree");
            next = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).map(str::to_owned);
        }
        let ids = |items: &[Value]| items.iter().map(|item| item["id"].to_string()).collect::<Vec<_>>();
        assert_eq!(ids(&paged), ids(&whole));
        assert_eq!(whole.len(), 18, "eleven of the demo and seven more");
    });
}

#[test]
fn a_cursor_is_good_for_its_own_list_and_caller_alone() {
    run(async {
        let world = World::shared().await;
        let (tenant, other) = (world.another_tenant().await, world.another_tenant().await);
        let administrator = tenant.actor("administrator");
        let page = administrator.get("/v1/accounts?limit=1").await.json();
        let cursor = page["next_cursor"].as_str().unwrap().to_owned();
        let accounts = format!("/v1/accounts?limit=1&cursor={cursor}");
        assert_eq!(administrator.get(&accounts).await.status, 200);
        let refused = async |actor: &Actor, path: &str| {
            let answer = actor.get(path).await;
            assert_eq!((answer.status, problem(&answer).as_str()), (400, "bad-query"), "{path}");
        };
        refused(&administrator, &format!("/v1/accounts?limit=1&role=hr&cursor={cursor}")).await;
        refused(&administrator, &format!("/v1/imports?cursor={cursor}")).await;
        let letter = if cursor.starts_with('A') { 'w' } else { 'A' };
        refused(&administrator, &format!("/v1/accounts?limit=1&cursor={letter}{}", &cursor[1..])).await;
        refused(&tenant.nth("administrator", 1), &accounts).await;
        refused(&other.actor("administrator"), &accounts).await;
    });
}

#[test]
fn limits_and_filters_that_make_no_sense_are_refused() {
    run(async {
        let administrator = World::shared().await.tenant(0).actor("administrator");
        for query in ["limit=0", "limit=201", "limit=many", "colour=red", "cursor=x", "state=happy"] {
            let answer = administrator.get(&format!("/v1/accounts?{query}")).await;
            assert_eq!((answer.status, problem(&answer).as_str()), (400, "bad-query"), "{query}: {}", answer.json());
        }
    });
}

#[test]
fn an_unknown_field_is_refused_and_its_value_not_repeated() {
    run(async {
        let administrator = World::shared().await.tenant(0).actor("administrator");
        let body = json!({ "login_id": "a@example.jp", "name": "名 無", "initial_password": "Naname-2026-x", "himitsu": "kokodake" });
        let answer = administrator.post("/v1/accounts", body).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (400, "malformed"));
        assert_eq!(answer.json()["errors"][0]["code"], "unknown_field");
        assert!(!String::from_utf8_lossy(&answer.body).contains("kokodake"));
    });
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    run(async {
        let administrator = World::shared().await.tenant(0).actor("administrator");
        let body =
            json!({ "login_id": "空白 あり", "name": "", "mail": "not-a-mail", "initial_password": "Subete-Dame-26" });
        let answer = administrator.post("/v1/accounts", body).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (422, "invalid"), "{}", answer.json());
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
        assert_eq!(pointers, ["/login_id", "/name", "/mail"]);
    });
}

#[test]
fn a_body_must_be_json_and_no_larger_than_a_mebibyte() {
    run(async {
        let world = World::shared().await;
        let url = format!("{}/v1/sessions", world.api());
        let send = async |kind: &str, body: Vec<u8>| {
            local::client::send("POST", &url, &[("Content-Type", kind)], body).await.unwrap()
        };
        let answer = send("text/plain", b"{}".to_vec()).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (415, "unsupported-media-type"));
        let answer = send("application/json", b"{".to_vec()).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (400, "malformed"));
        let answer = send("application/json", vec![b' '; 1024 * 1024 + 1]).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (413, "too-large"));
    });
}

#[test]
fn every_answer_carries_the_security_headers_whoever_gives_it() {
    run(async {
        let world = World::shared().await;
        let administrator = world.tenant(0).actor("administrator");
        let answers = [
            administrator.get("/v1/me").await,
            anonymous(&world).get("/v1/me").await,
            anonymous(&world).get("/v1/status").await,
            // The gateway's own answer.
            anonymous(&world).get("/v1/nowhere").await,
        ];
        for answer in answers {
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cache-control", "no-store"),
            ] {
                assert_eq!(answer.header(name), value, "{name} of {:?}", answer.headers);
            }
            assert!(answer.header("strict-transport-security").contains("max-age="));
            assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        }
    });
}

#[test]
fn a_path_that_never_was_is_a_problem_like_any_other() {
    run(async {
        let world = World::shared().await;
        let answer = anonymous(&world).get("/v1/nowhere").await;
        assert_eq!((answer.status, problem(&answer).as_str()), (404, "not-found"));
    });
}

#[test]
fn r24_times_are_japan_times() {
    run(async {
        let tenant = World::shared().await.tenant(0);
        let me = tenant.actor("administrator").get("/v1/me").await.json();
        assert!(me["last_sign_in_at"].as_str().unwrap().ends_with("+09:00"), "{me}");
    });
}

#[test]
fn the_contract_and_its_reference_are_served_and_load_nothing_from_elsewhere() {
    run(async {
        let world = World::shared().await;
        let anyone = anonymous(&world);
        let document = anyone.get("/v1/openapi.json").await;
        assert_eq!(document.json(), serde_json::from_str::<Value>(local::documents::OPENAPI).unwrap());
        let page = anyone.get("/v1/docs").await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        let page = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(!page.contains("http://") && !page.contains("https://"), "the page should load nothing from elsewhere");
    });
}
