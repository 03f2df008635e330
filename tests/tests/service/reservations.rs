//! Wishes for checkups, what is booked for them, and reminders that tell nothing of anybody.

use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, eventually, logs, run};

const OWN: &str = "/v1/me/checkup-wishes";

async fn with_clinics(tenant: &Tenant, remind: Value) -> Value {
    let nurse = tenant.actor("nurse");
    let etag = nurse.get("/v1/checkups/clinics").await.header("etag").to_owned();
    let clinics = json!([
        { "code": "C001", "name": "みなと健診クリニック", "address": "東京都港区0-0-0", "phone": "03-0000-0000" },
        { "code": "C002", "name": "浜松健診センター" },
    ]);
    let set =
        nurse.put("/v1/checkups/clinics", &etag, json!({ "clinics": clinics, "remind_days_before": remind })).await;
    assert_eq!(set.status, 200, "{}", set.json());
    set.json()
}

async fn employee(tenant: &Tenant, number: &str) -> String {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    found[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn r34_an_employee_wishes_for_a_checkup_and_whoever_books_confirms_a_clinic_and_a_day() {
    run(async {
        logs::plant(["妊娠中のためエックス線は受けません"]);
        let world = World::own().await;
        let tenant = world.tenant(0);
        let day = |ahead: i64| (world.today() + ahead.days()).to_string();
        let (me, hr, nurse) = (tenant.actor("employee"), tenant.actor("hr"), tenant.actor("nurse"));
        with_clinics(&tenant, Value::Null).await;
        assert_eq!(me.get("/v1/checkups/clinics").await.json()["clinics"][1]["code"], "C002");
        assert_eq!(me.put("/v1/checkups/clinics", "\"1\"", json!({ "clinics": [] })).await.status, 403);

        let path = format!("{OWN}/periodic");
        let put = async |actor: &Actor, body: Value| actor.call("PUT", &path, &[], Some(body)).await;
        let wrong = json!({ "clinic_code": "C 1", "preferred_dates": [day(0)], "note": "" });
        let refused = put(&me, wrong).await;
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
        assert_eq!(
            (refused.status, pointers),
            (422, vec![json!("/preferred_dates/0"), json!("/clinic_code"), json!("/note")])
        );
        let unknown = put(&me, json!({ "clinic_code": "C009", "preferred_dates": [day(20)] })).await;
        assert_eq!((unknown.status, &unknown.json()["errors"][0]["code"]), (422, &json!("unknown_clinic")));
        let wanted = json!({ "clinic_code": "C002", "preferred_dates": [day(20), day(27)], "note": "妊娠中のためエックス線は受けません" });
        let wished = put(&me, wanted.clone()).await;
        assert_eq!((wished.status, wished.header("etag"), &wished.json()["state"]), (200, "\"1\"", &json!("wished")));
        assert_eq!(put(&me, wanted.clone()).await.status, 412, "it is there already");
        let changed = me.put(&path, "\"1\"", wanted.clone()).await;
        assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{}", changed.json());

        // Whoever books sees what a clinic asks for; nobody else sees the list.
        let listed = hr.all("/v1/checkup-wishes").await;
        let id = employee(&tenant, "D0001").await;
        assert_eq!(
            (listed.len(), listed[0]["employee_id"].as_str(), &listed[0]["employee_number"]),
            (1, Some(id.as_str()), &json!("D0001"))
        );
        assert!(listed[0]["kana"].is_string() && listed[0]["birth_date"].is_string(), "{listed:?}");
        for role in ["employee", "manager", "physician", "administrator"] {
            assert_eq!(tenant.actor(role).get("/v1/checkup-wishes").await.status, 403, "{role}");
        }
        let of_employee = format!("/v1/employees/{id}/checkup-wishes/periodic");
        assert_eq!(nurse.get(&of_employee).await.header("etag"), "\"2\"");
        let other = world.tenant(1).actor("nurse");
        assert_eq!(other.get(&of_employee).await.status, 404, "another company's are not there");

        // One of two who book at once is first; the other one reads again.
        let booked = json!({ "clinic_code": "C001", "on": day(21), "at": "09:30", "note": "前日の21時以降は食事をとらないでください。" });
        let reservation = format!("{of_employee}/reservation");
        let both = tokio::join!(
            hr.put(&reservation, "\"2\"", booked.clone()),
            nurse.put(&reservation, "\"2\"", booked.clone())
        );
        let mut statuses = [both.0.status, both.1.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let own = me.get(OWN).await.json();
        let shown = &own["items"][0]["reservation"];
        assert_eq!((&shown["clinic"]["name"], &shown["at"]), (&json!("みなと健診クリニック"), &json!("09:30")));
        assert_eq!(hr.all("/v1/checkup-wishes?state=confirmed").await.len(), 1);
        assert_eq!(hr.all("/v1/checkup-wishes").await.len(), 0);
        let mails = world.mails().await;
        assert!(mails.iter().all(|mail| !mail.to_string().contains("みなと健診クリニック")), "no mail says where");

        // What is booked is withdrawn before something else is wished; then the list shows that.
        assert_eq!(me.put(&path, "\"3\"", wanted.clone()).await.status, 409);
        assert_eq!(me.delete(&path, "\"2\"").await.status, 412);
        assert_eq!(me.delete(&path, "\"3\"").await.status, 204);
        assert_eq!(hr.put(&reservation, "\"4\"", booked).await.status, 409);
        assert_eq!(hr.all("/v1/checkup-wishes?state=withdrawn").await.len(), 1);
        assert_eq!(put(&me, wanted).await.status, 200, "and wished again");
    });
}

/// How many mails are on their way to whom, by the words of their subject.
async fn mails(world: &World, subject: &str) -> Vec<Value> {
    let is = |mail: &Value| mail.to_string().contains(subject);
    world.mails().await.into_iter().filter(is).collect()
}

#[test]
fn r34_whoever_has_not_been_examined_is_told_once_of_each_day_and_physicians_of_opinions_that_are_due() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let today: Date = world.today();
        let nine = |day: Date| format!("{day}T09:00:00+09:00");
        let (due, opinions) = ("期限のある手続きのお知らせ", "ご担当の案件の期限のお知らせ");
        // A year before the day in twenty days on which the next one is due; and nobody has said what a physician makes of it.
        let last_year = today + 20.days() - 1.year();
        let file = format!("社員番号,受診日,健診種別,収縮期血圧\r\nD0001,{last_year},定期健康診断,120\r\n");
        let done = import(&tenant.actor("nurse"), "checkups", file.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{done}");
        world.run_schedule("reminders", &nine(today)).await;
        assert_eq!(mails(&world, due).await.len(), 0, "nobody is reminded whose company did not ask for it");

        with_clinics(&tenant, json!(30)).await;
        let id = employee(&tenant, "D0001").await;
        let due_on = today + 20.days();
        let year = if due_on.month() < 4 { due_on.year() - 1 } else { due_on.year() };
        let targets = tenant.actor("hr").all(&format!("/v1/checkups/attendance?fiscal_year={year}")).await;
        let own = targets.iter().find(|it| it["employee_id"] == id.as_str()).unwrap_or_else(|| panic!("{targets:?}"));
        assert_eq!(
            (&own["targets"][0]["state"], own["targets"][0]["due_on"].as_str()),
            (&json!("due"), Some(due_on.to_string().as_str()))
        );
        let first = world.run_schedule("reminders", &nine(today)).await;
        assert!(first["told"].as_u64() >= Some(1), "{first}");
        let sent = async || {
            let (told, physicians) = (mails(&world, due).await, mails(&world, opinions).await);
            (!told.is_empty() && !physicians.is_empty()).then_some((told, physicians))
        };
        let (told, physicians) = eventually("both kinds of mails are sent", sent).await;
        assert!(told.iter().all(|mail| !mail.to_string().contains("定期")), "no mail says which: {told:?}");
        // Again, the next day, and the day after: nothing more for the same day. What was there a year ago waits for its opinion all the time.
        for later in [0, 1, 2] {
            let again = world.run_schedule("reminders", &nine(today + later.days())).await;
            assert_eq!(again["told"], 0, "once of each day: {again}");
        }
        assert_eq!(
            (mails(&world, due).await.len(), mails(&world, opinions).await.len()),
            (told.len(), physicians.len())
        );
    });
}
