//! Opinions about work, measures and decisions (医師の意見・就業上の措置・事業者の決定), as more than one door takes and shows them.

use domain::{
    employee::PersonName,
    ids::EmployeeId,
    remark::Remark,
    time::Jst,
    work_fitness::{Answer as Decided, DecisionTerms, FitnessCategory, Measure, MeasureKind, OpinionTerms, TermsFault},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::MeasuresInForce;
use utoipa::ToSchema;

use crate::{Checks, Fault, Problem};

/// A measure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWorkMeasure)]
pub struct MeasureBody {
    /// 措置の種類（`overtime_limit`：時間外労働の制限、`no_overtime`：時間外労働の禁止、`no_holiday_work`：休日労働の禁止、`no_night_work`：深夜業の禁止、`fewer_night_shifts`：深夜業の回数の減少、`daytime_only`：昼間勤務への転換、`shorter_hours`：労働時間の短縮、`no_trips`：出張の制限、`no_driving`：車両運転の禁止、`no_heights`：高所作業の禁止、`no_heavy_loads`：重量物取扱いの禁止、`other_work`：作業の転換、`other_place`：就業場所の変更、`leave`：休業、`other`：その他）。
    #[schema(value_type = String, example = "overtime_limit")]
    kind: MeasureKind,
    /// 時間外労働の制限の場合、月の上限（時間、0～99）。
    #[schema(example = 20)]
    hours_a_month: Option<u16>,
    /// 補足（2,000文字以内）。「その他」の場合は必須です。
    #[schema(example = "繁忙期も同じ上限とします。")]
    details: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkMeasuresDecisionBody)]
pub struct DecisionBody {
    /// 決定（`adopted`：意見どおり実施、`changed`：内容を変更して実施、`not_adopted`：実施しない）。
    #[schema(value_type = String, example = "adopted")]
    answer: Decided,
    /// 変更して実施する場合の措置。
    #[serde(default)]
    measures: Vec<MeasureBody>,
    /// 開始日。意見どおりの場合、省略すると意見の開始日です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    from: Option<Date>,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    until: Option<Date>,
    /// 意見と異なる決定の理由。
    reason: Option<String>,
    /// 本人の意見を聴いた日。
    #[schema(value_type = String, format = Date, example = "2026-11-27")]
    heard_on: Date,
    /// 本人の意見。
    #[schema(example = "業務の分担について上司と相談したい。")]
    heard: Option<String>,
}

/// Reads words that may be absent.
pub fn read_remark(checks: &mut Checks, pointer: &str, text: Option<&str>) -> Option<Remark> {
    checks.optional(pointer, text.map(Remark::parse))
}

/// Reads measures; notes what is wrong with them.
pub fn read_measures(checks: &mut Checks, bodies: Vec<MeasureBody>) -> Vec<Measure> {
    let measure = |(index, body): (usize, MeasureBody)| {
        let details = read_remark(checks, &format!("/measures/{index}/details"), body.details.as_deref());
        Measure { kind: body.kind, hours_a_month: body.hours_a_month, details }
    };
    bodies.into_iter().enumerate().map(measure).collect()
}

/// Notes everything that is wrong with an opinion or a decision.
pub fn note_terms(checks: &mut Checks, faults: Vec<TermsFault>) {
    for TermsFault { pointer, code, detail } in faults {
        checks.fault(pointer, code, detail);
    }
}

/// The answer to an opinion or a decision that cannot be.
#[must_use]
pub fn refused_terms(faults: Vec<TermsFault>) -> Problem {
    Problem::invalid(faults.into_iter().map(|it| Fault::at(it.pointer, it.code, it.detail)).collect())
}

impl DecisionBody {
    /// Reads the body; what is wrong with it beyond its own fields is known when the opinion is.
    pub fn checked(self) -> Result<DecisionTerms, Problem> {
        let mut checks = Checks::new();
        let terms = DecisionTerms {
            answer: self.answer,
            measures: read_measures(&mut checks, self.measures),
            from: self.from,
            until: self.until,
            reason: read_remark(&mut checks, "/reason", self.reason.as_deref()),
            heard_on: self.heard_on,
            heard: read_remark(&mut checks, "/heard", self.heard.as_deref()),
        };
        checks.finish(Some(terms))
    }
}

/// A measure.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkMeasure)]
pub struct MeasureView {
    /// 措置の種類。
    #[schema(value_type = String, example = "overtime_limit")]
    kind: MeasureKind,
    /// 措置。
    #[schema(example = "時間外労働の制限")]
    name: &'static str,
    /// 月の上限（時間）。
    #[schema(example = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    hours_a_month: Option<u16>,
    /// 補足。
    #[schema(value_type = Option<String>, example = "繁忙期も同じ上限とします。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Remark>,
}

/// Measures, as they are shown.
#[must_use]
pub fn measure_views(measures: &[Measure]) -> Vec<MeasureView> {
    let view = |measure: &Measure| MeasureView {
        kind: measure.kind,
        name: measure.kind.japanese(),
        hours_a_month: measure.hours_a_month,
        details: measure.details.clone(),
    };
    measures.iter().map(view).collect()
}

/// An opinion.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkFitnessOpinion)]
pub struct OpinionView {
    /// 就業区分。
    #[schema(value_type = String, example = "restricted")]
    category: FitnessCategory,
    /// 就業区分の名称。
    #[schema(example = "就業制限・配慮")]
    category_name: &'static str,
    /// 必要な措置。
    measures: Vec<MeasureView>,
    /// 開始日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    from: Option<Date>,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    until: Option<Date>,
    /// 見直しの予定日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-15")]
    review_on: Option<Date>,
    /// 医師の意見。
    #[schema(value_type = Option<String>, example = "血圧が安定するまで、時間外労働を制限する必要があります。")]
    words: Option<Remark>,
    /// 職場への申し送り。
    #[schema(value_type = Option<String>, example = "残業は月20時間までとしてください。")]
    for_workplace: Option<Remark>,
    /// 意見を述べた医師の氏名。
    #[schema(value_type = String, example = "山田 一郎")]
    physician: PersonName,
    /// 意見を述べた日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T10:00:00.000+09:00")]
    given_at: Jst,
}

impl OpinionView {
    /// What it says, as it is shown.
    #[must_use]
    pub fn of(terms: &OpinionTerms, physician: &PersonName, given_at: Jst) -> Self {
        Self {
            category: terms.category,
            category_name: terms.category.japanese(),
            measures: measure_views(&terms.measures),
            from: terms.from,
            until: terms.until,
            review_on: terms.review_on,
            words: terms.words.clone(),
            for_workplace: terms.for_workplace.clone(),
            physician: physician.clone(),
            given_at,
        }
    }
}

/// A decision.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkMeasuresDecision)]
pub struct DecisionView {
    /// 決定。
    #[schema(value_type = String, example = "adopted")]
    answer: Decided,
    /// 決定の名称。
    #[schema(example = "意見どおり実施")]
    answer_name: &'static str,
    /// 実施する措置。
    measures: Vec<MeasureView>,
    /// 開始日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    from: Option<Date>,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    until: Option<Date>,
    /// 意見と異なる決定の理由。
    #[schema(value_type = Option<String>)]
    reason: Option<Remark>,
    /// 本人の意見を聴いた日。
    #[schema(value_type = String, format = Date, example = "2026-11-27")]
    heard_on: Date,
    /// 本人の意見。
    #[schema(value_type = Option<String>)]
    heard: Option<Remark>,
    /// 決定した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    decided_at: Jst,
}

impl DecisionView {
    /// What it says, as it is shown.
    #[must_use]
    pub fn of(terms: &DecisionTerms, decided_at: Jst) -> Self {
        Self {
            answer: terms.answer,
            answer_name: terms.answer.japanese(),
            measures: measure_views(&terms.measures),
            from: terms.from,
            until: terms.until,
            reason: terms.reason.clone(),
            heard_on: terms.heard_on,
            heard: terms.heard.clone(),
            decided_at,
        }
    }
}

/// A page of measures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkMeasuresPage)]
pub struct MeasuresPage {
    /// The measures.
    pub items: Vec<MeasuresView>,
    /// 次のページの位置。最後のページでは null です。
    pub next_cursor: Option<String>,
}

/// Somebody's measures in force. Debug output shows none.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkMeasuresInForce)]
pub struct MeasuresView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 実施中の措置。
    measures: Vec<MeasureView>,
    /// 開始日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    from: Option<Date>,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    until: Option<Date>,
    /// 職場への申し送り。
    #[schema(value_type = Option<String>, example = "残業は月20時間までとしてください。")]
    for_workplace: Option<Remark>,
}

impl std::fmt::Debug for MeasuresView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeasuresView").field("employee_id", &self.employee_id).finish_non_exhaustive()
    }
}

impl From<MeasuresInForce> for MeasuresView {
    fn from(in_force: MeasuresInForce) -> Self {
        Self {
            employee_id: in_force.employee,
            measures: measure_views(&in_force.measures),
            from: in_force.from,
            until: in_force.until,
            for_workplace: in_force.for_workplace,
        }
    }
}
