//! Keys of items. Every partition key reads `T#<tenant>#<FAMILY>#…`, in tables and indexes, so that a function's role can be held to its
//! families by `dynamodb:LeadingKeys`, and so that a key without a tenant cannot be built.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{PLATFORM, TenantId};

use crate::item::Attributes;

/// A table. Its logical name is part of what a seal is bound to; the physical name is configuration, because a restore goes into another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// Almost everything.
    Records,
    /// The name vault.
    Names,
    /// The audit trail, append-only.
    Audit,
}

impl Table {
    /// The logical name.
    #[must_use]
    pub const fn logical_name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Names => "names",
            Self::Audit => "audit",
        }
    }
}

/// What kind of thing a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// The tenant and its settings.
    Tenant,
    /// Contracts; under the platform.
    Contract,
    /// Tenant codes; under the platform.
    TenantCode,
    /// Public halves of token-signing keys; under the platform.
    SigningKey,
    /// Accounts with their grants.
    Account,
    /// Which logins there are, and what opens them.
    Credential,
    /// One-time links that set a password.
    Link,
    /// Sessions of an account.
    Session,
    /// Programs that may call.
    ApiClient,
    /// When programs' credentials were last used.
    ApiClientUse,
    /// Ids of programs' assertions that were used.
    Assertion,
    /// Workplaces, departments, labels, and the tree.
    Organisation,
    /// Employees: placement, employment, attributes.
    Employee,
    /// Employee numbers that are taken.
    EmployeeNumber,
    /// Files that are attached to an employee's checkups.
    Attachment,
    /// Stored checkups that are judged once more; open ones also under the platform, in the index.
    Rejudgement,
    /// Checkups of an employee.
    Checkup,
    /// What physicians and the employer say about an employee's work after a checkup.
    Fitness,
    /// Criteria that a tenant's checkups are judged by.
    Criteria,
    /// When and where an employee wants to be examined, and what is booked; by state in the index.
    CheckupWish,
    /// Of which days somebody was told that a checkup or an opinion is due.
    CheckupReminder,
    /// What an employee's checkups said before.
    CheckupHistory,
    /// Whom a checkup sends to a physician, and what came of it.
    FollowUp,
    /// Imports of a tenant.
    Import,
    /// What an import left: chunks applied, notes.
    ImportPart,
    /// How a tenant's files are read.
    ImportLayout,
    /// Rows of imports that are nobody's yet; open ones in the index.
    Discrepancy,
    /// Attempts that are counted; under the platform.
    Rate,
    /// What one person has asked for and another one must confirm; under the platform.
    Approval,
    /// Mails that wait.
    Outbox,
    /// Mail addresses that nothing is sent to any more.
    Suppression,
    /// Announcements; under the platform.
    Announcement,
    /// Which announcements an account has read.
    AnnouncementRead,
    /// Incidents, with what was told and what happened when; under the platform.
    Incident,
    /// Notices on their way to many; under the platform.
    Broadcast,
    /// Of which deadlines operators were reminded; under the platform.
    Reminder,
    /// Answers to requests with an Idempotency-Key.
    Reply,
    /// Purge runs and certificates; under the platform.
    Purge,
    /// Requests for logs; open ones also under the platform, in the index.
    LogRequest,
    /// Who looked at an employee's record.
    AccessLog,
    /// Keys that sign certificates; under the platform.
    CertificateKey,
    /// Yearly controls and certificates; under the platform.
    Control,
    /// Companies that work for the provider; under the platform.
    SubProcessor,
    /// Customers' wishes for audit results.
    Assurance,
    /// What the canary found; under the platform.
    Canary,
    /// A customer's data as files; open ones also under the platform, in the index.
    Export,
    /// Evidence that is disclosed on a lawful order; under the platform.
    Disclosure,
    /// Statutory reports of workplaces, with their settings.
    Report,
    /// What workplaces' people come to, in numbers.
    Rollup,
    /// Rounds of the stress check.
    StressRound,
    /// Who has answered in a round, and who was told of it; nothing of what.
    StressAttendance,
    /// What individuals answered in a round.
    StressAnswer,
    /// What their answers come to.
    StressResult,
    /// Whether the employer may see that.
    StressSharing,
    /// Codes of rounds for shared terminals, and who is at one.
    StressKiosk,
    /// What groups answered in a round.
    StressAnalysis,
    /// What the customer says for the report of the stress check.
    StressReport,
    /// What employees measure and note about themselves.
    Lifelog,
    /// Months of an employee's working hours, and how they are counted.
    WorkingHours,
    /// What an employee's months said before.
    WorkingHoursHistory,
    /// Fatigue check lists of an employee.
    Fatigue,
    /// Interviews of an employee, and which of their causes have one.
    Interview,
    /// Private notes of an employee's interviews.
    InterviewNote,
    /// Leave cases of an employee, and which one is under way; by state in the index.
    LeaveCase,
    /// What was said about a leave to physicians and nurses.
    LeaveNote,
    /// Times that are offered for interviews, and which of them each person has on a day; those ahead in the index.
    InterviewSlot,
    /// Somebody's points: wallet, ledger, exchanges.
    Points,
    /// What gives how many points, and up to which day it was given.
    PointsRules,
    /// Campaigns, with who takes part.
    Campaign,
    /// Days of people that stand out.
    Suspicion,
    /// Requests of employees about what is held of them.
    RightsRequest,
    /// The company's rules for handling health information.
    HandlingRules,
    /// Who has read a version of them.
    HandlingAck,
    /// In `names`: people. One partition per shard.
    Person,
    /// In `names`: account holders.
    Holder,
    /// In `audit`: events of one day.
    Event,
}

impl Family {
    /// The name in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "TENANT",
            Self::Contract => "CONTRACT",
            Self::TenantCode => "TENANTCODE",
            Self::SigningKey => "SIGNINGKEY",
            Self::Account => "ACCOUNT",
            Self::Credential => "CREDENTIAL",
            Self::Link => "LINK",
            Self::Session => "SESSION",
            Self::ApiClient => "APICLIENT",
            Self::ApiClientUse => "APICLIENTUSE",
            Self::Assertion => "ASSERTION",
            Self::Organisation => "ORGANISATION",
            Self::Employee => "EMPLOYEE",
            Self::EmployeeNumber => "EMPLOYEENUMBER",
            Self::Attachment => "ATTACHMENT",
            Self::Rejudgement => "REJUDGEMENT",
            Self::Checkup => "CHECKUP",
            Self::Fitness => "FITNESS",
            Self::Criteria => "CRITERIA",
            Self::CheckupWish => "CHECKUPWISH",
            Self::CheckupReminder => "CHECKUPREMINDER",
            Self::CheckupHistory => "CHECKUPHISTORY",
            Self::FollowUp => "FOLLOWUP",
            Self::Import => "IMPORT",
            Self::ImportPart => "IMPORTPART",
            Self::ImportLayout => "IMPORTLAYOUT",
            Self::Discrepancy => "DISCREPANCY",
            Self::Rate => "RATE",
            Self::Approval => "APPROVAL",
            Self::Outbox => "OUTBOX",
            Self::Suppression => "SUPPRESSION",
            Self::Announcement => "ANNOUNCEMENT",
            Self::AnnouncementRead => "ANNOUNCEMENTREAD",
            Self::Incident => "INCIDENT",
            Self::Broadcast => "BROADCAST",
            Self::Reminder => "REMINDER",
            Self::Reply => "REPLY",
            Self::Purge => "PURGE",
            Self::LogRequest => "LOGREQUEST",
            Self::AccessLog => "ACCESSLOG",
            Self::CertificateKey => "CERTIFICATEKEY",
            Self::Control => "CONTROL",
            Self::SubProcessor => "SUBPROCESSOR",
            Self::Assurance => "ASSURANCE",
            Self::Canary => "CANARY",
            Self::Export => "EXPORT",
            Self::Disclosure => "DISCLOSURE",
            Self::Report => "REPORT",
            Self::Rollup => "ROLLUP",
            Self::StressRound => "STRESSROUND",
            Self::StressAttendance => "STRESSATTENDANCE",
            Self::StressAnswer => "STRESSANSWER",
            Self::StressResult => "STRESSRESULT",
            Self::StressSharing => "STRESSSHARING",
            Self::StressKiosk => "STRESSKIOSK",
            Self::StressAnalysis => "STRESSANALYSIS",
            Self::StressReport => "STRESSREPORT",
            Self::Lifelog => "LIFELOG",
            Self::WorkingHours => "WORKINGHOURS",
            Self::WorkingHoursHistory => "WORKINGHOURSHISTORY",
            Self::Fatigue => "FATIGUE",
            Self::Interview => "INTERVIEW",
            Self::InterviewNote => "INTERVIEWNOTE",
            Self::LeaveCase => "LEAVECASE",
            Self::LeaveNote => "LEAVENOTE",
            Self::InterviewSlot => "INTERVIEWSLOT",
            Self::Points => "POINTS",
            Self::PointsRules => "POINTSRULES",
            Self::Campaign => "CAMPAIGN",
            Self::Suspicion => "SUSPICION",
            Self::RightsRequest => "RIGHTSREQUEST",
            Self::HandlingRules => "HANDLINGRULES",
            Self::HandlingAck => "HANDLINGACK",
            Self::Person => "PERSON",
            Self::Holder => "HOLDER",
            Self::Event => "EVENT",
        }
    }
}

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which table.
    pub table: Table,
    /// What kind of thing.
    pub family: Family,
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    /// The key in partition `T#<tenant>#<family>#<rest>` at `sk`.
    pub fn new(table: Table, tenant: TenantId, family: Family, rest: impl fmt::Display, sk: impl fmt::Display) -> Self {
        Self { table, family, pk: partition(tenant, family, rest), sk: sk.to_string() }
    }

    /// What a seal in this item is bound to.
    #[must_use]
    pub fn entity(&self) -> String {
        format!("{}|{}", self.pk, self.sk)
    }

    /// As a request wants it.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        Attributes::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A partition key.
pub fn partition(tenant: TenantId, family: Family, rest: impl fmt::Display) -> String {
    format!("{}{}#{rest}", prefix(tenant), family.name())
}

/// What every key of a tenant starts with.
#[must_use]
pub fn prefix(tenant: TenantId) -> String {
    if tenant == PLATFORM { "T#platform#".to_owned() } else { format!("T#{tenant}#") }
}

/// How many partitions the things of one family are spread over, where a tenant has many: a partition takes 1,000 writes a second.
pub const SHARDS: u8 = 16;

/// The partition's number for a thing with this id.
#[must_use]
pub fn shard(id: &[u8; 16]) -> String {
    // The last byte of a version 7 UUID is random, and so is any byte of a derived id.
    format!("{:x}", id[15] % SHARDS)
}

/// All shards.
pub fn shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(|shard| format!("{shard:x}"))
}
