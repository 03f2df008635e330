//! `mail-delivery`: hands the outbox's mails to the relay. What states a mail goes through is drawn in `store::outbox`.
//!
//! Three things wake it: the stream of `records`, filtered on new mails (`eventName` `INSERT`, `outbox_state` `pending`); the schedule `mail-sweep`, which looks after
//! what did not leave by the stream; and the queue of what the relay tells later: bounces and complaints. A mail that the relay does not take is no failed record: its
//! state says when it is tried again.

mod feedback;
mod letter;
mod medium;
mod relay;

use std::time::Duration;

use authz::Origin;
use domain::{ids::PLATFORM, time::Jst};
use jobs::{Change, Invocation, Message, Schedule, Wake, each, for_mail_delivery};
use serde_json::{Value, json};
use store::{Claimed, Delivery, Error, MailPlace, Store, Support};

use crate::letter::Letter;
pub use crate::relay::Relay;

/// The function's name.
const NAME: &str = "mail-delivery";
/// How many mails are handed over at a time.
const IN_FLIGHT: usize = 4;
/// How many mails a sweep takes at a time.
const PAGE: usize = 100;
/// To how many customers' administrators a sweep writes of what concerns them all.
const CUSTOMERS: usize = 500;
/// A sweep begins no page with less time than this.
const ENOUGH_TIME: Duration = Duration::from_secs(30);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct MailDelivery {
    /// The data.
    pub store: Store,
    /// What takes the mails.
    pub relay: Relay,
    /// What every mail ends with.
    pub support: Support,
    /// Where people open the service: links in mails begin with it.
    pub portal: String,
}

/// Handles a batch of the stream, a batch of the queue, or a call of the schedule.
pub async fn handle(job: &MailDelivery, event: Value, invocation: Invocation) -> Result<Value, Error> {
    match Wake::of(event, job.store.clock())? {
        Wake::Changes(changes) => Ok(new_mails(job, changes, &invocation.origin).await),
        Wake::Messages(messages) => Ok(told(job, messages, &invocation.origin).await),
        Wake::Time(schedule) => sweep(job, schedule, &invocation).await,
    }
}

async fn new_mails(job: &MailDelivery, changes: Vec<Change>, origin: &Origin) -> Value {
    let mails = changes.into_iter().filter(Change::is_new).filter_map(|change| {
        let mail = MailPlace::of_key(change.pk())?;
        Some((change.sequence().to_owned(), mail))
    });
    let now = job.store.clock().now();
    each(NAME, mails, IN_FLIGHT, |mail| Box::pin(deliver(job, mail, origin, now))).await
}

/// What the relay tells of mails that it took.
async fn told(job: &MailDelivery, messages: Vec<Message>, origin: &Origin) -> Value {
    let now = job.store.clock().now();
    let messages = messages.into_iter().map(|message| (message.id, message.body));
    let note = async |body: String| {
        let Some((place, feedback)) = feedback::read(&body) else { return Ok("not_ours") };
        let permit = for_mail_delivery(place.tenant, origin);
        job.store.note_feedback(&permit, place.mail, &feedback, now).await
    };
    each(NAME, messages, IN_FLIGHT, |body| Box::pin(note(body))).await
}

async fn sweep(job: &MailDelivery, schedule: Schedule, invocation: &Invocation) -> Result<Value, Error> {
    let permit = for_mail_delivery(PLATFORM, &invocation.origin);
    let circulated = if schedule.dry_run { 0 } else { job.store.send_circulars(&permit, CUSTOMERS).await? };
    let (mut after, mut due, mut failed) = (None, 0, 0);
    loop {
        let (mails, next) = job.store.due_mails(&permit, schedule.at, after, PAGE).await?;
        due += mails.len();
        if !schedule.dry_run {
            let mails = mails.into_iter().map(|place| (place.mail.to_string(), place));
            let work = |mail| Box::pin(deliver(job, mail, &invocation.origin, schedule.at));
            let answer = each(NAME, mails, IN_FLIGHT, work).await;
            failed += answer["batchItemFailures"].as_array().map_or(0, Vec::len);
        }
        after = next;
        if after.is_none() || invocation.remaining() < ENOUGH_TIME {
            return Ok(
                json!({ "as_of": schedule.at, "dry_run": schedule.dry_run, "circulated": circulated, "due": due, "failed": failed }),
            );
        }
    }
}

/// Sends one mail, if it is still to be sent; what became of it in one word.
async fn deliver(job: &MailDelivery, place: MailPlace, origin: &Origin, now: Jst) -> Result<&'static str, Error> {
    let permit = for_mail_delivery(place.tenant, origin);
    let mail = match job.store.claim_mail(&permit, place.mail, now).await? {
        Claimed::Outgoing(mail) => *mail,
        Claimed::Cancelled => return Ok("cancelled"),
        Claimed::Answered => return Ok("answered"),
        Claimed::NotFree => return Ok("not_free"),
    };
    let letter = Letter::of(&mail, &job.support, &job.portal);
    let template = mail.notice.template();
    let delivery = job.relay.send(place.tenant, mail.id, &mail.to, &letter).await?;
    match &delivery {
        Delivery::Sent(message_id) => {
            tracing::info!(mail = %mail.id, tenant = %place.tenant, template, message_id, "sent");
        }
        Delivery::Later(reason) | Delivery::Refused(reason) => {
            tracing::warn!(mail = %mail.id, tenant = %place.tenant, template, reason, "not sent");
        }
    }
    Ok(job.store.settle_mail(&permit, mail, &delivery, now).await?.name())
}
