//! The vault over a cloud in memory: KMS that checks the encryption context, a keys table with conditions, a ledger that
//! answers like S3. Every call takes a while, is counted, and can be made to fail.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::{
    client::{
        behavior_version::BehaviorVersion,
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

use super::*;

const TENANT: TenantId = TenantId::from_bytes([3; 16]);
const OTHER: TenantId = TenantId::from_bytes([4; 16]);
const RUN: PurgeId = PurgeId::from_bytes([5; 16]);
const PLACE: Place<'static> = Place { store: "records", tenant: TENANT, key: "T#a#EMP#b", attribute: "sealed" };

#[derive(Debug, Clone, Default)]
struct Cloud(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<(String, String), Value>,
    objects: BTreeMap<String, Vec<u8>>,
    calls: BTreeMap<String, usize>,
    /// Answers to give instead, by operation, one per call.
    faults: BTreeMap<&'static str, VecDeque<(u16, &'static str)>>,
    last: BTreeMap<String, String>,
    data_keys: u8,
}

impl HttpClient for Cloud {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Cloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let cloud = self.clone();
        HttpConnectorFuture::new(async move {
            sleep(Duration::from_millis(10)).await;
            let (status, body) = cloud.answer(&request);
            sleep(Duration::from_millis(10)).await;
            let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
            if status == 404 && request.uri().contains("hidden") {
                response.headers_mut().insert("x-amz-delete-marker", "true");
            }
            Ok(response)
        })
    }
}

impl Cloud {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn calls(&self, operation: &str) -> usize {
        self.state().calls.get(operation).copied().unwrap_or_default()
    }

    fn all_calls(&self) -> usize {
        self.state().calls.values().sum()
    }

    /// The next `count` calls of `operation` answer this.
    fn fail(&self, operation: &'static str, count: usize, status: u16, body: &'static str) {
        self.state().faults.entry(operation).or_default().extend(std::iter::repeat_n((status, body), count));
    }

    fn config(&self) -> aws_types::sdk_config::Builder {
        let credentials = Credentials::from_keys("AKIDEXAMPLE", "SECRET", None);
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .endpoint_url("http://127.0.0.1:9001")
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
    }

    /// Another process's vault over the same cloud.
    fn vault(&self) -> Vault {
        let config = self.config().build();
        let cmks =
            Cmks { names: "alias/names".into(), records: "alias/records".into(), platform: "alias/platform".into() };
        Vault::new(
            aws_sdk_kms::Client::new(&config),
            aws_sdk_dynamodb::Client::new(&config),
            Ledger::new(&config, "ledger").unwrap(),
            Settings { keys_table: "keys".into(), cmks },
            Arc::new(|| "2026-04-01T00:00:00+09:00".parse().unwrap()),
        )
    }

    fn answer(&self, request: &HttpRequest) -> (u16, String) {
        let target = request.headers().get("x-amz-target").and_then(|target| target.split('.').nth(1));
        let operation = target.unwrap_or(request.method()).to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let path = request.uri().parse::<http::Uri>().unwrap().path().to_owned();
        let mut state = self.state();
        *state.calls.entry(operation.clone()).or_default() += 1;
        let seen = request.headers().iter().map(|(name, value)| format!("{name}: {value}"));
        let seen: Vec<_> = std::iter::once(request.uri().to_owned()).chain(seen).collect();
        state.last.insert(operation.clone(), seen.join("\n") + "\n");
        if let Some(fault) = state.faults.get_mut(operation.as_str()).and_then(VecDeque::pop_front) {
            return (fault.0, fault.1.to_owned());
        }
        let input = || serde_json::from_slice::<Value>(body).unwrap();
        match operation.as_str() {
            "GET" => match state.objects.get(&path) {
                Some(object) => (200, String::from_utf8(object.clone()).unwrap()),
                None => (404, "<Error><Code>NoSuchKey</Code></Error>".to_owned()),
            },
            "PUT" => {
                assert_eq!(request.headers().get("if-none-match"), Some("*"));
                if state.objects.contains_key(&path) {
                    return (412, "<Error><Code>PreconditionFailed</Code></Error>".to_owned());
                }
                state.objects.insert(path, body.to_vec());
                (200, String::new())
            }
            other => state.service(other, &input()),
        }
    }
}

impl State {
    fn service(&mut self, operation: &str, input: &Value) -> (u16, String) {
        let text = |pointer: &str| input.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        match operation {
            "GenerateDataKeyWithoutPlaintext" => {
                self.data_keys += 1;
                let wrapped = json!({
                    "key": STANDARD.encode([self.data_keys; 32]), "cmk": input["KeyId"], "context": input["EncryptionContext"],
                });
                let blob = STANDARD.encode(wrapped.to_string());
                (200, json!({ "CiphertextBlob": blob, "KeyId": input["KeyId"] }).to_string())
            }
            "Decrypt" => {
                let wrapped = STANDARD.decode(text("/CiphertextBlob")).unwrap();
                let Ok(wrapped) = serde_json::from_slice::<Value>(&wrapped) else {
                    return (400, json!({ "__type": "InvalidCiphertextException" }).to_string());
                };
                if wrapped["cmk"] != input["KeyId"] || wrapped["context"] != input["EncryptionContext"] {
                    return (400, json!({ "__type": "InvalidCiphertextException" }).to_string());
                }
                (200, json!({ "Plaintext": wrapped["key"], "KeyId": wrapped["cmk"] }).to_string())
            }
            "Query" => {
                assert_eq!(input["ConsistentRead"], json!(true));
                let partition = text("/ExpressionAttributeValues/:pk/S");
                let items: Vec<_> =
                    self.items.iter().filter(|((pk, _), _)| *pk == partition).map(|(_, item)| item).collect();
                (200, json!({ "Items": items, "Count": items.len() }).to_string())
            }
            "PutItem" => {
                assert_eq!(input["ConditionExpression"], "attribute_not_exists(pk)");
                let key = (text("/Item/pk/S"), text("/Item/sk/S"));
                if self.items.contains_key(&key) {
                    return (400, json!({ "__type": "ConditionalCheckFailedException" }).to_string());
                }
                self.items.insert(key, input["Item"].clone());
                (200, "{}".to_owned())
            }
            "DeleteItem" => {
                self.items.remove(&(text("/Key/pk/S"), text("/Key/sk/S")));
                (200, "{}".to_owned())
            }
            other => panic!("the vault has no business with {other}"),
        }
    }
}

/// What `count` of them answer, all at once, as tasks of one thread.
async fn parallel<T>(count: usize, make: impl Fn() -> T) -> Vec<T::Output>
where
    T: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(make())).collect();
    let mut outputs = Vec::new();
    for task in tasks {
        outputs.push(task.await.unwrap());
    }
    outputs
}

#[tokio::test(start_paused = true)]
async fn fifty_who_are_first_at_once_make_one_key_and_then_nothing_is_called() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    let keyrings = parallel(50, || {
        let vault = vault.clone();
        async move { vault.keyring(TENANT, Purpose::Health).await }
    })
    .await;
    assert_eq!(cloud.calls("GenerateDataKeyWithoutPlaintext"), 1);
    assert_eq!(cloud.calls("Decrypt"), 1);
    assert_eq!(cloud.calls("PutItem"), 1);
    let first = keyrings[0].as_ref().unwrap();
    assert!(keyrings.iter().all(|keyring| Arc::ptr_eq(keyring.as_ref().unwrap(), first)));

    let before = cloud.all_calls();
    let sealed = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"x").unwrap();
    assert_eq!(vault.open(Purpose::Health, &PLACE, &sealed).await.unwrap().as_slice(), b"x");
    assert_eq!(cloud.all_calls(), before, "a warm vault does no I/O");
}

#[tokio::test(start_paused = true)]
async fn fifty_who_find_a_key_unwrap_it_once() {
    let cloud = Cloud::default();
    cloud.vault().keyring(TENANT, Purpose::Health).await.unwrap();
    let (decrypts, queries, gets) = (cloud.calls("Decrypt"), cloud.calls("Query"), cloud.calls("GET"));
    let vault = cloud.vault();
    parallel(50, || {
        let vault = vault.clone();
        async move { vault.keyring(TENANT, Purpose::Health).await.unwrap() }
    })
    .await;
    assert_eq!(cloud.calls("Decrypt") - decrypts, 1);
    assert_eq!(cloud.calls("Query") - queries, 1);
    assert_eq!(cloud.calls("GET") - gets, 1);
    assert_eq!(cloud.calls("GenerateDataKeyWithoutPlaintext"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_create_at_once_end_with_one_key() {
    let cloud = Cloud::default();
    let (a, b) = (cloud.vault(), cloud.vault());
    let (a, b) = tokio::join!(a.keyring(TENANT, Purpose::Health), b.keyring(TENANT, Purpose::Health));
    assert_eq!(cloud.calls("PutItem"), 2, "the two should have raced");
    let sealed = a.unwrap().seal(&PLACE, b"x").unwrap();
    assert_eq!(b.unwrap().open(&PLACE, &sealed).unwrap().as_slice(), b"x", "the loser kept its own key");
    let item = cloud.state().items.values().next().cloned().unwrap();
    assert_eq!(item["created_at"]["S"], "2026-04-01T00:00:00.000+09:00");
    assert_eq!(item["cmk"]["S"], "alias/records");
}

#[tokio::test(start_paused = true)]
async fn r11_tenants_and_purposes_have_keys_of_their_own() {
    let vault = Cloud::default().vault();
    let sealed = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"x").unwrap();
    let stress = vault.keyring(TENANT, Purpose::Stress).await.unwrap();
    assert!(matches!(stress.open(&PLACE, &sealed), Err(Error::CannotOpen)));
    let foreign = vault.keyring(OTHER, Purpose::Health).await.unwrap();
    assert!(matches!(foreign.open(&Place { tenant: OTHER, ..PLACE }, &sealed), Err(Error::CannotOpen)));
}

#[tokio::test(start_paused = true)]
async fn r11_a_wrapped_key_copied_to_another_tenant_does_not_unwrap() {
    let cloud = Cloud::default();
    cloud.vault().keyring(TENANT, Purpose::Health).await.unwrap();
    let stolen = cloud.state().items.values().next().cloned().unwrap();
    cloud.state().items.insert((format!("T#{OTHER}#KEY#health"), "V#00000001".into()), stolen);
    assert!(matches!(cloud.vault().keyring(OTHER, Purpose::Health).await, Err(Error::CannotOpen)));
}

#[tokio::test(start_paused = true)]
async fn the_platforms_purposes_are_the_platforms() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    assert!(matches!(vault.keyring(TENANT, Purpose::TokenSigning).await, Err(Error::NotForThisTenant)));
    assert!(matches!(vault.shred(TENANT, &[Purpose::Audit], RUN).await, Err(Error::NotForThisTenant)));
    vault.keyring(PLATFORM, Purpose::TokenSigning).await.unwrap();
    assert!(cloud.state().items.contains_key(&("T#platform#KEY#token-signing".into(), "V#00000001".into())));
    assert!(vault.shred(PLATFORM, &[Purpose::Names], RUN).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn opening_never_makes_a_key() {
    let cloud = Cloud::default();
    let sealed = Keyring::for_tests(TENANT, Purpose::Health, [1; 32]).seal(&PLACE, b"x").unwrap();
    assert!(matches!(cloud.vault().open(Purpose::Health, &PLACE, &sealed).await, Err(Error::KeyGone)));
    assert_eq!(cloud.calls("GenerateDataKeyWithoutPlaintext"), 0);
    assert!(
        cloud.vault().open_all(TENANT, Purpose::Health, &[]).await.unwrap().is_empty(),
        "a new tenant's empty page is no error"
    );
}

#[tokio::test(start_paused = true)]
async fn throttled_or_silent_services_are_unavailable_and_nothing_is_concluded() {
    let throttled = r#"{"__type":"ThrottlingException"}"#;
    let denied = r#"{"__type":"AccessDeniedException"}"#;
    for (operation, status, body) in [
        ("Decrypt", 400, throttled),
        ("GenerateDataKeyWithoutPlaintext", 400, throttled),
        ("GenerateDataKeyWithoutPlaintext", 500, r#"{"__type":"KMSInternalException"}"#),
        ("Query", 400, r#"{"__type":"ProvisionedThroughputExceededException"}"#),
        ("PutItem", 503, "{}"),
        ("GET", 503, ""),
        ("GET", 403, "<Error><Code>AccessDenied</Code></Error>"),
        ("GET", 404, "<Error><Code>NoSuchBucket</Code></Error>"),
        ("GET", 404, ""),
        ("GET", 301, ""),
    ] {
        let cloud = Cloud::default();
        let vault = cloud.vault();
        cloud.fail(operation, 3, status, body);
        let outcome = vault.keyring(TENANT, Purpose::Health).await;
        assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{operation} {status} {body}: {outcome:?}");
    }
    let cloud = Cloud::default();
    cloud.fail("Decrypt", 1, 400, denied);
    assert!(matches!(cloud.vault().keyring(TENANT, Purpose::Health).await, Err(Error::Internal(_))));
}

#[tokio::test(start_paused = true)]
async fn a_short_fault_is_tried_again() {
    let cloud = Cloud::default();
    cloud.fail("GET", 2, 503, "");
    cloud.fail("Decrypt", 1, 400, r#"{"__type":"ThrottlingException"}"#);
    cloud.vault().keyring(TENANT, Purpose::Health).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_expired_key_is_not_used_during_an_outage() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    vault.keyring(TENANT, Purpose::Health).await.unwrap();
    advance(MAX_AGE).await;
    cloud.fail("Decrypt", 3, 500, "{}");
    assert!(matches!(vault.keyring(TENANT, Purpose::Health).await, Err(Error::Unavailable { .. })));
    vault.keyring(TENANT, Purpose::Health).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rotation_seals_anew_and_still_opens_what_is_old() {
    let cloud = Cloud::default();
    let (vault, elsewhere) = (cloud.vault(), cloud.vault());
    let old = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"old").unwrap();
    elsewhere.keyring(TENANT, Purpose::Health).await.unwrap();
    assert_eq!(vault.rotate(TENANT, Purpose::Health).await.unwrap(), 2);
    let keyring = vault.keyring(TENANT, Purpose::Health).await.unwrap();
    let new = keyring.seal(&PLACE, b"new").unwrap();
    assert!(keyring.needs_reseal(&old) && !keyring.needs_reseal(&new));

    assert!(matches!(keyring.open(&PLACE, &old), Err(Error::OtherVersion(1))));
    let decrypts = cloud.calls("Decrypt");
    let both = [old.as_slice(), new.as_slice(), b"not sealed at all"];
    let keyring = vault.keyring_for(TENANT, Purpose::Health, both).await.unwrap();
    assert_eq!(keyring.open(&PLACE, &old).unwrap().as_slice(), b"old");
    assert_eq!(keyring.open(&PLACE, &new).unwrap().as_slice(), b"new");
    assert_eq!(vault.open(Purpose::Health, &PLACE, &old).await.unwrap().as_slice(), b"old");
    assert_eq!(cloud.calls("Decrypt") - decrypts, 1, "an older key is unwrapped once");

    let page = vault.open_all(TENANT, Purpose::Health, &[(PLACE, &new), (PLACE, &old)]).await.unwrap();
    assert_eq!(page, [Zeroizing::new(b"new".to_vec()), Zeroizing::new(b"old".to_vec())]);

    // Another process still has the version before in its cache, and meets a value of the new one.
    assert_eq!(elsewhere.open(Purpose::Health, &PLACE, &new).await.unwrap().as_slice(), b"new");
    assert_eq!(elsewhere.open(Purpose::Health, &PLACE, &old).await.unwrap().as_slice(), b"old");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_never_was_is_gone() {
    let vault = Cloud::default().vault();
    let mut sealed = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"x").unwrap();
    sealed[4] = 9;
    assert!(matches!(vault.open(Purpose::Health, &PLACE, &sealed).await, Err(Error::KeyGone)));
}

#[tokio::test(start_paused = true)]
async fn r17_what_is_shredded_stays_shredded() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    let sealed = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"x").unwrap();
    vault.rotate(TENANT, Purpose::Health).await.unwrap();
    let stress = vault.keyring(TENANT, Purpose::Stress).await.unwrap().seal(&PLACE, b"x").unwrap();
    let snapshot = cloud.state().items.clone();

    let entries = vault.shred(TENANT, &[Purpose::Health, Purpose::Names], RUN).await.unwrap();
    assert_eq!(entries[0].versions, [1, 2]);
    assert_eq!(entries[0].shredded_at.to_string(), "2026-04-01T00:00:00.000+09:00");
    assert_eq!(entries[1].versions, [] as [u32; 0], "a key that never was is shredded as well: it will never be");
    assert_eq!(cloud.state().items.len(), 1, "the stress check's key lives by its own term");

    for vault in [vault.clone(), cloud.vault()] {
        assert!(matches!(vault.open(Purpose::Health, &PLACE, &sealed).await, Err(Error::Shredded)));
        assert!(matches!(vault.keyring(TENANT, Purpose::Health).await, Err(Error::Shredded)));
        assert!(matches!(vault.keyring(TENANT, Purpose::Names).await, Err(Error::Shredded)));
        assert!(matches!(vault.rotate(TENANT, Purpose::Health).await, Err(Error::Shredded)));
        assert_eq!(vault.open(Purpose::Stress, &PLACE, &stress).await.unwrap().as_slice(), b"x");
        vault.keyring(OTHER, Purpose::Health).await.unwrap();
    }

    // The keys table comes back from its point-in-time recovery.
    cloud.state().items.extend(snapshot);
    assert!(matches!(cloud.vault().open(Purpose::Health, &PLACE, &sealed).await, Err(Error::Shredded)));
    // The restore runbook shreds again: the answer is the first one's.
    assert_eq!(
        vault.shred(TENANT, &[Purpose::Health, Purpose::Names], PurgeId::from_bytes([6; 16])).await.unwrap(),
        entries
    );
    assert!(!cloud.state().items.keys().any(|(pk, _)| *pk == format!("T#{TENANT}#KEY#health")));
}

#[tokio::test(start_paused = true)]
async fn r17_an_interrupted_shredding_goes_on_where_it_stopped() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    let sealed = vault.keyring(TENANT, Purpose::Health).await.unwrap().seal(&PLACE, b"x").unwrap();
    cloud.fail("DeleteItem", 3, 500, "{}");
    assert!(matches!(vault.shred(TENANT, &[Purpose::Health], RUN).await, Err(Error::Unavailable { .. })));
    assert_eq!(cloud.state().items.len(), 1);
    assert!(
        matches!(vault.open(Purpose::Health, &PLACE, &sealed).await, Err(Error::Shredded)),
        "the ledger comes first: from then on nothing opens"
    );
    let entries = vault.shred(TENANT, &[Purpose::Health], RUN).await.unwrap();
    assert_eq!(entries[0].versions, [1]);
    assert!(cloud.state().items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn r17_nothing_is_deleted_before_the_ledger_knows() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    vault.keyring(TENANT, Purpose::Health).await.unwrap();
    cloud.fail("PUT", 3, 503, "");
    assert!(matches!(vault.shred(TENANT, &[Purpose::Health], RUN).await, Err(Error::Unavailable { .. })));
    assert_eq!(cloud.calls("DeleteItem"), 0);
}

#[tokio::test(start_paused = true)]
async fn r17_a_hidden_ledger_entry_still_counts() {
    let cloud = Cloud::default();
    let ledger = Ledger::new(&cloud.config().build(), "hidden-by-a-delete-marker").unwrap();
    assert!(ledger.is_shredded(TENANT, Purpose::Health).await.unwrap());
}

/// The signature was computed independently (Python's `hmac` and `hashlib`, by the description of Signature Version 4).
#[tokio::test(start_paused = true)]
async fn the_ledger_signs_its_requests() {
    let cloud = Cloud::default();
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_775_000_000);
    let at = |config: aws_types::sdk_config::Builder| config.time_source(StaticTimeSource::new(moment)).build();

    let local = Ledger::new(&at(cloud.config()), "ledger").unwrap();
    assert!(!local.is_shredded(TENANT, Purpose::Health).await.unwrap());
    let get = cloud.state().last["GET"].clone();
    assert!(get.starts_with(&format!("http://127.0.0.1:9001/ledger/shredded/{TENANT}/health\n")), "{get}");
    assert!(get.contains("Signature=50f0b57540e6b48c9be4a99ee4b932d0702f0e6684fbb56e10223526949c9d4f\n"), "{get}");

    let mut on_aws = cloud.config();
    on_aws.set_endpoint_url(None);
    let on_aws = Ledger::new(&at(on_aws), "ledger").unwrap();
    let entry = Entry {
        tenant: tenant_key(TENANT),
        purpose: "health".into(),
        versions: vec![1],
        shredded_at: "2026-04-01T00:00:00+09:00".parse().unwrap(),
        run: RUN,
    };
    on_aws.enter(TENANT, Purpose::Health, entry.clone()).await.unwrap();
    let put = cloud.state().last["PUT"].clone();
    let address = format!("https://ledger.s3.ap-northeast-1.amazonaws.com/shredded/{TENANT}/health\n");
    assert!(put.starts_with(&address), "{put}");
    assert!(put.contains("Signature=86890c44d9879a21aec00edc936f7fa3ba2d33ad6e04ba3696c5e62a6563588d\n"), "{put}");
    assert_eq!(on_aws.find(TENANT, Purpose::Health).await.unwrap(), Some(entry));
}

#[tokio::test(start_paused = true)]
async fn lookups_survive_rotation_and_unknown_tenants_have_some() {
    let cloud = Cloud::default();
    let vault = cloud.vault();
    let hash = vault.lookup(TENANT).await.unwrap().hash("login", "tanaka");
    assert_ne!(hash, vault.lookup(OTHER).await.unwrap().hash("login", "tanaka"));
    assert!(matches!(vault.rotate(TENANT, Purpose::Lookup).await, Err(Error::NotRotated(Purpose::Lookup))));
    assert_eq!(hash, cloud.vault().lookup(TENANT).await.unwrap().hash("login", "tanaka"));

    let unknown = vault.lookup_for_unknown("nobody").await.unwrap().hash("login", "tanaka");
    assert_eq!(unknown, cloud.vault().lookup_for_unknown("nobody").await.unwrap().hash("login", "tanaka"));
    let before = cloud.all_calls();
    vault.lookup_for_unknown("somebody else").await.unwrap();
    vault.lookup(TENANT).await.unwrap();
    assert_eq!(cloud.all_calls(), before, "known or unknown, a warm vault does no I/O");
}

#[tokio::test(start_paused = true)]
async fn a_function_without_the_name_vaults_key_cannot_use_it() {
    let cloud = Cloud::default();
    let config = cloud.config().build();
    let vault = Vault::new(
        aws_sdk_kms::Client::new(&config),
        aws_sdk_dynamodb::Client::new(&config),
        Ledger::new(&config, "ledger").unwrap(),
        Settings {
            keys_table: "keys".into(),
            cmks: Cmks { names: String::new(), records: "alias/records".into(), platform: String::new() },
        },
        Arc::new(|| "2026-04-01T00:00:00+09:00".parse().unwrap()),
    );
    assert!(matches!(vault.keyring(TENANT, Purpose::Names).await, Err(Error::Internal(_))));
    vault.keyring(TENANT, Purpose::Health).await.unwrap();
}
