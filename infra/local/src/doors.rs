//! Doors that exist on a laptop only, under `/_local` of the gateway: sent mail, the clock, schedules, counters.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::cloud::ses::{Mail, Ses};
use crate::counters::Counters;
use crate::triggers::Schedules;

/// What the doors show and move.
#[derive(Clone, Debug)]
pub struct Doors {
    /// Sent mail.
    pub ses: Ses,
    /// The clock to move.
    pub clock: Clock,
    /// Calls so far.
    pub counters: Counters,
    /// Schedules to run.
    pub schedules: Schedules,
}

impl Doors {
    /// The routes, for [`crate::gateway::GatewayOptions::local`]; merge more into them as needed.
    pub fn router(self) -> Router {
        Router::new()
            .route("/_local/mails", get(mails))
            .route("/_local/clock", get(read_clock).post(move_clock))
            .route(
                "/_local/counters",
                get(|State(doors): State<Arc<Doors>>| async move { Json(doors.counters.snapshot()) }),
            )
            .route("/_local/schedules", get(schedules))
            .route("/_local/schedules/{name}", post(run_schedule))
            .with_state(Arc::new(self))
    }
}

async fn mails(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    let wants = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match doors.ses.mails() {
        Ok(mails) if wants.contains("text/html") => Html(page(&mails)).into_response(),
        Ok(mails) => Json(json!({ "items": mails })).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Sent mail as a page to read, newest first.
fn page(mails: &[Mail]) -> String {
    let mut page = "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>送信済みメール</title><style>\
        body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #ccc;padding:1rem 0}\
        pre{white-space:pre-wrap;font-family:inherit}dl{color:#555;font-size:.9rem}</style><h1>送信済みメール</h1>"
        .to_owned();
    if mails.is_empty() {
        page.push_str("<p>まだ1通も送信されていません。</p>");
    }
    for mail in mails.iter().rev() {
        let facts =
            [&mail.subject, &mail.sent_at, &mail.from, &mail.to.join(", "), &mail.text].map(|text| escaped(text));
        let [subject, sent_at, from, to, text] = facts;
        let facts = format!("<article><h2>{subject}</h2><dl>{sent_at}　{from} → {to}</dl><pre>{text}</pre></article>");
        page.push_str(&facts);
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn read_clock(State(doors): State<Arc<Doors>>) -> Json<Value> {
    Json(json!({ "now": doors.clock.timestamp(), "offset_seconds": doors.clock.offset() }))
}

/// Either the offset, or the time that it should be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    offset_seconds: Option<i64>,
    #[serde(alias = "as_of")]
    now: Option<Timestamp>,
}

async fn move_clock(State(doors): State<Arc<Doors>>, Json(to): Json<Move>) -> Response {
    match (to.offset_seconds, to.now) {
        (Some(seconds), None) => doors.clock.set_offset(seconds),
        (None, Some(now)) => doors.clock.set(now),
        _ => {
            return refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "offset_seconds か now のどちらか一方を指定してください。",
            );
        }
    }
    read_clock(State(doors)).await.into_response()
}

async fn schedules(State(doors): State<Arc<Doors>>) -> Json<Value> {
    Json(json!({ "items": doors.schedules.names().collect::<Vec<_>>() }))
}

/// As of which moment; without a body, as of now. Or with an event of one's own instead of the scheduler's, as one would invoke the function.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    as_of: Option<Timestamp>,
    input: Option<Value>,
}

async fn run_schedule(State(doors): State<Arc<Doors>>, Path(name): Path<String>, run: Option<Json<Run>>) -> Response {
    let Json(Run { as_of, input }) = run.unwrap_or_default();
    let answer = match input {
        Some(input) => doors.schedules.invoke(&name, input).await,
        None => doors.schedules.run(&name, as_of.unwrap_or_else(|| doors.clock.timestamp())).await,
    };
    match answer {
        Some(Ok(answer)) => Json(json!({ "answer": answer })).into_response(),
        Some(Err(error)) => refused(StatusCode::BAD_GATEWAY, &error.to_string()),
        None => refused(StatusCode::NOT_FOUND, "その名前のスケジュールはありません。"),
    }
}

fn refused(status: StatusCode, detail: &str) -> Response {
    let problem = json!({ "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(),
        "detail": detail });
    let mut response = (status, problem.to_string()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/problem+json"));
    response
}
