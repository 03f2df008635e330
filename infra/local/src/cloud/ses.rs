//! `SESv2`'s `SendEmail`: a mail that was accepted is on disk and can be read back, and goes nowhere. What is sent to SES's own mailbox simulator comes back as it does on
//! AWS: an event in the queue that `EventBridge` would put it into.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Method, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::iam::{self, Iam};
use crate::clock::Clock;
use crate::cloud::sqs::Sqs;
use crate::counters::Counters;
use crate::database::Database;
use crate::serve::{self, Answer, BoxError, ServiceError};
use crate::{ACCOUNT, Error, REGION};

const CONTENT_TYPE: &str = "application/json";
/// Where SES's mailbox simulator lives; what stands before it says what becomes of a mail, and may have a label (`bounce+somebody@…`).
const SIMULATOR: &str = "@simulator.amazonses.com";
/// SES takes messages up to 40 MB.
const LARGEST_BODY: usize = 40 * 1024 * 1024;

/// A mail as SES accepted it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// What `SendEmail` answered.
    pub message_id: String,
    /// When, by the cloud's clock (RFC 3339).
    pub sent_at: String,
    /// Sender.
    pub from: String,
    /// Recipients, carbon copies included.
    pub to: Vec<String>,
    /// Subject; empty for a raw message, which holds its own.
    pub subject: String,
    /// Text part, or the whole raw message.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Headers that the sender added, as `Name: value`.
    pub headers: Vec<String>,
}

/// The outgoing mail of the local cloud.
#[derive(Clone, Debug)]
pub struct Ses {
    database: Database,
    clock: Clock,
    counters: Counters,
    iam: Option<Iam>,
    sent: watch::Sender<u64>,
    /// Where events go, if anywhere.
    events: Option<(Sqs, String)>,
    /// How many answers are still to be lost.
    lost: Arc<AtomicU32>,
}

impl Ses {
    pub(crate) fn new(
        database: Database,
        clock: Clock,
        counters: Counters,
        events: Option<(Sqs, String)>,
        iam: Option<Iam>,
    ) -> Self {
        Self { database, clock, counters, iam, sent: watch::Sender::new(0), events, lost: Arc::default() }
    }

    /// Takes the next `count` mails and answers that something went wrong: what a caller sees whose answer was lost.
    pub fn lose_answers(&self, count: u32) {
        self.lost.store(count, Ordering::SeqCst);
    }

    /// Every mail, oldest first.
    pub fn mails(&self) -> Result<Vec<Mail>, Error> {
        let texts = self.database.read(|c| {
            let mut rows = c.prepare_cached("SELECT mail FROM mails ORDER BY seq")?;
            rows.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        })?;
        texts.iter().map(|text| serde_json::from_str(text).map_err(Error::json)).collect()
    }

    /// Changes whenever a mail was sent.
    #[must_use]
    pub fn sent(&self) -> watch::Receiver<u64> {
        self.sent.subscribe()
    }

    pub(crate) async fn answer(self, request: http::Request<Incoming>) -> Result<Answer, BoxError> {
        let send = request.method() == Method::POST && request.uri().path() == "/v2/email/outbound-emails";
        let signer = iam::signer(request.headers()).map(str::to_owned);
        let outcome = if send {
            match serve::read_body(request.into_body(), LARGEST_BODY).await {
                Ok(body) => self.check(signer.as_deref(), &body).and_then(|()| self.send(&body)),
                Err(error) => Err(error),
            }
        } else {
            Err(ServiceError::client("NotFoundException", "only SendEmail is served here"))
        };
        self.counters.called("ses", if send { "SendEmail" } else { "Other" }, outcome.is_err());
        Ok(match outcome {
            Ok(id) => serve::json_answer(StatusCode::OK, CONTENT_TYPE, &json!({ "MessageId": id })),
            Err(error) => error.answer(CONTENT_TYPE),
        })
    }

    /// Whether whoever signed may send from this address, which is of the deployment's identity.
    fn check(&self, signer: Option<&str>, body: &[u8]) -> Result<(), ServiceError> {
        let Some(iam) = &self.iam else { return Ok(()) };
        let input: Value = serde_json::from_slice(body).unwrap_or_default();
        let from = input["FromEmailAddress"].as_str().unwrap_or_default();
        let identity = format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/MailDomain");
        // `MailFrom` is the parameter that the condition names.
        let from = if from.contains("no-reply@") { "MailFrom" } else { from };
        let request = iam::Request::new("ses:SendEmail", identity).with("ses:FromAddress", [from]);
        iam.check(signer, &[request]).map_err(|refused| ServiceError::client("AccessDeniedException", refused))
    }

    fn send(&self, body: &[u8]) -> Result<String, ServiceError> {
        let bad = |message: &str| ServiceError::client("BadRequestException", message);
        let input: Value = serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))?;
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        let destination = &input["Destination"];
        let to =
            ["ToAddresses", "CcAddresses", "BccAddresses"].iter().flat_map(|kind| texts(&destination[*kind])).collect();
        let simple = &input["Content"]["Simple"];
        let part = |value: &Value| value["Data"].as_str().unwrap_or_default().to_owned();
        let mut mail = Mail {
            message_id: format!("{:x}-local", uuid::Uuid::new_v4().simple()),
            sent_at: self.clock.timestamp().to_string(),
            from: input["FromEmailAddress"].as_str().unwrap_or_default().to_owned(),
            to,
            subject: part(&simple["Subject"]),
            text: part(&simple["Body"]["Text"]),
            html: part(&simple["Body"]["Html"]),
            headers: simple["Headers"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|header| {
                    format!(
                        "{}: {}",
                        header["Name"].as_str().unwrap_or_default(),
                        header["Value"].as_str().unwrap_or_default()
                    )
                })
                .collect(),
        };
        if let Some(raw) = input["Content"]["Raw"]["Data"].as_str() {
            let raw = BASE64_STANDARD.decode(raw).map_err(|error| bad(&error.to_string()))?;
            mail.text = String::from_utf8_lossy(&raw).into_owned();
        } else if !simple.is_object() {
            return Err(bad("Content must be Simple or Raw"));
        }
        let broken = |field: &String| field.contains(['\r', '\n']);
        if broken(&mail.subject) || broken(&mail.from) || mail.headers.iter().any(broken) {
            return Err(bad("Header fields may not hold line breaks"));
        }
        if mail.from.is_empty() || !mail.to.iter().all(|to| to.contains('@') && !to.contains(['\r', '\n'])) {
            return Err(bad("Missing final '@domain'"));
        }
        if mail.to.is_empty() && input["Content"]["Raw"].is_null() {
            return Err(bad("Destination is empty"));
        }
        self.keep(&mail)?;
        self.tell(&mail, &input["EmailTags"])?;
        let lost = self.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if lost {
            let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure");
            return Err(ServiceError { status, code, message: "the answer was lost".to_owned() });
        }
        Ok(mail.message_id)
    }

    /// Tells what became of a mail to the simulator.
    fn tell(&self, mail: &Mail, tags: &Value) -> Result<(), ServiceError> {
        let Some((sqs, queue)) = &self.events else { return Ok(()) };
        let Some((to, person)) = mail.to.iter().find_map(|to| Some((to, to.strip_suffix(SIMULATOR)?))) else {
            return Ok(());
        };
        let recipients = json!([{ "emailAddress": to }]);
        let (name, mut detail) = match person.split('+').next() {
            Some("bounce") => (
                "Email Bounced",
                json!({ "eventType": "Bounce",
                    "bounce": { "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients } }),
            ),
            Some("complaint") => (
                "Email Complaint Received",
                json!({ "eventType": "Complaint", "complaint": { "complainedRecipients": recipients } }),
            ),
            _ => return Ok(()),
        };
        let tags = tags.as_array().into_iter().flatten();
        let tags = tags.map(|tag| (tag["Name"].as_str().unwrap_or_default().to_owned(), json!([tag["Value"]])));
        detail["mail"] = json!({ "messageId": mail.message_id, "destination": mail.to,
            "tags": tags.collect::<serde_json::Map<_, _>>() });
        let event = json!({ "version": "0", "detail-type": name, "source": "aws.ses", "time": mail.sent_at,
            "account": crate::ACCOUNT, "region": crate::REGION, "detail": detail });
        sqs.send(queue, &event.to_string())?;
        Ok(())
    }

    fn keep(&self, mail: &Mail) -> Result<(), ServiceError> {
        let text = serde_json::to_string(mail).map_err(Error::json)?;
        let sent_ms = mail.sent_at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
        self.database.write(|c| {
            c.execute(
                "INSERT INTO mails (id, sent_ms, mail) VALUES (?1, ?2, ?3)",
                params![mail.message_id, sent_ms, text],
            )
        })?;
        self.sent.send_modify(|count| *count += 1);
        Ok(())
    }
}
