//! Where each thing is kept: `DynamoDB` and S3, one module per kind of thing. Every method asks for a permit, takes the tenant out of it, and gives back
//! nothing outside of its reach: what is elsewhere is not found, just as what never was.
#![warn(missing_docs)]

use std::sync::Arc;

use domain::ids::{Id, TenantId};
use jiff::civil::Date;
use serde::{Serialize, de::DeserializeOwned};
use vault::{Lookup, Place, Purpose, Vault};
use zeroize::Zeroizing;

mod access_log;
mod accounts;
mod announcements;
mod assurance;
mod attachments;
mod audit;
mod broadcasts;
mod broken_glass;
mod callers;
mod canary;
mod certificate_keys;
mod checkups;
mod circulars;
mod clients;
mod clock;
mod codes;
mod contracts;
mod controls;
mod credentials;
mod criteria;
mod db;
mod disclosures;
mod drill;
mod employees;
mod error;
mod expiry;
mod exports;
mod facts;
mod fatigue;
mod files;
mod follow_ups;
mod identity;
mod imports;
mod incidents;
mod interviews;
mod item;
mod key;
mod leave_cases;
mod lifelogs;
mod links;
mod log_requests;
pub mod logs;
mod organisation;
mod otp;
mod outbox;
mod own;
mod page;
mod passwords;
mod points;
pub mod process;
mod purge;
mod queue;
pub mod rates;
mod rejudgements;
mod reminders;
mod replies;
mod reports;
mod reservations;
mod rights;
mod second_factor;
mod sessions;
mod sign_in;
mod signing_keys;
mod stress;
mod sub_processors;
mod suppression;
mod tenants;
mod trail;
mod versions;
mod work_fitness;
mod working_hours;
mod write;

pub use access_log::{Look, ShownLook};
pub use accounts::{
    Account, AccountChange, AccountDetails, AccountFilter, AccountRefused, AccountSort, GrantFault, GrantWrong, Holder,
    Me, NewAccount, OtpReset, OtpResetAsked, RegisteredAccount, Setup,
};
pub use announcements::{Announcement, AnnouncementDraft, AnnouncementState, PublicNotices, PublicText};
pub use assurance::{AssuranceRequest, AssuranceState, Released, ReleasedControl};
pub use attachments::{Attachment, AttachmentPlace, AttachmentState, NewAttachment, StartedAttachment};
pub use audit::{Event, Outcome, Position as AuditPosition, RETENTION_DAYS, Search as AuditSearch};
pub use broadcasts::{Audience, Delivered, FannedOut, MailFate, Recipient};
pub use broken_glass::{GlassFault, GlassReason, MOST_MINUTES};
pub use certificate_keys::{CertificateKey, Signature};
pub use checkups::{
    Attendance, CheckupComparison, CheckupContent, CheckupEntry, CheckupHealth, CheckupPosition, CheckupPut,
    CheckupSealer, CheckupStep, CheckupTrend, CheckupVersion, CheckupWord, CheckupWordChange, CriteriaPreview,
    LetterChange, PastCheckup, PreviewedCheckup, RegisteredCheckup, SealedCheckup, SeenOfCheckup, ShownCard,
    ShownChange, ShownCheckup, ShownResult, TrendPoint, WrittenCheckup,
};
pub use clients::{
    ApiClient, ClientChange, ClientCredential, ClientProof, ClientToken, CredentialState, DropGrant, MadeClient,
    NewClient, NewClientCredential, ShownClient, StoredProof,
};
pub use clock::Clock;
pub use contracts::{
    Contract, ContractChange, ContractState, Contracted, Hold, HoldReason, HoldStep, NewContract, Termination,
};
pub use controls::{
    CertificateFacts, Completion, Control, ControlChange, ControlDue, Document, NewCompletion, NewControl,
};
pub use credentials::{FAILURES_THAT_LOCK, PasswordRefused, REMEMBERED_PASSWORDS};
pub use criteria::{CriteriaBook, CriteriaVersion};
pub use db::TableNames;
pub use disclosures::{Custody, Disclosure, DisclosureState, HandedOver, LegalBasis, MOST_PEOPLE, NewDisclosure, Said};
pub use drill::Drilled;
pub use employees::{
    Employee, EmployeeAttributes, EmployeeChange, EmployeeImage, EmployeePosition, EmployeeSearch, EmployeeSort,
    KnownPerson, Person, PersonContent, PlacedSince, Placements, RegisterPosition, Registered, WholeEmployee,
};
pub use error::{Conflict, Error};
pub use expiry::{KindOver, RecordsOver};
pub use exports::{
    CheckupChoice, Download, Export, ExportRight, ExportState, ExportToWrite, ExportWhat, FilesWritten, MadeFile,
    TakenFile, may_choose,
};
pub use fatigue::FatigueCheck;
pub use files::{CONVERTED_SEGMENT, Files, ObjectVersion, Upload};
pub use follow_ups::{
    AnswerWrong, FollowUp, FollowUpAct, FollowUpStep, HeldSession, MOST_RECOMMENDED, NotRecommended, Recommendation,
    RecommendationLetter, ShownSession,
};
pub use imports::{
    Against, Candidate, Chunk, Discrepancy, DiscrepancyCause, DiscrepancyState, Done, DroppedFile, FileShape, Import,
    ImportLayout, ImportLookup, ImportOptions, ImportState, LayoutUsed, LetterMove, Likeness, NewDiscrepancy,
    NewImport, Outlook, Preview, Resolution, RowSays, Rows, ShownDiscrepancy, Started, Turn, Undo, UndoPhase, UndoStep,
    Way, Wrote, intake_kind,
};
pub use incidents::{
    Incident, IncidentChange, IncidentContent, IncidentMessage, IncidentState, NewIncident, NewMessage, OpenIncident,
    Stage, TimelineEntry, What,
};
pub use interviews::{
    HeldInterview, Interview, InterviewLetter, InterviewNote, InterviewSaid, InterviewSlot, InterviewStep,
    NewInterview, SeenInterview,
};
pub use item::Stored;
pub use key::{Family, Table};
pub use leave_cases::{
    LeaveCase, LeaveEntry, LeaveMeasures, LeaveNote, LeaveSaid, LeaveStep, NewLeaveCase, SeenLeaveCase,
};
pub use lifelogs::{LifelogChange, LifelogWrong, MOST_ENTRIES, MOST_MONTHS, NewLifelogEntry, PutEntry, Sharing};
pub use links::{LinkKind, LinkToken, ResetAsked};
pub use log_requests::{LogRequest, LogRequestFault, LogRequestState, LogsWritten, NewLogRequest, given_reason};
pub use organisation::{
    Department, DepartmentChange, DepartmentContent, DepartmentSince, ImportedWorkplace, Label, NewDepartment,
    NewWorkplace, Organisation, RowApplied, Workplace, WorkplaceChange,
};
pub use outbox::{Claimed, Delivery, FactorChange, MailPlace, MailState, Notice, Outgoing};
pub use own::{OwnPlace, OwnSection};
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page};
pub use passwords::HashCost;
pub use points::{
    Campaign, CampaignResult, CarriedForward, HandShare, NewCampaign, Participation, ParticipationChange, PointsClosed,
    PointsEntry, Ranked, Redemption, RedemptionState, RulesBook, RulesVersion, Suspicion, SuspicionState, Verdict,
};
pub use process::Support;
pub use purge::{
    Bounds, Certificate, Counts, DeletionCertificate, EarlierPurge, FilesOver, PurgeStage, Purged, Resealed,
    ShreddedKeys, SparedForStress, ToPurge,
};
pub use queue::{Queue, Task};
pub use rejudgements::{RejudgedRun, Rejudgement, RejudgementCounts, RejudgementState};
pub use reminders::{Due, PurgeAhead, Told};
pub use replies::{Reply, ReplyKey};
pub use reports::{
    Dashboard, FrozenReport, NewFrozenReport, OfWorkplace, ReportPerson, ReportRule, RolledUp, Share, YearFigures,
};
pub use reservations::{Booked, ReservationSettings, Wish, WishOf};
pub use rights::{Acknowledgement, HandlingBook, HandlingVersion, RightsRequest};
pub use second_factor::{RECOVERY_CODES, RecoveryCodes, SecondFactor};
pub use sessions::{Device, OwnSession, Session};
pub use sign_in::{SignedIn, Tokens};
pub use signing_keys::PublicKey;
pub use stress::{
    AnalysedGroup, AnalysisOf, AnswersState, AnswersWay, AppointWrong, AtKiosk, Attended, Decision, InterviewRequest,
    KIOSK_SECONDS, KioskCheck, KioskCode, KioskToken, NewAppointment, NewKioskSession, OwnStressCheck, OwnStressResult,
    PlannedRound, SaidWith, Selected, SharedHead, SharedResult, Signed, StressAnalysis, StressAnswers, StressIntake,
    StressPut, StressResult, StressRound, StressRow, StressTarget,
};
pub use sub_processors::{SubProcessor, SubProcessorFacts};
pub use suppression::{Cause, Feedback, Suppressed};
pub use tenants::{Contact, Tenant, TenantChange};
pub use trail::{Archived, Break, BreakKind, DayLook, SealedDays, TrailBucket, Verification};
pub use work_fitness::{
    FitnessCase, FitnessSaid, FitnessStep, GivenOpinion, Letters, MOST_SIGNED, MeasuresInForce, NotSigned, SignedFor,
};
pub use working_hours::{
    Channel, HoursEntry, HoursSealer, HoursSettings, MOST_NOTIFIED, MonthPut, MonthStep, MonthVersion, NotNotified,
    NoticeOfHours, Notified, RegisteredMonth, SealedMonth, SeenMonth, WorkingMonth,
};
pub use write::{Prepared, Write};

use crate::{
    db::Db,
    item::{Sealed, from_optional},
    key::Key,
};

/// The store. Cheap to clone; one per process.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    vault: Vault,
    clock: Clock,
    hash_cost: HashCost,
    state: Arc<State>,
}

/// What one process remembers between requests: nothing that another copy of the function would miss.
#[derive(Debug, Default)]
struct State {
    trees: facts::Trees,
    signing_keys: signing_keys::SigningKeys,
}

impl Store {
    /// A store over these tables, whose passwords cost as many memory and time as OWASP asks for.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, tables: TableNames, vault: Vault, clock: Clock) -> Self {
        Self { db: Db::new(client, tables), vault, clock, hash_cost: HashCost::OWASP, state: Arc::default() }
    }

    /// The same store with another cost of passwords.
    #[must_use]
    pub fn hashing_at(self, hash_cost: HashCost) -> Self {
        Self { hash_cost, ..self }
    }

    /// The clock that this process goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The day that it is in Japan.
    pub(crate) fn today(&self) -> Date {
        self.clock.now().date()
    }

    /// A new id.
    pub(crate) fn new_id<K: domain::ids::Kind>(&self) -> Result<Id<K>, Error> {
        Ok(Id::new(self.clock.now().epoch_millis(), &self.random()?))
    }

    /// Random bytes.
    #[expect(clippy::unused_self, reason = "randomness is the store's, as the clock is")]
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Internal("no randomness".to_owned()))?;
        Ok(bytes)
    }

    /// `N` random bytes as base64url.
    pub(crate) fn random_text<const N: usize>(&self) -> Result<String, Error> {
        use base64::Engine as _;
        Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.random::<N>()?))
    }

    /// The tenant's keyed hashes.
    pub(crate) async fn lookup(&self, tenant: TenantId) -> Result<Lookup, Error> {
        Ok(Box::pin(self.vault.lookup(tenant)).await?)
    }

    /// The record at `key`, strongly consistent; none where there is no item, or its time is over.
    pub(crate) async fn load<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, Error> {
        from_optional(self.db.get(key).await?, self.clock.now())
    }

    /// Seals `value` into `attribute` of the item at `key`.
    pub(crate) async fn seal<T: Serialize + ?Sized>(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        key: &Key,
        attribute: &'static str,
        value: &T,
    ) -> Result<Sealed, Error> {
        let plain = plain_json(value)?;
        let keyring = Box::pin(self.vault.keyring(tenant, purpose)).await?;
        Ok(Sealed(keyring.seal(&place(tenant, key, &key.entity(), attribute), &plain)?))
    }

    /// Opens what [`Self::seal`] sealed in the same place.
    pub(crate) async fn open<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        key: &Key,
        attribute: &'static str,
        sealed: &Sealed,
    ) -> Result<T, Error> {
        let entity = key.entity();
        let plain = Box::pin(self.vault.open(purpose, &place(tenant, key, &entity, attribute), &sealed.0)).await?;
        Ok(serde_json::from_slice(&plain)?)
    }
}

/// What most plain values fit into: a buffer that grows leaves copies behind that nobody wipes.
const PLAIN_BYTES: usize = 2_048;

/// A value as JSON on its way to being sealed.
pub(crate) fn plain_json<T: Serialize + ?Sized>(value: &T) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES));
    serde_json::to_writer(&mut *plain, value)?;
    Ok(plain)
}

fn place<'a>(tenant: TenantId, key: &Key, entity: &'a str, attribute: &'static str) -> Place<'a> {
    Place { store: key.table.logical_name(), tenant, key: entity, attribute }
}
