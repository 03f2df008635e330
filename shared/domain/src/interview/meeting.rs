//! When and where an interview is to be held.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Rule},
    ids::{AccountId, InterviewSlotId},
    text::trim,
    time::Jst,
    work_fitness::TermsFault,
};

/// The most characters of a place.
const LONGEST: usize = 300;
/// The shortest and the longest interview, in minutes.
const MINUTES: std::ops::RangeInclusive<u16> = 5..=240;
/// How far ahead one is booked at most, in seconds: a year.
const FAR: i64 = 366 * 86_400;

/// Rule of [`MeetingPlace`].
#[derive(Debug)]
pub enum MeetingPlaceRule {}
impl Rule for MeetingPlaceRule {
    const NAME: &'static str = "MeetingPlace";
    const CODE: &'static str = "place_invalid";
    const DETAIL: &'static str =
        "場所の名称（1行、300文字以内）、または https:// で始まる会議のURLを指定してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let text = trim(text);
        let is_line = !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        let fits = match text.split_once("://") {
            None => is_line,
            // An address of a meeting: nothing but https, and no name or password in it.
            Some((scheme, rest)) => {
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let is_host = host.contains('.') && !host.starts_with('.') && !host.contains('@');
                is_line && scheme == "https" && is_host && text.bytes().all(|byte| byte.is_ascii_graphic())
            }
        };
        fits.then(|| Cow::Owned(text.to_owned()))
    }
}
/// A place, or the `https` address of a meeting (場所・会議のURL). Debug output does not show it.
pub type MeetingPlace = Checked<MeetingPlaceRule>;

/// When and where, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingTerms {
    /// When it begins.
    pub starts_at: Jst,
    /// How long it is, in minutes.
    pub minutes: u16,
    /// Where.
    pub place: MeetingPlace,
    /// Who is to hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub with: Option<AccountId>,
    /// The slot that it takes, if it was not made by hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slot: Option<InterviewSlotId>,
}

/// When and where an interview is to be held (予約), within what makes sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Booking(BookingTerms);

const PAST: TermsFault = TermsFault {
    pointer: "/starts_at",
    code: "in_the_past",
    detail: "開始日時には、現在より後の日時を指定してください。",
};
const TOO_FAR: TermsFault =
    TermsFault {
        pointer: "/starts_at", code: "too_far", detail: "開始日時には、1年以内の日時を指定してください。"
    };
const LENGTH: TermsFault =
    TermsFault {
        pointer: "/minutes", code: "out_of_range", detail: "所要時間は5～240分で指定してください。"
    };

impl Booking {
    /// Checks what was written at `now`; everything that is wrong with it otherwise.
    pub fn made(terms: BookingTerms, now: Jst) -> Result<Self, Vec<TermsFault>> {
        let faults = [
            (terms.starts_at <= now, PAST),
            (terms.starts_at > now.plus_seconds(FAR), TOO_FAR),
            (!MINUTES.contains(&terms.minutes), LENGTH),
        ];
        let faults: Vec<_> = faults.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault)).collect();
        if faults.is_empty() { Ok(Self(terms)) } else { Err(faults) }
    }

    /// What it says.
    #[must_use]
    pub const fn terms(&self) -> &BookingTerms {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_line_or_the_address_of_a_meeting() {
        for good in ["本社3階 健康管理室", "https://meet.example.jp/abc-defg?x=1", "電話（内線 1234）"] {
            assert_eq!(MeetingPlace::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "http://meet.example.jp/a",
            "javascript://x.y/%0aalert(1)",
            "https://user@meet.example.jp/",
            "https://localhost/",
            "https://meet.example.jp/会議",
            "一行目\n二行目",
        ] {
            assert!(MeetingPlace::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_booking_lies_ahead_and_has_a_length() {
        let now: Jst = "2026-11-28T10:00:00+09:00".parse().unwrap();
        let terms = |seconds: i64, minutes: u16| BookingTerms {
            starts_at: now.plus_seconds(seconds),
            minutes,
            place: MeetingPlace::parse("健康管理室").unwrap(),
            with: None,
            slot: None,
        };
        assert!(Booking::made(terms(1, 5), now).is_ok() && Booking::made(terms(FAR, 240), now).is_ok());
        let codes = |terms| Booking::made(terms, now).unwrap_err().iter().map(|it| it.code).collect::<Vec<_>>();
        assert_eq!(codes(terms(0, 4)), ["in_the_past", "out_of_range"]);
        assert_eq!(codes(terms(FAR + 1, 241)), ["too_far", "out_of_range"]);
    }
}
