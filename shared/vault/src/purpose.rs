//! What keys are for. One table says, for every purpose, how it is spelt in the encryption context, who has such a key,
//! which customer-managed key of KMS wraps it and how it rotates; nothing else in the service decides any of these.

use std::{fmt, str::FromStr};

/// What a data key is for (鍵の用途). A value sealed for one purpose cannot be opened with the key of another.
///
#[doc = include_str!("../purposes.md")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Names, kana and mail addresses in the name vault (氏名・カナ・メールアドレス; R-13).
    Names,
    /// What is known of an employee beside the name: birth date, sex, placement, leave (属性情報).
    Attributes,
    /// Checkups, judgements, guidance, work restrictions (健診・就業判定など健康情報).
    Health,
    /// What was said in interviews with a physician or nurse (面談記録).
    InterviewNotes,
    /// Answers and results of the stress check (ストレスチェックの回答・結果).
    Stress,
    /// The identities that the stress check needs once the names are gone (ストレスチェック用の本人情報; R-17).
    StressIdentity,
    /// Steps, sleep, weight and so on, as employees record them (ライフログ).
    Lifelog,
    /// Secrets of sign-in: one-time-password seeds, links in mails (認証情報).
    Credentials,
    /// Files at rest: error files, exports, file names (ファイル).
    Files,
    /// Who looked at an employee's record (閲覧履歴).
    AccessLog,
    /// Sealed answers kept for requests that are repeated with the same Idempotency-Key (再送への応答).
    Replies,
    /// Keyed hashes by which a login, a mail address or an employee number is found (照合用ハッシュ).
    Lookup,
    /// The private halves of the keys that sign access tokens (トークン署名鍵).
    TokenSigning,
    /// Cursors of paged answers (ページ送りカーソル).
    Cursors,
    /// Events of the audit trail, which outlive the tenant's keys (監査記録).
    Audit,
    /// Keyed hashes that tell whether an event of the audit trail is what was written (監査記録の改ざん検知; R-22).
    AuditMac,
    /// Contract records, which outlive the tenant's keys (契約記録; R-19).
    Contracts,
    /// The private halves of the keys that sign certificates of deletion (証明書署名鍵; R-17).
    CertificateSigning,
    /// Announcements and incidents: nobody knows of them before they are told (お知らせ・インシデント; ).
    Notices,
    /// What was found in audits and done in yearly controls (統制の記録; R-32).
    Controls,
    /// Why evidence was disclosed, and who took it (開示の記録; R-20).
    Disclosures,
}

/// Who has keys of a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Every customer has its own, and so has the provider for its operators.
    Tenants,
    /// The provider alone (運営事業者).
    Platform,
}

/// Which customer-managed key of KMS wraps the data keys of a purpose; `Settings` says where each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cmk {
    /// The name vault's own: who may not use it cannot read a name.
    Names,
    /// That of everything else that belongs to a tenant.
    Records,
    /// That of the provider's own secrets.
    Platform,
}

/// What a new version of a key means for the values sealed before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// They are sealed again in the background; the old version can go when no snapshot needs it.
    Resealed,
    /// They stay as they are, because they are short-lived or must never be rewritten; the old version stays with them.
    Forward,
    /// There is no new version: a keyed hash under another key would find nothing.
    Never,
}

/// One line of the table.
struct Row {
    name: &'static str,
    owner: Owner,
    cmk: Cmk,
    rotation: Rotation,
    japanese: &'static str,
}

impl Purpose {
    /// Every purpose, in the order of the table.
    pub const ALL: [Self; 21] = [
        Self::Names,
        Self::Attributes,
        Self::Health,
        Self::InterviewNotes,
        Self::Stress,
        Self::StressIdentity,
        Self::Lifelog,
        Self::Credentials,
        Self::Files,
        Self::AccessLog,
        Self::Replies,
        Self::Lookup,
        Self::TokenSigning,
        Self::Cursors,
        Self::Audit,
        Self::AuditMac,
        Self::Contracts,
        Self::CertificateSigning,
        Self::Notices,
        Self::Controls,
        Self::Disclosures,
    ];

    /// The table.
    const fn row(self) -> Row {
        const fn row(name: &'static str, owner: Owner, cmk: Cmk, rotation: Rotation, japanese: &'static str) -> Row {
            Row { name, owner, cmk, rotation, japanese }
        }
        use Owner::{Platform, Tenants};
        use Rotation::{Forward, Never, Resealed};
        match self {
            Self::Names => row("names", Tenants, Cmk::Names, Resealed, "氏名・カナ・メールアドレス"),
            Self::Attributes => row("attributes", Tenants, Cmk::Records, Resealed, "属性情報"),
            Self::Health => row("health", Tenants, Cmk::Records, Resealed, "健康情報"),
            Self::InterviewNotes => row("interview-notes", Tenants, Cmk::Records, Resealed, "面談記録"),
            Self::Stress => row("stress", Tenants, Cmk::Records, Resealed, "ストレスチェックの回答・結果"),
            Self::StressIdentity => {
                row("stress-identity", Tenants, Cmk::Names, Resealed, "ストレスチェック用の本人情報")
            }
            Self::Lifelog => row("lifelog", Tenants, Cmk::Records, Resealed, "ライフログ"),
            Self::Credentials => row("credentials", Tenants, Cmk::Records, Resealed, "認証情報"),
            Self::Files => row("files", Tenants, Cmk::Records, Forward, "ファイル"),
            Self::AccessLog => row("access-log", Tenants, Cmk::Records, Forward, "閲覧履歴"),
            Self::Replies => row("replies", Tenants, Cmk::Records, Forward, "再送への応答"),
            Self::Lookup => row("lookup", Tenants, Cmk::Records, Never, "照合用ハッシュ"),
            Self::TokenSigning => row("token-signing", Platform, Cmk::Platform, Resealed, "トークン署名鍵"),
            Self::Cursors => row("cursors", Platform, Cmk::Platform, Forward, "ページ送りカーソル"),
            Self::Audit => row("audit", Platform, Cmk::Platform, Forward, "監査記録"),
            Self::AuditMac => row("audit-mac", Platform, Cmk::Platform, Never, "監査記録の改ざん検知"),
            Self::Contracts => row("contracts", Platform, Cmk::Platform, Resealed, "契約記録"),
            Self::CertificateSigning => row("certificate-signing", Platform, Cmk::Platform, Resealed, "証明書署名鍵"),
            Self::Notices => row("notices", Platform, Cmk::Platform, Resealed, "お知らせ・インシデント"),
            Self::Controls => row("controls", Platform, Cmk::Platform, Resealed, "統制の記録"),
            Self::Disclosures => row("disclosures", Platform, Cmk::Platform, Resealed, "開示の記録"),
        }
    }

    /// How it is spelt: in the encryption context, in the keys table, in the shred ledger. Never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        self.row().japanese
    }

    /// Who has keys of it.
    #[must_use]
    pub const fn owner(self) -> Owner {
        self.row().owner
    }

    /// Which customer-managed key wraps its keys.
    #[must_use]
    pub const fn cmk(self) -> Cmk {
        self.row().cmk
    }

    /// What a new version of its key means.
    #[must_use]
    pub const fn rotation(self) -> Rotation {
        self.row().rotation
    }

    /// What a tenant has keys for: what a purge shreds in the end.
    pub fn of_tenants() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|purpose| purpose.owner() == Owner::Tenants)
    }

    /// The table as Markdown, as it stands in `purposes.md` and in this type's documentation.
    #[must_use]
    pub fn table() -> String {
        let mut text =
            String::from("| purpose | 用途 | whose | wrapped by | rotation |\n| --- | --- | --- | --- | --- |\n");
        for purpose in Self::ALL {
            let Row { name, owner, cmk, rotation, japanese } = purpose.row();
            let owner = match owner {
                Owner::Tenants => "each tenant",
                Owner::Platform => "platform only",
            };
            let cmk = match cmk {
                Cmk::Names => "names",
                Cmk::Records => "records",
                Cmk::Platform => "platform",
            };
            let rotation = match rotation {
                Rotation::Resealed => "re-sealed",
                Rotation::Forward => "new values only",
                Rotation::Never => "never",
            };
            text.extend(["| `", name, "` | ", japanese, " | ", owner, " | ", cmk, " | ", rotation, " |\n"]);
        }
        text
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a purpose")]
pub struct NotAPurpose;

impl FromStr for Purpose {
    type Err = NotAPurpose;

    fn from_str(text: &str) -> Result<Self, NotAPurpose> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == text).ok_or(NotAPurpose)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_in_the_documentation_is_the_one_in_the_code() {
        let table = Purpose::table();
        assert_eq!(
            include_str!("../purposes.md"),
            table,
            "shared/vault/purposes.md is out of date; it should read:\n{table}"
        );
    }

    #[test]
    fn every_purpose_is_listed_once_and_found_by_its_name() {
        let names: BTreeSet<_> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
        assert_eq!(names.len(), Purpose::ALL.len(), "two purposes share a name, or one is listed twice");
        for purpose in Purpose::ALL {
            assert_eq!(purpose.name().parse(), Ok(purpose));
        }
        assert_eq!("Names".parse::<Purpose>(), Err(NotAPurpose));
    }

    #[test]
    fn r13_only_names_and_the_identities_of_the_stress_check_are_under_the_key_of_the_name_vault() {
        let under_names: Vec<_> = Purpose::ALL.into_iter().filter(|purpose| purpose.cmk() == Cmk::Names).collect();
        assert_eq!(under_names, [Purpose::Names, Purpose::StressIdentity]);
    }
}
