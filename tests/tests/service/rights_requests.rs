//! Rights of the employee (個人情報保護法33条～35条) and the company's rules for handling health information (安衛法104条): asked, answered, read.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::{World, codes, etag, run};

#[test]
fn r36_a_request_about_what_is_held_is_answered_with_a_reason_and_a_day() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (own, colleague, hr) = (tenant.actor("employee"), tenant.nth("employee", 1), tenant.actor("hr"));
        let employee = own.get("/v1/me").await.json()["employee_id"].as_str().unwrap().to_owned();
        let path = format!("/v1/employees/{employee}/rights-requests");
        let wish = json!({ "right": "correction", "content": "体重が自分の測定値と違います。" });
        let asked = own.post(&path, wish.clone()).await;
        assert_eq!(asked.status, 201, "{}", asked.json());
        let due = (world.today() + 14.days()).to_string();
        assert_eq!((&asked.json()["due_on"], &asked.json()["source"]), (&json!(due), &json!("個人情報保護法34条")));
        assert_eq!(colleague.get(&path).await.status, 404);
        assert_eq!(hr.post(&path, wish).await.status, 403, "nobody asks for somebody else");
        let queue = hr.all("/v1/rights-requests").await;
        assert_eq!((queue.len(), &queue[0]["content"]), (1, &json!("体重が自分の測定値と違います。")));
        let one = format!("{path}/{}", queue[0]["id"].as_str().unwrap());
        let bad = hr.post_if(&format!("{one}/answer"), "\"1\"", json!({ "accept": true, "reason": " " })).await;
        let told: Vec<_> = codes(&bad).into_iter().map(|(at, code)| format!("{at} {code}")).collect();
        assert_eq!(told, ["/reason remark_invalid", "/act_by out_of_range"]);
        let by = (world.today() + 30.days()).to_string();
        let accepted = json!({ "accept": true, "reason": "健診機関に確認します。", "act_by": by });
        let answered = hr.post_if(&format!("{one}/answer"), "\"1\"", accepted.clone()).await;
        assert_eq!((answered.status, &answered.json()["due_on"]), (200, &json!(by)), "{}", answered.json());
        assert_eq!(
            hr.post_if(&format!("{one}/answer"), &etag(&answered), accepted).await.status,
            409,
            "it is answered"
        );
        assert_eq!(
            own.post_if(&format!("{one}/withdraw"), &etag(&answered), json!({})).await.status,
            409,
            "it is too late"
        );
        let done = hr.post_if(&format!("{one}/finish"), &etag(&answered), json!({})).await;
        assert_eq!((done.status, done.json()["state"].as_str()), (200, Some("done")), "{}", done.json());
        let mine = own.get(&path).await.json();
        assert_eq!(mine["items"][0]["answer"], "健診機関に確認します。");
        // The timeline has it for those who answer, without a checkup, and for nobody else.
        let timeline = format!("/v1/employees/{employee}/timeline");
        let items = hr.get(&timeline).await.json()["items"].clone();
        let whats: Vec<_> = items.as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
        assert_eq!(whats, ["個人情報の訂正・追加・削除の請求への回答", "個人情報の訂正・追加・削除の請求"]);
        assert!(items.as_array().unwrap().iter().all(|it| it.get("checkup_id").is_none()), "{items}");
        assert_eq!(tenant.actor("physician").get(&timeline).await.json()["items"], json!([]));
        for role in ["manager", "administrator", "physician"] {
            assert_eq!(tenant.actor(role).get("/v1/rights-requests").await.status, 403, "{role}");
        }
    });
}

#[test]
fn r36_the_rules_for_handling_health_information_have_versions_that_employees_read() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (own, hr) = (tenant.actor("employee"), tenant.actor("hr"));
        let points = [
            "purpose",
            "handlers",
            "consent",
            "security",
            "disclosure",
            "third_parties",
            "succession",
            "complaints",
            "publication",
        ];
        let rules = |points: &[&str]| {
            let texts: serde_json::Map<String, Value> =
                points.iter().map(|point| ((*point).to_owned(), json!("定める。"))).collect();
            let handler = |class: &str| json!({ "class": class, "who": "人事部", "authority": "すべての従業員" });
            json!({ "effective_on": world.today().to_string(), "points": texts, "complaints_to": "健康管理室",
                "handlers": [handler("required"), handler("statutory"), handler("with_consent")] })
        };
        assert_eq!(own.get("/v1/tenant/handling-rules").await.json()["items"], json!([]));
        let less = hr.put("/v1/tenant/handling-rules", "\"0\"", rules(&points[1..])).await;
        assert_eq!(codes(&less), [("/points".to_owned(), "required".to_owned())]);
        let made = hr.put("/v1/tenant/handling-rules", "\"0\"", rules(&points)).await;
        assert_eq!((made.status, &made.json()["current"]), (200, &json!(1)), "{}", made.json());
        assert_eq!(own.put("/v1/tenant/handling-rules", "\"1\"", rules(&points)).await.status, 403);
        assert_eq!(hr.put("/v1/tenant/handling-rules", "\"0\"", rules(&points)).await.status, 412);
        let read = "/v1/tenant/handling-rules/1/acknowledgement";
        let first = own.call("PUT", read, &[], None).await;
        let again = own.call("PUT", read, &[], None).await;
        assert_eq!((first.status, first.json()), (200, again.json()), "once is enough");
        assert_eq!(own.call("PUT", "/v1/tenant/handling-rules/2/acknowledgement", &[], None).await.status, 404);
        let shown = own.get("/v1/tenant/handling-rules").await.json();
        assert_eq!(shown["items"][0]["acknowledged_at"], first.json()["acknowledged_at"], "{shown}");
        let who = hr.all("/v1/tenant/handling-rules/1/acknowledgements").await;
        assert_eq!((who.len(), &who[0]["employee_id"]), (1, &first.json()["employee_id"]));
    });
}
