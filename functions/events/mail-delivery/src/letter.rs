//! What a mail says: templates in Japanese, one file each, whose first line is the subject. They hold no health data and no name, whoever
//! writes to whom (domain reference 11.2), and each ends with the support desk.

use domain::{contract::EndDates, time::Jst};
use jiff::civil::Date;
use store::{FactorChange, LinkToken, Notice, Outgoing, Support};

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
        Notice::GlassBroken { .. } => include_str!("../mails/glass_broken.txt"),
        // A wish goes to nobody: it is answered and never sent.
        Notice::ResetAsked(_) => "",
        Notice::IpRulesChanged { .. } => include_str!("../mails/ip_rules_changed.txt"),
        Notice::TerminationRegistered { .. } => include_str!("../mails/termination_registered.txt"),
    }
}

/// What a template's gaps are filled with.
fn values(notice: &Notice, portal: &str) -> Vec<(&'static str, String)> {
    // What makes the link somebody's stands behind the hash: browsers send that to no server, and no log keeps it.
    let link = |page: &str, token: &LinkToken| ("link", format!("{portal}/{page}#{}", token.as_str()));
    match notice {
        Notice::Invitation { token, until } => vec![link("invitation", token), ("until", minute(*until))],
        Notice::PasswordReset { token, until } => vec![link("password-reset", token), ("until", minute(*until))],
        Notice::SecondFactorChanged { at, change } => {
            vec![("at", minute(*at)), ("change", factor_change(*change).to_owned())]
        }
        Notice::OtpReset { at, done } => vec![("at", minute(*at)), ("step", otp_reset_step(*done).to_owned())],
        Notice::GlassBroken { at, until, ticket, reason } => vec![
            ("at", minute(*at)),
            ("until", minute(*until)),
            ("ticket", Line::of(ticket).0),
            ("reason", Line::of(reason).0),
        ],
        Notice::ResetAsked(_) => Vec::new(),
        Notice::PasswordChanged { at } | Notice::GrantsChanged { at } | Notice::PasswordResetByOthers { at } => {
            vec![("at", minute(*at))]
        }
        Notice::IpRulesChanged { at, before, after } => {
            vec![("at", minute(*at)), ("before", networks(before)), ("after", networks(after))]
        }
        Notice::TerminationRegistered { terminates_on } => {
            let dates = EndDates::of(*terminates_on);
            vec![
                ("terminates_on", day(dates.terminates_on)),
                ("purge_on", day(dates.purge_on)),
                ("deletion_deadline", day(dates.deletion_deadline)),
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
}

impl Letter {
    pub(crate) fn of(mail: &Outgoing, support: &Support, portal: &str) -> Self {
        Self::written(&mail.notice, mail.company.as_str(), support, portal)
    }

    fn written(notice: &Notice, company: &str, support: &Support, portal: &str) -> Self {
        let mut values = values(notice, portal);
        values.extend([
            ("company", Line::of(company).0),
            ("support_mail", Line::of(&support.mail).0),
            ("support_phone", Line::of(&support.phone).0),
            ("support_hours", Line::of(&support.hours).0),
        ]);
        let template = template(notice);
        let (subject, body) = template.split_once('\n').unwrap_or((template, ""));
        let body = format!("{}{FOOTER}", body.strip_prefix('\n').unwrap_or(body));
        Self { subject: Line::of(&filled(subject, &values)), text: filled(&body, &values) }
    }
}

/// Fills the gaps of a template, once: what a value holds is never read as a gap.
fn filled(template: &str, values: &[(&'static str, String)]) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let gap = part.split_once('}').and_then(|(name, rest)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, rest))
        });
        match gap {
            Some((value, rest)) => text.extend([value.as_str(), rest]),
            None => text.extend(["{", part]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
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

    fn notices() -> [Notice; 10] {
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
    fn r31_every_letter_has_a_subject_the_support_desk_and_no_gap_left() {
        for notice in notices() {
            let Letter { subject, text } = Letter::written(&notice, "みなと精機株式会社", &support(), PORTAL);
            assert!(subject.as_str().starts_with("【エールプラス】"), "{}", notice.template());
            for part in ["support@example.jp", "03-0000-0000", "平日 9:00〜17:30"] {
                assert!(text.contains(part), "{} lacks {part}", notice.template());
            }
            assert!(!text.contains(['{', '}']), "{} has a gap that nothing fills: {text}", notice.template());
        }
    }

    #[test]
    fn r27_a_name_with_line_breaks_makes_no_header_and_a_gap_in_it_stays_as_it_is() {
        let letter = Letter::written(&notices()[7], "悪意\r\nBcc: x@example.com{at}", &support(), PORTAL);
        assert!(!letter.subject.as_str().chars().any(char::is_control));
        assert!(letter.text.contains("悪意Bcc: x@example.com{at}\n"));
    }

    #[test]
    fn no_letter_speaks_of_health() {
        for notice in notices() {
            let Letter { subject, text } = Letter::written(&notice, "みなと精機株式会社", &support(), PORTAL);
            for word in ["健診", "健康診断", "高ストレス", "要精密検査", "判定", "面談"] {
                assert!(!subject.as_str().contains(word) && !text.contains(word), "{}: {word}", notice.template());
            }
        }
    }
}
