//! `canary`: can a synthetic customer's employee sign in and read? It asks from outside, by the address that customers use, every five minutes, and notes one
//! result. What it found is each month's availability; a run that fails, or is missed, raises the alarm.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use jobs::{Invocation, Wake, for_canary};
use serde_json::{Value, json};
use store::{Error, Store, logs::metrics};
use zeroize::Zeroizing;

/// The function's name.
const NAME: &str = "canary";
/// How long an answer may take: whoever waits longer has gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where it asks, and as whom.
#[derive(Debug)]
pub struct Target {
    /// The API's address, without a path.
    pub api: String,
    /// The synthetic customer's code.
    pub tenant_code: String,
    /// Its one employee's login, which opens nobody's data.
    pub login_id: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// What the job works with.
#[derive(Debug, Clone)]
pub struct Canary {
    /// Where results are noted.
    pub store: Store,
    /// Where it asks: known once the service listens.
    pub target: Arc<OnceLock<Target>>,
}

/// Handles a call of the schedule.
pub async fn handle(job: &Canary, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(schedule) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("a canary is woken by time alone".to_owned()));
    };
    let target = job.target.get().ok_or_else(|| Error::Internal("there is nothing to ask yet".to_owned()))?;
    let found = look(target).await;
    let (up, reason) = (found.is_ok(), found.err());
    if !schedule.dry_run {
        job.store.note_canary(&for_canary(&invocation.origin), schedule.at, up).await?;
    }
    let figures = metrics(&[("Up", "Count")]);
    if up {
        tracing::info!(function = NAME, Up = 1, _aws = figures, "it is there");
    } else {
        tracing::error!(function = NAME, Up = 0, _aws = figures, reason, "it is not there");
    }
    Ok(json!({ "as_of": schedule.at, "dry_run": schedule.dry_run, "up": up, "reason": reason }))
}

/// Signs in, reads, and signs out; why that was not possible, as a code.
async fn look(target: &Target) -> Result<(), &'static str> {
    let settings = HttpConnectorSettings::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build();
    let http = default_connector(&settings, None).ok_or("no_connector")?;
    let body = json!({ "tenant_code": target.tenant_code, "login_id": target.login_id, "password": *target.password });
    let (status, answer) = ask(&http, target, "POST", "/v1/sessions", None, Some(&body)).await?;
    let token = match (status, answer["access_token"].as_str()) {
        (201, Some(token)) => Zeroizing::new(token.to_owned()),
        _ => return Err("sign_in_refused"),
    };
    let (read, _) = ask(&http, target, "GET", "/v1/me", Some(&token), None).await?;
    // A session that stays open ends by itself: no reason to call the service away.
    let _ = ask(&http, target, "DELETE", "/v1/sessions/current", Some(&token), None).await;
    if read == 200 { Ok(()) } else { Err("read_refused") }
}

async fn ask(
    http: &SharedHttpConnector,
    target: &Target,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Result<(u16, Value), &'static str> {
    let mut request = HttpRequest::new(body.map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_string())));
    request.set_method(method).map_err(|_| "bad_request")?;
    request.set_uri(format!("{}{path}", target.api)).map_err(|_| "bad_address")?;
    if body.is_some() {
        request.headers_mut().insert("content-type", "application/json");
    }
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}"));
    }
    let answering = async {
        let answer = http.call(request).await.map_err(|_| "no_answer")?;
        let status = answer.status().as_u16();
        let body = ByteStream::new(answer.into_body()).collect().await.map_err(|_| "no_answer")?.to_vec();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    };
    tokio::time::timeout(PATIENCE, answering).await.unwrap_or(Err("too_slow"))
}
