//! The outbox (送信待ちメール, R-30): a mail is an item, written in the same transaction as its cause, so that none is lost and none is sent of what did not happen.
//!
//! ```text
//!            claim                relay took it
//! pending ──────────▶ sending ─────────────────────▶ sent
//!    ▲                 │  ▲ │     relay refused it
//!    └──passing fault──┘  │ └──────────────────────▶ failed ◀── tried for a day
//!                         └─ lease over: claimed again
//! pending, sending ── contract over (but for what is about its end), account gone, no address, suppressed ──▶ cancelled
//! sending, sent ── the relay tells that it came back, or was called spam ──▶ bounced, complained
//! ```
//!
//! A claim is a lease that is fenced by the item's version: of two that claim at once one gets the mail, and whoever comes back after its lease cannot overwrite
//! what happened since. The relay has no idempotency of its own, so that one gap stays: a function that dies between the relay's answer and the note of it leaves a
//! mail that is sent again, under the same id of ours (`X-Ailes-Mail`). Twice is chosen over never.
//!
//! What comes back stops what would follow: the address goes onto a list ([`crate::suppression`]), and a mail to it is cancelled when it is claimed.
//!
//! The address is looked up when the mail leaves, in the name vault: whoever causes a mail needs no right to the names, and no copy of an address lies
//! elsewhere (R-13). What the mail says is sealed under `credentials` until it has left, and gone after that.
//!
//! What is due lies in a sparse index under the platform, ordered by when somebody must look at it: five minutes after it was written (it should have left by the
//! stream), at the end of a lease, or when it is to be tried again.

use authz::{Permit, TenantState, permission::DeliverMail};
use domain::{
    employee::MailAddress,
    ids::{AccountId, MailId, PLATFORM, TenantId},
    notice::{AnnouncementKind, NoticeText, NoticeTitle},
    organisation::OrganisationName,
    reminder::Nearness,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Stage, Store, SubProcessorFacts, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, from_optional, to_item},
    key::{Family, Key, Table, partition, prefix},
    links::{LinkToken, ResetAsked},
    suppression::Feedback,
    write::indexed,
};

const SCHEMA: u8 = 1;
/// How long a mail may take to leave by the stream before somebody looks, in seconds.
const GRACE_SECONDS: i64 = 5 * 60;
/// How long a claim holds: longer than the relay may take to answer.
const LEASE_SECONDS: i64 = 60;
/// Minutes until the next attempt, after each one that failed for a passing reason; after the last one the mail has failed.
const BACKOFF_MINUTES: &[i64] = &[1, 5, 15, 60, 180, 360, 720];
/// For how many days it is kept what became of a mail.
const KEPT_DAYS: i64 = 90;
/// For how many days it is, where the mail itself is evidence that somebody was told (R-28, R-29).
const KEPT_DAYS_OF_NOTICES: i64 = 400;
/// What is written about to administrators after their contract's last day as well: what is open to them until the purge (R-17), and what they are owed (R-20).
const FOR_THE_END: [&str; 6] =
    ["disclosed", "export_ready", "last_export_asked", "log_request_ready", "log_request_refused", "purge_ahead"];
/// To how many administrators one cause writes at most: a transaction takes a hundred items.
const MOST_ADMINISTRATORS: usize = 50;

/// What a mail tells. Nothing of anybody's health is ever in one, and nobody's name (domain reference 11.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Notice {
    /// To the holder: the account has another password.
    PasswordChanged {
        /// Since when.
        at: Jst,
    },
    /// To whoever has a new account: set a password.
    Invitation {
        /// What makes the link theirs.
        token: LinkToken,
        /// Until when it is good.
        until: Jst,
    },
    /// To the holder: set another password.
    PasswordReset {
        /// What makes the link theirs.
        token: LinkToken,
        /// Until when it is good.
        until: Jst,
    },
    /// To nobody yet: somebody wants a link for this login, if there is one.
    ResetAsked(ResetAsked),
    /// To the holder: something about the second factor is another.
    SecondFactorChanged {
        /// Since when.
        at: Jst,
        /// What.
        change: FactorChange,
    },
    /// To administrators: a privileged account's second factor is reset, or somebody has asked for it (R-08).
    OtpReset {
        /// Since when.
        at: Jst,
        /// Whether it is done; otherwise another administrator is to confirm.
        done: bool,
    },
    /// To the holder and to administrators: an account was granted something else.
    GrantsChanged {
        /// Since when.
        at: Jst,
    },
    /// To an employee: something about them is there to read. What it is about, no mail says.
    SomethingToRead {
        /// Since when.
        at: Jst,
    },
    /// To an employee: a stress check can be answered. Nothing of anybody is in it, and that it is not compulsory.
    StressCheckOpen {
        /// The last day.
        until: Date,
    },
    /// To an employee who has not answered: the same once more.
    StressCheckReminder {
        /// The last day.
        until: Date,
    },
    /// To an employee: a checkup is due that was not taken. Which one, no mail says.
    CheckupDue {
        /// By when.
        until: Date,
    },
    /// To physicians: opinions are due. About whom, no mail says.
    OpinionsDue {
        /// The first day by which one is.
        until: Date,
    },
    /// To the holder: an administrator has set an initial password.
    PasswordResetByOthers {
        /// Since when.
        at: Jst,
    },
    /// To administrators: one of the provider's people looks at settings and accounts (R-32).
    GlassBroken {
        /// Since when.
        at: Jst,
        /// Until when.
        until: Jst,
        /// For which ticket.
        ticket: String,
        /// Why.
        reason: String,
    },
    /// To administrators: the IP rules are others (R-10).
    IpRulesChanged {
        /// Since when.
        at: Jst,
        /// The networks before; none for no restriction.
        before: Vec<String>,
        /// The networks from now on.
        after: Vec<String>,
    },
    /// To whoever asked for logs: they can be fetched.
    LogRequestReady {
        /// Since when.
        at: Jst,
        /// Until when.
        until: Jst,
    },
    /// To whoever asked for logs: they were refused.
    LogRequestRefused {
        /// When.
        at: Jst,
    },
    /// To whoever asked for files: they can be taken away.
    ExportReady {
        /// Since when.
        at: Jst,
        /// Until when.
        until: Jst,
    },
    /// To administrators: somebody has asked for everything that the company has here (R-17).
    LastExportAsked {
        /// When.
        at: Jst,
    },
    /// To administrators: everything that the company has here is deleted from a day on (R-17).
    PurgeAhead {
        /// Which.
        purge_on: Date,
        /// When the last export was first taken.
        last_export_at: Option<Jst>,
    },
    /// To administrators: data was disclosed on a lawful order (R-20).
    Disclosed {
        /// When it was handed over, or first taken.
        at: Jst,
    },
    /// To operators: a company asks for its own lines of the logs (R-21).
    LogRequestAsked {
        /// When.
        at: Jst,
    },
    /// To administrators: the provider announces something (R-28).
    Announcement {
        /// What it is about.
        kind: AnnouncementKind,
        /// Its title.
        title: NoticeTitle,
        /// Its text.
        body: NoticeText,
    },
    /// To administrators: something went wrong (R-29).
    Incident {
        /// Which message it is.
        stage: Stage,
        /// When it happened.
        occurred_at: Jst,
        /// When somebody first knew of it.
        detected_at: Jst,
        /// The message's title.
        title: NoticeTitle,
        /// What it says.
        body: NoticeText,
    },
    /// To operators: something is due.
    Reminder {
        /// What it is about: an id.
        subject: String,
        /// What is to be done, in Japanese.
        what: String,
        /// By when.
        due: Jst,
        /// How near that is.
        nearness: Nearness,
    },
    /// To administrators: a company that works for the provider is another one, or does something else (R-40).
    SubProcessorChanged {
        /// As it will be.
        facts: Box<SubProcessorFacts>,
    },
    /// To administrators: the contract has a last day.
    TerminationRegistered {
        /// Which.
        terminates_on: Date,
    },
}

impl Notice {
    /// The name of its template.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match self {
            Self::PasswordChanged { .. } => "password_changed",
            Self::Invitation { .. } => "invitation",
            Self::PasswordReset { .. } => "password_reset",
            Self::ResetAsked(_) => "reset_asked",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::OtpReset { .. } => "otp_reset",
            Self::GrantsChanged { .. } => "grants_changed",
            Self::SomethingToRead { .. } => "something_to_read",
            Self::StressCheckOpen { .. } => "stress_check_open",
            Self::StressCheckReminder { .. } => "stress_check_reminder",
            Self::CheckupDue { .. } => "checkup_due",
            Self::OpinionsDue { .. } => "opinions_due",
            Self::PasswordResetByOthers { .. } => "password_reset_by_others",
            Self::GlassBroken { .. } => "glass_broken",
            Self::IpRulesChanged { .. } => "ip_rules_changed",
            Self::LogRequestReady { .. } => "log_request_ready",
            Self::LogRequestRefused { .. } => "log_request_refused",
            Self::ExportReady { .. } => "export_ready",
            Self::LastExportAsked { .. } => "last_export_asked",
            Self::PurgeAhead { .. } => "purge_ahead",
            Self::Disclosed { .. } => "disclosed",
            Self::LogRequestAsked { .. } => "log_request_asked",
            Self::Announcement { .. } => "announcement",
            Self::Incident { .. } => "incident",
            Self::Reminder { .. } => "reminder",
            Self::SubProcessorChanged { .. } => "sub_processor_changed",
            Self::TerminationRegistered { .. } => "termination_registered",
        }
    }
}

/// What happened to a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorChange {
    /// It was enrolled.
    Enrolled,
    /// Its holder removed it.
    Removed,
    /// An administrator has asked for it to be reset.
    ResetAsked,
    /// It was reset by others.
    Reset,
    /// It has new recovery codes.
    NewRecoveryCodes,
    /// A recovery code was used.
    RecoveryCodeUsed,
}

/// Where a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It waits.
    Pending,
    /// Somebody is handing it to the relay.
    Sending,
    /// The relay took it.
    Sent,
    /// The relay refused it, or was away for too long.
    Failed,
    /// There is nobody to send it to any more.
    Cancelled,
    /// The relay took it, and it came back.
    Bounced,
    /// The relay took it, and whoever got it called it spam.
    Complained,
}

impl MailState {
    /// The name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Sending)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(rename = "outbox_state")]
    state: MailState,
    template: String,
    /// To whom; nobody yet where somebody has only asked for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    account: Option<AccountId>,
    /// What it says; gone when it is over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    notice: Option<Sealed>,
    attempts: usize,
    created_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    lease_until: Option<Jst>,
    /// What the relay knows it by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    message_id: Option<String>,
    /// Why it is not sent: a code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
}

impl Record {
    /// Whether somebody may take it now.
    fn is_free(&self, now: Jst) -> bool {
        match self.state {
            MailState::Pending => true,
            MailState::Sending => self.lease_until.is_none_or(|until| until <= now),
            _ => false,
        }
    }

    /// Whether it leaves after the contract's last day as well.
    fn is_for_the_end(&self) -> bool {
        FOR_THE_END.contains(&&*self.template)
    }

    fn claimed(self, now: Jst) -> Self {
        let lease_until = Some(now.plus_seconds(LEASE_SECONDS));
        Self { state: MailState::Sending, attempts: self.attempts + 1, lease_until, ..self }
    }

    /// It is over, in this way.
    fn over(self, state: MailState, reason: Option<&str>, now: Jst) -> Self {
        let days =
            if matches!(&*self.template, "announcement" | "incident") { KEPT_DAYS_OF_NOTICES } else { KEPT_DAYS };
        let expires_at = Some(now.plus_seconds(days * 86_400).epoch_seconds());
        Self { state, notice: None, lease_until: None, reason: reason.map(str::to_owned), expires_at, ..self }
    }

    /// As `delivery` leaves it, and when somebody must look at it again.
    fn after(self, delivery: &Delivery, now: Jst) -> (Self, Jst) {
        match delivery {
            Delivery::Sent(message_id) => {
                let sent = Self { message_id: Some(message_id.clone()), ..self };
                (sent.over(MailState::Sent, None, now), now)
            }
            Delivery::Refused(reason) => (self.over(MailState::Failed, Some(reason), now), now),
            Delivery::Later(reason) => match BACKOFF_MINUTES.get(self.attempts.saturating_sub(1)) {
                Some(minutes) => {
                    let reason = Some(reason.clone());
                    let again = Self { state: MailState::Pending, lease_until: None, reason, ..self };
                    (again, now.plus_seconds(minutes * 60))
                }
                None => (self.over(MailState::Failed, Some("gave_up"), now), now),
            },
        }
    }
}

fn key(tenant: TenantId, mail: MailId) -> Key {
    Key::new(Table::Records, tenant, Family::Outbox, mail, "MAIL")
}

/// The index of what is due; under the platform, for the mails of all tenants.
fn due_partition() -> String {
    partition(PLATFORM, Family::Outbox, "pending")
}

/// Which mail, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailPlace {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub mail: MailId,
}

impl MailPlace {
    /// Reads an item's partition key; `None` where it is no mail's.
    #[must_use]
    pub fn of_key(pk: &str) -> Option<Self> {
        let (tenant, rest) = pk.strip_prefix("T#")?.split_once('#')?;
        let tenant = if pk.starts_with(&prefix(PLATFORM)) { PLATFORM } else { tenant.parse().ok()? };
        let mail = rest.strip_prefix(Family::Outbox.name())?.strip_prefix('#')?.parse().ok()?;
        Some(Self { tenant, mail })
    }

    /// Reads what a mail was marked with when it left.
    #[must_use]
    pub fn of_tags(tenant: &str, mail: &str) -> Option<Self> {
        Some(Self { tenant: tenant.parse().ok()?, mail: mail.parse().ok()? })
    }
}

/// A mail that somebody has claimed and must send now.
#[derive(Debug)]
pub struct Outgoing {
    /// Its id.
    pub id: MailId,
    /// To whom.
    pub to: MailAddress,
    /// The company that they belong to.
    pub company: OrganisationName,
    /// What it tells.
    pub notice: Notice,
    record: Record,
    version: u64,
}

/// What a claim came to.
#[derive(Debug)]
pub enum Claimed {
    /// It is the claimer's to send.
    Outgoing(Box<Outgoing>),
    /// There is nobody to send it to any more.
    Cancelled,
    /// It was a wish for a link, and is answered.
    Answered,
    /// It is over, or somebody else has it.
    NotFree,
}

/// What the relay made of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It took it, and knows it by this.
    Sent(String),
    /// It may take it later: why it did not, as a code.
    Later(String),
    /// It will never take it: why, as a code.
    Refused(String),
}

impl Store {
    /// Adds a mail to `write`: it leaves if and when that is committed.
    pub(crate) async fn enqueue(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: AccountId,
        notice: &Notice,
    ) -> Result<MailId, Error> {
        self.add_mail(write, tenant, Some(account), notice).await
    }

    /// Adds to `write` a wish for a link: a mail to nobody yet, in the platform's own outbox.
    pub(crate) async fn enqueue_reset(&self, write: &mut Write, asked: ResetAsked) -> Result<MailId, Error> {
        self.add_mail(write, PLATFORM, None, &Notice::ResetAsked(asked)).await
    }

    async fn add_mail(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: Option<AccountId>,
        notice: &Notice,
    ) -> Result<MailId, Error> {
        let id: MailId = self.new_id()?;
        let (key, item) = self.mail_item(tenant, id, account, notice).await?;
        write.put_over(self, key, item, None, || Error::Internal("a mail's id came twice".to_owned()))?;
        Ok(id)
    }

    /// Puts a mail under an id that follows from its cause, unless it is there: however often it is asked for, it is one mail.
    pub(crate) async fn put_mail_once(
        &self,
        place: MailPlace,
        account: AccountId,
        notice: &Notice,
    ) -> Result<(), Error> {
        let (key, item) = self.mail_item(place.tenant, place.mail, Some(account), notice).await?;
        self.db.put_new(&key, item).await?;
        Ok(())
    }

    /// Where mails are, and why; none where it is not known any more.
    pub(crate) async fn mail_states(
        &self,
        places: impl IntoIterator<Item = MailPlace>,
    ) -> Result<Vec<Option<(MailState, Option<String>)>>, Error> {
        let keys: Vec<Key> = places.into_iter().map(|place| key(place.tenant, place.mail)).collect();
        let items = self.db.batch_get(&keys).await?;
        let now = self.clock.now();
        let of =
            |item| Ok(from_optional::<Record>(item, now)?.map(|Stored { record, .. }| (record.state, record.reason)));
        items.into_iter().map(of).collect()
    }

    async fn mail_item(
        &self,
        tenant: TenantId,
        id: MailId,
        account: Option<AccountId>,
        notice: &Notice,
    ) -> Result<(Key, Attributes), Error> {
        let key = key(tenant, id);
        let created_at = self.clock.now();
        let record = Record {
            state: MailState::Pending,
            template: notice.template().to_owned(),
            account,
            notice: Some(self.seal(tenant, Purpose::Credentials, &key, "notice", notice).await?),
            attempts: 0,
            created_at,
            lease_until: None,
            message_id: None,
            reason: None,
            expires_at: None,
        };
        let item = due_at(to_item(&key, 1, SCHEMA, &record)?, created_at.plus_seconds(GRACE_SECONDS), id);
        Ok((key, item))
    }

    /// Adds a mail to each administrator of the tenant who can sign in.
    pub(crate) async fn enqueue_to_administrators(
        &self,
        write: &mut Write,
        tenant: TenantId,
        notice: &Notice,
    ) -> Result<(), Error> {
        for account in self.usable_administrators(tenant).await?.into_iter().take(MOST_ADMINISTRATORS) {
            self.enqueue(write, tenant, account, notice).await?;
        }
        Ok(())
    }

    /// The mails of all tenants that somebody must look at, those that have waited longest first: a page after `after`, and where the next one starts. The permit is the
    /// platform's.
    pub async fn due_mails(
        &self,
        permit: &Permit<DeliverMail>,
        now: Jst,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<MailPlace>, Option<String>), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let range = Range::whole(Table::Records, Family::Outbox, due_partition()).by_index().after(after).limit(limit);
        let (items, more) = self.db.query(&range).await?;
        let now = now.to_string();
        let is_due = |item: &&Attributes| as_text(item, "gsi1sk").is_some_and(|due| *due <= *now);
        let due: Vec<&Attributes> = items.iter().take_while(is_due).collect();
        let last = due.last().filter(|_| more && due.len() == items.len());
        let next = last.and_then(|item| as_text(item, "gsi1sk")).map(str::to_owned);
        Ok((due.iter().filter_map(|item| MailPlace::of_key(as_text(item, "pk")?)).collect(), next))
    }

    /// Takes a mail in order to send it, if it is free and there is still somebody to send it to.
    pub async fn claim_mail(&self, permit: &Permit<DeliverMail>, mail: MailId, now: Jst) -> Result<Claimed, Error> {
        let (tenant, key) = (permit.tenant(), key(permit.tenant(), mail));
        let Some(item) = self.db.get(&key).await? else { return Ok(Claimed::NotFree) };
        let Some(Stored { record, version }) = from_item::<Record>(item, now)? else { return Ok(Claimed::NotFree) };
        if !record.is_free(now) {
            return Ok(Claimed::NotFree);
        }
        let Some(account) = record.account else {
            return self.answer(permit, &key, mail, Stored { record, version }, now).await;
        };
        let (to, company) = match self.recipient(tenant, account, record.is_for_the_end(), now).await? {
            Ok(recipient) => recipient,
            Err(reason) => {
                let cancelled = record.over(MailState::Cancelled, Some(reason), now);
                return Ok(match self.put_mail(&key, mail, version, &cancelled, now).await {
                    Err(Error::Stale) => Claimed::NotFree,
                    outcome => outcome.map(|()| Claimed::Cancelled)?,
                });
            }
        };
        let notice = self.notice(tenant, &key, &record).await?;
        let record = record.claimed(now);
        let until = record.lease_until.unwrap_or(now);
        match self.put_mail(&key, mail, version, &record, until).await {
            Ok(()) => {
                let version = version + 1;
                Ok(Claimed::Outgoing(Box::new(Outgoing { id: mail, to, company, notice, record, version })))
            }
            Err(Error::Stale) => Ok(Claimed::NotFree),
            Err(error) => Err(error),
        }
    }

    /// Notes what the relay says about a mail that it took, and takes its address off further mail where that is called for; what became of it in one word. The
    /// same word twice changes nothing. Where the relay's answer was lost, this is how it is known that it took the mail.
    pub async fn note_feedback(
        &self,
        permit: &Permit<DeliverMail>,
        mail: MailId,
        feedback: &Feedback,
        now: Jst,
    ) -> Result<&'static str, Error> {
        let key = key(permit.tenant(), mail);
        let Some(Stored { record, version }) = self.load::<Record>(&key).await? else { return Ok("unknown") };
        let state = feedback.state();
        if record.state == state || record.state == MailState::Complained {
            return Ok("known");
        }
        let event = self.event(permit, "mail.undeliverable")?.on(mail).on_all(record.account).because(state.name());
        let mut write = Write::new();
        if let Some(cause) = feedback.suppresses() {
            self.suppress(&mut write, permit.tenant(), &feedback.address, cause, now).await?;
        }
        let record = Record { message_id: Some(feedback.message_id.clone()), ..record };
        self.replace_mail(&mut write, &key, mail, version, &record.over(state, Some(feedback.reason()), now), now)?;
        write.commit(self, event).await?;
        Ok(state.name())
    }

    async fn notice(&self, tenant: TenantId, key: &Key, record: &Record) -> Result<Notice, Error> {
        let sealed = record.notice.as_ref().ok_or_else(|| Error::Internal("a mail says nothing".to_owned()))?;
        self.open(tenant, Purpose::Credentials, key, "notice", sealed).await
    }

    /// A mail to nobody is a wish for a link: it is over in the transaction that answers it.
    async fn answer(
        &self,
        permit: &Permit<DeliverMail>,
        key: &Key,
        mail: MailId,
        Stored { record, version }: Stored<Record>,
        now: Jst,
    ) -> Result<Claimed, Error> {
        let Notice::ResetAsked(asked) = self.notice(permit.tenant(), key, &record).await? else {
            return Err(Error::Internal("a mail goes to nobody".to_owned()));
        };
        let mut write = Write::new();
        self.replace_mail(&mut write, key, mail, version, &record.over(MailState::Sent, None, now), now)?;
        match self.answer_reset(permit, &asked, write).await {
            Ok(_) => Ok(Claimed::Answered),
            Err(Error::Stale) => Ok(Claimed::NotFree),
            Err(error) => Err(error),
        }
    }

    /// Notes what the relay made of a mail. Stale where the lease was over and somebody else has taken it.
    pub async fn settle_mail(
        &self,
        permit: &Permit<DeliverMail>,
        mail: Outgoing,
        delivery: &Delivery,
        now: Jst,
    ) -> Result<MailState, Error> {
        let key = key(permit.tenant(), mail.id);
        let (record, due) = mail.record.after(delivery, now);
        self.put_mail(&key, mail.id, mail.version, &record, due).await?;
        Ok(record.state)
    }

    /// To whom a mail for `account` goes at this moment, or why to nobody: a code.
    async fn recipient(
        &self,
        tenant: TenantId,
        account: AccountId,
        is_for_the_end: bool,
        now: Jst,
    ) -> Result<Result<(MailAddress, OrganisationName), &'static str>, Error> {
        let Some(Stored { record: of, .. }) = self.load_tenant(tenant).await? else { return Ok(Err("contract_ended")) };
        if of.state == TenantState::Purging || (of.facts(now).has_ended(now) && !is_for_the_end) {
            return Ok(Err("contract_ended"));
        }
        let Some(holder) = self.load_holder(tenant, account).await? else { return Ok(Err("account_gone")) };
        let Some(mail) = holder.mail else { return Ok(Err("no_address")) };
        let suppressed = self.suppression(tenant, &mail).await?.is_some();
        Ok(if suppressed { Err("suppressed") } else { Ok((mail, of.name)) })
    }

    /// Replaces what was read with `version`; somebody looks again at `due` if it is not over. Nobody's act: the cause has its own event.
    async fn put_mail(&self, key: &Key, mail: MailId, version: u64, record: &Record, due: Jst) -> Result<(), Error> {
        let mut write = Write::new();
        self.replace_mail(&mut write, key, mail, version, record, due)?;
        write.commit_unaudited(self).await
    }

    fn replace_mail(
        &self,
        write: &mut Write,
        key: &Key,
        mail: MailId,
        version: u64,
        record: &Record,
        due: Jst,
    ) -> Result<(), Error> {
        let item = to_item(key, version + 1, SCHEMA, record)?;
        let item = if record.state.is_over() { item } else { due_at(item, due, mail) };
        write.put_over(self, key.clone(), item, Some(version), || Error::Stale)?;
        Ok(())
    }
}

fn due_at(item: Attributes, due: Jst, mail: MailId) -> Attributes {
    indexed(item, due_partition(), format!("{due}#{mail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Jst {
        text.parse().unwrap()
    }

    fn pending() -> Record {
        Record {
            state: MailState::Pending,
            template: "password_changed".to_owned(),
            account: Some(AccountId::from_bytes([1; 16])),
            notice: Some(Sealed(vec![1])),
            attempts: 0,
            created_at: at("2026-04-01T09:00:00+09:00"),
            lease_until: None,
            message_id: None,
            reason: None,
            expires_at: None,
        }
    }

    #[test]
    fn r11_a_key_says_whose_mail_it_is_or_nothing() {
        let (tenant, mail) = (TenantId::from_bytes([1; 16]), MailId::from_bytes([2; 16]));
        for tenant in [tenant, PLATFORM] {
            assert_eq!(MailPlace::of_key(&key(tenant, mail).pk), Some(MailPlace { tenant, mail }));
        }
        for pk in
            [&format!("T#{tenant}#REPLY#{mail}"), &format!("T#{tenant}#OUTBOX#x"), &due_partition(), "", "T#x#OUTBOX#y"]
        {
            assert_eq!(MailPlace::of_key(pk), None, "{pk}");
        }
    }

    #[test]
    fn r30_a_claimed_mail_is_nobody_elses_until_its_lease_is_over() {
        let now = at("2026-04-01T09:00:00+09:00");
        assert!(pending().is_free(now));
        let claimed = pending().claimed(now);
        assert!(!claimed.is_free(now.plus_seconds(LEASE_SECONDS - 1)));
        assert!(claimed.is_free(now.plus_seconds(LEASE_SECONDS)));
        assert_eq!(claimed.claimed(now).attempts, 2);
    }

    #[test]
    fn r30_a_sent_mail_keeps_the_relays_id_and_nothing_of_what_it_said() {
        let now = at("2026-04-01T09:00:00+09:00");
        let (sent, _) = pending().claimed(now).after(&Delivery::Sent("0100".to_owned()), now);
        assert_eq!((sent.state, sent.message_id.as_deref()), (MailState::Sent, Some("0100")));
        assert!(sent.notice.is_none() && sent.expires_at.is_some() && !sent.is_free(now.plus_seconds(1_000_000)));
    }

    #[test]
    fn a_passing_fault_is_tried_again_for_a_day_and_then_given_up() {
        let mut now = at("2026-04-01T09:00:00+09:00");
        let began = now;
        let mut record = pending();
        for _ in BACKOFF_MINUTES {
            let (again, due) = record.claimed(now).after(&Delivery::Later("throttled".to_owned()), now);
            assert_eq!(again.state, MailState::Pending);
            assert!(due > now && again.notice.is_some());
            (record, now) = (again, due);
        }
        let (failed, _) = record.claimed(now).after(&Delivery::Later("throttled".to_owned()), now);
        assert_eq!((failed.state, failed.reason.as_deref()), (MailState::Failed, Some("gave_up")));
        assert!(failed.notice.is_none());
        let hours = (now.epoch_seconds() - began.epoch_seconds()) / 3_600;
        assert!((20..=24).contains(&hours), "tried for {hours} hours");
    }

    #[test]
    fn a_refused_mail_is_over() {
        let now = at("2026-04-01T09:00:00+09:00");
        let (failed, _) = pending().claimed(now).after(&Delivery::Refused("MessageRejected".to_owned()), now);
        assert!(failed.state.is_over() && failed.notice.is_none());
    }
}
