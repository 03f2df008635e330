//! Accounts by file: each row is done whole or not at all, and a row that was not is told why.

use csv_import::Limits;
use serde_json::{Value, json};
use tests::imports::{ACCOUNTS, DEPARTMENTS, EMPLOYEES, faults, import, settled, sjis, start, upload};
use tests::{Actor, Hand, Tenant, World, anonymous, eventually, logs, problem, run, unchanged};

const HEADER: &str =
    "操作,ログインID,氏名,メールアドレス,社員番号,初期パスワード,パスワードハッシュ,人事権,停止,ロール";
/// The bcrypt hash of [`BROUGHT`].
pub(crate) const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuVr8MKyRyEMZlrgRuaPsvkcs8MRpmSZe";
/// A password that was brought along.
pub(crate) const BROUGHT: &str = "Natsu-no-Umi-26";

fn file(rows: &[&str]) -> Vec<u8> {
    sjis(&[&[HEADER], rows].concat())
}

/// How it ended, and how many rows were applied, the same, rejected, and left alone.
fn outcome(import: &Value) -> (&str, [u64; 4]) {
    let count = |name: &str| import["rows"][name].as_u64().unwrap();
    (import["state"].as_str().unwrap(), ["applied", "unchanged", "rejected", "conflicts"].map(count))
}

/// Row, column, and code of each line of an import's list of faults.
async fn told(actor: &Actor, import: &Value) -> Vec<(String, String, String)> {
    let lines = faults(actor, import).await;
    lines.into_iter().map(|line| (line[0].clone(), line[1].clone(), line[4].clone())).collect()
}

fn lines(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected.iter().map(|(row, column, code)| ((*row).into(), (*column).into(), (*code).into())).collect()
}

/// An account with its ETag.
async fn account(administrator: &Actor, login: &str) -> Option<(Value, String)> {
    let all = administrator.all("/v1/accounts").await;
    let found = all.into_iter().find(|account| account["login_id"] == login)?;
    let answer = administrator.get(&format!("/v1/accounts/{}", found["id"].as_str().unwrap())).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let etag = answer.header("etag").to_owned();
    Some((found, etag))
}

/// The mails that went to an address.
async fn mails_to(world: &World, address: &str) -> Vec<Value> {
    world.mails().await.into_iter().filter(|mail| mail["to"][0] == address).collect()
}

/// The token of the invitation that went to an address.
async fn invitation(world: &World, address: &str) -> String {
    let mail = eventually("an invitation", async || mails_to(world, address).await.pop()).await;
    let text = mail["text"].as_str().unwrap();
    let token = text.split_once('#').expect("an address with a token").1;
    let token = token.split_whitespace().next().unwrap().to_owned();
    logs::plant([&token]);
    token
}

/// Makes an account with an initial password, which its holder has changed.
async fn employee(tenant: &Tenant, login: &str, row: &str) -> Actor {
    let administrator = tenant.actor("administrator");
    let done = import(&administrator, "accounts", &file(&[row]), json!({})).await;
    assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
    let holder = tenant.account(login, BROUGHT);
    assert_eq!(holder.sign_in().await.status, 201);
    holder
}

#[test]
fn r01_r05_accounts_are_created_by_excels_file_invited_with_an_initial_password_or_with_their_old_one() {
    run(async {
        logs::plant([BROUGHT, HASH, "Hajimete-no-26", "Sakura-no-Ki-2026", "e000001@example.co.jp"]);
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        for (kind, file) in [("departments", DEPARTMENTS), ("employees", EMPLOYEES)] {
            assert_eq!(import(&administrator, kind, file, json!({})).await["state"], "applied");
        }
        let done = import(&administrator, "accounts", ACCOUNTS, json!({})).await;
        assert_eq!(outcome(&done), ("applied", [4, 0, 0, 0]), "{done}");
        let before = administrator.all("/v1/accounts").await;

        // The same bytes once more: nothing is written, and nobody gets a mail.
        let again = import(&administrator, "accounts", ACCOUNTS, json!({})).await;
        assert_eq!(outcome(&again).1[3], 0);
        let told_again = told(&administrator, &again).await;
        assert!(
            told_again.iter().all(|(_, _, code)| code == "login_taken" || code == "hash_passed_over"),
            "{told_again:?}"
        );
        let text = encoding_rs::SHIFT_JIS.decode(ACCOUNTS).0.replace("作成", "");
        let again = import(&administrator, "accounts", text.as_bytes(), json!({})).await;
        assert_eq!(outcome(&again), ("applied", [0, 4, 0, 0]), "{again}");
        assert_eq!(told(&administrator, &again).await, lines(&[("4", "パスワードハッシュ", "hash_passed_over")]));
        unchanged("the accounts", &before, &administrator.all("/v1/accounts").await);

        let (_, etag) = account(&administrator, "e000001@example.co.jp").await.unwrap();
        assert_eq!(etag, "\"1\"", "not even a version");
        let token = invitation(&world, "e000001@example.co.jp").await;
        assert_eq!(mails_to(&world, "e000001@example.co.jp").await.len(), 1);
        let path = format!("/v1/invitations/{token}");
        let accepted =
            anonymous(&world).call("PUT", &path, &[], Some(json!({ "new_password": "Aki-no-Sora-26" }))).await;
        assert_eq!(accepted.status, 200, "{}", accepted.json());
        let invited = tenant.account("e000001@example.co.jp", "Aki-no-Sora-26");
        let own = invited.get("/v1/me").await;
        assert_eq!((own.status, own.json()["name"].as_str()), (200, Some("前田　里佳")), "{}", own.json());

        let newcomer = tenant.account("e000002@example.co.jp", "Hajimete-no-26");
        assert_eq!(newcomer.sign_in().await.status, 201);
        let (made, _) = account(&administrator, "e000002@example.co.jp").await.unwrap();
        assert_eq!(
            (&made["must_change_password"], &made["personnel_authority"], &made["state"]),
            (&json!(true), &json!(true), &json!("active"))
        );

        let migrated = tenant.account("e000003@example.co.jp", BROUGHT);
        for _ in 0..2 {
            assert_eq!(migrated.sign_in().await.status, 201, "with the password that they had");
        }
        let (made, _) = account(&administrator, "e000003@example.co.jp").await.unwrap();
        assert_eq!((&made["must_change_password"], &made["state"]), (&json!(false), &json!("active")));
        assert!(made["employee_id"].is_string(), "the account is the employee's: {made}");
    });
}

#[test]
fn r01_accounts_are_changed_suspended_resumed_and_deleted_by_file() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator").fresh().await;
        let holder = employee(&tenant, "kaihi@example.jp", &format!(",kaihi@example.jp,会費 納,,,,{HASH},,,")).await;
        assert_eq!(holder.get("/v1/me").await.status, 200);

        let change = "変更,KAIHI@example.jp,会費 治,kaihi@example.jp,D0003,,,はい,,";
        let done = import(&administrator, "accounts", &file(&[change]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        let (changed, etag) = account(&administrator, "kaihi@example.jp").await.unwrap();
        assert_eq!(
            (&changed["name"], &changed["mail"], &changed["personnel_authority"]),
            (&json!("会費　治"), &json!("kaihi@example.jp"), &json!(true))
        );
        assert!(changed["employee_id"].is_string());
        let done = import(&administrator, "accounts", &file(&[change]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [0, 1, 0, 0]), "{done}");
        assert_eq!(account(&administrator, "kaihi@example.jp").await.unwrap().1, etag, "not even a version");
        assert_eq!(mails_to(&world, "kaihi@example.jp").await.len(), 0);

        holder.forget().await;
        assert_eq!(holder.get("/v1/me").await.status, 200);
        let suspend = ",kaihi@example.jp,,,,,,,はい,";
        let done = import(&administrator, "accounts", &file(&[suspend]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        assert_eq!(holder.get("/v1/me").await.status, 401, "felt at the very next request");
        let reset = ",kaihi@example.jp,,,,Fuyu-no-Hoshi-26,,,いいえ,";
        let done = import(&administrator, "accounts", &file(&[reset]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        let (reset, _) = account(&administrator, "kaihi@example.jp").await.unwrap();
        assert_eq!((&reset["state"], &reset["must_change_password"]), (&json!("active"), &json!(true)));
        let again = tenant.account("kaihi@example.jp", "Fuyu-no-Hoshi-26");
        assert_eq!(again.sign_in().await.status, 201);
        // Not one of those before.
        let old = format!(",kaihi@example.jp,,,,{BROUGHT},,,,");
        let done = import(&administrator, "accounts", &file(&[&old]), json!({})).await;
        assert_eq!(outcome(&done), ("applied_with_conflicts", [0, 0, 0, 1]), "{done}");
        assert_eq!(told(&administrator, &done).await, lines(&[("2", "初期パスワード", "password_used_before")]));

        let options = json!({ "options": { "allow_deletions": true } });
        let done = import(&administrator, "accounts", &file(&["削除,kaihi@example.jp,,,,,,,,"]), options).await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        assert!(account(&administrator, "kaihi@example.jp").await.is_none());
        // Login and employee are free again.
        let again = ",kaihi@example.jp,会費 納,kaihi@example.jp,D0003,,,,,";
        let done = import(&administrator, "accounts", &file(&[again]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        // One event tells of each chunk, with whom it touched.
        let events = administrator.all("/v1/audit-events?action=import.apply_accounts").await;
        assert_eq!(events.len(), 8, "{events:#?}");
        assert!(events.iter().any(|event| event.to_string().contains(changed["id"].as_str().unwrap())));
    });
}

#[test]
fn r01_a_file_that_deletes_wants_a_fresh_one_time_password_when_it_is_started_and_when_it_is_applied() {
    run(async {
        let tenant = World::own().await.tenant(0);
        let administrator = tenant.actor("administrator");
        let body = json!({ "kind": "accounts", "file_name": "x.csv", "dry_run": true, "options": { "allow_deletions": true } });
        assert_eq!(administrator.post("/v1/imports", body.clone()).await.status, 201);
        tenant.world().pass(360);
        let answer = administrator.post("/v1/imports", body).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (403, "fresh-second-factor-required"));
        let administrator = administrator.fresh().await;
        let options = json!({ "dry_run": true, "options": { "allow_deletions": true } });
        let login = tenant.actor("manager").account().login_id.clone();
        let checked = import(&administrator, "accounts", &file(&[&format!("削除,{login},,,,,,,,")]), options).await;
        assert_eq!(checked["state"], "checked", "{checked}");
        let path = format!("/v1/imports/{}/apply", checked["id"].as_str().unwrap());
        tenant.world().pass(360);
        let answer = administrator.call("POST", &path, &[], None).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (403, "fresh-second-factor-required"));
        let answer = administrator.fresh().await.call("POST", &path, &[], None).await;
        assert_eq!(answer.status, 202, "{}", answer.json());
        let done = eventually("the deletion", async || {
            let done = settled(&administrator, checked["id"].as_str().unwrap()).await;
            (done["state"] != "checked").then_some(done)
        })
        .await;
        assert_eq!(outcome(&done), ("applied", [1, 0, 0, 0]), "{done}");
        let body = json!({ "kind": "employees", "file_name": "x.csv", "options": { "allow_deletions": true } });
        let answer = administrator.post("/v1/imports", body).await;
        assert_eq!(answer.json()["errors"][0]["code"], "not_applicable");
    });
}

#[test]
fn r01_a_file_with_faults_changes_nothing_and_tells_each_of_them() {
    run(async {
        logs::plant(["kodama-Xy7", "hadaka@example.jp"]);
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let before = administrator.all("/v1/accounts").await;
        let login = |role: &str| tenant.actor(role).account().login_id.clone();
        let (own, implementer, nurse) = (login("administrator"), login("stress_implementer"), login("nurse"));
        let first = tenant.nth("employee", 0).account().login_id.clone();
        let code = tenant.code();
        let rows = [
            "廃止,shin01,新人 一,,,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,s,新人 一,,,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin04,,,,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin05,新人 一,,,,,,,".to_owned(),
            format!("作成,shin06,新人 一,,,kodama-Xy7,{HASH},,,"),
            "作成,shin07,新人 一,,,kodama,,,,".to_owned(),
            format!("作成,shin08,新人 一,,,Xy-shin08-{code},,,,"),
            "作成,shin09,新人 一,,,Password1!,,,,".to_owned(),
            "作成,shin10,新人 一,,,,$2b$31$abc,,,".to_owned(),
            "作成,shin11,新人 一,,999999,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin12,新人 一,,D0001,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin13,新人 一,,D0003,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin14,新人 一,,D0003,Kaze-to-Hikari-26,,,,".to_owned(),
            "作成,shin15,新人 一,,,Kaze-to-Hikari-26,,,はい,".to_owned(),
            "作成,shin16,新人 一,hadaka@,,Kaze-to-Hikari-26,,多分,,人事".to_owned(),
            "作成,SHIN15,新人 一,,,Kaze-to-Hikari-26,,,,".to_owned(),
            "変更,nanashi,新人 一,,,,,,,".to_owned(),
            "削除,nanashi2,,,,,,,,".to_owned(),
            format!("作成,{nurse},新人 一,,,Kaze-to-Hikari-26,,,,"),
            format!("変更,{implementer},,,,Kaze-26-X,,はい,,"),
            format!("変更,{first},,,D0002,,,,,"),
            format!(",{own},新人 一,,,,,,,"),
            "変更,hadaka@example.jp".to_owned(),
        ];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let rejected = import(&administrator, "accounts", &file(&rows), json!({})).await;
        assert_eq!(rejected["state"], "rejected", "{rejected}");
        let expected = lines(&[
            ("2", "操作", "operation_unknown"),
            ("3", "ログインID", "login_id_invalid"),
            ("4", "氏名", "required"),
            ("5", "メールアドレス", "mail_needed"),
            ("6", "パスワードハッシュ", "password_twice"),
            ("7", "初期パスワード", "password_too_short"),
            ("7", "初期パスワード", "password_too_few_kinds"),
            ("8", "初期パスワード", "password_holds_login_id"),
            ("8", "初期パスワード", "password_holds_tenant_code"),
            ("9", "初期パスワード", "password_common"),
            ("10", "パスワードハッシュ", "bcrypt_hash_invalid"),
            ("11", "社員番号", "unknown_employee"),
            ("12", "社員番号", "employee_has_account"),
            ("14", "社員番号", "duplicate_in_file"),
            ("15", "停止", "created_suspended"),
            ("16", "メールアドレス", "mail_address_invalid"),
            ("16", "人事権", "flag_invalid"),
            ("16", "ロール", "grants_not_taken"),
            ("17", "ログインID", "duplicate_in_file"),
            ("18", "ログインID", "login_unknown"),
            ("19", "操作", "deletion_not_allowed"),
            ("19", "ログインID", "login_unknown"),
            ("20", "ログインID", "login_taken"),
            ("21", "初期パスワード", "password_too_short"),
            ("21", "人事権", "personnel_authority"),
            ("22", "社員番号", "account_of_another"),
            ("23", "ログインID", "own_account"),
            ("24", "", "wrong_column_count"),
        ]);
        assert_eq!(told(&administrator, &rejected).await, expected);
        unchanged("the accounts", &before, &administrator.all("/v1/accounts").await);
        // What is personal, and every password, is nowhere in the list.
        let list = format!("{:?}", faults(&administrator, &rejected).await);
        for secret in ["kodama", "Password1!", "$2b$31", "新人", "shin", "hadaka"] {
            assert!(!list.contains(secret), "{secret}: {list}");
        }
        let one = file(&rows[21..22]);
        // Their own account, just as it is, may stand in the file.
        let own_row = format!(",{own},,,,,,,いいえ,");
        let done = import(&administrator, "accounts", &file(&[&own_row]), json!({})).await;
        assert_eq!(outcome(&done), ("applied", [0, 1, 0, 0]), "{done}");
        let done = import(&administrator, "accounts", &one, json!({ "skip_bad_rows": true })).await;
        assert_eq!(outcome(&done), ("applied", [0, 0, 1, 0]), "{done}");
        let answer = tenant.actor("hr").post("/v1/imports", json!({ "kind": "accounts", "file_name": "x.csv" })).await;
        assert_eq!(answer.status, 403);
    });
}

/// A world whose import job is the test's own hand, with a file of accounts on its way: its import's id.
async fn by_hand(administrator: &Actor, rows: &[&str]) -> String {
    let options = json!({ "options": { "allow_deletions": true } });
    let (id, url) = start(administrator, "accounts", options).await;
    assert_eq!(upload(&url, &file(rows)).await, 200);
    id
}

async fn read(actor: &Actor, import: &str) -> Value {
    actor.get(&format!("/v1/imports/{import}")).await.json()
}

#[test]
fn r01_the_last_usable_administrator_stays_whatever_a_file_says() {
    run(async {
        let hand = Hand::start(Limits::default()).await;
        let tenant = hand.world().tenant(0);
        tenant.grant("hr", json!([{ "role": "administrator", "scope": { "kind": "tenant" } }])).await;
        let (first, second) = (tenant.actor("administrator").fresh().await, tenant.nth("administrator", 1));
        let third = tenant.actor("hr").fresh().await;
        let [one, two] = [&second, &third].map(|actor| actor.account().login_id.clone());
        let import = by_hand(&first, &[&format!("削除,{one},,,,,,,,"), &format!(",{two},,,,,,,はい,")]).await;
        let chunks = hand.until_chunks().await;
        // Between check and application the uploader stops being usable: two others reset their second factor.
        let (uploader, _) = account(&second, &first.account().login_id).await.unwrap();
        let path = format!("/v1/accounts/{}", uploader["id"].as_str().unwrap());
        for actor in [second.fresh().await, third] {
            let etag = actor.get(&path).await.header("etag").to_owned();
            let answer = actor.call("POST", &format!("{path}/otp-reset"), &[("If-Match", &etag)], None).await;
            assert!(answer.status < 300, "{}", answer.json());
        }
        for chunk in &chunks {
            hand.deliver(chunk).await;
        }
        hand.settle().await;
        let left = second.get(&format!("/v1/imports/{import}")).await;
        let witness = if left.status == 200 { &second } else { &tenant.actor("hr") };
        let done = read(witness, &import).await;
        assert_eq!(outcome(&done), ("applied_with_conflicts", [1, 0, 0, 1]), "{done}");
        let told = faults(witness, &done).await;
        assert_eq!((told.len(), told[0][4].as_str()), (1, "last_administrator"), "{told:?}");
    });
}

/// A file that creates, changes and deletes.
const MIXED: [&str; 3] = [
    "作成,shinki@example.jp,新規 太郎,shinki@example.jp,D0003,,,,,",
    ",henko@example.jp,変更 花子,,,Haru-no-Kaze-26,,はい,,",
    "削除,sakujo@example.jp,,,,,,,,",
];

/// A world in which the mixed file has something to change and to delete.
async fn prepared() -> (Hand, Actor, String) {
    let hand = Hand::start(Limits { chunk_rows: 3, ..Limits::default() }).await;
    let administrator = hand.world().tenant(0).actor("administrator").fresh().await;
    for login in ["henko@example.jp", "sakujo@example.jp"] {
        let body = json!({ "login_id": login, "name": "試験 一", "initial_password": "Hajimete-no-26" });
        assert_eq!(administrator.post("/v1/accounts", body).await.status, 201);
    }
    let import = by_hand(&administrator, &MIXED).await;
    (hand, administrator, import)
}

async fn is_done_once(hand: &Hand, administrator: &Actor, import: &str, when: &str) {
    let done = read(administrator, import).await;
    assert_eq!(outcome(&done), ("applied", [3, 0, 0, 0]), "{when}: {done}");
    let (made, etag) = account(administrator, "shinki@example.jp").await.unwrap();
    assert_eq!((made["state"].as_str(), etag.as_str()), (Some("invited"), "\"1\""), "{when}");
    let (changed, etag) = account(administrator, "henko@example.jp").await.unwrap();
    assert_eq!((&changed["personnel_authority"], etag.as_str()), (&json!(true), "\"2\""), "{when}: written once");
    assert!(account(administrator, "sakujo@example.jp").await.is_none(), "{when}");
    let now = hand.world().service().store().clock().now().plus_seconds(600).to_string();
    hand.world().run_schedule("mail-sweep", &now).await;
    assert_eq!(mails_to(hand.world(), "shinki@example.jp").await.len(), 1, "{when}: one mail");
    let events = administrator.all("/v1/audit-events?action=import.apply_accounts").await;
    assert_eq!(events.len(), 1, "{when}: {events:?}");
    assert!(events[0].to_string().matches("acc_").count() >= 3, "{when}: whom it touched: {}", events[0]);
}

#[test]
fn r01_every_message_may_come_twice() {
    run(async {
        let (hand, administrator, import) = prepared().await;
        let created = hand.next().expect("S3 tells of the file");
        hand.deliver(&created).await;
        hand.deliver(&created).await;
        let chunks = hand.until_chunks().await;
        for chunk in chunks.iter().chain(&chunks) {
            hand.deliver(chunk).await;
        }
        hand.settle().await;
        hand.deliver(&created).await;
        hand.settle().await;
        is_done_once(&hand, &administrator, &import, "twice").await;
    });
}

#[test]
fn r01_a_job_that_dies_anywhere_in_a_chunk_is_finished_by_the_next_delivery() {
    run(async {
        let mut polls = 1;
        loop {
            let (hand, administrator, import) = prepared().await;
            let chunks = hand.until_chunks().await;
            let ended = hand.deliver_and_die(&chunks[0], polls).await;
            // The last chunk takes the turn. Where its job died with it, nobody gave it back: it runs out.
            hand.world().pass(31);
            hand.deliver(&chunks[0]).await;
            hand.settle().await;
            is_done_once(&hand, &administrator, &import, &format!("died after {polls}")).await;
            if ended {
                break;
            }
            polls = polls * 3 / 2 + 1;
        }
        assert!(polls > 3, "it should have died at least twice, not ended after {polls} polls");
    });
}

#[test]
fn r01_what_was_taken_or_changed_between_check_and_application_is_left_alone_and_told() {
    run(async {
        let (hand, administrator, import) = prepared().await;
        let chunks = hand.until_chunks().await;
        let body = json!({ "login_id": "shinki@example.jp", "name": "横入 一", "initial_password": "Hajimete-no-26" });
        assert_eq!(administrator.post("/v1/accounts", body).await.status, 201);
        for login in ["henko@example.jp", "sakujo@example.jp"] {
            let (account, etag) = account(&administrator, login).await.unwrap();
            let path = format!("/v1/accounts/{}", account["id"].as_str().unwrap());
            let answer = administrator.patch(&path, &etag, json!({ "name": "手直 一" })).await;
            assert_eq!(answer.status, 200, "{}", answer.json());
        }
        hand.deliver(&chunks[0]).await;
        hand.settle().await;
        let done = read(&administrator, &import).await;
        assert_eq!(outcome(&done), ("applied_with_conflicts", [0, 0, 0, 3]), "{done}");
        let expected =
            [("2", "ログインID", "login_taken"), ("3", "", "changed_meanwhile"), ("4", "", "changed_meanwhile")];
        assert_eq!(told(&administrator, &done).await, lines(&expected));
        let (taken, _) = account(&administrator, "shinki@example.jp").await.unwrap();
        assert_eq!(taken["name"], "横入　一");
        assert!(account(&administrator, "sakujo@example.jp").await.is_some());
    });
}
