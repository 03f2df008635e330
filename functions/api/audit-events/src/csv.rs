//! Events as a file that Excel in Japan opens correctly: UTF-8 with a byte order mark, `CRLF`, every cell quoted. What a spreadsheet would take for a formula
//! is made text: some of what is recorded (an action that was asked for, a program's name) was typed by somebody.

use crate::EventView;
use store::Outcome;

const BOM: &str = "\u{feff}";
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
pub(crate) fn file(events: &[EventView]) -> String {
    let mut file = BOM.to_owned();
    line(&mut file, HEADER);
    for event in events {
        let outcome = match event.outcome {
            Outcome::Done => "実行",
            Outcome::Refused => "拒否",
        };
        let (at, id) = (event.at.to_string(), event.id.to_string());
        let (roles, subjects) = (event.roles.join(" "), event.subjects.join(" "));
        line(
            &mut file,
            [
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
            ],
        );
    }
    file
}

fn line<const N: usize>(file: &mut String, cells: [&str; N]) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            file.push(',');
        }
        file.push('"');
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
            file.push('\'');
        }
        file.push_str(&cell.replace('"', "\"\""));
        file.push('"');
    }
    file.push_str("\r\n");
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
        let text = file(&[event]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("\u{feff}\"日時\",\"操作\""));
        assert!(lines[1].starts_with(
            "\"2026-04-01T09:00:00.000+09:00\",\"account.change_grants\",\"実行\",\"'=HYPERLINK(\"\"x\"\")\""
        ));
        assert!(lines[1].contains("\"administrator hr\"") && lines[1].contains("\"'-1+1\""));
        assert_eq!(lines.len(), 3, "each line ends with CRLF");
    }
}
