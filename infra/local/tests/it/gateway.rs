//! API Gateway: the events that functions get, and what callers see when something is wrong.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use local::counters::Counters;
use local::doors::Doors;
use local::gateway::{Gateway, GatewayOptions, SOURCE_IP_HEADER, Shape};
use local::triggers::Schedules;
use local::{Clock, Deployed};
use serde_json::{Value, json};

use crate::support::{cloud, send, soon};

fn document() -> String {
    let to = |name: &str| {
        let uri =
            format!("arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{name}.Arn}}/invocations");
        json!({ "x-amazon-apigateway-integration": { "type": "aws_proxy", "httpMethod": "POST",
            "uri": { "Fn::Sub": uri }, "timeoutInMillis": 200 } })
    };
    json!({
        "openapi": "3.0.1",
        "paths": {
            "/employees/{id}": { "get": to("Echo"), "put": to("Echo") },
            "/bad": { "get": to("Bad") },
            "/panic": { "get": to("Panic") },
            "/slow": { "get": to("Slow") },
            "/binary": { "get": to("Binary") },
        },
    })
    .to_string()
}

fn functions() -> [Deployed; 5] {
    let limit = Duration::from_secs(10);
    [
        Deployed::new("Echo", limit, |event: Value, _| async move {
            Ok(json!({ "statusCode": 200, "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"] },
                "headers": { "content-type": "application/json", "Connection": "close" }, "body": event.to_string() }))
        }),
        Deployed::new("Bad", limit, |_, _| async { Ok(json!({ "message": "no status" })) }),
        Deployed::new("Panic", limit, |_, _| async { panic!("a bug") }),
        Deployed::new("Slow", limit, |_, _| std::future::pending()),
        Deployed::new("Binary", limit, |_, _| async {
            Ok(json!({ "statusCode": 200, "headers": { "content-type": "application/pdf" }, "isBase64Encoded": true,
                "body": BASE64_STANDARD.encode([0xff, 0x00, 0x80]) }))
        }),
    ]
}

async fn gateway(shape: Shape) -> Gateway {
    let options = GatewayOptions { shape, ..GatewayOptions::new(document()) };
    Gateway::start(options, functions(), Counters::default()).await.expect("the gateway should start")
}

#[tokio::test]
async fn an_event_has_the_shape_that_the_rest_api_sends_under_both_kinds_of_address() {
    let staged = gateway(Shape::Stage { stage: "v1".into() }).await;
    let url = format!("{}/v1/employees/emp_1?q=%E5%B1%B1+a&q=b&limit=5", staged.url());
    let headers = [("x-forwarded-for", "203.0.113.9"), ("accept", "a"), ("accept", "b"), ("user-agent", "test/1")];
    let answer = send("GET", &url, &headers, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    let event = answer.json();
    assert_eq!(event["resource"], "/employees/{id}");
    assert_eq!(event["path"], "/employees/emp_1", "the event's path is without the stage");
    assert_eq!(event["requestContext"]["path"], "/v1/employees/emp_1", "the context's is with it");
    assert_eq!(event["requestContext"]["stage"], "v1");
    assert_eq!(event["requestContext"]["resourcePath"], "/employees/{id}");
    assert_eq!(event["pathParameters"], json!({ "id": "emp_1" }));
    assert_eq!(event["queryStringParameters"], json!({ "q": "b", "limit": "5" }));
    assert_eq!(event["multiValueQueryStringParameters"]["q"], json!(["山 a", "b"]));
    assert_eq!(event["multiValueHeaders"]["accept"], json!(["a", "b"]));
    assert_eq!(event["headers"]["X-Forwarded-For"], "203.0.113.9, 127.0.0.1");
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "127.0.0.1", "never what the client claims");
    assert_eq!(event["requestContext"]["identity"]["userAgent"], "test/1");
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&Value::Null, &json!(false)));

    let played = send("GET", &url, &[(SOURCE_IP_HEADER, "198.51.100.7")], "").await.json();
    assert_eq!(played["requestContext"]["identity"]["sourceIp"], "198.51.100.7");
    assert!(played["headers"].get(SOURCE_IP_HEADER).is_none());
    let body = send("PUT", &url, &[("content-type", "application/json")], r#"{"a":"山"}"#).await.json();
    assert_eq!((&body["body"], &body["isBase64Encoded"]), (&json!(r#"{"a":"山"}"#), &json!(false)));
    let bytes = send("PUT", &url, &[("content-type", "text/csv")], vec![0x8e, 0x52]).await.json();
    assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("jlI="), &json!(true)));

    let domain = Shape::CustomDomain { domain: "api.example.jp".into(), base_path: "v1".into(), stage: "live".into() };
    let own = gateway(domain).await;
    let event = send("GET", &format!("{}/v1/employees/emp_1", own.url()), &[], "").await.json();
    assert_eq!(event["path"], "/v1/employees/emp_1", "under a domain of one's own the base path stays");
    assert_eq!(event["requestContext"]["stage"], "live");
    assert_eq!(event["requestContext"]["domainName"], "api.example.jp");
    assert_eq!(event["headers"]["Host"], "api.example.jp");
}

#[tokio::test]
async fn the_gateways_own_errors_are_problems_with_security_headers() {
    let gateway = gateway(Shape::Stage { stage: "v1".into() }).await;
    let large = vec![b'a'; 10 * 1024 * 1024 + 1];
    let cases = [
        ("GET", "/v1/nothing", vec![], 404),
        ("DELETE", "/v1/employees/emp_1", vec![], 404),
        ("GET", "/employees/emp_1", vec![], 404),
        ("PUT", "/v1/employees/emp_1", large, 413),
        ("GET", "/v1/bad", vec![], 502),
        ("GET", "/v1/panic", vec![], 502),
        ("GET", "/v1/slow", vec![], 504),
    ];
    for (method, path, body, status) in cases {
        let answer = send(method, &format!("{}{path}", gateway.url()), &[], body).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains("。"), "the detail should be Japanese: {problem}");
    }
    let binary = send("GET", &format!("{}/v1/binary", gateway.url()), &[], "").await;
    assert_eq!(binary.body.as_ref(), [0xff, 0x00, 0x80]);

    let options = GatewayOptions { throttle: Some((0.0, 1.0)), ..GatewayOptions::new(document()) };
    let throttled = Gateway::start(options, functions(), Counters::default()).await.unwrap();
    let url = format!("{}/v1/employees/emp_1", throttled.url());
    assert_eq!(send("GET", &url, &[], "").await.status, 200);
    let refused = send("GET", &url, &[], "").await;
    assert_eq!((refused.status, refused.headers.contains_key("retry-after")), (429, true));
}

#[tokio::test]
async fn the_documents_gateway_responses_are_what_callers_see() {
    let mut document: Value = serde_json::from_str(&document()).unwrap();
    document["x-amazon-apigateway-gateway-responses"] = json!({ "MISSING_AUTHENTICATION_TOKEN": {
        "statusCode": "404",
        "responseParameters": { "gatewayresponse.header.X-Own": "'yes'" },
        "responseTemplates": { "application/problem+json": r#"{"detail":"なし。","instance":"$context.requestId"}"# },
    } });
    let options = GatewayOptions::new(document.to_string());
    let gateway = Gateway::start(options, functions(), Counters::default()).await.unwrap();
    let answer = send("GET", &format!("{}/v1/nothing", gateway.url()), &[], "").await;
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (404, Some("なし。")));
    assert_eq!(answer.headers["x-own"], "yes");
    assert_eq!(answer.json()["instance"].as_str().unwrap(), answer.headers["x-amzn-requestid"]);
}

#[tokio::test]
async fn the_local_doors_move_the_clock_and_show_counters() {
    let cloud = cloud(None).await;
    let doors = Doors {
        ses: cloud.ses().clone(),
        clock: cloud.clock().clone(),
        counters: cloud.counters().clone(),
        schedules: Schedules::default(),
    };
    let options =
        GatewayOptions { local: Some(doors.router()), clock: cloud.clock().clone(), ..GatewayOptions::new(document()) };
    let gateway = Gateway::start(options, functions(), cloud.counters().clone()).await.unwrap();
    let json = [("content-type", "application/json")];
    let moved =
        send("POST", &format!("{}/_local/clock", gateway.url()), &json, r#"{"now":"2027-04-01T00:00:00Z"}"#).await;
    assert_eq!(moved.status, 200);
    assert!(cloud.clock().timestamp().to_string().starts_with("2027-04-01T00:00"), "{:?}", moved.json());
    let event = send("GET", &format!("{}/v1/employees/e", gateway.url()), &[], "").await.json();
    let epoch = event["requestContext"]["requestTimeEpoch"].as_i64().unwrap();
    assert!((epoch - 1_806_537_600_000).abs() < 60_000, "{epoch}");
    let counters = send("GET", &format!("{}/_local/counters", gateway.url()), &[], "").await.json();
    assert_eq!(counters["gateway.GET /employees/{id}"]["calls"], 1, "{counters}");
    let mails = send("GET", &format!("{}/_local/mails", gateway.url()), &[], "").await;
    assert_eq!(mails.json(), json!({ "items": [] }));
    assert_eq!(Clock::default().offset(), 0, "another clock is another offset");
}

#[tokio::test]
async fn a_function_runs_to_its_end_when_its_caller_hangs_up() {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let held = std::sync::Arc::clone(&release);
    let function = Deployed::new("Echo", Duration::from_secs(10), move |_, _| {
        let (started, ended, held) = (started.clone(), ended.clone(), std::sync::Arc::clone(&held));
        async move {
            started.send(()).map_err(|error| error.to_string())?;
            held.notified().await;
            ended.send(()).map_err(|error| error.to_string())?;
            Ok(json!({ "statusCode": 204 }))
        }
    });
    let gateway = Gateway::start(GatewayOptions::new(document()), [function], Counters::default()).await.unwrap();
    let url = format!("{}/v1/employees/e", gateway.url());
    let caller = tokio::spawn(async move { send("GET", &url, &[], "").await.status });
    soon("the call", starts.recv()).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    release.notify_one();
    soon("the end", ends.recv()).await;
}
