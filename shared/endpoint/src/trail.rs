//! Events of the audit trail as people read them: as JSON, and as lines of a file. Administrators look into their trail, and companies are handed what they asked for, in the same form.

use domain::{ids::AuditEventId, time::Jst};
use serde::Serialize;
use store::{Event, Outcome};
use utoipa::ToSchema;

use crate::CsvFile;

/// One event, as people read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct EventView {
    /// 記録のID。
    #[schema(value_type = String, example = "aud_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    pub id: AuditEventId,
    /// 日時。
    #[schema(value_type = String, format = DateTime)]
    pub at: Jst,
    /// 操作（「対象.動作」の形式）。
    #[schema(example = "checkup.read")]
    pub action: String,
    /// 結果（`done`：実行、`refused`：拒否）。
    #[schema(value_type = String, example = "done")]
    pub outcome: Outcome,
    /// 理由のコード。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 実行者が説明した理由（運営事業者が契約企業の情報を確認した場合など）。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// 実行者の種類（`account`：アカウント、`program`：APIクライアント、`applicant`：サインイン中の者、それ以外は自動処理の名称）。
    #[schema(example = "account")]
    pub actor: String,
    /// 実行したアカウントのID。
    #[schema(example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// 実行したAPIクライアントのID。
    #[schema(example = "cli_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// 実行に用いたロール。
    #[schema(example = json!(["hr"]))]
    pub roles: Vec<String>,
    /// 実行に用いた権限。
    #[schema(example = "checkups.view")]
    pub permission: String,
    /// 利用目的。
    #[schema(example = "健康診断の実施と事後措置")]
    pub purpose: &'static str,
    /// 対象のID。
    #[schema(example = json!(["emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    pub subjects: Vec<String>,
    /// 接続元のIPアドレス。
    #[schema(example = "203.0.113.7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// リクエストのID。
    pub request_id: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let purpose = event.purpose();
        Self {
            id: event.id,
            at: event.at,
            action: event.action,
            outcome: event.outcome,
            reason: event.reason,
            explanation: event.account_given,
            actor: event.actor,
            account_id: event.account,
            client_id: event.client,
            roles: event.roles,
            permission: event.permission,
            purpose,
            subjects: event.subjects,
            address: event.address,
            request_id: event.request_id,
        }
    }
}

const HEADER: [&str; 15] = [
    "日時",
    "操作",
    "結果",
    "理由",
    "実行者の種類",
    "アカウントID",
    "APIクライアントID",
    "ロール",
    "権限",
    "対象",
    "IPアドレス",
    "リクエストID",
    "ID",
    "利用目的",
    "説明",
];

/// Events as a file.
#[must_use]
pub fn events_file(events: &[EventView]) -> CsvFile<15> {
    let mut file = CsvFile::new(HEADER);
    for event in events {
        let outcome = match event.outcome {
            Outcome::Done => "実行",
            Outcome::Refused => "拒否",
        };
        let (at, id) = (event.at.to_string(), event.id.to_string());
        let (roles, subjects) = (event.roles.join(" "), event.subjects.join(" "));
        file.row([
            at.as_str(),
            &event.action,
            outcome,
            event.reason.as_deref().unwrap_or_default(),
            &event.actor,
            event.account_id.as_deref().unwrap_or_default(),
            event.client_id.as_deref().unwrap_or_default(),
            &roles,
            &event.permission,
            &subjects,
            event.address.as_deref().unwrap_or_default(),
            &event.request_id,
            &id,
            event.purpose,
            event.explanation.as_deref().unwrap_or_default(),
        ]);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_opens_in_excel_and_runs_nothing() {
        let event = EventView {
            id: domain::ids::AuditEventId::from_bytes([1; 16]),
            at: "2026-04-01T09:00:00+09:00".parse().unwrap(),
            action: "account.change_grants".to_owned(),
            outcome: Outcome::Done,
            reason: Some("=HYPERLINK(\"x\")".to_owned()),
            actor: "account".to_owned(),
            account_id: None,
            client_id: None,
            roles: vec!["administrator".to_owned(), "hr".to_owned()],
            permission: "accounts.grant".to_owned(),
            purpose: "アカウントの管理",
            explanation: None,
            subjects: vec!["acc_1".to_owned()],
            address: Some("203.0.113.7".to_owned()),
            request_id: "-1+1".to_owned(),
        };
        let file = events_file(&[event]);
        let lines: Vec<&str> = file.text().split("\r\n").collect();
        assert!(lines[0].starts_with("\"日時\",\"操作\""));
        assert!(lines[1].starts_with(
            "\"2026-04-01T09:00:00.000+09:00\",\"account.change_grants\",\"実行\",\"'=HYPERLINK(\"\"x\"\")\""
        ));
        assert!(lines[1].contains("\"administrator hr\"") && lines[1].contains("\"'-1+1\""));
        assert_eq!(lines.len(), 3, "each line ends with CRLF");
    }
}
