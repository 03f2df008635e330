//! The register of controls (統制の台帳, R-32, R-39): what the provider does again every year, and the certificates that it holds. It is the platform's; what was found and
//! done is sealed with the platform's key, what a list and a reminder need is clear.

use authz::{
    Permit,
    permission::{ManageControls, RemindOperators},
};
use domain::{
    control::{ControlKind, ControlTitle, Sha256, Statement, next_due},
    ids::{AccountId, ControlId, PLATFORM},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, MAX_LIMIT, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// How many completions one control keeps: of a monthly one, twenty years.
const MOST_COMPLETIONS: usize = 240;

/// A document that shows that something was done. It lies elsewhere: here is by which name and hash it is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name, or an id in the provider's own files.
    pub name: ControlTitle,
    /// Its hash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<Sha256>,
}

/// A control that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// When it was to be done.
    pub due_on: Date,
    /// When it was.
    pub done_on: Date,
    /// What was done, and found.
    pub summary: Statement,
    /// What shows it.
    pub documents: Vec<Document>,
    /// When that was noted.
    pub noted_at: Jst,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub noted_by: Option<AccountId>,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Its number.
    pub number: ControlTitle,
    /// Who gave it.
    pub issuer: ControlTitle,
}

/// A control.
#[derive(Debug, Clone)]
pub struct Control {
    /// Its id.
    pub id: ControlId,
    /// What kind.
    pub kind: ControlKind,
    /// What it is called.
    pub title: ControlTitle,
    /// When it is to be done next; of a certificate, the last day that it is good.
    pub due_on: Date,
    /// Every how many months it comes.
    pub months: u8,
    /// What it says of itself, where it is a certificate.
    pub certificate: Option<CertificateFacts>,
    /// When it was done so far, the oldest first.
    pub completions: Vec<Completion>,
    /// When it was registered.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

/// A control that shall be.
#[derive(Debug)]
pub struct NewControl {
    /// What kind.
    pub kind: ControlKind,
    /// What it is called.
    pub title: ControlTitle,
    /// When it is to be done first.
    pub due_on: Date,
    /// Every how many months it comes.
    pub months: u8,
    /// What it says of itself, where it is a certificate.
    pub certificate: Option<CertificateFacts>,
}

/// What of a control may be changed.
#[derive(Debug, Default)]
pub struct ControlChange {
    /// What it is called.
    pub title: Option<ControlTitle>,
    /// When it is to be done next.
    pub due_on: Option<Date>,
    /// Every how many months it comes.
    pub months: Option<u8>,
    /// What it says of itself.
    pub certificate: Option<CertificateFacts>,
}

/// What was done.
#[derive(Debug)]
pub struct NewCompletion {
    /// When.
    pub done_on: Date,
    /// What was done, and found.
    pub summary: Statement,
    /// What shows it.
    pub documents: Vec<Document>,
    /// Until when the certificate that came of it is good; a certificate must say so, and nothing else may.
    pub expires_on: Option<Date>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    id: ControlId,
    #[serde(rename = "control_kind")]
    kind: ControlKind,
    due_on: Date,
    #[serde(rename = "cycle_months")]
    months: u8,
    content: Sealed,
    created_at: Jst,
    updated_at: Jst,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    title: ControlTitle,
    certificate: Option<CertificateFacts>,
    completions: Vec<Completion>,
}

fn key(control: ControlId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Control, "", control)
}

/// A control as reminders see it: nothing of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlDue {
    /// Its id.
    pub id: ControlId,
    /// What kind.
    pub kind: ControlKind,
    /// When it is to be done next.
    pub due_on: Date,
}

impl Store {
    /// When each control is due next.
    pub async fn controls_due(&self, _: &Permit<RemindOperators>) -> Result<Vec<ControlDue>, Error> {
        let (mut due, mut after) = (Vec::new(), None);
        loop {
            let (items, next) = self.platform_page(Family::Control, after, MAX_LIMIT).await?;
            for item in items {
                let stored = from_item::<Record>(item, self.clock.now())?;
                due.extend(stored.map(|Stored { record: Record { id, kind, due_on, .. }, .. }| ControlDue {
                    id,
                    kind,
                    due_on,
                }));
            }
            after = next;
            if after.is_none() {
                return Ok(due);
            }
        }
    }

    /// A page of controls in the order in which they were registered: up to `limit` after `after`, and where to go on.
    pub async fn controls(
        &self,
        permit: &Permit<ManageControls>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Control>>, Option<String>), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        self.all_controls(after, limit).await
    }

    pub(crate) async fn all_controls(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Control>>, Option<String>), Error> {
        let (items, next) = self.platform_page(Family::Control, after, limit).await?;
        let mut controls = Vec::with_capacity(items.len());
        for item in items {
            let Some(Stored { record, version }) = from_item::<Record>(item, self.clock.now())? else { continue };
            controls.push(Stored { record: self.control_of(record).await?, version });
        }
        Ok((controls, next))
    }

    /// A page of a register that the platform keeps in one partition, by id.
    pub(crate) async fn platform_page(
        &self,
        family: Family,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Attributes>, Option<String>), Error> {
        let range = Range::whole(Table::Records, family, partition(PLATFORM, family, ""));
        let (items, more) = self.db.query(&range.after(after).limit(limit)).await?;
        let next = items.last().filter(|_| more).and_then(|item| as_text(item, "sk")).map(str::to_owned);
        Ok((items, next))
    }

    /// One control.
    pub async fn control(&self, permit: &Permit<ManageControls>, id: ControlId) -> Result<Stored<Control>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let Stored { record, version } = self.load::<Record>(&key(id)).await?.ok_or(Error::NotFound)?;
        Ok(Stored { record: self.control_of(record).await?, version })
    }

    async fn control_of(&self, record: Record) -> Result<Control, Error> {
        let Record { id, kind, due_on, months, content, created_at, updated_at } = record;
        let Content { title, certificate, completions } =
            self.open(PLATFORM, Purpose::Controls, &key(id), "content", &content).await?;
        Ok(Control { id, kind, title, due_on, months, certificate, completions, created_at, updated_at })
    }

    async fn control_record(&self, control: &Control) -> Result<Record, Error> {
        let Control { title, certificate, completions, .. } = control.clone();
        let content = Content { title, certificate, completions };
        let content = self.seal(PLATFORM, Purpose::Controls, &key(control.id), "content", &content).await?;
        let Control { id, kind, due_on, months, created_at, updated_at, .. } = *control;
        Ok(Record { id, kind, due_on, months, content, created_at, updated_at })
    }

    /// Registers a control.
    pub async fn create_control(
        &self,
        permit: &Permit<ManageControls>,
        new: NewControl,
    ) -> Result<Prepared<Stored<Control>>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let (id, now) = (self.new_id()?, self.clock.now());
        let NewControl { kind, title, due_on, months, certificate } = new;
        let completions = Vec::new();
        let control =
            Control { id, kind, title, due_on, months, certificate, completions, created_at: now, updated_at: now };
        let mut write = Write::new();
        let twice = || Error::Internal("a control's id came twice".to_owned());
        write.create(self, key(id), SCHEMA, &self.control_record(&control).await?, twice)?;
        let event = self.event(permit, "control.create")?.on(id);
        Ok(Prepared { thing: Stored { record: control, version: 1 }, write, event })
    }

    /// Changes a control. What was done stays as it was noted.
    pub async fn change_control(
        &self,
        permit: &Permit<ManageControls>,
        id: ControlId,
        version: u64,
        change: ControlChange,
    ) -> Result<Prepared<Stored<Control>>, Error> {
        let mut control = self.control_to_change(permit, id, version).await?;
        if change.certificate.is_some() && !control.kind.is_certificate() {
            return Err(Conflict::WrongState.into());
        }
        control.title = change.title.unwrap_or(control.title);
        control.due_on = change.due_on.unwrap_or(control.due_on);
        control.months = change.months.unwrap_or(control.months);
        control.certificate = change.certificate.or(control.certificate);
        self.control_replaced(permit, control, version, "control.change").await
    }

    /// Notes that a control was done, and when it is due next.
    pub async fn complete_control(
        &self,
        permit: &Permit<ManageControls>,
        id: ControlId,
        version: u64,
        new: NewCompletion,
    ) -> Result<Prepared<Stored<Control>>, Error> {
        let mut control = self.control_to_change(permit, id, version).await?;
        if control.kind.is_certificate() != new.expires_on.is_some() {
            return Err(Conflict::WrongState.into());
        }
        if control.completions.len() >= MOST_COMPLETIONS {
            return Err(Conflict::TooMany.into());
        }
        let NewCompletion { done_on, summary, documents, expires_on } = new;
        let (due_on, noted_at, noted_by) = (control.due_on, self.clock.now(), permit.actor().account());
        control.completions.push(Completion { due_on, done_on, summary, documents, noted_at, noted_by });
        control.due_on = expires_on.unwrap_or_else(|| next_due(due_on, done_on, control.months));
        self.control_replaced(permit, control, version, "control.complete").await
    }

    async fn control_to_change(
        &self,
        permit: &Permit<ManageControls>,
        id: ControlId,
        version: u64,
    ) -> Result<Control, Error> {
        let stored = self.control(permit, id).await?;
        if stored.version == version { Ok(stored.record) } else { Err(Error::Stale) }
    }

    async fn control_replaced(
        &self,
        permit: &Permit<ManageControls>,
        control: Control,
        version: u64,
        action: &'static str,
    ) -> Result<Prepared<Stored<Control>>, Error> {
        let control = Control { updated_at: self.clock.now(), ..control };
        let mut write = Write::new();
        write.replace(self, key(control.id), SCHEMA, version, &self.control_record(&control).await?)?;
        let event = self.event(permit, action)?.on(control.id);
        Ok(Prepared { thing: Stored { record: control, version: version + 1 }, write, event })
    }
}
