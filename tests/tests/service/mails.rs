//! Mails leave by the outbox.

use serde_json::json;
use tests::{World, eventually, run};

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
