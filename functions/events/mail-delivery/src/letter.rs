//! What a mail says: templates in Japanese, one file each, whose first line is the subject; the rest makes both the text and the HTML. They hold no health data and no
//! name, whoever writes to whom (domain reference 11.2), and each ends with the support desk.

use domain::{contract::EndDates, reminder::Nearness, time::Jst};
use jiff::civil::Date;
use store::{FactorChange, LinkToken, Notice, Outgoing, Stage, Support};

use crate::medium::{Medium, Value, Values, html};

const FOOTER: &str = include_str!("../mails/footer.txt");

fn template(notice: &Notice) -> &'static str {
    match notice {
        Notice::PasswordChanged { .. } => include_str!("../mails/password_changed.txt"),
        Notice::Invitation { .. } => include_str!("../mails/invitation.txt"),
        Notice::PasswordReset { .. } => include_str!("../mails/password_reset.txt"),
        Notice::SecondFactorChanged { .. } => include_str!("../mails/second_factor_changed.txt"),
        Notice::OtpReset { .. } => include_str!("../mails/otp_reset.txt"),
        Notice::GrantsChanged { .. } => include_str!("../mails/grants_changed.txt"),
        Notice::PasswordResetByOthers { .. } => include_str!("../mails/password_reset_by_others.txt"),
        Notice::SomethingToRead { .. } => include_str!("../mails/something_to_read.txt"),
        Notice::StressCheckOpen { .. } => include_str!("../mails/stress_check_open.txt"),
        Notice::StressCheckReminder { .. } => include_str!("../mails/stress_check_reminder.txt"),
        Notice::CheckupDue { .. } => include_str!("../mails/checkup_due.txt"),
        Notice::OpinionsDue { .. } => include_str!("../mails/opinions_due.txt"),
        Notice::GlassBroken { .. } => include_str!("../mails/glass_broken.txt"),
        // A wish goes to nobody: it is answered and never sent.
        Notice::ResetAsked(_) => "",
        Notice::Announcement { .. } => include_str!("../mails/announcement.txt"),
        Notice::Incident { .. } => include_str!("../mails/incident.txt"),
        Notice::Reminder { .. } => include_str!("../mails/reminder.txt"),
        Notice::IpRulesChanged { .. } => include_str!("../mails/ip_rules_changed.txt"),
        Notice::LogRequestReady { .. } => include_str!("../mails/log_request_ready.txt"),
        Notice::LogRequestRefused { .. } => include_str!("../mails/log_request_refused.txt"),
        Notice::LogRequestAsked { .. } => include_str!("../mails/log_request_asked.txt"),
        Notice::ExportReady { .. } => include_str!("../mails/export_ready.txt"),
        Notice::LastExportAsked { .. } => include_str!("../mails/last_export_asked.txt"),
        Notice::PurgeAhead { .. } => include_str!("../mails/purge_ahead.txt"),
        Notice::Disclosed { .. } => include_str!("../mails/disclosed.txt"),
        Notice::SubProcessorChanged { .. } => include_str!("../mails/sub_processor_changed.txt"),
        Notice::TerminationRegistered { .. } => include_str!("../mails/termination_registered.txt"),
    }
}

/// What a template's gaps are filled with.
fn values(notice: &Notice, portal: &str) -> Values {
    // What makes the link somebody's stands behind the hash: browsers send that to no server, and no log keeps it.
    let link = |page: &str, token: &LinkToken| ("link", Value::Link(format!("{portal}/{page}#{}", token.as_str())));
    let at_minute = |at: Jst| Value::Text(minute(at));
    match notice {
        Notice::Invitation { token, until } => vec![link("invitation", token), ("until", at_minute(*until))],
        Notice::PasswordReset { token, until } => vec![link("password-reset", token), ("until", at_minute(*until))],
        Notice::SecondFactorChanged { at, change } => {
            vec![("at", at_minute(*at)), ("change", factor_change(*change).to_owned().into())]
        }
        Notice::OtpReset { at, done } => {
            vec![("at", at_minute(*at)), ("step", otp_reset_step(*done).to_owned().into())]
        }
        Notice::GlassBroken { at, until, ticket, reason } => vec![
            ("at", at_minute(*at)),
            ("until", at_minute(*until)),
            ("ticket", Line::of(ticket).0.into()),
            ("reason", Line::of(reason).0.into()),
        ],
        Notice::Announcement { kind, title, body } => vec![
            ("kind", kind.japanese().to_owned().into()),
            ("title", title.to_string().into()),
            ("body", body.to_string().into()),
        ],
        Notice::Incident { stage: of, occurred_at, detected_at, title, body } => vec![
            ("stage", stage(*of).to_owned().into()),
            ("occurred_at", at_minute(*occurred_at)),
            ("detected_at", at_minute(*detected_at)),
            ("title", title.to_string().into()),
            ("body", body.to_string().into()),
        ],
        Notice::Reminder { subject, what, due, nearness: how } => vec![
            ("subject", Line::of(subject).0.into()),
            ("what", Line::of(what).0.into()),
            ("due", at_minute(*due)),
            ("nearness", nearness(*how).into()),
        ],
        Notice::ResetAsked(_) => Vec::new(),
        Notice::StressCheckOpen { until }
        | Notice::StressCheckReminder { until }
        | Notice::CheckupDue { until }
        | Notice::OpinionsDue { until } => vec![("until", day(*until).into())],
        Notice::PasswordChanged { at }
        | Notice::GrantsChanged { at }
        | Notice::SomethingToRead { at }
        | Notice::PasswordResetByOthers { at }
        | Notice::LastExportAsked { at }
        | Notice::Disclosed { at }
        | Notice::LogRequestAsked { at }
        | Notice::LogRequestRefused { at } => vec![("at", at_minute(*at))],
        Notice::ExportReady { at, until } | Notice::LogRequestReady { at, until } => {
            vec![("at", at_minute(*at)), ("until", at_minute(*until))]
        }
        Notice::IpRulesChanged { at, before, after } => {
            vec![("at", at_minute(*at)), ("before", networks(before).into()), ("after", networks(after).into())]
        }
        Notice::SubProcessorChanged { facts } => {
            let said = |text: Option<&str>| Line::of(text.unwrap_or("なし")).0;
            vec![
                ("processor", said(Some(facts.company.as_str())).into()),
                ("task", said(Some(facts.task.as_str())).into()),
                ("entrusted", said(Some(facts.entrusted.as_str())).into()),
                ("place", said(Some(facts.place.as_str())).into()),
                ("since", day(facts.since).into()),
                ("ends", facts.until.map_or_else(|| "未定".to_owned(), day).into()),
                ("urgency", said(facts.urgency.as_ref().map(domain::control::Statement::as_str)).into()),
            ]
        }
        Notice::PurgeAhead { purge_on, last_export_at } => vec![
            ("purge_on", day(*purge_on).into()),
            ("last_export", last_export_at.map_or_else(|| "まだ取得されていません".to_owned(), minute).into()),
        ],
        Notice::TerminationRegistered { terminates_on } => {
            let dates = EndDates::of(*terminates_on);
            vec![
                ("terminates_on", day(dates.terminates_on).into()),
                ("purge_on", day(dates.purge_on).into()),
                ("deletion_deadline", day(dates.deletion_deadline).into()),
            ]
        }
    }
}

const fn factor_change(change: FactorChange) -> &'static str {
    match change {
        FactorChange::Enrolled => "ワンタイムパスワードが登録されました。次回からサインインに必要です。",
        FactorChange::Removed => "ワンタイムパスワードの登録が解除されました。",
        FactorChange::ResetAsked => "システム管理者がワンタイムパスワードの登録解除を依頼しました。",
        FactorChange::Reset => "ワンタイムパスワードの登録が解除されました。サインインし直して登録してください。",
        FactorChange::NewRecoveryCodes => "リカバリーコードが作り直されました。以前のコードは使えません。",
        FactorChange::RecoveryCodeUsed => "リカバリーコードを使ってサインインされました。",
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::First => "重要：第一報",
        Stage::Progress => "重要：経過報告",
        Stage::Final => "重要：最終報告",
    }
}

fn nearness(nearness: Nearness) -> String {
    match nearness {
        Nearness::Missed => "期限超過".to_owned(),
        Nearness::Hours(hours) if hours % 24 == 0 && hours > 24 => format!("期限まで{}日以内", hours / 24),
        Nearness::Hours(hours) => format!("期限まで{hours}時間以内"),
    }
}

const fn otp_reset_step(done: bool) -> &'static str {
    if done {
        "ワンタイムパスワードの登録が解除されました。"
    } else {
        "ワンタイムパスワードの登録解除が依頼されました。24時間以内に別のシステム管理者が承認すると実行されます。"
    }
}

fn day(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

fn minute(at: Jst) -> String {
    let time = at.civil();
    format!("{} {}時{:02}分", day(time.date()), time.hour(), time.minute())
}

fn networks(networks: &[String]) -> String {
    if networks.is_empty() {
        return "  制限なし".to_owned();
    }
    networks.iter().map(|network| format!("  {network}")).collect::<Vec<_>>().join("\n")
}

/// One line: a header that is made of it cannot become two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line(String);

impl Line {
    fn of(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A mail, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: Line,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Letter {
    pub(crate) fn of(mail: &Outgoing, support: &Support, portal: &str) -> Self {
        Self::written(&mail.notice, mail.company.as_str(), support, portal)
    }

    fn written(notice: &Notice, company: &str, support: &Support, portal: &str) -> Self {
        let mut values = values(notice, portal);
        let fixed = [
            ("company", company),
            ("support_mail", &support.mail),
            ("support_phone", &support.phone),
            ("support_hours", &support.hours),
        ];
        values.extend(fixed.map(|(gap, text)| (gap, Value::Text(Line::of(text).0))));
        let template = template(notice);
        let (subject, body) = template.split_once('\n').unwrap_or((template, ""));
        let body = format!("{}{FOOTER}", body.strip_prefix('\n').unwrap_or(body));
        let subject = Line::of(&Medium::Text.filled(subject, &values));
        Self { text: Medium::Text.filled(&body, &values), html: html(subject.as_str(), &body, &values), subject }
    }
}

#[cfg(test)]
mod tests {
    use domain::notice::{AnnouncementKind, NoticeText, NoticeTitle};
    use jiff::civil::date;

    use super::*;

    fn support() -> Support {
        Support {
            mail: "support@example.jp".to_owned(),
            phone: "03-0000-0000".to_owned(),
            hours: "平日 9:00〜17:30".to_owned(),
        }
    }

    const PORTAL: &str = "https://kenko.example";

    fn notices() -> [Notice; 25] {
        let at = "2026-04-01T00:05:00Z".parse().unwrap();
        let token = || serde_json::from_str::<LinkToken>("\"dGVuYW50.c2VjcmV0\"").unwrap();
        [
            Notice::Invitation { token: token(), until: at },
            Notice::PasswordReset { token: token(), until: at },
            Notice::SecondFactorChanged { at, change: FactorChange::RecoveryCodeUsed },
            Notice::OtpReset { at, done: false },
            Notice::GrantsChanged { at },
            Notice::PasswordResetByOthers { at },
            Notice::GlassBroken {
                at,
                until: at,
                ticket: "INC-0412".to_owned(),
                reason: "権限の設定に関するお問い合わせの調査".to_owned(),
            },
            Notice::PasswordChanged { at },
            Notice::IpRulesChanged {
                at,
                before: vec![],
                after: vec!["203.0.113.0/24".to_owned(), "2001:db8::/32".to_owned()],
            },
            Notice::TerminationRegistered { terminates_on: date(2026, 1, 31) },
            Notice::LogRequestReady { at, until: at },
            Notice::LogRequestRefused { at },
            Notice::LogRequestAsked { at },
            Notice::ExportReady { at, until: at },
            Notice::LastExportAsked { at },
            Notice::Disclosed { at },
            Notice::SomethingToRead { at },
            Notice::StressCheckOpen { until: date(2026, 11, 30) },
            Notice::StressCheckReminder { until: date(2026, 11, 30) },
            Notice::CheckupDue { until: date(2026, 11, 30) },
            Notice::OpinionsDue { until: date(2026, 11, 30) },
            Notice::PurgeAhead { purge_on: date(2026, 2, 14), last_export_at: None },
            Notice::Announcement {
                kind: AnnouncementKind::Maintenance,
                title: NoticeTitle::parse("定期メンテナンスのお知らせ").unwrap(),
                body: NoticeText::parse("4月12日 1時00分から3時00分まで、サービスを停止します。\n\n  対象　全機能")
                    .unwrap(),
            },
            Notice::Incident {
                stage: Stage::First,
                occurred_at: at,
                detected_at: at,
                title: NoticeTitle::parse("不正アクセスについて").unwrap(),
                body: NoticeText::parse("外部からの不正なアクセスを検知し、遮断しました。").unwrap(),
            },
            Notice::Reminder {
                subject: "inc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b".to_owned(),
                what: "契約企業への経過報告".to_owned(),
                due: at,
                nearness: Nearness::Hours(6),
            },
        ]
    }

    #[test]
    fn the_letters_are_these() {
        for notice in notices() {
            let letter = Letter::written(&notice, "みなと精機株式会社", &support(), PORTAL);
            insta::assert_snapshot!(
                notice.template(),
                format!("Subject: {}\n\n{}", letter.subject.as_str(), letter.text)
            );
        }
    }

    #[test]
    fn the_html_of_a_letter_is_this() {
        let letter = Letter::written(&notices()[0], "みなと精機株式会社", &support(), PORTAL);
        insta::assert_snapshot!(letter.html);
    }

    #[test]
    fn r31_every_letter_has_a_subject_the_support_desk_and_no_gap_left() {
        for notice in notices() {
            let Letter { subject, text, html } = Letter::written(&notice, "みなと精機株式会社", &support(), PORTAL);
            assert!(subject.as_str().starts_with("【エールプラス】"), "{}", notice.template());
            for written in [text, html] {
                for part in ["support@example.jp", "03-0000-0000", "平日 9:00〜17:30"] {
                    assert!(written.contains(part), "{} lacks {part}", notice.template());
                }
                assert!(!written.contains(['{', '}']), "{} has a gap that nothing fills: {written}", notice.template());
            }
        }
    }

    #[test]
    fn r27_r30_a_name_with_line_breaks_makes_no_header_and_a_gap_in_it_stays_as_it_is() {
        let letter = Letter::written(&notices()[7], "悪意\r\nBcc: x@example.com{at}<b>", &support(), PORTAL);
        assert!(letter.html.contains("{at}&lt;b&gt;"));
        assert!(!letter.subject.as_str().chars().any(char::is_control));
        assert!(letter.text.contains("悪意Bcc: x@example.com{at}<b>\n"));
    }

    #[test]
    fn r30_no_letter_speaks_of_health() {
        for notice in notices() {
            let Letter { subject, text, .. } = Letter::written(&notice, "みなと精機株式会社", &support(), PORTAL);
            for word in ["健診", "健康診断", "高ストレス", "要精密検査", "判定", "面談"] {
                assert!(!subject.as_str().contains(word) && !text.contains(word), "{}: {word}", notice.template());
            }
        }
    }
}
