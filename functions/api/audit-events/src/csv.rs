//! Events as a file.

use endpoint::CsvFile;
use store::Outcome;

use crate::EventView;

const HEADER: [&str; 13] = [
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
];

/// The whole file.
pub(crate) fn file(events: &[EventView]) -> CsvFile<13> {
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
            subjects: vec!["acc_1".to_owned()],
            address: Some("203.0.113.7".to_owned()),
            request_id: "-1+1".to_owned(),
        };
        let file = file(&[event]);
        let lines: Vec<&str> = file.text().split("\r\n").collect();
        assert!(lines[0].starts_with("\"日時\",\"操作\""));
        assert!(lines[1].starts_with(
            "\"2026-04-01T09:00:00.000+09:00\",\"account.change_grants\",\"実行\",\"'=HYPERLINK(\"\"x\"\")\""
        ));
        assert!(lines[1].contains("\"administrator hr\"") && lines[1].contains("\"'-1+1\""));
        assert_eq!(lines.len(), 3, "each line ends with CRLF");
    }
}
