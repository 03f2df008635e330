//! Requests of employees about what is held of them (開示・訂正・利用停止の請求), and the company's rules for handling health information (取扱規程) with who has read them.
//!
//! | | |
//! | --- | --- |
//! | `RIGHTSREQUEST#<employee>`/`rrq_…` | clear: kind, state, days; sealed (`attributes`): what is asked for, and what was answered; in the index by state, in the order of when something is due |
//! | `HANDLINGRULES#`/`V#<number>`, `HEAD` | a version of the rules, in the clear: they are for everybody to read |
//! | `HANDLINGACK#<number>`/`emp_…` | who has read a version, and when |

use std::borrow::Cow;

use authz::{
    Permission, Permit,
    permission::{
        AcknowledgeHandlingRules, AskRights, DecideRights, ManageHandlingRules, ViewHandlingRules, ViewRights,
    },
};
use domain::{
    handling::HandlingRules,
    ids::{AccountId, EmployeeId, RightsRequestId, TenantId},
    remark::Remark,
    rights::{ANSWER_DAYS, RightKind, RightState, RightStep, next},
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    exports::{Line, said, text},
    identity::SealedFor,
    item::{Sealed, Stored, to_item},
    key::{Family, Key, Table, partition},
    versions::{self, Listed, next_number, on},
    write::indexed,
};

const SCHEMA: u8 = 1;
const WORDS: &str = "words";
/// How many requests of one employee are open at the same time.
const MOST_OPEN: usize = 20;
/// How many versions of the rules a tenant has at most.
const MOST_VERSIONS: u32 = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: RightsRequestId,
    employee: EmployeeId,
    right: RightKind,
    #[serde(rename = "right_state")]
    state: RightState,
    /// By when it is answered, or done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    due_on: Option<Date>,
    asked_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    answered_by: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    answered_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ended_at: Option<Jst>,
    words: Sealed,
    #[serde(skip_serializing_if = "SealedFor::is_everything", default)]
    sealed_for: SealedFor,
}

/// What is sealed of a request.
#[derive(Clone, Serialize, Deserialize)]
struct Words {
    asked: Remark,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    answer: Option<Remark>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct RightsRequest {
    /// Its id.
    pub id: RightsRequestId,
    /// Whose.
    pub employee: EmployeeId,
    /// What for.
    pub right: RightKind,
    /// Where it is.
    pub state: RightState,
    /// By when it is answered, or done.
    pub due_on: Option<Date>,
    /// What is asked for.
    pub asked: Remark,
    /// When.
    pub asked_at: Jst,
    /// What was answered, with its reason.
    pub answer: Option<Remark>,
    /// Who answered.
    pub answered_by: Option<AccountId>,
    /// When.
    pub answered_at: Option<Jst>,
    /// When it came to its end.
    pub ended_at: Option<Jst>,
}

/// A version of the rules.
#[derive(Debug, Clone)]
pub struct HandlingVersion {
    /// Its number, from 1 on.
    pub number: u32,
    /// The rules.
    pub rules: HandlingRules,
    /// Who made it.
    pub made_by: Option<String>,
    /// When.
    pub made_at: Jst,
}

/// All rules of a company.
#[derive(Debug, Clone, Default)]
pub struct HandlingBook {
    /// The version of the list: its ETag.
    pub version: u64,
    /// In the order in which they were made.
    pub versions: Vec<HandlingVersion>,
}

impl HandlingBook {
    /// What holds on `day`: of the versions that have begun the one that began last, of those the newest.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&HandlingVersion> {
        on(&self.versions, day, |it| (it.rules.effective_on, it.number))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RulesRecord {
    number: u32,
    rules: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_by: Option<String>,
    made_at: Jst,
}

/// Who has read a version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub employee: EmployeeId,
    /// When.
    pub at: Jst,
}

fn key(tenant: TenantId, employee: EmployeeId, id: RightsRequestId) -> Key {
    Key::new(Table::Records, tenant, Family::RightsRequest, employee, id)
}

fn of_state(tenant: TenantId, state: RightState) -> String {
    partition(tenant, Family::RightsRequest, state.name())
}

fn acknowledgement_key(tenant: TenantId, number: u32, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::HandlingAck, number, employee)
}

impl Store {
    /// Asks for something about what is held of oneself.
    pub async fn ask_right(
        &self,
        permit: &Permit<AskRights>,
        employee: EmployeeId,
        right: RightKind,
        asked: Remark,
    ) -> Result<Prepared<Stored<RightsRequest>>, Error> {
        self.placed_within(permit, employee).await?;
        let (tenant, id, now) = (permit.tenant(), self.new_id()?, self.clock.now());
        let open = self.requests_of(tenant, employee).await?;
        if open.iter().filter(|stored| stored.record.state == RightState::Asked).count() >= MOST_OPEN {
            return Err(Conflict::TooMany.into());
        }
        let words = Words { asked, answer: None };
        let place = key(tenant, employee, id);
        let (sealed, sealed_for) = self.seal_identity(tenant, Purpose::Attributes, &place, WORDS, &words).await?;
        let record = Record {
            id,
            employee,
            right,
            state: RightState::Asked,
            due_on: Some(self.today().saturating_add(ANSWER_DAYS.days())),
            asked_at: now,
            answered_by: None,
            answered_at: None,
            ended_at: None,
            words: sealed,
            sealed_for,
        };
        let mut write = Write::new();
        self.put_request(&mut write, tenant, &record, None)?;
        let event = self.event(permit, "right.ask")?.on(employee).on(id);
        Ok(Prepared { thing: Stored { record: shown(&record, words), version: 1 }, write, event })
    }

    /// Somebody's requests, the newest first.
    pub async fn rights_requests_of(
        &self,
        permit: &Permit<ViewRights>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<RightsRequest>>, Error> {
        self.placed_within(permit, employee).await?;
        let mut requests = Vec::new();
        for stored in self.requests_of(permit.tenant(), employee).await? {
            requests.push(self.opened_request(permit.tenant(), stored).await?);
        }
        self.disclose(permit, "right.list", [employee.to_string()], requests).await
    }

    /// The requests in a state of those whom the permit reaches, those first that are due first: up to `limit`, and where to go on.
    pub async fn rights_requests(
        &self,
        permit: &Permit<DecideRights>,
        state: RightState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<RightsRequest>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::RightsRequest, of_state(tenant, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await?;
        let mut requests = Vec::with_capacity(found.len());
        for (stored, _) in found {
            requests.push(self.opened_request(tenant, stored).await?);
        }
        let subjects: std::collections::BTreeSet<String> =
            requests.iter().map(|stored| stored.record.employee.to_string()).collect();
        let requests = self.disclose(permit, "right.list", subjects, requests).await?;
        Ok((requests, next))
    }

    /// Whether there is such a request, within reach.
    pub async fn may_decide_rights(
        &self,
        permit: &Permit<DecideRights>,
        (employee, id): (EmployeeId, RightsRequestId),
    ) -> Result<(), Error> {
        self.placed_within(permit, employee).await?;
        self.load::<Record>(&key(permit.tenant(), employee, id)).await?.map(drop).ok_or(Error::NotFound)
    }

    /// Answers a request with a reason, or says that it was done. The employee gets a mail that there is something to read. Nobody answers their own.
    pub async fn answer_right(
        &self,
        permit: &Permit<DecideRights>,
        of: (EmployeeId, RightsRequestId),
        version: u64,
        step: RightStep,
        answer: Option<Remark>,
    ) -> Result<Prepared<Stored<RightsRequest>>, Error> {
        let account = self.account_of_employee(permit.tenant(), of.0).await?;
        self.placed_within(permit, of.0).await?;
        if account.is_some() && account == permit.actor().account() {
            return Err(Conflict::SecondPersonNeeded.into());
        }
        let mut prepared = self.step_of_right(permit, of, version, step, answer, "right.answer").await?;
        self.tell_employee(&mut prepared.write, permit.tenant(), of.0).await?;
        Ok(prepared)
    }

    /// Takes one's own request back.
    pub async fn withdraw_right(
        &self,
        permit: &Permit<AskRights>,
        of: (EmployeeId, RightsRequestId),
        version: u64,
    ) -> Result<Prepared<Stored<RightsRequest>>, Error> {
        self.placed_within(permit, of.0).await?;
        self.step_of_right(permit, of, version, RightStep::Withdraw, None, "right.withdraw").await
    }

    async fn step_of_right<P: Permission>(
        &self,
        permit: &Permit<P>,
        (employee, id): (EmployeeId, RightsRequestId),
        version: u64,
        step: RightStep,
        answer: Option<Remark>,
        action: &'static str,
    ) -> Result<Prepared<Stored<RightsRequest>>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let place = key(tenant, employee, id);
        let Stored { mut record, version: is } = self.load::<Record>(&place).await?.ok_or(Error::NotFound)?;
        if is != version {
            return Err(Error::Stale);
        }
        let (state, due_on) = next(record.state, step, self.today()).ok_or(Conflict::WrongState)?;
        let mut words = self.words_of_right(tenant, &place, &record).await?;
        if matches!(step, RightStep::Accept(_) | RightStep::Refuse) {
            (record.answered_by, record.answered_at) = (Some(by), Some(now));
            words.answer = answer;
        }
        (record.state, record.due_on) = (state, due_on);
        record.ended_at = (state != RightState::Accepted).then_some(now);
        (record.words, record.sealed_for) =
            self.seal_identity(tenant, Purpose::Attributes, &place, WORDS, &words).await?;
        let mut write = Write::new();
        self.put_request(&mut write, tenant, &record, Some(version))?;
        let event = self.event(permit, action)?.on(employee).on(id).because(state.name());
        Ok(Prepared { thing: Stored { record: shown(&record, words), version: version + 1 }, write, event })
    }

    /// Somebody's requests, for themselves to take away.
    pub(crate) async fn rights_request_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        for stored in self.requests_of(tenant, employee).await? {
            let RightsRequest { id, right, asked_at, asked, state, answered_at, answer, due_on, .. } =
                self.opened_request(tenant, stored).await?.record;
            let cells = vec![
                text(id),
                Cow::Borrowed(right.japanese()),
                text(asked_at),
                text(asked),
                Cow::Borrowed(state.japanese()),
                said(answered_at),
                said(answer),
                said(due_on),
            ];
            lines.push(Line { cells, about: Some(employee) });
        }
        Ok(lines)
    }

    async fn requests_of(&self, tenant: TenantId, employee: EmployeeId) -> Result<Vec<Stored<Record>>, Error> {
        let pk = partition(tenant, Family::RightsRequest, employee);
        self.records_in(Range::whole(Table::Records, Family::RightsRequest, pk).descending()).await
    }

    async fn opened_request(
        &self,
        tenant: TenantId,
        Stored { record, version }: Stored<Record>,
    ) -> Result<Stored<RightsRequest>, Error> {
        let place = key(tenant, record.employee, record.id);
        let words = self.words_of_right(tenant, &place, &record).await?;
        Ok(Stored { record: shown(&record, words), version })
    }

    async fn words_of_right(&self, tenant: TenantId, place: &Key, record: &Record) -> Result<Words, Error> {
        self.open_identity(tenant, Purpose::Attributes, place, WORDS, (&record.words, record.sealed_for)).await
    }

    fn put_request(
        &self,
        write: &mut Write,
        tenant: TenantId,
        record: &Record,
        before: Option<u64>,
    ) -> Result<(), Error> {
        let place = key(tenant, record.employee, record.id);
        let item = to_item(&place, before.unwrap_or(0) + 1, SCHEMA, record)?;
        let due = record.due_on.unwrap_or_else(|| record.asked_at.date());
        let item = indexed(item, of_state(tenant, record.state), format!("{due}#{}", record.id));
        write.put_over(self, place, item, before, || Error::Stale)?;
        Ok(())
    }

    /// The company's rules, and the versions that the permit's holder has read, if they are an employee.
    pub async fn handling_rules(
        &self,
        permit: &Permit<ViewHandlingRules>,
    ) -> Result<(HandlingBook, Vec<(u32, Jst)>), Error> {
        let tenant = permit.tenant();
        let book = self.handling_book(tenant).await?;
        let mut read = Vec::new();
        if let Some(employee) = permit.reach().only_oneself() {
            let numbers: Vec<u32> = book.versions.iter().map(|version| version.number).collect();
            let keys: Vec<Key> = numbers.iter().map(|number| acknowledgement_key(tenant, *number, employee)).collect();
            for (number, item) in numbers.into_iter().zip(self.db.batch_get(&keys).await?) {
                let stored = crate::item::from_optional::<Acknowledgement>(item, self.clock.now())?;
                read.extend(stored.map(|stored| (number, stored.record.at)));
            }
        }
        Ok((book, read))
    }

    /// Adds a version.
    pub async fn add_handling_rules(
        &self,
        permit: &Permit<ManageHandlingRules>,
        version: u64,
        rules: HandlingRules,
    ) -> Result<Prepared<HandlingBook>, Error> {
        let tenant = permit.tenant();
        let mut book = self.handling_book(tenant).await?;
        if book.version != version {
            return Err(Error::Stale);
        }
        let number = next_number(book.versions.len(), MOST_VERSIONS)?;
        let (made_at, made_by) = (self.clock.now(), permit.actor().id());
        let record = RulesRecord { number, rules: serde_json::to_string(&rules)?, made_by: made_by.clone(), made_at };
        let mut write = Write::new();
        write.add_version(self, (tenant, Family::HandlingRules), version, number, &record)?;
        let event = self.event(permit, "handling_rules.add")?.on(format_args!("handling-rules-{number}"));
        book.version += 1;
        book.versions.push(HandlingVersion { number, rules, made_by, made_at });
        Ok(Prepared { thing: book, write, event })
    }

    /// Notes that the permit's holder has read a version. Again makes no difference.
    pub async fn acknowledge_handling_rules(
        &self,
        permit: &Permit<AcknowledgeHandlingRules>,
        number: u32,
    ) -> Result<Acknowledgement, Error> {
        let (tenant, employee) = (permit.tenant(), permit.reach().only_oneself().ok_or(Error::NotFound)?);
        self.load::<RulesRecord>(&versions::key(tenant, Family::HandlingRules, number))
            .await?
            .ok_or(Error::NotFound)?;
        let key = acknowledgement_key(tenant, number, employee);
        if let Some(there) = self.load::<Acknowledgement>(&key).await? {
            return Ok(there.record);
        }
        let read = Acknowledgement { employee, at: self.clock.now() };
        let mut write = Write::new();
        write.create(self, key, SCHEMA, &read, || Error::Stale)?;
        let event = self.event(permit, "handling_rules.acknowledge")?.on(format_args!("handling-rules-{number}"));
        write.commit(self, event).await?;
        Ok(read)
    }

    /// Who has read a version, in the order of ids: up to `limit` after `after`, and where to go on.
    pub async fn handling_acknowledgements(
        &self,
        permit: &Permit<ManageHandlingRules>,
        number: u32,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Acknowledgement>, Option<String>), Error> {
        let tenant = permit.tenant();
        self.load::<RulesRecord>(&versions::key(tenant, Family::HandlingRules, number))
            .await?
            .ok_or(Error::NotFound)?;
        let range = Range::whole(Table::Records, Family::HandlingAck, partition(tenant, Family::HandlingAck, number));
        let of = |read: &Acknowledgement| read.employee;
        let (found, next) = self.records_within_reach(permit, range, after, limit, of).await?;
        Ok((found.into_iter().map(|(stored, _)| stored.record).collect(), next))
    }

    async fn handling_book(&self, tenant: TenantId) -> Result<HandlingBook, Error> {
        let Listed { version, records } = self.versions::<RulesRecord>(tenant, Family::HandlingRules).await?;
        let mut versions = Vec::with_capacity(records.len());
        for record in records {
            let RulesRecord { number, rules, made_by, made_at } = record;
            versions.push(HandlingVersion { number, rules: serde_json::from_str(&rules)?, made_by, made_at });
        }
        Ok(HandlingBook { version, versions })
    }
}

fn shown(record: &Record, words: Words) -> RightsRequest {
    let Record { id, employee, right, state, due_on, asked_at, answered_by, answered_at, ended_at, .. } = *record;
    let Words { asked, answer } = words;
    RightsRequest { id, employee, right, state, due_on, asked, asked_at, answer, answered_by, answered_at, ended_at }
}
