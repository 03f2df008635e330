//! Somebody who asks: signs in when first needed, and stays signed in.

use std::sync::Arc;
use std::time::Duration;

use local::client::{Answer, send};
use local::service::endpoints::DemoAccount;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use totp_rs::{Algorithm, Builder, Secret};

use crate::logs;
use crate::program::Program;
use crate::world::World;

/// Seconds after which a token is fetched anew, and a second factor is no longer fresh.
const TOKEN_SECONDS: i64 = 14 * 60;
const FRESH_SECONDS: i64 = 4 * 60;

/// What one account's actors share.
#[derive(Debug, Default)]
pub(crate) struct Session {
    signed: Mutex<Option<Signed>>,
    /// The last step of the one-time password that was used.
    step: Mutex<u64>,
}

#[derive(Clone, Debug)]
struct Signed {
    token: String,
    at: i64,
    second_factor_at: i64,
}

/// Somebody with an account, or nobody.
#[derive(Clone, Debug)]
pub struct Actor {
    world: World,
    tenant_code: Option<String>,
    account: Option<DemoAccount>,
    program: Option<Program>,
    session: Arc<Session>,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

/// Nobody in particular.
#[must_use]
pub fn anonymous(world: &World) -> Actor {
    Actor {
        world: world.clone(),
        tenant_code: None,
        account: None,
        program: None,
        session: Arc::default(),
        token: None,
        headers: Vec::new(),
    }
}

impl Actor {
    pub(crate) fn new(world: World, code: Option<&str>, account: DemoAccount, session: Arc<Session>) -> Self {
        let tenant_code = code.map(str::to_owned);
        let account = Some(account);
        Self { world, tenant_code, account, program: None, session, token: None, headers: Vec::new() }
    }

    /// A program that was let in with a secret.
    #[must_use]
    pub fn program(world: &World, program: &Program) -> Self {
        Self { program: Some(program.clone()), ..anonymous(world) }
    }

    /// The same one, with a token of the test's choice.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same one, sending another header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    /// The same one, calling from another address.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        self.with(local::gateway::SOURCE_IP_HEADER, address)
    }

    /// What the account signs in with.
    #[must_use]
    pub fn account(&self) -> &DemoAccount {
        self.account.as_ref().expect("nobody has no account")
    }

    /// The same one, with a device that makes one-time passwords of this secret.
    #[must_use]
    pub fn with_device(&self, secret: &str) -> Self {
        logs::plant([secret]);
        let account = DemoAccount { totp_secret: Some(secret.to_owned()), ..self.account().clone() };
        Self { account: Some(account), session: Arc::default(), ..self.clone() }
    }

    /// Enrols a second factor: who has a device from now on, and the recovery codes.
    pub async fn enrol(&self) -> (Self, Vec<String>) {
        let begun = self.call("POST", "/v1/me/otp", &[], None).await;
        assert_eq!(begun.status, 201, "{}", begun.json());
        let enrolled = self.with_device(begun.json()["secret"].as_str().expect("a secret"));
        let code = enrolled.otp().await;
        let confirmed = self.call("PUT", "/v1/me/otp", &[], Some(json!({ "code": code }))).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.json());
        let codes = confirmed.json()["recovery_codes"].as_array().expect("recovery codes").clone();
        let codes: Vec<String> = codes.iter().map(|code| code.as_str().expect("a code").to_owned()).collect();
        logs::plant(&codes);
        (enrolled, codes)
    }

    /// The account as administrators see it, with where it is and which version that is.
    pub async fn seen_by(&self, administrator: &Self) -> (String, String, Value) {
        let accounts = administrator.all("/v1/accounts").await;
        let login = self.account().login_id.as_str();
        let account = accounts.iter().find(|account| account["login_id"] == login).expect("the account");
        let path = format!("/v1/accounts/{}", account["id"].as_str().expect("an id"));
        let answer = administrator.get(&path).await;
        (path, answer.header("etag").to_owned(), answer.json())
    }

    /// The body of a sign-in with this password.
    #[must_use]
    pub fn sign_in_body(&self, password: &str) -> Value {
        let login_id = &self.account().login_id;
        match &self.tenant_code {
            Some(code) => json!({ "tenant_code": code, "login_id": login_id, "password": password }),
            None => json!({ "login_id": login_id, "password": password }),
        }
    }

    /// A one-time password that was not used before.
    pub async fn otp(&self) -> String {
        let secret = self.account().totp_secret.clone().expect("a second factor");
        let mut last = self.session.step.lock().await;
        // The service takes the step before and the one after the present one.
        let step = loop {
            let now = u64::try_from(self.world.now().as_second()).unwrap() / 30;
            let step = now.max(*last + 1);
            if step <= now + 1 {
                break step;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        *last = step;
        code_at(&secret, step * 30)
    }

    /// Signs in, whatever session there is; the answer of the last step.
    pub async fn sign_in(&self) -> Answer {
        let anyone = Self { account: None, token: None, ..self.clone() };
        let answer = anyone.post("/v1/sessions", self.sign_in_body(&self.account().password)).await;
        if answer.status != 202 {
            return remember(answer);
        }
        let challenge = answer.json()["challenge_token"].clone();
        logs::plant(challenge.as_str());
        let code = self.otp().await;
        remember(anyone.post("/v1/sessions/otp", json!({ "challenge_token": challenge, "code": code })).await)
    }

    /// An access token that is good now.
    pub async fn token(&self) -> Option<String> {
        if let Some(token) = &self.token {
            return Some(token.clone());
        }
        if self.account.is_none() && self.program.is_none() {
            return None;
        }
        let now = self.world.now().as_second();
        let mut signed = self.session.signed.lock().await;
        if let Some(signed) = signed.as_ref().filter(|signed| (0..TOKEN_SECONDS).contains(&(now - signed.at))) {
            return Some(signed.token.clone());
        }
        let (answer, status) = match &self.program {
            Some(program) => (self.world.ask_token(&program.form(), &[]).await, 200),
            None => (self.sign_in().await, 201),
        };
        let who = self.account.as_ref().map_or("a program", |account| account.login_id.as_str());
        assert_eq!(answer.status, status, "{who} should sign in: {}", answer.json());
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        *signed = Some(Signed { token: token.clone(), at: now, second_factor_at: now });
        Some(token)
    }

    /// The same one, with a one-time password given a moment ago; who has no second factor, as they are.
    pub async fn fresh(&self) -> Self {
        if self.account.as_ref().is_none_or(|account| account.totp_secret.is_none()) {
            return self.clone();
        }
        let token = self.token().await;
        let now = self.world.now().as_second();
        let mut signed = self.session.signed.lock().await;
        if let Some(signed) = signed.as_mut().filter(|signed| now - signed.second_factor_at > FRESH_SECONDS) {
            let code = self.otp().await;
            let own = self.with_token(token.as_deref().unwrap());
            let answer = Box::pin(own.post("/v1/sessions/step-up", json!({ "code": code }))).await;
            assert_eq!(answer.status, 204, "the second factor should be taken");
            signed.second_factor_at = now;
        }
        drop(signed);
        self.clone()
    }

    /// Forgets the session without ending it.
    pub async fn forget(&self) {
        *self.session.signed.lock().await = None;
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], None).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[], Some(body)).await
    }

    /// `POST` with JSON and the ETag that was read.
    pub async fn post_if(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.call("POST", path, &[("If-Match", etag)], Some(body)).await
    }

    /// `PUT` with JSON and the ETag that was read.
    pub async fn put(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.call("PUT", path, &[("If-Match", etag)], Some(body)).await
    }

    /// `PATCH` with JSON and the ETag that was read.
    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.call("PATCH", path, &[("If-Match", etag)], Some(body)).await
    }

    /// `DELETE` with the ETag that was read.
    pub async fn delete(&self, path: &str, etag: &str) -> Answer {
        self.call("DELETE", path, &[("If-Match", etag)], None).await
    }

    /// Anything.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let token = Box::pin(self.token()).await.map(|token| format!("Bearer {token}"));
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.extend(token.as_deref().map(|token| ("Authorization", token)));
        if body.is_some() {
            all.push(("Content-Type", "application/json"));
        }
        let url = format!("{}{path}", self.world.api());
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(method, &url, &all, body).await.expect("the API should answer")
    }

    /// Anything at all, byte for byte: what a caller sends who does not mean well.
    pub async fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: Vec<u8>) -> Answer {
        let token = Box::pin(self.token()).await.map(|token| format!("Bearer {token}"));
        let pairs = self.headers.iter().chain(headers);
        let mut all: Vec<(&str, &str)> = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(token.as_deref().map(|token| ("Authorization", token)));
        let url = format!("{}{path}", self.world.api());
        send(method, &url, &all, body).await.expect("the API should answer")
    }

    /// Every item of a list, through all its pages.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let answer = self.get(&next).await;
            assert_eq!(answer.status, 200, "{next}: {}", answer.json());
            let page = answer.json();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { return items };
            let joint = if path.contains('?') { '&' } else { '?' };
            next = format!("{path}{joint}cursor={cursor}");
        }
    }
}

/// What a sign-in gave must not stand in any log.
fn remember(answer: Answer) -> Answer {
    let body = answer.json();
    logs::plant(["access_token", "refresh_token"].iter().filter_map(|name| body[name].as_str()));
    answer
}

/// The code of a secret at a moment.
#[must_use]
pub fn code_at(secret: &str, seconds: u64) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret in base 32");
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret)
        .build()
        .expect("a one-time password");
    totp.generate(seconds).to_string()
}

/// The problem that an answer is, after looking at its shape (RFC 9457): its type's last part.
#[must_use]
pub fn problem(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(answer.header("content-type"), "application/problem+json", "{body}");
    assert_eq!(body["status"], answer.status, "{body}");
    for member in ["type", "title", "detail", "instance"] {
        assert!(body[member].is_string(), "{member} is missing in {body}");
    }
    body["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// What is wrong with the input, as the answer's faults say it: where, and the code.
#[must_use]
pub fn codes(answer: &Answer) -> Vec<(String, String)> {
    let errors = answer.json()["errors"].as_array().expect("errors").clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

/// The ETag that an answer has.
#[must_use]
pub fn etag(answer: &Answer) -> String {
    answer.header("etag").to_owned()
}
