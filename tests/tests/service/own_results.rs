//! What people read of their own results: letters in plain words, what is concluded from several values, an item over the years, and the year before.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, problem, run};

/// Two years of one employee, and a second examination.
const FILE: &str = "社員番号,受診日,健診種別,腹囲,BMI,収縮期血圧,拡張期血圧,空腹時血糖,HbA1c,中性脂肪,HDL,服薬(血圧),服薬(血糖),服薬(脂質),喫煙,尿潜血\r\n\
    D0001,2025-06-01,定期健康診断,92.0,26.0,132,84,105,5.5,149,55,いいえ,いいえ,いいえ,吸わない,(-)\r\n\
    D0001,2026-06-01,定期健康診断,92.5,26.2,182,84,112,5.5,149,55,いいえ,いいえ,いいえ,吸わない,(+)\r\n\
    D0001,2026-07-01,二次健康診断,,,150,90,,,,,,,,,\r\n";

async fn with_results() -> (Tenant, String) {
    let tenant = World::shared().await.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!((done["state"].as_str(), &done["rows"]["applied"]), (Some("applied"), &json!(3)), "{done}");
    let found = tenant.actor("administrator").all("/v1/employees?employee_number=D0001").await;
    let path = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
    (tenant, path)
}

async fn of_day(tenant: &Tenant, role: &str, path: &str, day: &str) -> Value {
    let list = tenant.actor(role).get(path).await.json();
    list["items"].as_array().unwrap().iter().find(|it| it["examined_on"] == day).unwrap().clone()
}

fn result<'a>(checkup: &'a Value, item: &str) -> &'a Value {
    checkup["results"].as_array().unwrap().iter().find(|it| it["item"] == item).unwrap()
}

#[test]
fn r34_several_values_together_say_more_and_obey_what_the_reader_may_see() {
    run(async {
        let (tenant, path) = with_results().await;
        let own = of_day(&tenant, "employee", &path, "2026-06-01").await;
        let judgement = &own["judgement"];
        // The demo employee is a woman: 90 cm is her limit. Pressure and glucose of 110 are two risks, at 37 years guidance is not meant for her.
        assert_eq!(judgement["metabolic"], json!({ "code": 1, "name": "基準該当" }), "{judgement}");
        assert_eq!(judgement["guidance"], json!({ "code": 3, "name": "なし" }));
        assert_eq!(judgement["restriction_screening"], json!({ "considered": true, "items": ["sbp"] }));
        assert_eq!(judgement["specific_version"], "tokutei-2024");
        // What the law wants and is not there: at 37 years a physician may leave the electrocardiogram out, and the history never.
        let lacks = |number: i64| own["lacking"].as_array().unwrap().iter().find(|it| it["number"] == number).cloned();
        let ecg = json!({ "number": 11, "name": "心電図検査", "may_be_omitted": true, "omitted": false });
        assert_eq!(lacks(11), Some(ecg), "{}", own["lacking"]);
        assert_eq!(lacks(1).unwrap()["may_be_omitted"], false);
        assert_eq!(lacks(5), None, "pressure was taken");
        let sbp = result(&own, "sbp");
        assert_eq!(
            [&sbp["guidance_value"], &sbp["referral_value"], &sbp["see_physician_at_once"]],
            [&json!(true), &json!(true), &json!(true)]
        );
        assert_eq!(result(&own, "u_ob")["guidance_value"], Value::Null);
        let before = of_day(&tenant, "employee", &path, "2025-06-01").await;
        assert_eq!(before["judgement"]["metabolic"]["code"], 2, "105 is below the syndrome's limit of glucose");
        // Whether medicine is taken is not statutory: for whoever may not know, it could change the answer.
        let physicians = of_day(&tenant, "physician", &path, "2025-06-01").await;
        assert_eq!(physicians["judgement"]["metabolic"]["code"], 4, "{}", physicians["judgement"]);
        assert_eq!(physicians["judgement"]["restriction_screening"]["considered"], false);
    });
}

#[test]
fn r34_every_letter_says_in_plain_words_what_it_asks_for() {
    run(async {
        let (tenant, path) = with_results().await;
        let own = of_day(&tenant, "employee", &path, "2026-06-01").await;
        assert_eq!(own["judgement"]["overall"], "D");
        assert!(own["judgement"]["overall_advice"].as_str().unwrap().contains("医療機関を受診"));
        for category in own["judgement"]["categories"].as_array().unwrap() {
            assert!(category["about"].is_string() && category["advice"].is_string(), "{category}");
        }
    });
}

#[test]
fn r34_an_item_over_the_years_stands_beside_its_limits() {
    run(async {
        let (tenant, path) = with_results().await;
        let me = tenant.actor("employee");
        let trend = me.get(&format!("{path}/trend?item=sbp")).await.json();
        let points: Vec<_> = trend["points"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["examined_on"].clone(), it["result"]["value"].clone(), it["result"]["grade"].clone()))
            .collect();
        let expected = [("2025-06-01", 132, "B"), ("2026-06-01", 182, "D"), ("2026-07-01", 150, "C")];
        assert_eq!(points, expected.map(|(day, value, grade)| (json!(day), json!(value), json!(grade))), "{trend}");
        assert_eq!(trend["limits"]["steps"][0], json!({ "up_to": 129, "grade": "A" }));
        assert_eq!(trend["limits"]["guidance"], json!({ "side": "at_least", "value": 130 }));
        assert_eq!((&trend["limits"]["above"], &trend["unit"]), (&json!("D"), &json!("mmHg")));
        // What is not for somebody has no points; what is no item is told so.
        let physician = tenant.actor("physician");
        let hidden = physician.get(&format!("{path}/trend?item=u_ob")).await.json();
        assert_eq!(hidden["points"], json!([]));
        assert_eq!(me.get(&format!("{path}/trend?item=u_ob")).await.json()["points"].as_array().unwrap().len(), 2);
        let unknown = me.get(&format!("{path}/trend?item=pressure")).await;
        assert_eq!((unknown.status, problem(&unknown).as_str()), (400, "bad-query"));
        assert_eq!(tenant.nth("employee", 1).get(&format!("{path}/trend?item=sbp")).await.status, 404);
        // As a drawing it says the same in words; and a drawing is a look, too.
        let drawing = me.get(&format!("{path}/trend/chart?item=sbp")).await;
        assert_eq!((drawing.status, drawing.header("content-type")), (200, "image/svg+xml; charset=utf-8"));
        assert_eq!(drawing.header("cache-control"), "no-store");
        let svg = String::from_utf8(drawing.body.to_vec()).unwrap();
        let words =
            "2025-06-01 132 mmHg、2026-06-01 182 mmHg、2026-07-01 150 mmHg。判定の範囲：A 129まで、B 129から139まで";
        assert!(svg.contains(">収縮期血圧の推移<") && svg.contains(words), "{svg}");
        let nothing = physician.get(&format!("{path}/trend/chart?item=u_ob")).await;
        assert!(String::from_utf8(nothing.body.to_vec()).unwrap().contains("表示できる値がありません。"));
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup.trend").await;
        assert_eq!(trail.len(), 5, "each look is told: {trail:?}");
    });
}

#[test]
fn r34_a_checkup_stands_beside_the_one_of_the_year_before() {
    run(async {
        let (tenant, path) = with_results().await;
        let me = tenant.actor("employee");
        let (last, first) = (
            of_day(&tenant, "employee", &path, "2026-06-01").await,
            of_day(&tenant, "employee", &path, "2025-06-01").await,
        );
        let compared = me.get(&format!("{path}/{}/comparison", last["id"].as_str().unwrap())).await.json();
        assert_eq!((&compared["before"]["id"], &compared["overall_change"]), (&first["id"], &json!("worse")));
        let item =
            |key: &str| compared["items"].as_array().unwrap().iter().find(|it| it["item"] == key).unwrap().clone();
        assert_eq!((&item("sbp")["difference"], &item("sbp")["grade_change"]), (&json!(50), &json!("worse")));
        assert_eq!((&item("waist")["difference"], &item("waist")["grade_change"]), (&json!(0.5), &json!("same")));
        assert_eq!(item("fpg")["before"]["value"], 105);
        let nothing = me.get(&format!("{path}/{}/comparison", first["id"].as_str().unwrap())).await.json();
        assert_eq!((&nothing["before"], &nothing["overall_change"]), (&Value::Null, &Value::Null));
        // With one that is named; which must be the same person's.
        let second = of_day(&tenant, "employee", &path, "2026-07-01").await;
        let with =
            format!("{path}/{}/comparison?with={}", second["id"].as_str().unwrap(), last["id"].as_str().unwrap());
        let with = me.get(&with).await.json();
        assert_eq!((&with["before"]["id"], &with["overall_change"]), (&last["id"], &json!("better")));
        let never = format!("{path}/{}/comparison?with=chk_{}", last["id"].as_str().unwrap(), "0".repeat(32));
        assert_eq!(me.get(&never).await.status, 404);
    });
}
