//! The keys that sign tokens: published before they sign, and until their last token has expired.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tests::{Actor, World, anonymous, run};

const DAY: i64 = 86_400;

async fn published(world: &World) -> Vec<Value> {
    let answer = anonymous(world).get("/.well-known/jwks.json").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"), "{}", answer.json());
    answer.json()["keys"].as_array().unwrap().clone()
}

fn ids(keys: &[Value]) -> Vec<&str> {
    keys.iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

async fn token(actor: &Actor) -> String {
    actor.sign_in().await.json()["access_token"].as_str().unwrap().to_owned()
}

fn signed_by(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

#[test]
fn a_token_is_verified_with_a_published_key() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let token = token(&tenant.actor("employee")).await;
        let keys = published(&world).await;
        let key = keys.iter().find(|key| key["kid"] == signed_by(&token).as_str()).expect("its key");
        let of = |name: &str| key[name].as_str().unwrap();
        assert_eq!((of("kty"), of("crv"), of("alg"), of("use")), ("EC", "P-256", "ES256", "sig"));
        assert_eq!(URL_SAFE_NO_PAD.decode(of("x")).unwrap().len(), 32);
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["ailes-plus/v1"]);
        let verifying = DecodingKey::from_ec_components(of("x"), of("y")).unwrap();
        let claims = decode::<Value>(&token, &verifying, &validation).expect("a good signature").claims;
        assert_eq!(claims["tid"], tenant.id());
    });
}

#[test]
fn a_new_key_is_published_an_hour_before_it_signs_and_the_old_one_until_its_last_token_is_over() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let employee = tenant.actor("employee");
        assert_eq!(signed_by(&token(&employee).await), "k0001");
        assert_eq!(ids(&published(&world).await), ["k0001"]);
        world.pass(30 * DAY);
        // Whoever signs in first after thirty days makes the next one, however many do so at once.
        let all: Vec<_> = (0..5)
            .map(|_| {
                let employee = employee.clone();
                tests::spawn(async move { token(&employee).await })
            })
            .collect();
        for one in all {
            assert_eq!(signed_by(&one.await.unwrap()), "k0001", "the new one does not sign yet");
        }
        assert_eq!(ids(&published(&world).await), ["k0001", "k0002"]);
        world.pass(3_600 - 600);
        let late = token(&employee).await;
        assert_eq!(signed_by(&late), "k0001");
        world.pass(600);
        assert_eq!(signed_by(&token(&employee).await), "k0002");
        assert_eq!(employee.with_token(&late).get("/v1/me").await.status, 200, "a token of the old one is good");
        assert_eq!(ids(&published(&world).await), ["k0001", "k0002"]);
        world.pass(3_600);
        assert_eq!(ids(&published(&world).await), ["k0002"]);
        let newest = token(&employee).await;
        assert_eq!(employee.with_token(&newest).get("/v1/me").await.status, 200);
    });
}

/// What an administrator of the AWS account does when a key must end at once (docs/decisions/0004-tokens.md).
async fn end_at_once(world: &World, kid: &str) {
    let past = (world.now().as_second() - 1).to_string();
    let ended = world.service().clients().dynamodb.update_item().table_name("records");
    let ended = ended.key("pk", AttributeValue::S("T#platform#SIGNINGKEY#".to_owned()));
    let ended = ended.key("sk", AttributeValue::S(kid.to_owned())).condition_expression("attribute_exists(pk)");
    let ended = ended.update_expression("SET expires_at = :past");
    ended.expression_attribute_values(":past", AttributeValue::N(past)).send().await.expect("an item");
}

#[test]
fn a_key_that_is_ended_at_once_signs_nothing_more_and_opens_nothing_and_everybody_can_sign_in() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let employee = tenant.actor("employee");
        let leaked = token(&employee).await;
        end_at_once(&world, "k0001").await;
        assert!(published(&world).await.is_empty());
        // By then no process remembers it.
        world.pass(300);
        assert_eq!(employee.with_token(&leaked).get("/v1/me").await.status, 401);
        let next = token(&employee).await;
        assert_eq!((signed_by(&next).as_str(), ids(&published(&world).await)), ("k0002", vec!["k0002"]));
        assert_eq!(employee.with_token(&next).get("/v1/me").await.status, 200);
        // The one that waits takes the place of the one that signs.
        world.pass(30 * DAY);
        assert_eq!(signed_by(&token(&employee).await), "k0002");
        end_at_once(&world, "k0002").await;
        world.pass(300);
        let early = token(&employee).await;
        assert_eq!((signed_by(&early).as_str(), ids(&published(&world).await)), ("k0003", vec!["k0003"]));
        assert_eq!(employee.with_token(&early).get("/v1/me").await.status, 200);
    });
}
