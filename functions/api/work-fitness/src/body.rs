//! What physicians and the employer send, and what is wrong with it.

use domain::{
    ids::{CheckupId, EmployeeId},
    remark::Remark,
    work_fitness::{FitnessCategory, Opinion, OpinionTerms},
};
use endpoint::{Checks, Fault, MeasureBody, Problem, note_terms, read_measures, read_remark};
use jiff::civil::Date;
use serde::Deserialize;
use store::{MOST_SIGNED, NotSigned, SignedFor};
use utoipa::ToSchema;

/// An opinion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkFitnessOpinionBody)]
pub(crate) struct OpinionBody {
    /// 確認した健康診断の版（就業判定の `checkup_version`）。
    #[schema(example = 1)]
    checkup_version: u64,
    /// 就業区分（`normal`：通常勤務、`restricted`：就業制限・配慮、`leave`：要休業、`pending`：判定保留）。
    #[schema(value_type = String, example = "normal")]
    category: FitnessCategory,
    /// 必要な措置。
    #[serde(default)]
    measures: Vec<MeasureBody>,
    /// 措置の開始日（就業制限・要休業では必須）。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    from: Option<Date>,
    /// 措置の終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    until: Option<Date>,
    /// 見直しの予定日（通常勤務以外では必須）。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-15")]
    review_on: Option<Date>,
    /// 医師の意見（通常勤務以外では必須）。個人票の「医師の意見」に記載されます。
    #[schema(example = "血圧が安定するまで、時間外労働を制限する必要があります。")]
    words: Option<String>,
    /// 職場への申し送り。診断名や検査値は記載しないでください。
    #[schema(example = "残業は月20時間までとし、繁忙期は業務を分担してください。")]
    for_workplace: Option<String>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkFitnessReasonBody)]
pub(crate) struct ReasonBody {
    /// 理由（2,000文字以内）。
    #[schema(example = "再検査の結果が基準内となったため。")]
    reason: String,
}

/// Checkups that are signed for together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedBody {
    /// 確認した健康診断（1～45件）。
    #[schema(example = json!([{ "employee_id": "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "checkup_id": "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "checkup_version": 1 }]))]
    checkups: Vec<SignedCheckup>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignedCheckup {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 確認した健康診断の版。
    #[schema(example = 1)]
    checkup_version: u64,
}

impl OpinionBody {
    /// Reads the body: the version of the checkup, and the opinion; notes everything that is wrong with it.
    pub(crate) fn checked(self, today: Date) -> Result<(u64, Opinion), Problem> {
        let mut checks = Checks::new();
        let terms = OpinionTerms {
            category: self.category,
            measures: read_measures(&mut checks, self.measures),
            from: self.from,
            until: self.until,
            review_on: self.review_on,
            words: read_remark(&mut checks, "/words", self.words.as_deref()),
            for_workplace: read_remark(&mut checks, "/for_workplace", self.for_workplace.as_deref()),
        };
        let opinion = match Opinion::given(terms, today) {
            Ok(opinion) => Some(opinion),
            Err(faults) => {
                note_terms(&mut checks, faults);
                None
            }
        };
        checks.finish(opinion.map(|opinion| (self.checkup_version, opinion)))
    }
}

impl ReasonBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<Remark, Problem> {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        checks.finish(reason)
    }
}

impl SignedBody {
    /// Reads the body: at least one, and no more than one transaction takes.
    pub(crate) fn checked(self) -> Result<Vec<SignedFor>, Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_SIGNED).contains(&self.checkups.len()) {
            checks.fault("/checkups", "out_of_range", "健康診断を1～45件指定してください。");
        }
        let signed = self.checkups.iter().map(|one| SignedFor {
            employee: one.employee_id,
            checkup: one.checkup_id,
            checkup_version: one.checkup_version,
        });
        checks.finish(Some(signed.collect()))
    }
}

/// The answer to a list that cannot be signed for as a whole: which of them, and why.
pub(crate) fn not_signed(refused: &[(usize, NotSigned)]) -> Problem {
    let fault = |(index, why): &(usize, NotSigned)| {
        let (code, detail) = match why {
            NotSigned::NotFound => ("not_found", "健康診断が見つかりません。"),
            NotSigned::Changed => ("changed", "確認した後に結果が変わっています。もう一度確認してください。"),
            NotSigned::Opined => ("opinion_given", "すでに医師の意見があります。"),
            NotSigned::Alone => {
                ("needs_own_opinion", "判定 D または医師の確認が必要な結果があるため、個別に意見を述べてください。")
            }
            NotSigned::Twice => ("twice", "同じ健康診断が重複しています。"),
        };
        Fault::at(format!("/checkups/{index}"), code, detail)
    };
    Problem::invalid(refused.iter().map(fault).collect())
}
