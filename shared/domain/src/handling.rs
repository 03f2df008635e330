//! Rules for handling health information (健康情報等の取扱規程): what every company lays down with its workers (安衛法104条, domain.md 10.2). Nine points in the company's words, and who
//! handles which class of information.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Rule, line},
    remark::Remark,
};

/// The nine points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// What for, and how.
    Purpose,
    /// Who handles what, with which authority.
    Handlers,
    /// How workers are told of purposes, and asked.
    Consent,
    /// Proper management.
    Security,
    /// Disclosure, correction, stop of use.
    Disclosure,
    /// Provision to third parties.
    ThirdParties,
    /// Succession, and transfer.
    Succession,
    /// Complaints.
    Complaints,
    /// How workers come to know the rules.
    Publication,
}

impl Point {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Purpose,
        Self::Handlers,
        Self::Consent,
        Self::Security,
        Self::Disclosure,
        Self::ThirdParties,
        Self::Succession,
        Self::Complaints,
        Self::Publication,
    ];

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Purpose => "取扱いの目的と方法",
            Self::Handlers => "取り扱う者とその権限、取り扱う情報の範囲",
            Self::Consent => "目的等の通知方法と本人の同意の取得方法",
            Self::Security => "適正管理の方法",
            Self::Disclosure => "開示・訂正等・使用停止等の方法",
            Self::ThirdParties => "第三者提供の方法",
            Self::Succession => "事業承継と組織変更に伴う引継ぎ",
            Self::Complaints => "苦情の処理",
            Self::Publication => "規程の労働者への周知方法",
        }
    }
}

/// Classes of information (健康情報の分類).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InformationClass {
    /// (a) What the employer must handle: uptake, requests, opinions, measures.
    Required,
    /// (b) What may be collected without consent, and is used in a processed form.
    Statutory,
    /// (c) What needs consent.
    WithConsent,
}

impl InformationClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Required, Self::Statutory, Self::WithConsent];

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Required => "法令に基づき事業者が直接取り扱う情報",
            Self::Statutory => "法令に基づき同意なく収集できるが、取扱いを規程で定める情報",
            Self::WithConsent => "あらかじめ本人の同意を得て収集する情報",
        }
    }
}

/// Rule of [`HandlerText`].
#[derive(Debug)]
pub enum HandlerTextRule {}
impl Rule for HandlerTextRule {
    const NAME: &'static str = "HandlerText";
    const CODE: &'static str = "handler_invalid";
    const DETAIL: &'static str = "1～200文字の1行で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 200)
    }
}
/// Who handles what: an office, not a person.
pub type HandlerText = Checked<HandlerTextRule>;

/// Who handles a class of information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// Which class.
    pub class: InformationClass,
    /// Who: an office or a role.
    pub who: HandlerText,
    /// With which authority, and of whom.
    pub authority: HandlerText,
}

/// A version of a company's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlingRules {
    /// From which day on it holds.
    pub effective_on: Date,
    /// The nine points.
    pub points: BTreeMap<Point, Remark>,
    /// Who handles what.
    pub handlers: Vec<Handler>,
    /// Whom complaints go to.
    pub complaints_to: HandlerText,
}

/// What is wrong with rules: where (JSON pointer), a code and what to do.
pub type HandlingFault = (String, &'static str, &'static str);

impl HandlingRules {
    /// Everything that is missing.
    #[must_use]
    pub fn faults(&self) -> Vec<HandlingFault> {
        let mut faults = Vec::new();
        if Point::ALL.iter().any(|point| !self.points.contains_key(point)) {
            faults.push((
                "/points".to_owned(),
                "required",
                "9つの事項をすべて定めてください（健康情報等の取扱規程の手引き）。",
            ));
        }
        if InformationClass::ALL.iter().any(|class| self.handlers.iter().all(|handler| handler.class != *class)) {
            faults.push((
                "/handlers".to_owned(),
                "required",
                "3つの情報の分類ごとに、取り扱う者を1件以上指定してください。",
            ));
        }
        if self.handlers.len() > 50 {
            faults.push(("/handlers".to_owned(), "out_of_range", "取り扱う者は50件以内で指定してください。"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn section_10_2_rules_say_all_nine_points_and_who_handles_each_class() {
        let text = Remark::parse("定める。").unwrap();
        let line = HandlerText::parse("人事部").unwrap();
        let handler = |class| Handler { class, who: line.clone(), authority: line.clone() };
        let whole = HandlingRules {
            effective_on: date(2026, 12, 1),
            points: Point::ALL.into_iter().map(|point| (point, text.clone())).collect(),
            handlers: InformationClass::ALL.into_iter().map(handler).collect(),
            complaints_to: line.clone(),
        };
        assert_eq!(whole.faults(), []);
        let mut less = whole.clone();
        less.points.remove(&Point::Complaints);
        less.handlers.pop();
        let told: Vec<_> = less.faults().into_iter().map(|(at, code, _)| (at, code)).collect();
        assert_eq!(told, [("/points".to_owned(), "required"), ("/handlers".to_owned(), "required")]);
    }
}
