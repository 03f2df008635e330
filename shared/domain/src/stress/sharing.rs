//! When the employer gets somebody's result (結果の提供): never by itself, never before the worker has seen it, and only while the worker's word stands (安衛則52条の13; domain.md 0-1, 4.8).
//!
//! ```text
//!  implementer signed,     the worker             consent                  the employer read it
//!  worker was told         looked at it       ┌───────────▶ given ──────────────────────────────▶ used
//! told ─────────────────▶ seen ───────────────┤               │ ▲                                 (stays: what was
//!                          ▲ ▲                └─ request ─▶ requested                             read is known)
//!                          │ └───── withdraw ─────────────────┘ │
//!                          └─────── take back ──────────────────┘
//! ```
//!
//! A request for an interview (面接指導の申出) counts as consent for what the law says, and is open to those alone of whom an implementer said that they need one. Both words may stand beside
//! each other; the employer sees the result while either does. After the round was archived nothing is said any more, and what was said stays.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::time::Jst;

/// The edition of the words that are consented to; a consent says which one it was.
pub const CONSENT_VERSION: &str = "2026-11";
/// What is consented to, as it is shown before and kept by its edition. This service's own wording (confidence M).
pub const CONSENT_TEXT: &str = "私は、今回のストレスチェックの結果（各尺度の点数と評価、ストレスの程度、高ストレスに該当するかどうか、面接指導の要否）を事業者に提供することに同意します。個々の設問への回答は提供されません。同意しないこと、同意を取り消すことを理由に不利益な取扱いを受けることはありません。事業者が結果を確認するまでは、いつでも取り消せます。";
/// What is told before an interview is requested.
pub const REQUEST_TEXT: &str = "医師による面接指導を申し出ると、今回のストレスチェックの結果が事業者に提供されます。申出を理由に不利益な取扱いを受けることはありません。";

/// How somebody's result stands towards the employer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// When the worker first looked at the result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_at: Option<Jst>,
    /// When they consented; none where they have not, or not any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub consented_at: Option<Jst>,
    /// When they requested an interview; none where they have not, or not any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requested_at: Option<Jst>,
    /// When the employer first read the result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_at: Option<Jst>,
}

/// What changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharingAct {
    /// The worker looks at the result.
    See,
    /// The worker consents.
    Consent,
    /// The worker withdraws the consent.
    Withdraw,
    /// The worker requests an interview.
    Request,
    /// The worker takes the request back.
    TakeBack,
    /// The employer reads the result.
    Use,
}

/// What it depends on beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// An implementer has signed for the selection, so that the worker is told.
    pub told: bool,
    /// An implementer said that this worker needs an interview.
    pub needs_interview: bool,
    /// The round was archived.
    pub over: bool,
}

/// Why an act cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// There is no result to look at yet.
    NotTold,
    /// The worker has not looked at it yet: no consent before (domain.md 0-1).
    NotSeen,
    /// An interview is not needed.
    NoInterview,
    /// It was said already.
    Already,
    /// Nothing was said that could be taken back, or used.
    Nothing,
    /// The employer has read it: what is known cannot be withdrawn.
    Used,
    /// The round was archived.
    Over,
}

impl Sharing {
    /// Whether the employer may see the result: the worker's word stands.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.consented_at.is_some() || self.requested_at.is_some()
    }

    /// How it stands after an act at `now`, or why that cannot be.
    pub const fn after(self, act: SharingAct, setting: Setting, now: Jst) -> Result<Self, NotNow> {
        if !setting.told {
            return Err(NotNow::NotTold);
        }
        match act {
            SharingAct::See if self.seen_at.is_some() => Ok(self),
            SharingAct::See => Ok(Self { seen_at: Some(now), ..self }),
            SharingAct::Use if !self.stands() => Err(NotNow::Nothing),
            SharingAct::Use if self.used_at.is_some() => Ok(self),
            SharingAct::Use => Ok(Self { used_at: Some(now), ..self }),
            _ if setting.over => Err(NotNow::Over),
            _ if self.seen_at.is_none() => Err(NotNow::NotSeen),
            SharingAct::Consent if self.consented_at.is_some() => Err(NotNow::Already),
            SharingAct::Consent => Ok(Self { consented_at: Some(now), ..self }),
            SharingAct::Request if !setting.needs_interview => Err(NotNow::NoInterview),
            SharingAct::Request if self.requested_at.is_some() => Err(NotNow::Already),
            SharingAct::Request => Ok(Self { requested_at: Some(now), ..self }),
            SharingAct::Withdraw if self.consented_at.is_none() => Err(NotNow::Nothing),
            SharingAct::TakeBack if self.requested_at.is_none() => Err(NotNow::Nothing),
            SharingAct::Withdraw | SharingAct::TakeBack if self.used_at.is_some() => Err(NotNow::Used),
            SharingAct::Withdraw => Ok(Self { consented_at: None, ..self }),
            SharingAct::TakeBack => Ok(Self { requested_at: None, ..self }),
        }
    }
}

/// By when what follows from `day` is to be done, one month later (遅滞なく＝概ね1か月; domain.md 4.1): a request after the notice, an interview after the request. In a month without such
/// a day it is the last one.
#[must_use]
pub fn within_a_month(day: Date) -> Date {
    day.saturating_add(1.month())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const TOLD: Setting = Setting { told: true, needs_interview: true, over: false };

    fn at(second: i64) -> Jst {
        let start: Jst = "2026-11-01T09:00:00+09:00".parse().unwrap();
        start.plus_seconds(second)
    }

    fn through(acts: &[SharingAct]) -> Result<Sharing, NotNow> {
        acts.iter().try_fold(Sharing::default(), |sharing, act| sharing.after(*act, TOLD, at(0)))
    }

    #[test]
    fn r35_no_consent_before_the_result_was_seen_and_none_withdrawn_after_it_was_read() {
        use SharingAct::{Consent, Request, See, TakeBack, Use, Withdraw};
        assert_eq!(through(&[Consent]), Err(NotNow::NotSeen));
        assert_eq!(through(&[Request]), Err(NotNow::NotSeen));
        let untold = Setting { told: false, ..TOLD };
        assert_eq!(Sharing::default().after(See, untold, at(0)), Err(NotNow::NotTold));
        assert!(through(&[See, Consent]).unwrap().stands());
        assert!(!through(&[See, Consent, Withdraw]).unwrap().stands());
        assert!(through(&[See, Consent, Withdraw, Consent, Use]).unwrap().stands());
        assert_eq!(through(&[See, Consent, Use, Withdraw]), Err(NotNow::Used));
        assert_eq!(through(&[See, Request, Use, TakeBack]), Err(NotNow::Used));
        assert_eq!(through(&[See, Use]), Err(NotNow::Nothing));
        assert!(through(&[See, Consent, Request, Withdraw]).unwrap().stands(), "the request stands");
        let well = Setting { needs_interview: false, ..TOLD };
        let seen = through(&[See]).unwrap();
        assert_eq!(seen.after(Request, well, at(0)), Err(NotNow::NoInterview));
        assert!(seen.after(Consent, well, at(0)).is_ok(), "whoever wants may share any result");
        let over = Setting { over: true, ..TOLD };
        assert_eq!(seen.after(Consent, over, at(0)), Err(NotNow::Over));
    }

    #[test]
    fn a_month_ends_where_the_month_does() {
        assert_eq!(within_a_month(date(2028, 1, 31)), date(2028, 2, 29));
        assert_eq!(within_a_month(date(2026, 11, 15)), date(2026, 12, 15));
    }

    /// What happens around one result, the acts of others on the round included.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Happens {
        Act(SharingAct),
        Signs,
        Archives,
    }

    fn happens() -> impl Strategy<Value = Happens> {
        use SharingAct::{Consent, Request, See, TakeBack, Use, Withdraw};
        prop_oneof![
            8 => proptest::sample::select(vec![See, Consent, Withdraw, Request, TakeBack, Use]).prop_map(Happens::Act),
            2 => Just(Happens::Signs),
            1 => Just(Happens::Archives),
        ]
    }

    /// Whether a word stands, told from what was done alone: the last of its saying and its taking back is the saying.
    fn last_is(done: &[SharingAct], said: SharingAct, taken_back: SharingAct) -> bool {
        done.iter().rev().find(|act| **act == said || **act == taken_back) == Some(&said)
    }

    proptest! {
        /// Done when 2 of the stress check: over whatever sequence, the employer sees a result if and only if the rules allow it at that moment.
        #[test]
        fn r35_the_employer_sees_a_result_if_and_only_if_the_workers_word_stands(needs_interview: bool, story in vec(happens(), 0..60)) {
            use SharingAct::{Consent, Request, See, TakeBack, Use, Withdraw};
            let (mut sharing, mut setting) = (Sharing::default(), Setting { told: false, needs_interview, over: false });
            let mut done: Vec<SharingAct> = Vec::new();
            for (second, next) in (0..).zip(story) {
                match next {
                    Happens::Signs => setting.told = true,
                    // A round is archived after it was signed for.
                    Happens::Archives => setting.over |= setting.told,
                    Happens::Act(act) => {
                        let consented = last_is(&done, Consent, Withdraw);
                        let requested = last_is(&done, Request, TakeBack);
                        let (seen, used) = (done.contains(&See), done.contains(&Use));
                        let allowed = setting.told && match act {
                            See => true,
                            Use => consented || requested,
                            _ if setting.over || !seen => false,
                            Consent => !consented,
                            Withdraw => consented && !used,
                            Request => needs_interview && !requested,
                            TakeBack => requested && !used,
                        };
                        let after = sharing.after(act, setting, at(second));
                        prop_assert_eq!(after.is_ok(), allowed, "{:?} after {:?}", act, done);
                        if let Ok(after) = after {
                            sharing = after;
                            done.push(act);
                        }
                    }
                }
                let by_the_rules = last_is(&done, Consent, Withdraw) || last_is(&done, Request, TakeBack);
                prop_assert_eq!(sharing.stands(), by_the_rules);
                if sharing.stands() {
                    let said = sharing.consented_at.into_iter().chain(sharing.requested_at).min();
                    prop_assert!(setting.told && sharing.seen_at <= said, "nothing was said before the result was seen");
                }
                prop_assert!(sharing.used_at.is_none() || sharing.stands(), "what was read stays shared");
            }
        }
    }
}
