//! Audit results and certificates on request (監査結果の提供, R-39): a customer asks with a reason, an operator releases or refuses, and the customer reads what was released, as
//! it stood on that day. Each step stands in both trails.
//!
//! ```text
//! asked ──release──▶ released
//!   └─────refuse───▶ refused
//! ```
//!
//! The request lies with the customer, and goes with the customer's data; a sparse index under the platform shows operators what waits. Its texts are sealed with the
//! platform's key, because both sides read them.

use authz::{
    Permit,
    permission::{AskAssurance, ReleaseAssurance},
};
use domain::{
    control::{ControlKind, ControlTitle, Statement},
    ids::{AccountId, AssuranceRequestId, PLATFORM, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    CertificateFacts, Conflict, Error, Prepared, Store, Write,
    db::Range,
    item::{Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// How many controls one release reads on at a time.
const PAGE: usize = 200;

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssuranceState {
    /// It waits for an operator.
    Asked,
    /// It was released.
    Released,
    /// It was refused.
    Refused,
}

/// A request.
#[derive(Debug, Clone)]
pub struct AssuranceRequest {
    /// Its id.
    pub id: AssuranceRequestId,
    /// Whose.
    pub tenant: TenantId,
    /// Where it is.
    pub state: AssuranceState,
    /// Why it was asked for.
    pub reason: Statement,
    /// What the operator said to it.
    pub note: Option<Statement>,
    /// By whom it was asked for.
    pub asked_by: Option<AccountId>,
    /// When.
    pub asked_at: Jst,
    /// When it was decided.
    pub decided_at: Option<Jst>,
}

/// A control as it stood when it was released: what it is and when it was done, not what was found inside the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedControl {
    /// What kind.
    pub kind: ControlKind,
    /// What it is called.
    pub title: ControlTitle,
    /// When it was last done.
    pub done_on: Option<Date>,
    /// When it is due next; of a certificate, the last day that it is good.
    pub due_on: Date,
    /// What a certificate says of itself.
    pub certificate: Option<CertificateFacts>,
}

/// What was released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// The result of the audit against the checklist, as it was then.
    pub checklist: serde_json::Value,
    /// Controls and certificates.
    pub controls: Vec<ReleasedControl>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: AssuranceRequestId,
    tenant: TenantId,
    #[serde(rename = "assurance_state")]
    state: AssuranceState,
    texts: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    asked_by: Option<AccountId>,
    asked_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    released: Option<Sealed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Texts {
    reason: Statement,
    note: Option<Statement>,
}

fn key(tenant: TenantId, id: AssuranceRequestId) -> Key {
    Key::new(Table::Records, tenant, Family::Assurance, "", id)
}

/// The index of what waits; under the platform, for the requests of all customers.
fn waiting() -> String {
    partition(PLATFORM, Family::Assurance, "waiting")
}

impl Store {
    /// Asks for audit results and certificates.
    pub async fn ask_assurance(
        &self,
        permit: &Permit<AskAssurance>,
        reason: Statement,
    ) -> Result<Prepared<Stored<AssuranceRequest>>, Error> {
        let (tenant, id) = (permit.tenant(), self.new_id()?);
        let key = key(tenant, id);
        let texts = Texts { reason, note: None };
        let record = Record {
            id,
            tenant,
            state: AssuranceState::Asked,
            texts: self.seal(PLATFORM, Purpose::Controls, &key, "texts", &texts).await?,
            asked_by: permit.actor().account(),
            asked_at: self.clock.now(),
            decided_at: None,
            released: None,
        };
        let item = indexed(to_item(&key, 1, SCHEMA, &record)?, waiting(), format!("{}#{id}", record.asked_at));
        let mut write = Write::new();
        write.put_over(self, key, item, None, || Error::Internal("a request's id came twice".to_owned()))?;
        let event = self.event(permit, "assurance.ask")?.on(id);
        write.tell(self, &event.clone().again(self)?.in_tenant(PLATFORM)).await?;
        let thing = Stored { record: request_of(&record, texts), version: 1 };
        Ok(Prepared { thing, write, event })
    }

    /// A page of the customer's own requests, the newest first.
    pub async fn assurance_requests(
        &self,
        permit: &Permit<AskAssurance>,
        before: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<AssuranceRequest>>, Option<String>), Error> {
        let pk = partition(permit.tenant(), Family::Assurance, "");
        let range = Range::whole(Table::Records, Family::Assurance, pk).descending().after(before).limit(limit);
        self.assurance_page(&range, "sk").await
    }

    /// A page of what waits for an operator, the oldest first.
    pub async fn assurance_waiting(
        &self,
        permit: &Permit<ReleaseAssurance>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<AssuranceRequest>>, Option<String>), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let range = Range::whole(Table::Records, Family::Assurance, waiting()).by_index().after(after).limit(limit);
        self.assurance_page(&range, "gsi1sk").await
    }

    async fn assurance_page(
        &self,
        range: &Range,
        sk: &str,
    ) -> Result<(Vec<Stored<AssuranceRequest>>, Option<String>), Error> {
        let (items, more) = self.db.query(range).await?;
        let next = items.last().filter(|_| more).and_then(|item| as_text(item, sk)).map(str::to_owned);
        let mut requests = Vec::with_capacity(items.len());
        for item in items {
            let Some(Stored { record, version }) = from_item::<Record>(item, self.clock.now())? else { continue };
            let texts = self.texts_of(&record).await?;
            requests.push(Stored { record: request_of(&record, texts), version });
        }
        Ok((requests, next))
    }

    async fn texts_of(&self, record: &Record) -> Result<Texts, Error> {
        self.open(PLATFORM, Purpose::Controls, &key(record.tenant, record.id), "texts", &record.texts).await
    }

    /// One of the customer's own requests.
    pub async fn assurance_request(
        &self,
        permit: &Permit<AskAssurance>,
        id: AssuranceRequestId,
    ) -> Result<Stored<AssuranceRequest>, Error> {
        let Stored { record, version } =
            self.load::<Record>(&key(permit.tenant(), id)).await?.ok_or(Error::NotFound)?;
        let texts = self.texts_of(&record).await?;
        Ok(Stored { record: request_of(&record, texts), version })
    }

    /// What was released; the trail says that it was read. Nothing while it was not.
    pub async fn released_assurance(
        &self,
        permit: &Permit<AskAssurance>,
        id: AssuranceRequestId,
    ) -> Result<Released, Error> {
        let key = key(permit.tenant(), id);
        let Stored { record, .. } = self.load::<Record>(&key).await?.ok_or(Error::NotFound)?;
        let sealed = record.released.ok_or(Error::NotFound)?;
        let released = self.open(PLATFORM, Purpose::Controls, &key, "released", &sealed).await?;
        self.tell(self.event(permit, "assurance.read")?.on(id)).await?;
        Ok(released)
    }

    /// Decides a request: with a checklist it is released, together with the controls as they stand today; without one it is refused.
    pub async fn decide_assurance(
        &self,
        permit: &Permit<ReleaseAssurance>,
        tenant: TenantId,
        id: AssuranceRequestId,
        checklist: Option<serde_json::Value>,
        note: Option<Statement>,
    ) -> Result<Prepared<Stored<AssuranceRequest>>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let key = key(tenant, id);
        let Stored { mut record, version } = self.load::<Record>(&key).await?.ok_or(Error::NotFound)?;
        if record.state != AssuranceState::Asked {
            return Err(Conflict::WrongState.into());
        }
        let texts = Texts { note, ..self.texts_of(&record).await? };
        record.texts = self.seal(PLATFORM, Purpose::Controls, &key, "texts", &texts).await?;
        record.decided_at = Some(self.clock.now());
        record.state = AssuranceState::Refused;
        if let Some(checklist) = checklist {
            let released = Released { checklist, controls: self.controls_today().await? };
            record.released = Some(self.seal(PLATFORM, Purpose::Controls, &key, "released", &released).await?);
            record.state = AssuranceState::Released;
        }
        // Without its place in the index: it waits no longer.
        let item = to_item(&key, version + 1, SCHEMA, &record)?;
        let mut write = Write::new();
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        let is_released = record.state == AssuranceState::Released;
        let action = if is_released { "assurance.release" } else { "assurance.refuse" };
        let event = self.event(permit, action)?.on(id).on(tenant);
        write.tell(self, &event.clone().again(self)?.in_tenant(tenant)).await?;
        let thing = Stored { record: request_of(&record, texts), version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    async fn controls_today(&self) -> Result<Vec<ReleasedControl>, Error> {
        let (mut released, mut after) = (Vec::new(), None);
        loop {
            let (controls, next) = self.all_controls(after, PAGE).await?;
            released.extend(controls.into_iter().map(|Stored { record: control, .. }| ReleasedControl {
                kind: control.kind,
                title: control.title,
                done_on: control.completions.last().map(|completion| completion.done_on),
                due_on: control.due_on,
                certificate: control.certificate,
            }));
            after = next;
            if after.is_none() {
                return Ok(released);
            }
        }
    }
}

fn request_of(record: &Record, texts: Texts) -> AssuranceRequest {
    let Record { id, tenant, state, asked_by, asked_at, decided_at, .. } = *record;
    let Texts { reason, note } = texts;
    AssuranceRequest { id, tenant, state, reason, note, asked_by, asked_at, decided_at }
}
