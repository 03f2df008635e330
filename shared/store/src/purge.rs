//! The retention purge (R-17, R-18): what a terminated tenant left is deleted, and made unreadable for good.
//!
//! ```text
//! terminated ──purge is due──▶ purging: count ─▶ delete items and objects ─▶ shred the keys ─▶ verify ──nothing left──▶ purged
//!                                 ▲                                                              │
//!                                 └───────────── killed, out of time, something left ────────────┘
//! ```
//!
//! While a hold (保全) lasts, none of this begins and none goes on.
//!
//! From the first step on the tenant's state refuses every permit. Each step can be repeated, and a run that was killed is taken up by the next one; the wrapped keys go
//! last, so that whatever is still there can be read by nobody else and deleted by anybody's next run. The verification shares no code with the deletion. `audit` is not
//! touched: the trail is kept for its own time, the contract record for its own class.
//!
//! A request or an import that held its permit when the purge began may still have written something afterwards. What it wrote is sealed with keys that are gone; all the
//! same, runs of the next two days look at a purged tenant once more.
//!
//! Where the stress check goes on by a term of its own, the same happens twice. The first purge spares what the stress check needs ([`rest`]), shreds the keys that it has no use for, and gives
//! the tenant back as one that has contracted for the stress check alone; the second one, after its own term, takes all that is left. Each has its certificate, and the second names the first.
//! What is spared of people has been sealed anew before ([`reseal`]), by a function of its own, for the purge can read no name; it waits until it sees at the items themselves that this is done. So
//! the keys for names and attributes go in the first purge, with everything that the stress check has no use for.
//!
//! Where the stress check ends before the rest, its items and keys go on a day of their own, with a certificate of their own, and the tenant lives on.

mod certificate;
mod delete;
mod dispose;
mod lifetimes;
mod reseal;
mod rest;
mod verify;

use std::time::Instant;

use authz::{
    Permit, TenantState,
    permission::{ManageContracts, PurgeTenants},
};
use domain::{
    contract::{EndDates, Service, unrecoverable_from},
    ids::{CertificateId, PLATFORM, PurgeId, TenantId},
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vault::Purpose;

use self::{
    certificate::About,
    delete::Budget,
    rest::{Needed, Spared},
};
pub use self::{lifetimes::FilesOver, reseal::Resealed};
use crate::{
    Conflict, ContractState, Error, Files, Signature, Store, Write,
    contracts::{self, StressPurge},
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, number},
    key::{Family, Key, Table, partition},
    tenants,
    tenants::{attribute, state_value},
};

const SCHEMA: u8 = 1;
/// For how many days after its purge a tenant is looked at once more.
const LOOKED_AT_DAYS: i32 = 2;
/// How often one run deletes and verifies before it leaves the rest to the next one.
const ROUNDS: usize = 2;

/// For how long after a tenant was shut its first purge waits, in seconds: other processes may seal with a key that they have unwrapped for half as long.
const SETTLED_SECONDS: i64 = 2 * vault::MAX_AGE.as_secs().cast_signed();

/// The keys that the stress check has no use for, once the identities that it needs are sealed for it alone.
const NOT_OF_STRESS: [Purpose; 5] =
    [Purpose::Names, Purpose::Attributes, Purpose::Health, Purpose::InterviewNotes, Purpose::Lifelog];
/// The keys that nothing but the stress check has a use for.
const OF_STRESS: [Purpose; 2] = [Purpose::Stress, Purpose::StressIdentity];

/// What a purge takes of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All that there is.
    Whole,
    /// All but what the stress check needs.
    Rest,
    /// The stress check, whose own term ended before the rest.
    Stress,
}

impl Part {
    /// What the next purge of a contract's end takes.
    fn of(contract: &contracts::Record) -> Self {
        if contract.rest_purged || contract.stress_check_until().is_none() { Self::Whole } else { Self::Rest }
    }
}

/// How much there is of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Items in `records`.
    pub records: u64,
    /// Items in `names`.
    pub names: u64,
    /// Versions of objects in the imports bucket, delete markers included.
    pub objects: u64,
    /// Uploads to it that were begun and never ended.
    pub uploads: u64,
}

impl Counts {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Keys that were shredded: those of one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShreddedKeys {
    /// What they were for.
    pub purpose: String,
    /// How many versions there were.
    pub versions: usize,
    /// When the ledger learnt of it.
    pub shredded_at: Jst,
}

/// What a deletion certificate (データ削除証明書) says: ids, counts and dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// The run of the purge.
    pub run: PurgeId,
    /// Whose data it was.
    pub tenant: TenantId,
    /// The contract's last day.
    pub terminates_on: Date,
    /// The day by which everything had to be gone.
    pub deletion_deadline: Date,
    /// When the purge began.
    pub begun_at: Jst,
    /// What there was when it began.
    pub found: Counts,
    /// What was left when it was verified.
    pub left: Counts,
    /// The keys that were shredded.
    pub keys: Vec<ShreddedKeys>,
    /// When it was verified that nothing was left.
    pub deleted_at: Jst,
    /// Until the day before, snapshots and recovery windows hold sealed copies, which nothing opens any more; from this day on there are none (R-18).
    pub unrecoverable_from: Date,
    /// What was spared, where the stress check goes on by a term of its own (R-17).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spared: Option<SparedForStress>,
    /// The purge before, which spared that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub earlier: Option<EarlierPurge>,
    /// It was the stress check alone that ended.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub of_stress_check: bool,
}

/// What a purge spared for the stress check, and when that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparedForStress {
    /// How much of it there was when the rest was gone.
    pub kept: Counts,
    /// The last day of the stress check's own term.
    pub terminates_on: Date,
    /// The day on which its purge starts.
    pub purge_on: Date,
    /// The day by which everything has to be gone.
    pub deletion_deadline: Date,
}

/// The purge that took everything but what the stress check needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierPurge {
    /// Its certificate.
    pub certificate: CertificateId,
    /// The last day of the contract of what it took.
    pub terminates_on: Date,
    /// When it was verified that nothing of that was left.
    pub deleted_at: Jst,
    /// It took the stress check alone.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub of_stress_check: bool,
}

/// A deletion certificate as it was issued.
#[derive(Debug, Clone)]
pub struct DeletionCertificate {
    /// What it says.
    pub facts: Certificate,
    /// Its text, in JSON: the bytes that were signed.
    pub text: String,
    /// The signature over them.
    pub signature: Signature,
}

/// The text and its signature, as they are kept: the text names the customer, and is sealed like the contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Issued {
    text: Sealed,
    signature: Signature,
}

/// A purge, under the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    run: PurgeId,
    tenant: TenantId,
    begun_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    found: Option<Counts>,
    /// How much of it was the stress check's, where that is spared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    of_stress: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    certificate: Option<Certificate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    issued: Option<Issued>,
}

/// Where a purge is. All of a tenant stand under its id.
fn key(tenant: TenantId, part: Part) -> Key {
    match part {
        Part::Whole => Key::new(Table::Records, PLATFORM, Family::Purge, "", tenant),
        Part::Rest => Key::new(Table::Records, PLATFORM, Family::Purge, "", format_args!("{tenant}#REST")),
        Part::Stress => Key::new(Table::Records, PLATFORM, Family::Purge, "", format_args!("{tenant}#STRESS")),
    }
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PurgeStage {
    /// It would be due or has begun, and a hold lasts.
    Held,
    /// It is due.
    Due,
    /// It has begun.
    Begun,
    /// It was done not long ago.
    Done,
}

/// A tenant that a run must look at.
#[derive(Debug, Clone, Copy)]
pub struct ToPurge {
    /// Which.
    pub tenant: TenantId,
    /// How far it is.
    pub stage: PurgeStage,
    /// What had to happen when.
    pub dates: EndDates,
}

/// How much one run may do.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many things it deletes at most.
    pub most_deletes: Option<u64>,
    /// When it must stop.
    pub until: Instant,
}

/// What a run came to.
#[derive(Debug)]
pub enum Purged {
    /// Everything is gone.
    Done(Box<Certificate>),
    /// There is more to do, for the next run.
    Unfinished,
    /// What the stress check needs of people has not been sealed anew yet, or a moment ago: nothing was deleted.
    Waiting,
    /// A hold lasts: nothing was done, or nothing more.
    Held,
    /// It was purged before, and there was this left over from somebody who was still writing; it is gone now.
    LookedAgain {
        /// What was left over.
        found: Counts,
        /// What was spared for the stress check and is no longer there.
        missing: Counts,
    },
}

impl Store {
    /// The tenants that a run on `today` must look at: those that are due, those that are not finished, and those that were purged in the last days. The permit is the
    /// platform's.
    pub async fn tenants_to_purge(&self, permit: &Permit<PurgeTenants>, today: Date) -> Result<Vec<ToPurge>, Error> {
        let contracts = self.all_contracts(permit).await?;
        let certificates = self.all_purges().await?.into_iter().filter_map(|purge| purge.certificate);
        let recent: Vec<TenantId> =
            certificates.filter(|it| is_recent(it.deleted_at, today)).map(|it| it.tenant).collect();
        let due = contracts.into_iter().filter_map(|contract| {
            let (_, stage, dates) = step(&contract, recent.contains(&contract.tenant), today)?;
            Some(ToPurge { tenant: contract.tenant, stage, dates })
        });
        Ok(due.collect())
    }

    /// The tenants whose data lives on and is not held: what of it is over goes by itself. The permit is the platform's.
    pub async fn tenants_to_tidy(&self, permit: &Permit<PurgeTenants>) -> Result<Vec<TenantId>, Error> {
        let mut contracts = self.all_contracts(permit).await?;
        contracts.retain(|contract| contract.state.has_people() && contract.held_since.is_none());
        Ok(contracts.into_iter().map(|contract| contract.tenant).collect())
    }

    /// All contracts, for the platform's permit.
    async fn all_contracts(&self, permit: &Permit<PurgeTenants>) -> Result<Vec<contracts::Record>, Error> {
        if permit.tenant() == PLATFORM { self.all_of(Family::Contract).await } else { Err(Error::NotFound) }
    }

    /// All purges that there were and whose contracts are still kept.
    async fn all_purges(&self) -> Result<Vec<Record>, Error> {
        self.all_of(Family::Purge).await
    }

    pub(crate) async fn all_of<T: DeserializeOwned>(&self, family: Family) -> Result<Vec<T>, Error> {
        let now = self.clock.now();
        let items = self.db.query_all(Range::whole(Table::Records, family, partition(PLATFORM, family, ""))).await?;
        let read = |item| Ok(from_item(item, now)?.map(|stored| stored.record));
        items.into_iter().filter_map(|item| read(item).transpose()).collect()
    }

    /// Purges the permit's tenant, or goes on with it. Refused as [`Conflict::WrongState`] before its day.
    pub async fn purge_tenant(
        &self,
        files: &Files,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
    ) -> Result<Purged, Error> {
        let tenant = permit.tenant();
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let Stored { record: contract, version } = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        let (part, stage, dates) = step(&contract, true, at.date()).ok_or(Conflict::WrongState)?;
        let until = contract.stress_check_until();
        let budget = Budget::new(bounds);
        match (stage, part) {
            (PurgeStage::Held, _) => return Ok(Purged::Held),
            // What seals identities anew shuts the tenant first, and begins it with that.
            (PurgeStage::Due, Part::Rest) => return Ok(Purged::Waiting),
            (PurgeStage::Due, _) => self.begin_purge(permit, (contract.state, version), part, at).await?,
            (PurgeStage::Begun, _) => {}
            (PurgeStage::Done, Part::Rest) => return self.look_again_beside_stress(permit, &budget).await,
            (PurgeStage::Done, _) => return self.look_again(files, permit, &budget).await,
        }
        let spared = match part {
            Part::Whole => Spared::Nothing,
            Part::Rest => match self.spared_for_stress(tenant, at).await? {
                Some(needed) => Spared::StressCheck(needed),
                None => return Ok(Purged::Waiting),
            },
            Part::Stress => Spared::AllButTheStressCheck,
        };
        let purge = self.counted(files, tenant, part).await?;
        for _ in 0..ROUNDS {
            if !self.delete_everything(files, tenant, &spared, &budget).await? {
                return Ok(if self.is_held(tenant).await? { Purged::Held } else { Purged::Unfinished });
            }
            if self.is_held(tenant).await? {
                return Ok(Purged::Held);
            }
            self.nothing_spared_is_missing(&purge.record).await?;
            let keys = self.shred(tenant, part, purge.record.run).await?;
            let left = match part {
                Part::Whole => self.left_of(files, permit).await?,
                Part::Rest => verify::count_beside_stress(&self.db, files, tenant).await?,
                Part::Stress => verify::count_stress(&self.db, tenant).await?,
            };
            if left.is_nothing() {
                let certificate = self.certify(&purge.record, part, dates, left, keys, at)?;
                let certificate = self.beside_the_other(files, certificate, part, until).await?;
                return self.complete_purge(permit, purge, part, certificate).await;
            }
        }
        Ok(Purged::Unfinished)
    }

    /// How much there is of the permit's tenant: counted by scans that share no code with the deletion.
    pub async fn left_of(&self, files: &Files, permit: &Permit<PurgeTenants>) -> Result<Counts, Error> {
        if permit.tenant() == PLATFORM {
            return Err(Error::NotFound);
        }
        verify::count(&self.db, files, permit.tenant()).await
    }

    /// How much there is of what the next purge of the permit's tenant takes from, for a run that only says so.
    pub async fn would_purge(&self, files: &Files, permit: &Permit<PurgeTenants>, at: Jst) -> Result<Counts, Error> {
        let contract = self.load_contract(permit.tenant()).await?.ok_or(Error::NotFound)?.record;
        match step(&contract, true, at.date()) {
            Some((Part::Stress, ..)) => verify::count_stress(&self.db, contract.tenant).await,
            _ => self.left_of(files, permit).await,
        }
    }

    /// The certificate of a tenant that was purged: the last one, where it was in several steps.
    pub async fn deletion_certificate(
        &self,
        permit: &Permit<ManageContracts>,
        tenant: TenantId,
    ) -> Result<DeletionCertificate, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        for part in [Part::Whole, Part::Rest, Part::Stress] {
            let Some(Stored { record, .. }) = self.load_purge(tenant, part).await? else { continue };
            let (Some(facts), Some(Issued { text, signature })) = (record.certificate, record.issued) else { continue };
            let text = self.open(PLATFORM, Purpose::Contracts, &key(tenant, part), "certificate", &text).await?;
            return Ok(DeletionCertificate { facts, text, signature });
        }
        Err(Error::NotFound)
    }

    async fn load_purge(&self, tenant: TenantId, part: Part) -> Result<Option<Stored<Record>>, Error> {
        self.load(&key(tenant, part)).await
    }

    /// Whom the stress check needs, once the tenant has been shut for long enough and every one of their items is sealed for it.
    async fn spared_for_stress(&self, tenant: TenantId, at: Jst) -> Result<Option<Needed>, Error> {
        let begun = self.load_purge(tenant, Part::Rest).await?.ok_or_else(no_record)?.record.begun_at;
        let needed = rest::needed(&self.db, tenant).await?;
        let waiting = rest::not_sealed_anew(&self.db, tenant, &needed).await?;
        Ok((waiting == 0 && begun.plus_seconds(SETTLED_SECONDS) <= at).then_some(needed))
    }

    /// Refuses to go on where less is there of what is spared than there was when the purge began.
    async fn nothing_spared_is_missing(&self, purge: &Record) -> Result<(), Error> {
        if self.missing_of(purge).await?.is_nothing() {
            return Ok(());
        }
        Err(Error::Internal("what the stress check needs is missing after a purge".to_owned()))
    }

    /// How much less there is of what a purge spared than there was when it began.
    async fn missing_of(&self, purge: &Record) -> Result<Counts, Error> {
        let Some(before) = purge.of_stress else { return Ok(Counts::default()) };
        let now = verify::count_of_stress(&self.db, purge.tenant).await?;
        let (records, names) = (before.records.saturating_sub(now.records), before.names.saturating_sub(now.names));
        Ok(Counts { records, names, ..Counts::default() })
    }

    /// Shuts the tenant: contract and tenant say so in one transaction, which fails if the termination was withdrawn meanwhile. Where the stress check alone has ended nothing is shut: its doors
    /// are closed since the last day of its term, and the contract notes that its data goes.
    async fn begin_purge(
        &self,
        permit: &Permit<PurgeTenants>,
        (state, version): (ContractState, u64),
        part: Part,
        at: Jst,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let mut write = Write::new();
        if part == Part::Stress {
            self.note_stress_purge(&mut write, tenant, Some(version), StressPurge::Begun)?;
        } else {
            self.move_contract(&mut write, tenant, Some(version), state, ContractState::Purging)?;
            let values = Attributes::from([
                (":purging".to_owned(), state_value(TenantState::Purging)),
                (":one".to_owned(), number(1)),
            ]);
            let expression = "SET tenant_state = :purging, version = version + :one";
            let exists = Some("attribute_exists(pk)");
            write.update(self, tenants::key(tenant), expression, exists, values, || Conflict::WrongState.into())?;
        }
        let begun_at = at.max(self.clock.now());
        let record = Record {
            run: self.new_id()?,
            tenant,
            begun_at,
            found: None,
            of_stress: None,
            certificate: None,
            issued: None,
        };
        write.create(self, key(tenant, part), SCHEMA, &record, || Conflict::WrongState.into())?;
        let action = if part == Part::Stress { "tenant.begin_purge_stress" } else { "tenant.begin_purge" };
        self.tell_both(permit, write, action, &record.run).await
    }

    /// The purge with what there was when it began, which is counted once.
    async fn counted(&self, files: &Files, tenant: TenantId, part: Part) -> Result<Stored<Record>, Error> {
        let Stored { record, version } = self.load_purge(tenant, part).await?.ok_or_else(no_record)?;
        if record.found.is_some() {
            return Ok(Stored { record, version });
        }
        let found = match part {
            Part::Whole | Part::Rest => verify::count(&self.db, files, tenant).await?,
            Part::Stress => verify::count_stress(&self.db, tenant).await?,
        };
        let of_stress = match part {
            Part::Rest => Some(verify::count_of_stress(&self.db, tenant).await?),
            Part::Whole | Part::Stress => None,
        };
        let record = Record { found: Some(found), of_stress, ..record };
        let mut write = Write::new();
        write.replace(self, key(tenant, part), SCHEMA, version, &record)?;
        write.commit_unaudited(self).await?;
        Ok(Stored { record, version: version + 1 })
    }

    /// Whether somebody has put a hold on it meanwhile.
    async fn is_held(&self, tenant: TenantId) -> Result<bool, Error> {
        Ok(self.load_contract(tenant).await?.is_some_and(|stored| stored.record.held_since.is_some()))
    }

    /// Deletes whatever is the tenant's in tables and bucket, but for what is spared; false where the budget did not do, or a hold was put on it.
    async fn delete_everything(
        &self,
        files: &Files,
        tenant: TenantId,
        spared: &Spared,
        budget: &Budget,
    ) -> Result<bool, Error> {
        let whole = matches!(spared, Spared::Nothing | Spared::StressCheck(_));
        for table in if whole { &[Table::Records, Table::Names][..] } else { &[Table::Records] } {
            if self.is_held(tenant).await? || !delete::items(&self.db, *table, tenant, spared, budget).await? {
                return Ok(false);
            }
        }
        if !whole {
            return Ok(true);
        }
        if self.is_held(tenant).await? {
            return Ok(false);
        }
        Ok(delete::objects(files, tenant, budget).await? && delete::uploads(files, tenant, budget).await?)
    }

    /// Shreds the tenant's keys, and asks the vault for each of them: it must refuse.
    async fn shred(&self, tenant: TenantId, part: Part, run: PurgeId) -> Result<Vec<ShreddedKeys>, Error> {
        let purposes: Vec<Purpose> = match part {
            Part::Whole => Purpose::of_tenants().collect(),
            Part::Rest => NOT_OF_STRESS.to_vec(),
            Part::Stress => OF_STRESS.to_vec(),
        };
        let entries = Box::pin(self.vault.shred(tenant, &purposes, run)).await?;
        for purpose in purposes {
            match Box::pin(self.vault.keyring_for(tenant, purpose, [])).await {
                Err(vault::Error::Shredded) => {}
                Ok(_) => return Err(Error::Internal(format!("a shredded key for {purpose} still opens"))),
                Err(error) => return Err(error.into()),
            }
        }
        let keys = entries.into_iter().map(|entry| ShreddedKeys {
            purpose: entry.purpose,
            versions: entry.versions.len(),
            shredded_at: entry.shredded_at,
        });
        Ok(keys.collect())
    }

    fn certify(
        &self,
        purge: &Record,
        part: Part,
        dates: EndDates,
        left: Counts,
        keys: Vec<ShreddedKeys>,
        at: Jst,
    ) -> Result<Certificate, Error> {
        let deleted_at = at.max(self.clock.now());
        Ok(Certificate {
            id: self.new_id()?,
            run: purge.run,
            tenant: purge.tenant,
            terminates_on: dates.terminates_on,
            deletion_deadline: dates.deletion_deadline,
            begun_at: purge.begun_at,
            found: purge.found.unwrap_or_default(),
            left,
            keys,
            deleted_at,
            unrecoverable_from: unrecoverable_from(deleted_at.date()),
            spared: None,
            earlier: None,
            of_stress_check: part == Part::Stress,
        })
    }

    /// A certificate with what there is to say of the other purge, where the stress check has one of its own.
    async fn beside_the_other(
        &self,
        files: &Files,
        certificate: Certificate,
        part: Part,
        until: Option<Date>,
    ) -> Result<Certificate, Error> {
        let tenant = certificate.tenant;
        if let (Part::Rest, Some(ends)) = (part, until.map(EndDates::of)) {
            let kept = verify::count(&self.db, files, tenant).await?;
            let EndDates { terminates_on, purge_on, deletion_deadline, .. } = ends;
            let spared = Some(SparedForStress { kept, terminates_on, purge_on, deletion_deadline });
            return Ok(Certificate { spared, ..certificate });
        }
        if part == Part::Stress {
            return Ok(certificate);
        }
        let mut before = None;
        for part in [Part::Rest, Part::Stress] {
            if before.is_none() {
                before = self.load_purge(tenant, part).await?.and_then(|stored| stored.record.certificate);
            }
        }
        let earlier = before.map(|Certificate { id, terminates_on, deleted_at, of_stress_check, .. }| EarlierPurge {
            certificate: id,
            terminates_on,
            deleted_at,
            of_stress_check,
        });
        Ok(Certificate { earlier, ..certificate })
    }

    async fn complete_purge(
        &self,
        permit: &Permit<PurgeTenants>,
        purge: Stored<Record>,
        part: Part,
        certificate: Certificate,
    ) -> Result<Purged, Error> {
        let tenant = permit.tenant();
        let issued = self.issue(permit, part, &certificate).await?;
        let mut write = Write::new();
        let purging = ContractState::Purging;
        let action = match certificate.spared {
            _ if part == Part::Stress => {
                self.note_stress_purge(&mut write, tenant, None, StressPurge::Done)?;
                "tenant.purge_stress"
            }
            Some(spared) => {
                self.give_back(&mut write, tenant, spared.terminates_on).await?;
                self.move_contract(&mut write, tenant, None, purging, ContractState::StressCheckOnly)?;
                "tenant.purge_rest"
            }
            None => {
                self.move_contract(&mut write, tenant, None, purging, ContractState::Purged)?;
                "tenant.purge"
            }
        };
        let record = Record { certificate: Some(certificate.clone()), issued: Some(issued), ..purge.record };
        write.replace(self, key(tenant, part), SCHEMA, purge.version, &record)?;
        self.tell_both(permit, write, action, &certificate.id).await?;
        Ok(Purged::Done(Box::new(certificate)))
    }

    /// Opens the tenant again, as one that has contracted for the stress check alone, until the end of its own term.
    async fn give_back(&self, write: &mut Write, tenant: TenantId, until: Date) -> Result<(), Error> {
        let Stored { record: mut of, .. } = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?;
        of.services.retain(|term| term.service == Service::StressCheck);
        let values = Attributes::from([
            (":purging".to_owned(), state_value(TenantState::Purging)),
            (":terminated".to_owned(), state_value(TenantState::Terminated)),
            (":services".to_owned(), attribute(&of.services)?),
            (":until".to_owned(), attribute(&until)?),
            (":one".to_owned(), number(1)),
        ]);
        let expression = "SET tenant_state = :terminated, terminates_on = :until, services = :services, \
                          version = version + :one";
        write.update(self, tenants::key(tenant), expression, Some("tenant_state = :purging"), values, || {
            Conflict::WrongState.into()
        })?;
        Ok(())
    }

    /// Writes the certificate for the customer, and signs it.
    async fn issue(
        &self,
        permit: &Permit<PurgeTenants>,
        part: Part,
        certificate: &Certificate,
    ) -> Result<Issued, Error> {
        let tenant = permit.tenant();
        let stored = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        let contract = self.contract_of(stored.record).await?;
        let record_kept_until = contract.retention_until();
        let about = About { code: contract.code, name: contract.name, record_kept_until };
        let text = certificate::document(certificate, &about)?;
        let signature = self.sign_certificate(permit, text.as_bytes()).await?;
        let text = self.seal(PLATFORM, Purpose::Contracts, &key(tenant, part), "certificate", &text).await?;
        Ok(Issued { text, signature })
    }

    /// Looks once more at a tenant that was purged.
    async fn look_again(&self, files: &Files, permit: &Permit<PurgeTenants>, budget: &Budget) -> Result<Purged, Error> {
        let left = self.left_of(files, permit).await?;
        if !left.is_nothing() {
            if !self.delete_everything(files, permit.tenant(), &Spared::Nothing, budget).await? {
                return Ok(Purged::Unfinished);
            }
            self.tell_both(permit, Write::new(), "tenant.purge_again", &permit.tenant()).await?;
        }
        Ok(Purged::LookedAgain { found: left, missing: Counts::default() })
    }

    /// Looks once more at a tenant that lives for its stress check: whether anything came after the rest was gone, and whether what was spared is there.
    async fn look_again_beside_stress(&self, permit: &Permit<PurgeTenants>, budget: &Budget) -> Result<Purged, Error> {
        let tenant = permit.tenant();
        let purge = self.load_purge(tenant, Part::Rest).await?.ok_or_else(no_record)?.record;
        let missing = self.missing_of(&purge).await?;
        let found = verify::count_of_ended(&self.db, tenant).await?;
        if !found.is_nothing() {
            let table = Table::Records;
            if !delete::items(&self.db, table, tenant, &Spared::AllButEndedServices, budget).await? {
                return Ok(Purged::Unfinished);
            }
            self.tell_both(permit, Write::new(), "tenant.purge_again", &tenant).await?;
        }
        Ok(Purged::LookedAgain { found, missing })
    }

    /// Notes on the contract how far the purge of a stress check is that ended before the rest.
    fn note_stress_purge(
        &self,
        write: &mut Write,
        tenant: TenantId,
        version: Option<u64>,
        stage: StressPurge,
    ) -> Result<(), Error> {
        let mut values = Attributes::from([
            (":active".to_owned(), attribute(&ContractState::Active)?),
            (":terminated".to_owned(), attribute(&ContractState::Terminated)?),
            (":stage".to_owned(), attribute(&stage)?),
            (":one".to_owned(), number(1)),
        ]);
        let mut condition = "contract_state IN (:active, :terminated) AND attribute_not_exists(held_since)".to_owned();
        if let Some(version) = version {
            condition.push_str(" AND version = :version");
            values.insert(":version".to_owned(), number(version));
        }
        let expression = "SET stress_purge = :stage, version = version + :one";
        write.update(self, contracts::key(tenant), expression, Some(&condition), values, || {
            Conflict::WrongState.into()
        })?;
        Ok(())
    }

    fn move_contract(
        &self,
        write: &mut Write,
        tenant: TenantId,
        version: Option<u64>,
        from: ContractState,
        to: ContractState,
    ) -> Result<(), Error> {
        let mut condition = "contract_state = :from AND attribute_not_exists(held_since)".to_owned();
        let mut values = Attributes::from([
            (":from".to_owned(), attribute(&from)?),
            (":to".to_owned(), attribute(&to)?),
            (":one".to_owned(), number(1)),
        ]);
        if let Some(version) = version {
            condition.push_str(" AND version = :version");
            values.insert(":version".to_owned(), number(version));
        }
        let mut expression = "SET contract_state = :to, version = version + :one".to_owned();
        if to == ContractState::StressCheckOnly {
            expression.push_str(", rest_purged = :rest");
            values.insert(":rest".to_owned(), attribute(&true)?);
        }
        write.update(self, contracts::key(tenant), &expression, Some(&condition), values, || {
            Conflict::WrongState.into()
        })?;
        Ok(())
    }

    /// Makes `write` happen with its event in both trails: the provider's and the customer's.
    async fn tell_both(
        &self,
        permit: &Permit<PurgeTenants>,
        mut write: Write,
        action: &str,
        subject: &impl std::fmt::Display,
    ) -> Result<(), Error> {
        let event = || Ok::<_, Error>(self.event(permit, action)?.on(permit.tenant()).on(subject));
        write.tell(self, &event()?.in_tenant(PLATFORM)).await?;
        write.commit(self, event()?).await
    }
}

fn no_record() -> Error {
    Error::Internal("a purge has no record".to_owned())
}

/// What a run on `today` has to do with a contract: which purge, how far that is, and what had to happen when. `is_recent` says whether one was done not long ago.
fn step(contract: &contracts::Record, is_recent: bool, today: Date) -> Option<(Part, PurgeStage, EndDates)> {
    let end = standing(contract);
    if let Some((held, dates)) = end
        && let Some(stage) = stage(contract.state, held, &dates, is_recent, today)
    {
        return Some((Part::of(contract), stage, dates));
    }
    if contract.state == ContractState::StressCheckOnly {
        return end.filter(|_| is_recent).map(|(_, dates)| (Part::Rest, PurgeStage::Done, dates));
    }
    let dates = contract.ends(contract.stress_check_ended()?);
    let stage = match (contract.state, contract.stress_purge) {
        _ if dates.purge_on > today => return None,
        (ContractState::Active | ContractState::Terminated, None) => PurgeStage::Due,
        (ContractState::Active | ContractState::Terminated, Some(StressPurge::Begun)) => PurgeStage::Begun,
        _ => return None,
    };
    Some((Part::Stress, if contract.held_since.is_some() { PurgeStage::Held } else { stage }, dates))
}

/// Whether a contract is held, and what happens when if it is not; none while no end is set.
fn standing(contract: &contracts::Record) -> Option<(bool, EndDates)> {
    let planned = EndDates::of(contract.next_end()?);
    Some((contract.held_since.is_some(), contract.data_ends().unwrap_or(planned)))
}

/// How far the purge of a contract in this state is on `today`; `None` where there is nothing to do.
fn stage(state: ContractState, held: bool, dates: &EndDates, is_recent: bool, today: Date) -> Option<PurgeStage> {
    match state {
        _ if dates.purge_on > today => None,
        ContractState::Active => None,
        ContractState::Terminated | ContractState::StressCheckOnly | ContractState::Purging if held => {
            Some(PurgeStage::Held)
        }
        ContractState::Terminated | ContractState::StressCheckOnly => Some(PurgeStage::Due),
        ContractState::Purging => Some(PurgeStage::Begun),
        ContractState::Purged => is_recent.then_some(PurgeStage::Done),
    }
}

fn is_recent(deleted_at: Jst, today: Date) -> bool {
    deleted_at.date().saturating_add(LOOKED_AT_DAYS.days()) >= today
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r17_nothing_is_purged_before_its_day() {
        let dates = EndDates::of(date(2026, 1, 31));
        let eve = date(2026, 2, 13);
        for state in [ContractState::Active, ContractState::Terminated, ContractState::Purging, ContractState::Purged] {
            assert_eq!(stage(state, false, &dates, true, eve), None, "{state:?} on the eve of the purge");
        }
        assert_eq!(stage(ContractState::Terminated, false, &dates, false, date(2026, 2, 14)), Some(PurgeStage::Due));
        assert_eq!(stage(ContractState::Active, false, &dates, false, date(2026, 2, 14)), None);
    }

    #[test]
    fn r17_the_first_purge_waits_for_longer_than_a_key_lives_in_memory() {
        assert_eq!(SETTLED_SECONDS, 600);
        assert!(NOT_OF_STRESS.iter().all(|purpose| !OF_STRESS.contains(purpose)));
    }

    #[test]
    fn r17_a_hold_keeps_a_purge_from_starting_and_from_going_on() {
        let (dates, today) = (EndDates::of(date(2026, 1, 31)), date(2026, 2, 20));
        for state in [ContractState::Terminated, ContractState::Purging] {
            assert_eq!(stage(state, true, &dates, false, today), Some(PurgeStage::Held));
        }
        assert_eq!(stage(ContractState::Purged, true, &dates, true, today), Some(PurgeStage::Done));
    }

    #[test]
    fn r17_what_was_begun_goes_on_and_what_is_done_is_looked_at_for_two_days() {
        let dates = EndDates::of(date(2026, 1, 31));
        let today = date(2026, 2, 16);
        assert_eq!(stage(ContractState::Purging, false, &dates, false, today), Some(PurgeStage::Begun));
        let deleted_at: Jst = "2026-02-14T03:10:00+09:00".parse().unwrap();
        assert!(is_recent(deleted_at, today) && !is_recent(deleted_at, date(2026, 2, 17)));
        assert_eq!(stage(ContractState::Purged, false, &dates, true, today), Some(PurgeStage::Done));
        assert_eq!(stage(ContractState::Purged, false, &dates, false, today), None);
    }
}
