//! A running service with its tenants.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::{Credentials, Region};
use jiff::Timestamp;
use jiff::civil::Date;
use local::service::endpoints::{DemoAccount, DemoTenant};
use local::{Service, ServiceOptions};
use serde_json::{Value, json};
use store::HashCost;
use tokio::sync::OnceCell;

use crate::actor::{Actor, Session, anonymous};
use crate::logs;

static SHARED: OnceCell<World> = OnceCell::const_new();
static CODES: AtomicU32 = AtomicU32::new(1);

/// A running service. Clones share it.
#[derive(Clone, Debug)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    offset_seconds: Arc<AtomicI64>,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
}

impl World {
    /// Starts a service of one's own.
    pub async fn start(options: ServiceOptions) -> Self {
        let offset_seconds = Arc::clone(&options.offset_seconds);
        // What roles make use of, for tests/data/rights.txt (docs/security/rights.md).
        let rights = std::env::var_os("RIGHTS_LOG").map(Into::into);
        let options = ServiceOptions { rights, ..options };
        let service = Box::pin(Service::start(options)).await.expect("the service should start");
        let world = Self(Arc::new(Inner { service, offset_seconds, sessions: Mutex::default() }));
        let people = &world.service().endpoints().people;
        for operator in &people.operators {
            logs::plant([&operator.login_id, &operator.password, &operator.totp_secret]);
        }
        people.tenants.iter().for_each(plant);
        world
    }

    /// A service of one's own, with nothing kept: for tests that move the clock. Passwords cost next to nothing in it.
    pub async fn own() -> Self {
        #[expect(clippy::disallowed_methods, reason = "hundreds of worlds have two dozen accounts each")]
        let hash_cost = HashCost::negligible();
        Self::start(ServiceOptions { hash_cost, ..ServiceOptions::ephemeral() }).await
    }

    /// The service that tests share which leave others alone.
    pub async fn shared() -> Self {
        SHARED.get_or_init(Self::own).await.clone()
    }

    /// The service itself, for what looks under the floor.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// The API's address.
    #[must_use]
    pub fn api(&self) -> &str {
        self.service().api()
    }

    /// A demo tenant: 0 or 1. Tests that change anything for others make [`Self::another_tenant`].
    #[must_use]
    pub fn tenant(&self, number: usize) -> Tenant {
        Tenant { world: self.clone(), access: self.service().endpoints().people.tenants[number].clone() }
    }

    /// A tenant that no other test knows.
    pub async fn another_tenant(&self) -> Tenant {
        let code = format!("test-{:04}", CODES.fetch_add(1, Ordering::Relaxed));
        let access = Box::pin(self.service().add_tenant(&code)).await.expect("a tenant should be made");
        plant(&access);
        Tenant { world: self.clone(), access }
    }

    /// An operator: 0 or 1.
    #[must_use]
    pub fn operator(&self, number: usize) -> Actor {
        let operator = &self.service().endpoints().people.operators[number];
        let account = DemoAccount {
            role: "operator".to_owned(),
            login_id: operator.login_id.clone(),
            password: operator.password.clone(),
            totp_secret: Some(operator.totp_secret.clone()),
        };
        self.actor(None, account)
    }

    pub(crate) fn actor(&self, tenant_code: Option<&str>, account: DemoAccount) -> Actor {
        let name = format!("{}/{}", tenant_code.unwrap_or_default(), account.login_id);
        let session = Arc::clone(self.0.sessions.lock().unwrap().entry(name).or_default());
        Actor::new(self.clone(), tenant_code, account, session)
    }

    /// What time it is in this world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.service().cloud().clock().timestamp()
    }

    /// Today, in Japan.
    #[must_use]
    pub fn today(&self) -> Date {
        self.service().store().clock().now().date()
    }

    /// Moves this world's clock forward. Only for worlds of one's own.
    pub fn pass(&self, seconds: i64) {
        self.0.offset_seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Runs a schedule as of a moment (`2027-01-17T03:00:00+09:00`).
    pub async fn run_schedule(&self, name: &str, as_of: &str) -> Value {
        let path = format!("/_local/schedules/{name}");
        let answer = anonymous(self).post(&path, json!({ "as_of": as_of })).await;
        assert_eq!(answer.status, 200, "{name} as of {as_of}: {}", answer.json());
        answer.json()["answer"].clone()
    }

    /// Everything that was sent, oldest first.
    pub async fn mails(&self) -> Vec<Value> {
        let answer = anonymous(self).get("/_local/mails").await;
        answer.json()["items"].as_array().expect("mails").clone()
    }
}

fn plant(tenant: &DemoTenant) {
    logs::plant([&tenant.s3_secret_access_key]);
    for account in &tenant.accounts {
        logs::plant([&account.login_id, &account.password].into_iter().chain(&account.totp_secret));
    }
}

/// A customer.
#[derive(Clone, Debug)]
pub struct Tenant {
    world: World,
    /// What is known of it.
    pub access: DemoTenant,
}

impl Tenant {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.access.tenant_code
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.access.tenant_id
    }

    /// Its world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The first account with this role.
    #[must_use]
    pub fn actor(&self, role: &str) -> Actor {
        self.nth(role, 0)
    }

    /// One of several accounts with this role.
    #[must_use]
    pub fn nth(&self, role: &str, number: usize) -> Actor {
        let account = self.access.accounts.iter().filter(|account| account.role == role).nth(number);
        let account = account.unwrap_or_else(|| panic!("there is no {role} number {number}")).clone();
        self.world.actor(Some(self.code()), account)
    }

    /// Replaces what the first account with this role was granted.
    pub async fn grant(&self, role: &str, grants: Value) {
        let administrator = self.actor("administrator").fresh().await;
        let login_id = self.actor(role).account().login_id.clone();
        let accounts = administrator.all("/v1/accounts").await;
        let account = accounts.iter().find(|account| account["login_id"] == login_id.as_str()).expect("the account");
        let path = format!("/v1/accounts/{}/grants", account["id"].as_str().expect("an id"));
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let answer = administrator.put(&path, &etag, json!({ "grants": grants })).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    /// Somebody with an account that a test made.
    #[must_use]
    pub fn account(&self, login_id: &str, password: &str) -> Actor {
        logs::plant([login_id, password]);
        let account = DemoAccount {
            role: "made by a test".to_owned(),
            login_id: login_id.to_owned(),
            password: password.to_owned(),
            totp_secret: None,
        };
        self.world.actor(Some(self.code()), account)
    }

    /// S3 with the key of the tenant's own system.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let key = &self.access;
        let credentials = Credentials::new(&key.s3_access_key_id, &key.s3_secret_access_key, None, None, "customer");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .region(Region::from_static(local::REGION))
            .endpoint_url(&self.world.service().endpoints().s3)
            .credentials_provider(credentials)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// Drops a file as the tenant's own system would.
    pub async fn drop_file(&self, kind: &str, name: &str, bytes: Vec<u8>) -> Result<(), aws_sdk_s3::Error> {
        let key = format!("{}/drop/{kind}/{name}", self.id());
        let bucket = &self.world.service().endpoints().imports_bucket;
        self.s3().put_object().bucket(bucket).key(key).body(bytes.into()).send().await?;
        Ok(())
    }
}
