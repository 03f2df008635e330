//! Typed ids. An id is a UUID with a prefix that names its kind (`emp_…`, `chk_…`), so that an employee's id cannot be
//! handed to something that wants an account's: neither in code, where the types differ, nor over HTTP, where the
//! prefix is checked.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

/// A kind of thing that has ids.
pub trait Kind: 'static {
    /// What an id of this kind starts with, without the underscore.
    const PREFIX: &'static str;
}

/// The id of one thing of kind `K`, written `<prefix>_<32 hexadecimal digits>`.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// The id that these 16 bytes are. Deterministic ids (a checkup's, from its employee, date and kind) are made here.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { uuid: Uuid::from_bytes(bytes), kind: PhantomData }
    }

    /// A new id (UUID version 7) for something made at `unix_millis`, ordered by that time; `random` makes it unguessable.
    #[must_use]
    pub fn new(unix_millis: u64, random: &[u8; 10]) -> Self {
        Self { uuid: uuid::Builder::from_unix_timestamp_millis(unix_millis, random).into_uuid(), kind: PhantomData }
    }

    /// The 16 bytes of the id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.uuid.as_simple())
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id of the kind that was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id of kind {0}")]
pub struct NotAnId(pub &'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    /// Strict: the prefix, an underscore and 32 lower-case digits; one id has one spelling.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = NotAnId(K::PREFIX);
        let Some(digits) = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')) else {
            return Err(wrong);
        };
        if digits.len() != 32 || digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(wrong);
        }
        let uuid = Uuid::try_parse(digits).map_err(|_| wrong)?;
        Ok(Self { uuid, kind: PhantomData })
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The marker types of [`Id`], one per kind.
pub mod kinds {
    use super::Kind;

    /// Defines the kinds: a marker, its prefix, what it stands for.
    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
            $($(#[$doc])* #[derive(Debug)] pub enum $name {}
            impl Kind for $name { const PREFIX: &'static str = $prefix; })*
        };
    }
    kinds! {
        /// A customer (契約企業).
        Tenant = "ten";
        /// A sign-in of a person (アカウント).
        Account = "acc";
        /// One signed-in device.
        Session = "ses";
        /// A customer's program (連携プログラム).
        Client = "cli";
        /// What a program proves itself with: a secret or a key.
        ClientCredential = "crd";
        /// An employee (従業員).
        Employee = "emp";
        /// A workplace (事業場).
        Workplace = "wpl";
        /// A department (部署).
        Department = "dep";
        /// A customer-defined label (ラベル).
        Label = "lab";
        /// A health checkup of one employee on one day (健康診断).
        Checkup = "chk";
        /// An import of a file (取込).
        Import = "imp";
        /// An event of the audit trail (監査記録).
        AuditEvent = "aud";
        /// A request for logs (ログの提供依頼).
        LogRequest = "lrq";
        /// A mail in the outbox.
        Mail = "mai";
        /// An announcement (お知らせ).
        Announcement = "ann";
        /// A security incident (インシデント).
        Incident = "inc";
        /// One notice that goes to many (一斉通知).
        Broadcast = "bro";
        /// A run of the retention purge (削除処理).
        Purge = "prg";
        /// A deletion certificate (削除証明).
        Certificate = "crt";
        /// A control that comes again, or a certificate (統制).
        Control = "ctl";
        /// A company that works for the provider (再委託先).
        SubProcessor = "sub";
        /// A customer's wish for audit results and certificates (監査結果の提供依頼).
        AssuranceRequest = "asr";
        /// A customer's data as files (エクスポート).
        Export = "exp";
        /// A row of an import that is nobody's yet (照合待ち).
        Discrepancy = "dcp";
        /// Evidence that is disclosed on a lawful order (証拠の開示).
        Disclosure = "dsc";
        /// Files that somebody takes away (取得).
        Download = "dwl";
        /// A statutory report that was frozen (確定した報告書).
        Report = "rep";
        /// A file that is attached to a checkup (添付ファイル).
        Attachment = "att";
        /// Stored checkups judged once more (再判定).
        Rejudgement = "rjd";
        /// A round of the stress check (ストレスチェックの実施回).
        StressRound = "srd";
        /// An entry of a lifelog (ライフログの記録).
        LifelogEntry = "lfe";
        /// Points that somebody exchanges (交換申請).
        Redemption = "red";
        /// A request of an employee about what is held of them (開示・訂正・利用停止の請求).
        RightsRequest = "rrq";
        /// A campaign (健康キャンペーン).
        Campaign = "cpn";
        /// A fatigue check list that was filled in (疲労蓄積度自己診断).
        FatigueCheck = "ftg";
        /// An interview with a physician or nurse (面談).
        Interview = "int";
        /// A leave of absence and the return from it (休職・職場復帰のケース).
        LeaveCase = "lvc";
        /// A time that is offered for an interview (予約枠).
        InterviewSlot = "slt";
    }
}

/// A customer's id.
pub type TenantId = Id<kinds::Tenant>;
/// An account's id.
pub type AccountId = Id<kinds::Account>;
/// A session's id.
pub type SessionId = Id<kinds::Session>;
/// A program's id.
pub type ClientId = Id<kinds::Client>;
/// The id of what a program proves itself with.
pub type ClientCredentialId = Id<kinds::ClientCredential>;
/// An employee's id.
pub type EmployeeId = Id<kinds::Employee>;
/// A workplace's id.
pub type WorkplaceId = Id<kinds::Workplace>;
/// A department's id.
pub type DepartmentId = Id<kinds::Department>;
/// A label's id.
pub type LabelId = Id<kinds::Label>;
/// A checkup's id.
pub type CheckupId = Id<kinds::Checkup>;
/// An import's id.
pub type ImportId = Id<kinds::Import>;
/// The id of a row that is nobody's yet.
pub type DiscrepancyId = Id<kinds::Discrepancy>;
/// An audit event's id.
pub type AuditEventId = Id<kinds::AuditEvent>;
/// A request for logs' id.
pub type LogRequestId = Id<kinds::LogRequest>;
/// A mail's id.
pub type MailId = Id<kinds::Mail>;
/// An announcement's id.
pub type AnnouncementId = Id<kinds::Announcement>;
/// An incident's id.
pub type IncidentId = Id<kinds::Incident>;
/// The id of a notice that goes to many.
pub type BroadcastId = Id<kinds::Broadcast>;
/// A purge run's id.
pub type PurgeId = Id<kinds::Purge>;
/// A deletion certificate's id.
pub type CertificateId = Id<kinds::Certificate>;
/// A control's id.
pub type ControlId = Id<kinds::Control>;
/// A sub-processor's id.
pub type SubProcessorId = Id<kinds::SubProcessor>;
/// The id of a wish for audit results.
pub type AssuranceRequestId = Id<kinds::AssuranceRequest>;

/// The id of a customer's data as files.
pub type ExportId = Id<kinds::Export>;
/// The id of evidence that is disclosed.
pub type DisclosureId = Id<kinds::Disclosure>;
/// The id of files that somebody takes away.
pub type DownloadId = Id<kinds::Download>;
/// The id of a statutory report that was frozen.
pub type ReportId = Id<kinds::Report>;
/// An attachment's id.
pub type AttachmentId = Id<kinds::Attachment>;
/// A re-judgement's id.
pub type RejudgementId = Id<kinds::Rejudgement>;
/// The id of a round of the stress check.
pub type StressRoundId = Id<kinds::StressRound>;
/// The id of an entry of a lifelog.
pub type LifelogEntryId = Id<kinds::LifelogEntry>;
/// The id of points that somebody exchanges.
pub type RedemptionId = Id<kinds::Redemption>;
/// The id of a request of an employee about what is held of them.
pub type RightsRequestId = Id<kinds::RightsRequest>;
/// A campaign's id.
pub type CampaignId = Id<kinds::Campaign>;
/// The id of a fatigue check list that was filled in.
pub type FatigueCheckId = Id<kinds::FatigueCheck>;
/// The id of an interview.
pub type InterviewId = Id<kinds::Interview>;
/// The id of a leave case.
pub type LeaveCaseId = Id<kinds::LeaveCase>;
/// The id of a time that is offered for an interview.
pub type InterviewSlotId = Id<kinds::InterviewSlot>;

/// The provider itself (運営事業者) as a tenant: operators, contracts and keys of the platform live under it, so that a key
/// without a tenant cannot be built anywhere. It is the nil UUID, which no new id can be.
pub const PLATFORM: TenantId = Id::from_bytes([0; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_refuses_another_kind() {
        let id = EmployeeId::new(1_700_000_000_000, &[7; 10]);
        assert_eq!(id.to_string().parse::<EmployeeId>(), Ok(id));
        assert_eq!(id.to_string().parse::<AccountId>(), Err(NotAnId("acc")));
        assert!(id.to_string().to_uppercase().replace("EMP", "emp").parse::<EmployeeId>().is_err());
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(ImportId::new(1, &[255; 10]) < ImportId::new(2, &[0; 10]));
    }
}
