//! What workers, physicians, nurses and HR send about a leave, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    ids::{AccountId, InterviewId, LeaveCaseId},
    leave::{Certificate, CertificateKind, LeaveOutcome, LeaveWords, PlanStage, ReturnTerms},
    remark::Remark,
};
use endpoint::{Checks, MeasureBody, Problem, read_measures, read_remark};
use jiff::civil::Date;
use serde::Deserialize;
use store::{LeaveEntry, NewLeaveCase};
use utoipa::ToSchema;

/// A case that somebody opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLeaveCaseBody)]
pub(crate) struct OpenBody {
    /// 休業の開始日。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    began_on: Date,
    /// 休業の終了の見込みの日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-31")]
    expected_until: Option<Date>,
    /// 再休業の場合、前のケースのID。フォローアップ中のケースは、再休業として終了します。
    #[schema(value_type = Option<String>, example = "lvc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    earlier_case_id: Option<LeaveCaseId>,
}

/// Who of HR has to do with a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeaveAssigneesBody)]
pub(crate) struct AssigneesBody {
    /// 担当する人事労務担当者のアカウントのID（10件まで）。本人は指定できません。
    #[schema(value_type = Vec<String>, example = json!(["acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    pub(crate) account_ids: BTreeSet<AccountId>,
}

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Contact,
    ReturnPossible,
    Postpone,
    Review,
    Allowance,
    Expected,
    Interview,
    Close,
}

/// Something that is noted in a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeaveStepBody)]
pub(crate) struct StepBody {
    /// 記録する内容（`contact`：本人との連絡、`return_possible`：主治医による職場復帰可能の判断、`postpone`：職場復帰の見送り、`review`：フォローアップ、`allowance`：傷病手当金の支給開始（情報のみ）、`expected`：休業の終了の見込み、`interview`：面談との紐づけ、`close`：終了）。
    #[schema(value_type = String, example = "postpone")]
    act: Act,
    /// 連絡または判断の日、次の見直しの予定日、支給開始日、または終了の見込みの日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-25")]
    on: Option<Date>,
    /// `interview` の場合、休職または復職の面談のID。
    #[schema(value_type = Option<String>)]
    interview_id: Option<InterviewId>,
    /// `close` の場合、結果（`settled`：復職が定着、`left`：退職、`other`：その他）。
    #[schema(value_type = Option<String>)]
    outcome: Option<LeaveOutcome>,
    /// 記録（2,000文字以内）。産業医と保健師・看護師が書いたものは、産業医と保健師・看護師だけが読みます。担当者が書く場合は、診断名を記載しないでください。
    #[schema(example = "電話で様子を確認した。")]
    words: Option<String>,
}

/// Hours a week from a day on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnStageBody)]
struct StageBody {
    /// 開始日。最初の段階は職場復帰日です。
    #[schema(value_type = String, format = Date, example = "2027-02-01")]
    from: Date,
    /// 週の勤務時間（1～40）。
    #[schema(example = 20)]
    hours_a_week: u8,
}

/// A plan for the return.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnPlanBody)]
pub(crate) struct PlanBody {
    /// 職場復帰日。
    #[schema(value_type = String, format = Date, example = "2027-02-01")]
    returns_on: Date,
    /// 試し出勤の開始日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-18")]
    trial_from: Option<Date>,
    /// 試し出勤の終了日（職場復帰日より前）。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-29")]
    trial_until: Option<Date>,
    /// 週の勤務時間の段階（日付の順、26段階まで）。
    stages: Vec<StageBody>,
    /// 就業上の配慮。
    #[serde(default)]
    measures: Vec<MeasureBody>,
    /// 見直しの予定日（職場復帰日以降）。
    #[schema(value_type = String, format = Date, example = "2027-03-01")]
    review_on: Date,
    /// 職場への申し送り（2,000文字以内）。診断名は記載しないでください。
    #[schema(example = "当面は残業をさせないでください。")]
    for_workplace: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnDecisionBody)]
pub(crate) struct DecisionBody {
    /// 職場復帰を認めるかどうか。認めない場合は、休業中に戻ります。
    #[schema(example = true)]
    pub(crate) returns: bool,
    /// 理由（2,000文字以内）。診断名は記載しないでください。
    #[schema(example = "プランのとおり職場復帰とする。")]
    words: Option<String>,
}

/// A certificate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeaveCertificateBody)]
pub(crate) struct CertificateBody {
    /// 種類（`leave_needed`：要休業、`leave_extended`：休業の延長、`return_possible`：復職可能、`other`：その他）。
    #[schema(value_type = String, example = "leave_needed")]
    kind: CertificateKind,
    /// 発行日（今日まで）。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    issued_on: Date,
    /// 対象期間の開始日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-20")]
    from: Option<Date>,
    /// 対象期間の終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-31")]
    until: Option<Date>,
    /// 傷病名。産業医と保健師・看護師だけが読みます。
    #[schema(example = "骨折")]
    diagnosis: Option<String>,
    /// 補足（2,000文字以内）。産業医と保健師・看護師だけが読みます。
    #[schema(example = "自宅療養を要する。")]
    words: Option<String>,
}

impl OpenBody {
    /// What a case begins with.
    pub(crate) fn read(self) -> NewLeaveCase {
        NewLeaveCase { began_on: self.began_on, expected_until: self.expected_until, earlier: self.earlier_case_id }
    }
}

impl StepBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(LeaveEntry, Option<Remark>), Problem> {
        let mut checks = Checks::new();
        let Self { act, on, interview_id, outcome, words } = self;
        let words = read_remark(&mut checks, "/words", words.as_deref());
        let entry = match act {
            Act::Contact => on.map(LeaveEntry::Contact),
            Act::ReturnPossible => on.map(LeaveEntry::JudgePossible),
            Act::Review => on.map(LeaveEntry::Review),
            Act::Allowance => on.map(LeaveEntry::Allowance),
            Act::Expected => on.map(LeaveEntry::Expect),
            Act::Postpone => Some(LeaveEntry::Postpone),
            Act::Interview => interview_id.map(LeaveEntry::Link),
            Act::Close => outcome.map(LeaveEntry::Close),
        };
        let wants = match act {
            Act::Postpone => None,
            Act::Interview => Some("/interview_id"),
            Act::Close => Some("/outcome"),
            _ => Some("/on"),
        };
        let sent = [("/on", on.is_some()), ("/interview_id", interview_id.is_some()), ("/outcome", outcome.is_some())];
        for (pointer, is_sent) in sent {
            match (wants == Some(pointer), is_sent) {
                (true, false) => checks.fault(pointer, "required", "この内容の記録には指定が必要です。"),
                (false, true) => checks.fault(pointer, "not_taken", "この内容の記録では指定できません。"),
                _ => {}
            }
        }
        checks.finish(entry.map(|entry| (entry, words)))
    }
}

impl PlanBody {
    /// Reads the body; whether it makes sense is known when it is written.
    pub(crate) fn checked(self) -> Result<ReturnTerms, Problem> {
        let mut checks = Checks::new();
        let stage = |stage: StageBody| PlanStage { from: stage.from, hours_a_week: stage.hours_a_week };
        let terms = ReturnTerms {
            returns_on: self.returns_on,
            trial_from: self.trial_from,
            trial_until: self.trial_until,
            stages: self.stages.into_iter().map(stage).collect(),
            measures: read_measures(&mut checks, self.measures),
            review_on: self.review_on,
            for_workplace: read_remark(&mut checks, "/for_workplace", self.for_workplace.as_deref()),
        };
        checks.finish(Some(terms))
    }
}

impl DecisionBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(bool, Option<Remark>), Problem> {
        let mut checks = Checks::new();
        let words = read_remark(&mut checks, "/words", self.words.as_deref());
        checks.finish(Some((self.returns, words)))
    }
}

impl CertificateBody {
    /// Reads the body; whether its days make sense is known when it is written.
    pub(crate) fn checked(self) -> Result<(Certificate, LeaveWords), Problem> {
        let mut checks = Checks::new();
        let words = LeaveWords {
            diagnosis: read_remark(&mut checks, "/diagnosis", self.diagnosis.as_deref()),
            words: read_remark(&mut checks, "/words", self.words.as_deref()),
        };
        let Self { kind, issued_on, from, until, .. } = self;
        checks.finish(Some((Certificate { kind, issued_on, from, until }, words)))
    }
}
