//! Points: what a month comes to by rules that are data, a ledger that adds up, exchanges, days that stand out, campaigns.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};
use tests::imports::{DEPARTMENTS, EMPLOYEES, LIFELOGS, import};
use tests::{Actor, Tenant, World, codes, etag, problem, run};

async fn own_path(actor: &Actor) -> String {
    let me = actor.get("/v1/me").await.json();
    format!("/v1/employees/{}", me["employee_id"].as_str().unwrap())
}

async fn set_rules(tenant: &Tenant, rules: Value) {
    let answer = tenant.actor("hr").put("/v1/tenant/points-rules", "\"0\"", rules).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

/// Closes what is due by now; what the run says of the tenant.
async fn close(world: &World, tenant: &Tenant) -> Value {
    let at = world.service().store().clock().now().to_string();
    let run = world.run_schedule("points-close", &at).await;
    assert_eq!(run["failed"], 0, "{run}");
    let of = run["tenants"].as_array().unwrap().iter().find(|it| it["tenant"] == tenant.id());
    of.map_or(Value::Null, |of| of["closed"].clone())
}

fn posted(result: &Value) -> u64 {
    result["granted"].as_u64().unwrap_or_else(|| panic!("{result}"))
}

/// The sample month of the first employees, moved so that it ends yesterday: number, day, steps, minutes of sleep.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no day has more minutes than fit")]
fn sample(people: usize, last: Date) -> Vec<(String, Date, u32, u32)> {
    let text = std::str::from_utf8(LIFELOGS).unwrap();
    let end: Date = "2026-10-31".parse().unwrap();
    let mut rows = Vec::new();
    for line in text.lines().skip(1).take(people * 31) {
        let cells: Vec<&str> = line.split(',').collect();
        let day: Date = cells[1].parse().unwrap();
        let day = last - (end - day).get_days().days();
        let hours: f64 = cells[6].parse().unwrap();
        rows.push((cells[0].to_owned(), day, cells[2].parse().unwrap(), (hours * 60.0).round() as u32));
    }
    rows
}

#[test]
fn r36_the_points_of_the_sample_month_are_those_of_a_table_that_can_be_checked_by_hand() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (administrator, hr) = (tenant.actor("administrator"), tenant.actor("hr"));
        for (kind, file) in [("departments", DEPARTMENTS), ("employees", EMPLOYEES)] {
            let done = import(&administrator, kind, file, json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let rows = sample(12, world.today() - 1.day());
        let mut file = "社員番号,日付,歩数,睡眠時間\r\n".to_owned();
        for (number, day, steps, sleep) in &rows {
            write!(file, "{number},{day},{steps},{}:{:02}\r\n", sleep / 60, sleep % 60).unwrap();
        }
        let done = import(&administrator, "lifelogs", file.as_bytes(), json!({})).await;
        assert_eq!(done["rows"]["applied"].as_u64(), Some(rows.len() as u64), "{done}");
        // A point per 1,000 steps, nine at most; two for six hours of sleep; ten a day and 150 a month in all.
        set_rules(&tenant, json!({
            "valid_from": (world.today() - 40.days()).to_string(),
            "rules": [
                { "id": "walk", "name": "1,000歩ごとに1ポイント", "metric": "steps", "award": { "per_step": { "every": "1000", "points": 1 } }, "caps": { "day": 9 } },
                { "id": "sleep", "name": "6時間の睡眠", "metric": "sleep", "award": { "fixed": 2 }, "condition": { "at_least": ["sleep", "360"] } },
            ],
            "caps": { "day": 10, "month": 150 }, "close_after_days": 35, "late_days": 40, "expiry": "next_fiscal_year_end",
        })).await;
        let early = close(&world, &tenant).await;
        assert_eq!(posted(&early), 0, "no day of the sample is fixed yet: {early}");
        world.pass(40 * 86_400);
        let closed = close(&world, &tenant).await;

        // The same by hand: day by day, what is left of the day's ten and of the month's 150.
        let mut by_hand: BTreeMap<&str, u32> = BTreeMap::new();
        let mut of_month: BTreeMap<(&str, i8), u32> = BTreeMap::new();
        for (number, day, steps, sleep) in &rows {
            let walked = (steps / 1_000).min(9);
            let slept = if *sleep >= 360 { 2 } else { 0 };
            let month = of_month.entry((number, day.month())).or_default();
            let points = (walked + slept).min(10).min(150 - *month);
            *month += points;
            *by_hand.entry(number).or_default() += points;
        }
        assert!(of_month.values().any(|points| *points == 150), "the month's cap is reached by somebody");
        assert_eq!(posted(&closed), u64::from(by_hand.values().sum::<u32>()), "{closed}");
        let employees = hr.all("/v1/employees?limit=200").await;
        for (number, points) in &by_hand {
            let employee = employees.iter().find(|it| it["employee_number"] == *number).unwrap();
            let path = format!("/v1/employees/{}/points", employee["id"].as_str().unwrap());
            let balance = hr.get(&path).await.json();
            assert_eq!(balance["balance"], *points, "{number}: {balance}");
            let entries = hr.all(&format!("{path}/entries?limit=200")).await;
            let sum: i64 = entries.iter().map(|entry| entry["points"].as_i64().unwrap()).sum();
            assert_eq!(sum, i64::from(*points), "the balance is the sum of the ledger");
        }
        let again = close(&world, &tenant).await;
        assert!(again.is_null() || posted(&again) == 0, "what is closed is closed: {again}");
        assert_eq!(tenant.actor("nurse").get("/v1/points/redemptions").await.status, 403);
    });
}

#[test]
fn r36_points_are_exchanged_in_two_steps_and_never_more_than_there_are() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (own, colleague, hr) = (tenant.actor("employee"), tenant.nth("employee", 1), tenant.actor("hr"));
        let path = format!("{}/points", own_path(&own).await);
        let entries = format!("{path}/entries");
        assert_eq!(
            own.post(&entries, json!({ "points": 1, "reason": "x" })).await.status,
            403,
            "nobody gives themselves any"
        );
        let bad = hr.post(&entries, json!({ "points": 0, "reason": " " })).await;
        assert_eq!(codes(&bad).len(), 2, "{}", bad.json());
        let given =
            hr.with("Idempotency-Key", "a").post(&entries, json!({ "points": 500, "reason": "健康イベント" })).await;
        assert_eq!(given.status, 201, "{}", given.json());
        assert_eq!(
            hr.with("Idempotency-Key", "a")
                .post(&entries, json!({ "points": 500, "reason": "健康イベント" }))
                .await
                .body,
            given.body
        );
        assert_eq!(colleague.get(&path).await.status, 404);

        let redemptions = format!("{path}/redemptions");
        let wish = json!({ "points": 300, "reward": "ギフトカード" });
        let without = own.post(&redemptions, wish.clone()).await;
        assert_eq!((without.status, problem(&without).as_str()), (400, "malformed"), "a key is asked for");
        let one = own.with("Idempotency-Key", "r1").post(&redemptions, wish.clone()).await;
        let same = own.with("Idempotency-Key", "r1").post(&redemptions, wish).await;
        assert_eq!((one.status, &one.body), (201, &same.body), "{}", one.json());
        let stands = own.get(&path).await.json();
        assert_eq!(
            (&stands["balance"], &stands["available"], &stands["on_hold"]),
            (&json!(500), &json!(200), &json!(300))
        );
        // Eight at once, for 60 each, of 200: three at most, and nothing is lost.
        let many: Vec<_> = (0..8)
            .map(|number| {
                let (own, redemptions) = (own.with("Idempotency-Key", &format!("m{number}")), redemptions.clone());
                tests::spawn(
                    async move { own.post(&redemptions, json!({ "points": 60, "reward": "水" })).await.status },
                )
            })
            .collect();
        let mut reserved = 0;
        for one in many {
            let status = one.await.unwrap();
            assert!(matches!(status, 201 | 409 | 503), "{status}");
            reserved += u64::from(status == 201);
        }
        let stands = own.get(&path).await.json();
        assert!((1..=3).contains(&reserved), "{reserved}");
        assert_eq!(stands["on_hold"], 300 + 60 * reserved, "{stands}");

        let waiting = hr.all("/v1/points/redemptions").await;
        assert_eq!(waiting.len() as u64, 1 + reserved);
        let of = |it: &Value| format!("{redemptions}/{}", it["id"].as_str().unwrap());
        let confirmed = hr.post_if(&format!("{}/confirm", of(&waiting[0])), "\"1\"", json!({})).await;
        assert_eq!(
            (confirmed.status, confirmed.json()["state"].clone()),
            (200, json!("confirmed")),
            "{}",
            confirmed.json()
        );
        let twice = hr.post_if(&format!("{}/confirm", of(&waiting[0])), &etag(&confirmed), json!({})).await;
        assert_eq!(twice.status, 409);
        for it in &waiting[1..] {
            assert_eq!(hr.post_if(&format!("{}/cancel", of(it)), "\"1\"", json!({})).await.status, 200);
        }
        let stands = own.get(&path).await.json();
        assert_eq!((&stands["balance"], &stands["available"]), (&json!(200), &json!(200)), "{stands}");
        // A correction takes back what is left, and says what was not there any more.
        let cancelled = hr.post(&format!("{entries}/1/cancel"), json!({ "reason": "登録の誤り" })).await.json();
        assert_eq!((&cancelled["points"], &cancelled["missing"]), (&json!(-200), &json!(300)), "{cancelled}");
        assert_eq!(hr.post(&format!("{entries}/1/cancel"), json!({ "reason": "二度目" })).await.status, 409);
        let ledger = own.all(&entries).await;
        let sum: i64 = ledger.iter().map(|entry| entry["points"].as_i64().unwrap()).sum();
        assert_eq!((sum, ledger.len()), (0, 3), "{ledger:?}");
    });
}

#[test]
fn r36_a_day_that_stands_out_is_looked_at_and_a_campaign_tells_of_ten_people_and_more() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (own, hr, today) = (tenant.actor("employee"), tenant.actor("hr"), world.today());
        let person = own_path(&own).await;
        set_rules(&tenant, json!({
            "valid_from": today.to_string(),
            "rules": [{ "id": "walk", "name": "歩く", "metric": "steps", "award": { "tiers": [{ "at_least": "8000", "points": 10 }] } }],
            "close_after_days": 1, "late_days": 7, "expiry": { "months": 12 },
        })).await;
        let early = hr.put("/v1/tenant/points-rules", "\"1\"", json!({ "valid_from": today.to_string(),
            "rules": [{ "id": "walk", "name": "歩く", "metric": "steps", "award": { "fixed": 1 } }], "close_after_days": 1, "late_days": 7, "expiry": { "months": 12 } })).await;
        assert_eq!(
            (early.status, problem(&early).as_str()),
            (409, "conflict"),
            "what is begun is not changed: {}",
            early.json()
        );
        let made = hr.post("/v1/campaigns", json!({ "name": "秋の歩こう会", "metric": "steps", "from": today.to_string(), "to": (today + 30.days()).to_string() })).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let campaign = made.header("location").to_owned();
        let joined = own.put(&format!("{campaign}/participation"), "\"0\"", json!({ "nickname": "あるく人" })).await;
        assert_eq!((joined.status, joined.json()["takes_part"].clone()), (200, json!(true)), "{}", joined.json());
        let steps = json!({ "entries": [{ "client_entry_id": "1", "metric": "steps", "measured_at": world.now().to_string(), "value": 31_250, "origin": "device", "device": "watch" }] });
        assert_eq!(own.post(&format!("{person}/lifelogs"), steps).await.status, 200);
        world.pass(2 * 86_400);
        let closed = close(&world, &tenant).await;
        assert_eq!((posted(&closed), closed["flagged"].as_u64()), (10, Some(1)), "{closed}");
        // Later data of a day that is closed change nothing.
        let late = json!({ "entries": [{ "client_entry_id": "2", "metric": "steps", "measured_at": format!("{today}T23:00:00+09:00"), "value": 50_000, "origin": "device", "device": "watch" }] });
        own.post(&format!("{person}/lifelogs"), late).await;
        close(&world, &tenant).await;
        assert_eq!(own.get(&format!("{person}/points")).await.json()["balance"], 10);

        let queue = hr.all("/v1/points/suspicions").await;
        assert_eq!(
            (queue.len(), queue[0]["flags"][0]["flag"].clone(), queue[0]["points"].clone()),
            (1, json!("many_steps"), json!(10))
        );
        assert!(queue[0].get("steps").is_none(), "the number is the employee's: {}", queue[0]);
        let mine = own.get(&format!("{person}/points/suspicions")).await.json();
        assert_eq!(mine["items"][0]["steps"], 31_250);
        let day = format!("{person}/points/suspicions/{today}");
        let said = own
            .put(&format!("{day}/comment"), "\"1\"", json!({ "comment": "大会に出ました。", "shows_steps": true }))
            .await;
        assert_eq!(said.status, 200, "{}", said.json());
        let queue = hr.all("/v1/points/suspicions").await;
        assert_eq!((&queue[0]["steps"], &queue[0]["comment"]), (&json!(31_250), &json!("大会に出ました。")));
        let verdict = json!({ "verdict": "void", "exclude_from_ranking": true, "reason": "機器の誤作動" });
        let decided = hr.post_if(&format!("{day}/decision"), &etag(&said), verdict).await;
        assert_eq!((decided.status, decided.json()["state"].clone()), (200, json!("voided")), "{}", decided.json());
        assert_eq!(own.get(&format!("{person}/points")).await.json()["balance"], 0);

        let result = hr.get(&campaign).await.json();
        assert_eq!(
            (&result["people"], &result["total"], &result["ranking"]),
            (&Value::Null, &Value::Null, &json!([])),
            "one is not ten: {result}"
        );
        let taken = own.get(&format!("{campaign}/participation")).await;
        assert_eq!((&taken.json()["total"], &taken.json()["days"]), (&json!(31_250), &json!(1)));
        assert_eq!(own.delete(&format!("{campaign}/participation"), &etag(&taken)).await.status, 204);
        let month = format!("{:04}-{:02}", today.year(), today.month());
        let shares = hr.get(&format!("/v1/points/hand-shares?month={month}")).await.json();
        assert_eq!(shares["items"], json!([]), "and neither is a department of one");
    });
}
