//! Programs as callers: what they are given, how they prove themselves, and what they drop.

use authz::token::{ISSUER, new_key_pair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use local::ServiceOptions;
use serde_json::{Value, json};
use tests::imports::{import, settled};
use tests::{Actor, Answer, Program, Tenant, World, anonymous, codes, eventually, problem, run, s3_session};

const EMPLOYEES: &str = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分\n\
    P0001,連携 一郎,レンケイ イチロウ,1990-01-01,男,2020-04-01,W01,X110,一般,正社員,在籍\n";

/// What an answer of `oauth/token` is, but for the request's own id.
fn refusal(answer: &Answer) -> (u16, String, Value) {
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    (answer.status, answer.header("www-authenticate").to_owned(), answer.json())
}

async fn etag(actor: &Actor, program: &Program) -> String {
    actor.get(&program.path()).await.header("etag").to_owned()
}

/// Gives a program a new credential.
async fn rotate(administrator: &Actor, program: &Program, body: Value) -> Answer {
    let (path, etag) = (format!("{}/rotate", program.path()), etag(administrator, program).await);
    administrator.fresh().await.call("POST", &path, &[("If-Match", &etag)], Some(body)).await
}

async fn status_of(world: &World, program: &Program) -> u16 {
    world.ask_token(&program.form(), &[]).await.status
}

#[test]
fn r02_an_administrator_gives_a_program_no_more_than_they_have_and_no_program_more_than_programs_may() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator").fresh().await;
        let body = json!({ "name": "", "scopes": ["employees.view", "accounts.manage", "checkups.view", "no.such"],
            "drop_kinds": ["employees", "accounts", "stress_answers", "lifelogs"], "ip_rules": ["office"] });
        let refused = administrator.post("/v1/api-clients", body).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (422, "invalid"));
        let told: Vec<_> = codes(&refused).into_iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
        assert_eq!(
            told,
            [
                "/name organisation_name_invalid",
                "/scopes/1 beyond_reach",
                "/scopes/2 beyond_reach",
                "/scopes/3 unknown_scope",
                "/drop_kinds/1 not_droppable",
                "/drop_kinds/2 not_droppable",
                "/drop_kinds/3 not_droppable",
                "/ip_rules/0 not_a_network"
            ]
        );
        let program = tenant.let_in(json!({ "scopes": ["employees.view"] })).await;
        let caller = Actor::program(tenant.world(), &program);
        assert_eq!(caller.get("/v1/employees").await.status, 200);
        assert_eq!(problem(&caller.get("/v1/departments").await), "forbidden");
        assert_eq!(problem(&caller.post("/v1/drop-credentials", json!({})).await), "forbidden", "no kind was given");
        // What is given is looked at in each request.
        let etag = etag(&administrator, &program).await;
        let change = json!({ "scopes": ["organisation.view"] });
        assert_eq!(administrator.patch(&program.path(), &etag, change).await.status, 200);
        assert_eq!(problem(&caller.get("/v1/employees").await), "forbidden");
        assert_eq!(caller.get("/v1/departments").await.status, 200);
    });
}

#[test]
fn r01_a_secret_is_shown_once_and_exchanged_without_a_gap() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator");
        let once = administrator.fresh().await.with("Idempotency-Key", "let-in");
        let body = json!({ "name": "勤怠", "scopes": ["tenant.view"] });
        let (first, again) =
            (once.post("/v1/api-clients", body.clone()).await, once.post("/v1/api-clients", body).await);
        let program = Program::of(&first);
        assert_eq!((again.status, again.json()["client_secret"].is_null()), (201, true), "the secret is not kept");
        assert_eq!(again.json()["client"]["id"], program.id.as_str());
        assert!(!String::from_utf8_lossy(&administrator.get(&program.path()).await.body).contains(&program.secret));
        assert_eq!(status_of(&world, &program).await, 200);

        let next = Program::of(&rotate(&administrator, &program, json!({})).await);
        assert_eq!((status_of(&world, &program).await, status_of(&world, &next).await), (200, 200), "both are good");
        let third = rotate(&administrator, &program, json!({})).await;
        assert_eq!((third.status, codes(&third)[0].1.as_str()), (409, "still_in_overlap"));
        world.pass(72 * 3_600 + 1);
        assert_eq!((status_of(&world, &program).await, status_of(&world, &next).await), (401, 200), "one is over");
        let credentials = administrator.get(&program.path()).await.json()["credentials"].clone();
        assert_eq!((&credentials[0]["state"], &credentials[1]["state"]), (&json!("ended"), &json!("live")));
        assert!(credentials[1]["last_used_at"].is_string(), "{credentials}");
        // Without an overlap the tokens end too.
        let caller = Actor::program(&world, &next);
        assert_eq!(caller.get("/v1/tenant").await.status, 200);
        let last = Program::of(&rotate(&administrator, &program, json!({ "overlap_hours": 0 })).await);
        assert_eq!(problem(&caller.get("/v1/tenant").await), "unauthenticated");
        assert_eq!((status_of(&world, &next).await, status_of(&world, &last).await), (401, 200));
    });
}

#[test]
fn r01_r11_what_is_taken_back_ends_at_the_very_next_request() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator").fresh().await;
        let program = tenant.let_in(json!({ "scopes": ["tenant.view"] })).await;
        let caller = Actor::program(tenant.world(), &program);
        let token = caller.token().await.unwrap();
        assert_eq!(caller.get("/v1/tenant").await.status, 200);
        let revoke = format!("{}/credentials/{}/revoke", program.path(), program.credential);
        let etag_read = etag(&administrator, &program).await;
        let revoked = administrator.call("POST", &revoke, &[("If-Match", &etag_read)], None).await;
        assert_eq!(revoked.status, 200, "{}", revoked.json());
        assert_eq!(revoked.json()["credentials"][0]["state"], "revoked");
        assert_eq!(problem(&caller.get("/v1/tenant").await), "unauthenticated");
        assert_eq!(status_of(tenant.world(), &program).await, 401);
        // The client itself goes on with another one, until it is deleted.
        let next = Program::of(&rotate(&administrator, &program, json!({})).await);
        let caller = Actor::program(tenant.world(), &next);
        assert_eq!(caller.get("/v1/tenant").await.status, 200);
        assert_eq!(problem(&caller.with_token(&token).get("/v1/tenant").await), "unauthenticated", "the old token");
        let etag_read = etag(&administrator, &program).await;
        assert_eq!(administrator.delete(&program.path(), &etag_read).await.status, 204);
        assert_eq!(problem(&caller.get("/v1/tenant").await), "unauthenticated");
        assert_eq!(administrator.get(&program.path()).await.status, 404);
    });
}

/// A program with a key of its own: what it signs with.
struct Signer(EncodingKey);

impl Signer {
    fn new() -> (Self, Value) {
        let (private, public) = new_key_pair().unwrap();
        let (x, y) = public[1..].split_at(32);
        let coordinate = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": coordinate(x), "y": coordinate(y), "use": "sig" });
        (Self(EncodingKey::from_ec_der(&private)), jwk)
    }

    fn form(&self, world: &World, program: &Program, audience: &str, id: &str) -> String {
        let ends = world.now().as_second() + 60;
        let (client, kind) = (&program.oauth_id, "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer");
        let claims = json!({ "iss": client, "sub": client, "aud": audience, "exp": ends, "jti": id });
        let assertion = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.0).unwrap();
        format!("grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}")
    }
}

#[test]
fn r11_a_program_with_a_key_of_its_own_proves_itself_once_with_each_assertion() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (world, (signer, jwk)) = (tenant.world(), Signer::new());
        let program = tenant.let_in(json!({ "scopes": ["tenant.view"], "public_key": jwk })).await;
        assert_eq!(program.secret, "", "there is none");
        let form = signer.form(world, &program, ISSUER, "first");
        let answer = world.ask_token(&form, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let caller = anonymous(world).with_token(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(caller.get("/v1/tenant").await.status, 200);
        assert_eq!(refusal(&world.ask_token(&form, &[]).await).2["error"], "invalid_client", "used before");
        let address = signer.form(world, &program, "https://api.localhost/v1/oauth/token", "second");
        assert_eq!(world.ask_token(&address, &[]).await.status, 200, "the address that it asks at");
        let elsewhere = signer.form(world, &program, "https://elsewhere.example", "third");
        assert_eq!(world.ask_token(&elsewhere, &[]).await.status, 401);
        let (stranger, _) = Signer::new();
        let forged = stranger.form(world, &program, ISSUER, "fourth");
        assert_eq!(world.ask_token(&forged, &[]).await.status, 401);
        // Many at once with one assertion: one of them is first.
        let form = signer.form(world, &program, ISSUER, "many");
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let (world, form) = (world.clone(), form.clone());
                tests::spawn(async move { world.ask_token(&form, &[]).await.status })
            })
            .collect();
        let mut good = 0;
        for asked in asked {
            good += u32::from(asked.await.unwrap() == 200);
        }
        assert_eq!(good, 1);
    });
}

/// How often the tables were asked for what so far.
fn calls(world: &World) -> Vec<u64> {
    let counters = world.service().cloud().counters();
    let operations = ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"];
    operations.iter().map(|operation| counters.of("dynamodb", operation).calls).collect()
}

#[test]
fn r11_whatever_is_wrong_the_answer_is_the_same_and_so_is_the_work() {
    run(async {
        // Nobody else's work is to be counted.
        let world = World::start(ServiceOptions { wake_jobs: false, ..ServiceOptions::ephemeral() }).await;
        let (tenant, ended) = (world.tenant(0), world.tenant(1));
        let program = tenant.let_in(json!({ "scopes": ["tenant.view"], "ip_rules": ["127.0.0.1"] })).await;
        let (gone, of_ended) = (tenant.let_in(json!({})).await, ended.let_in(json!({})).await);
        let administrator = tenant.actor("administrator");
        let etag_read = etag(&administrator, &gone).await;
        assert_eq!(administrator.fresh().await.delete(&gone.path(), &etag_read).await.status, 204);
        let (operator, path) = (world.operator(0), format!("/v1/contracts/{}", ended.id()));
        let etag_read = operator.get(&path).await.header("etag").to_owned();
        let last_day = json!({ "terminates_on": world.today().to_string() });
        let terminate = format!("{path}/terminate");
        let terminated =
            operator.fresh().await.call("POST", &terminate, &[("If-Match", &etag_read)], Some(last_day)).await;
        assert_eq!(terminated.status, 200, "{}", terminated.json());
        world.pass(86_400);
        assert_eq!(status_of(&world, &program).await, 200);

        let wrong = |change: fn(&mut Program)| {
            let mut program = program.clone();
            change(&mut program);
            program.form()
        };
        let never = "ten_0190000000007000800000000000dead.cli_0190000000007000800000000000dead";
        let strayed = format!("{}.{}", ended.id(), program.id);
        let abroad: &[_] = &[("x-local-source-ip", "198.51.100.9")];
        let mut strange = program.clone();
        strayed.clone_into(&mut strange.oauth_id);
        let (signer, _) = Signer::new();
        let here: &[_] = &[];
        let cases = [
            ("a wrong secret", wrong(|program| program.secret.push('x')), here),
            ("no client at all", wrong(|program| program.oauth_id = "nobody".to_owned()), here),
            ("a client that never was", program.form().replace(&program.oauth_id, never), here),
            ("another tenant's", strange.form(), here),
            ("a deleted one", gone.form(), here),
            ("a contract that has ended", of_ended.form(), here),
            ("another address", program.form(), abroad),
            ("a key that was never registered", signer.form(&world, &program, ISSUER, "x"), here),
        ];
        let mut answers = Vec::new();
        for (what, form, headers) in cases {
            let before = calls(&world);
            let answer = world.ask_token(&form, headers).await;
            let after = calls(&world);
            let asked: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
            answers.push((what, refusal(&answer), asked));
        }
        let (_, told, asked) = answers[0].clone();
        assert_eq!((told.0, told.1.as_str()), (401, "Basic realm=\"ailes-plus\""));
        assert_eq!(told.2["error"], "invalid_client");
        assert!(asked.iter().sum::<u64>() > 0, "nothing was counted");
        for (what, other, work) in answers {
            assert_eq!((&other, &work), (&told, &asked), "{what}");
        }
    });
}

#[test]
fn a_token_is_asked_for_as_the_standard_has_it() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let world = tenant.world();
        let program = tenant.let_in(json!({ "scopes": ["tenant.view", "employees.view"] })).await;
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", program.oauth_id, program.secret)));
        let header: &[_] = &[("Authorization", basic.as_str())];
        let answer = world.ask_token("grant_type=client_credentials&unknown=ignored", header).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(900)));
        assert_eq!(body["scope"], "tenant.view employees.view");
        assert!(body["refresh_token"].is_null());
        for (form, headers, error) in [
            ("grant_type=password", header, "unsupported_grant_type"),
            ("grant_type=refresh_token", header, "unsupported_grant_type"),
            ("", header, "invalid_request"),
            ("grant_type=client_credentials&grant_type=client_credentials", header, "invalid_request"),
            ("grant_type=client_credentials&client_id=a&client_secret=b", header, "invalid_request"),
            ("grant_type=client_credentials&scope=employees.manage", header, "invalid_scope"),
            ("grant_type=client_credentials", &[], "invalid_client"),
        ] {
            let (status, _, body) = refusal(&world.ask_token(form, headers).await);
            assert_eq!((status, &body["error"]), (if error == "invalid_client" { 401 } else { 400 }, &json!(error)));
        }
        let url = format!("{}/v1/oauth/token", world.api());
        let as_json = local::client::send("POST", &url, &[("Content-Type", "application/json")], "{}").await.unwrap();
        assert_eq!(refusal(&as_json).2["error"], "invalid_request");
    });
}

#[test]
fn r10_a_program_calls_from_its_own_networks() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let program = tenant.let_in(json!({ "scopes": ["tenant.view"], "ip_rules": ["203.0.113.0/24"] })).await;
        let world = tenant.world();
        assert_eq!(status_of(world, &program).await, 401, "from here");
        let there: &[_] = &[("x-local-source-ip", "203.0.113.7")];
        let answer = world.ask_token(&program.form(), there).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let caller = anonymous(world).with_token(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(caller.from_address("203.0.113.7").get("/v1/tenant").await.status, 200);
        assert_eq!(problem(&caller.get("/v1/tenant").await), "address-not-allowed");
    });
}

#[test]
fn r21_what_a_program_does_stands_under_its_name_and_is_done_once() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let program = tenant.mighty_program().await;
        let caller = Actor::program(tenant.world(), &program);
        let (before, workplaces) = (caller.all("/v1/employees").await.len(), caller.all("/v1/workplaces").await);
        let body = json!({ "employee_number": "P0009", "name": "連携 花子", "kana": "れんけい はなこ",
            "birth_date": "1985-06-15", "sex": "female", "hired_on": "2018-04-01",
            "employment_type": "正社員", "workplace_id": workplaces[0]["id"], "effective_on": "2018-04-01" });
        let once = caller.with("Idempotency-Key", "employee");
        let (first, again) = (once.post("/v1/employees", body.clone()).await, once.post("/v1/employees", body).await);
        assert_eq!((first.status, &first.body), (201, &again.body), "{}", first.json());
        let imported = import(&caller, "employees", EMPLOYEES.as_bytes(), json!({})).await;
        assert_eq!(imported["state"], "applied", "{imported}");
        assert_eq!(caller.all("/v1/employees?limit=1").await.len(), before + 2, "pages are a program's too");

        let administrator = tenant.actor("administrator");
        let path = format!("/v1/audit-events?client_id={}", program.id);
        let events = administrator.all(&path).await;
        let actions: Vec<_> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
        for action in ["token.issue", "employee.create", "import.start", "import.apply_employees"] {
            assert!(actions.contains(&action), "{action} in {actions:?}");
        }
        assert!(events.iter().all(|event| event["client_id"] == program.id.as_str()));
        let csv = administrator.get(&format!("{path}&format=csv")).await;
        assert!(String::from_utf8_lossy(&csv.body).contains(&format!("\"{}\"", program.id)));
    });
}

/// Drops a file with credentials that the program asked for.
async fn put(tenant: &Tenant, s3: &aws_sdk_s3::Client, key: &str) -> Result<(), Option<String>> {
    use aws_sdk_s3::error::ProvideErrorMetadata as _;
    let bucket = &tenant.world().service().endpoints().imports_bucket;
    let put = s3.put_object().bucket(bucket).key(key).body(EMPLOYEES.as_bytes().to_vec().into()).send().await;
    put.map(|_| ()).map_err(|error| error.code().map(str::to_owned))
}

/// The import of the newest dropped file, once it has come to an end.
async fn dropped(tenant: &Tenant, count: usize) -> Value {
    let administrator = tenant.actor("administrator");
    let newest = eventually("the dropped file is seen", async || {
        let imports = administrator.all("/v1/imports?kind=employees").await;
        let dropped: Vec<_> = imports.into_iter().filter(|import| import["way"] == "drop").collect();
        (dropped.len() >= count).then(|| dropped[0]["id"].as_str().unwrap().to_owned())
    })
    .await;
    settled(&administrator, &newest).await
}

#[test]
fn r11_a_program_drops_files_where_it_may_while_it_may_and_nowhere_else() {
    run(async {
        let world = World::own().await;
        let (tenant, other) = (world.tenant(0), world.tenant(1));
        let administrator = tenant.actor("administrator");
        let program = tenant.let_in(json!({ "drop_kinds": ["employees"] })).await;
        let caller = Actor::program(&world, &program);
        let issued = caller.post("/v1/drop-credentials", json!({})).await;
        assert_eq!(issued.status, 200, "{}", issued.json());
        let (issued, folder) = (issued.json(), format!("{}/drop/employees/", tenant.id()));
        assert_eq!(issued["prefixes"], json!([folder]));
        let s3 = s3_session(&world, &issued);
        assert_eq!(put(&tenant, &s3, &format!("{folder}社員.csv")).await, Ok(()));
        let import = dropped(&tenant, 1).await;
        assert_eq!((&import["state"], &import["rows"]["applied"]), (&json!("applied"), &json!(1)), "{import}");
        let trail = administrator.all(&format!("/v1/audit-events?client_id={}", program.id)).await;
        let actions: Vec<_> = trail.iter().map(|event| event["action"].as_str().unwrap()).collect();
        assert!(actions.contains(&"drop_credentials.issue") && actions.contains(&"import.apply_employees"));

        let denied = Err(Some("AccessDenied".to_owned()));
        for elsewhere in [
            format!("{}/drop/departments/x.csv", tenant.id()),
            format!("{}/drop/employees/x.csv", other.id()),
            format!("{}/api/employees/x.csv", tenant.id()),
            "x.csv".to_owned(),
        ] {
            assert_eq!(put(&tenant, &s3, &elsewhere).await, denied, "{elsewhere}");
        }
        let read = s3.get_object().bucket(issued["bucket"].as_str().unwrap()).key(format!("{folder}社員.csv"));
        assert!(read.send().await.is_err(), "what was dropped cannot be read");
        let mut without_token = issued.clone();
        without_token["session_token"] = json!("another-token");
        assert!(put(&tenant, &s3_session(&world, &without_token), &format!("{folder}y.csv")).await.is_err());

        // Shut out while its credentials last: what it drops now is seen, and refused.
        let etag_read = etag(&administrator, &program).await;
        assert_eq!(administrator.fresh().await.delete(&program.path(), &etag_read).await.status, 204);
        assert_eq!(put(&tenant, &s3, &format!("{folder}z.csv")).await, Ok(()));
        let import = dropped(&tenant, 2).await;
        assert_eq!((&import["state"], &import["reason"]), (&json!("rejected"), &json!("uploader_unknown")));
        world.pass(3_601);
        let expired = put(&tenant, &s3, &format!("{folder}late.csv")).await;
        assert_eq!(expired, Err(Some("ExpiredToken".to_owned())));
    });
}

#[test]
fn r10_r11_what_the_contract_or_the_networks_no_longer_allow_is_not_imported() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let program = tenant.let_in(json!({ "drop_kinds": ["employees", "departments"] })).await;
        let caller = Actor::program(&world, &program);
        let s3 = s3_session(&world, &caller.post("/v1/drop-credentials", json!({})).await.json());
        let (operator, path) = (world.operator(0), format!("/v1/contracts/{}", tenant.id()));
        let etag_read = operator.get(&path).await.header("etag").to_owned();
        let changed = operator.patch(&path, &etag_read, json!({ "drop_kinds": ["departments"] })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        assert_eq!(put(&tenant, &s3, &format!("{}/drop/employees/x.csv", tenant.id())).await, Ok(()));
        let import = dropped(&tenant, 1).await;
        assert_eq!((&import["state"], &import["reason"]), (&json!("rejected"), &json!("kind_not_allowed")));
        let again = caller.post("/v1/drop-credentials", json!({})).await.json();
        assert_eq!(again["prefixes"], json!([format!("{}/drop/departments/", tenant.id())]));
        // S3 says from where a file came.
        let administrator = tenant.actor("administrator").fresh().await;
        let etag_read = etag(&administrator, &program).await;
        let elsewhere = json!({ "ip_rules": ["203.0.113.0/24"] });
        assert_eq!(administrator.patch(&program.path(), &etag_read, elsewhere).await.status, 200);
        assert_eq!(put(&tenant, &s3, &format!("{}/drop/employees/y.csv", tenant.id())).await, Ok(()));
        let import = dropped(&tenant, 2).await;
        assert_eq!((&import["state"], &import["reason"]), (&json!("rejected"), &json!("address_not_allowed")));
    });
}

#[test]
fn a_tenant_has_twenty_programs_at_most() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator").fresh().await;
        // One is the demo tenant's own.
        let mut last = None;
        for _ in 0..19 {
            last = Some(tenant.let_in(json!({})).await);
        }
        let refused = administrator.post("/v1/api-clients", json!({ "name": "二十一番目" })).await;
        assert_eq!((refused.status, codes(&refused)[0].1.as_str()), (409, "too_many"));
        let last = last.unwrap();
        let etag_read = etag(&administrator, &last).await;
        assert_eq!(administrator.delete(&last.path(), &etag_read).await.status, 204);
        tenant.let_in(json!({})).await;
        assert_eq!(administrator.all("/v1/api-clients?limit=3").await.len(), 20);
    });
}
