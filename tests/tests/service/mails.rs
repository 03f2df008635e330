//! Mails leave by the outbox.

use serde_json::{Value, json};
use tests::{Actor, World, anonymous, eventually, run};

#[test]
fn r30_r31_administrators_hear_of_a_termination_once_each_with_the_support_desk_at_the_end() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(0), world.operator(0).fresh().await);
        let path = format!("/v1/contracts/{}", tenant.id());
        let etag = operator.get(&path).await.header("etag").to_owned();
        let today = world.today();
        let body = Some(json!({ "terminates_on": today }));
        let ended = operator.call("POST", &format!("{path}/terminate"), &[("If-Match", &etag)], body).await;
        assert_eq!(ended.status, 200, "{}", ended.json());
        let mails = eventually("a mail to each administrator", async || {
            let mails = world.mails().await;
            (mails.len() >= 2).then_some(mails)
        })
        .await;
        // The sweep finds nothing left to send.
        let now = world.service().store().clock().now().to_string();
        world.run_schedule("mail-sweep", &now).await;
        assert_eq!(world.mails().await.len(), 2, "each mail goes once");
        let mut to: Vec<_> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
        to.sort();
        let administrators: Vec<_> =
            (0..2).map(|number| tenant.nth("administrator", number).account().login_id.clone()).collect();
        assert_eq!(to, administrators);
        for mail in mails {
            assert!(mail["text"].as_str().unwrap().contains("support@ailes-plus.example"), "{mail}");
        }
    });
}

/// Makes an account with a mail address, which is mailed to set a password: the account's path.
async fn invited(administrator: &Actor, login: &str, mail: &str) -> String {
    let body = json!({ "login_id": login, "name": "宛先 戻子", "mail": mail });
    let made = administrator.post("/v1/accounts", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.header("location").to_owned()
}

/// Sends the invitation again, with the state that the account is in.
async fn invite_again(administrator: &Actor, path: &str) {
    let etag = administrator.get(path).await.header("etag").to_owned();
    let again = administrator.call("POST", &format!("{path}/invitation"), &[("If-Match", &etag)], None).await;
    assert_eq!(again.status, 200, "{}", again.json());
}

async fn sent_to(world: &World, address: &str) -> Vec<Value> {
    let mails = world.mails().await;
    mails.into_iter().filter(|mail| mail["to"][0] == address).collect()
}

/// Waits until the outbox has nothing left that is due at once.
async fn nothing_waits(world: &World) {
    eventually("the outbox is empty", async || {
        let later = world.service().store().clock().now().plus_seconds(600).to_string();
        let answer = world.run_schedule("mail-sweep", &later).await;
        (answer["due"] == 0).then_some(())
    })
    .await;
}

async fn undeliverable(administrator: &Actor, path: &str) -> Value {
    eventually("the account says that mail does not reach it", async || {
        let account = administrator.get(path).await.json();
        account.get("mail_undeliverable").cloned()
    })
    .await
}

#[test]
fn r30_mail_that_comes_back_stops_further_mail_to_that_address_until_it_is_corrected() {
    run(async {
        let world = World::own().await;
        let administrator = world.tenant(0).actor("administrator");
        let gone = "bounce+modoru@simulator.amazonses.com";
        let path = invited(&administrator, "modoru@example.jp", gone).await;
        let why = undeliverable(&administrator, &path).await;
        assert_eq!(why["cause"], "bounced", "{why}");
        let listed = administrator.all("/v1/accounts?q=modoru").await;
        assert_eq!(listed[0]["mail_undeliverable"], why);
        assert_eq!(sent_to(&world, gone).await.len(), 1);

        invite_again(&administrator, &path).await;
        let path_of_another = invited(&administrator, "onaji@example.jp", gone).await;
        nothing_waits(&world).await;
        assert_eq!(sent_to(&world, gone).await.len(), 1, "whoever else has that address gets none either");
        assert_eq!(administrator.get(&path_of_another).await.json()["mail_undeliverable"], why);
        let elsewhere = world.tenant(1).actor("administrator");
        invited(&elsewhere, "tasha@example.jp", gone).await;
        nothing_waits(&world).await;
        assert_eq!(sent_to(&world, gone).await.len(), 2, "another company's list is another list");

        let etag = administrator.get(&path).await.header("etag").to_owned();
        let right = administrator.patch(&path, &etag, json!({ "mail": "tadashii@minato.example" })).await;
        assert!(right.json().get("mail_undeliverable").is_none(), "{}", right.json());
        invite_again(&administrator, &path).await;
        nothing_waits(&world).await;
        assert_eq!(sent_to(&world, "tadashii@minato.example").await.len(), 1);

        let etag = administrator.get(&path_of_another).await.header("etag").to_owned();
        let anew = administrator.patch(&path_of_another, &etag, json!({ "mail": gone })).await;
        assert!(anew.json().get("mail_undeliverable").is_none(), "set anew it is tried again: {}", anew.json());
    });
}

#[test]
fn r30_whoever_calls_mail_spam_gets_no_more_of_it_at_that_address() {
    run(async {
        let world = World::own().await;
        let administrator = world.tenant(0).actor("administrator");
        let cross = "complaint+iyagaru@simulator.amazonses.com";
        let path = invited(&administrator, "iyagaru@example.jp", cross).await;
        assert_eq!(undeliverable(&administrator, &path).await["cause"], "complained");
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let anew = administrator.patch(&path, &etag, json!({ "mail": cross })).await;
        assert_eq!(anew.json()["mail_undeliverable"]["cause"], "complained", "{}", anew.json());
        invite_again(&administrator, &path).await;
        nothing_waits(&world).await;
        assert_eq!(sent_to(&world, cross).await.len(), 1);
        let trail = administrator.all("/v1/audit-events").await;
        let told = trail.iter().find(|event| event["action"] == "mail.undeliverable").expect("the trail tells it");
        assert_eq!(told["reason"], "complained", "{told}");
    });
}

#[test]
fn r30_a_lost_answer_of_the_relay_is_followed_by_a_second_copy_with_the_same_id_and_by_no_third() {
    run(async {
        let world = World::own().await;
        let administrator = world.tenant(0).actor("administrator");
        world.service().cloud().ses().lose_answers(1);
        invited(&administrator, "nidome@example.jp", "nidome@minato.example").await;
        eventually("the first copy", async || {
            (sent_to(&world, "nidome@minato.example").await.len() == 1).then_some(())
        })
        .await;
        nothing_waits(&world).await;
        nothing_waits(&world).await;
        let copies = sent_to(&world, "nidome@minato.example").await;
        let ids: Vec<_> = copies
            .iter()
            .map(|mail| {
                let headers = mail["headers"].as_array().unwrap();
                headers.iter().find(|header| header.as_str().unwrap().starts_with("X-Ailes-Mail: mai_")).unwrap()
            })
            .collect();
        assert_eq!(ids.len(), 2, "the answer was lost once");
        assert_eq!(ids[0], ids[1]);
        assert_eq!(copies[0]["html"], copies[1]["html"]);
    });
}

#[test]
fn r30_a_mail_says_the_same_in_text_and_in_html() {
    run(async {
        let world = World::own().await;
        let administrator = world.tenant(0).actor("administrator");
        invited(&administrator, "nibun@example.jp", "nibun@minato.example").await;
        nothing_waits(&world).await;
        let mail = sent_to(&world, "nibun@minato.example").await.remove(0);
        let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
        let link = text.lines().find_map(|line| line.trim().strip_prefix("https://")).expect("a link");
        assert!(html.contains(&format!("<a href=\"https://{link}\">")), "{html}");
        assert!(html.contains("アカウントのご案内") && html.contains("support@ailes-plus.example"), "{html}");
    });
}

#[test]
fn r31_everybody_can_look_up_the_support_desk() {
    run(async {
        let world = World::shared().await;
        let support = anonymous(&world).get("/v1/status").await.json()["support"].clone();
        assert_eq!(support["mail"], "support@ailes-plus.example");
        assert!(support["phone"].is_string() && support["hours"].is_string(), "{support}");
    });
}
