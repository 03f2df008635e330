//! The fatigue check list (疲労蓄積度自己診断チェックリスト): its items, and what employees answered for themselves.

use authz::{
    Permit,
    permission::{AnswerFatigue, ReadReference, ViewFatigue},
};
use axum::extract::State;
use domain::{
    ids::{EmployeeId, FatigueCheckId},
    overwork::fatigue::{Answers, AnswersFault, Edition, Item, Level, SYMPTOMS, VERIFIED, WORK},
    time::Jst,
};
use endpoint::{Answer, App, Fault, Path, Posted, Problem};
use serde::{Deserialize, Serialize};
use store::{FatigueCheck, Stored};
use utoipa::ToSchema;

/// The list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FatigueItems)]
pub(crate) struct ItemsView {
    /// 版。
    #[schema(value_type = String, example = "2023")]
    edition: Edition,
    /// 設問の文言と配点を、厚生労働省の資料と照合済みかどうか。
    verified: bool,
    /// 最近1か月間の自覚症状（14項目）。
    symptoms: Vec<ItemView>,
    /// 最近1か月間の勤務の状況（13項目）。
    work: Vec<ItemView>,
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FatigueItem)]
struct ItemView {
    /// 設問。
    #[schema(example = "イライラする")]
    text: &'static str,
    /// 回答の選択肢。
    answers: Vec<ChoiceView>,
}

/// An answer that an item has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FatigueChoice)]
struct ChoiceView {
    /// 選択肢。
    #[schema(example = "時々ある")]
    text: &'static str,
    /// 点数。
    #[schema(example = 1)]
    points: u8,
}

impl ItemView {
    fn of(item: &Item) -> Self {
        let answers = item.answers.iter().map(|&(text, points)| ChoiceView { text, points });
        Self { text: item.text, answers: answers.collect() }
    }
}

/// Answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FatigueAnswersBody)]
pub(crate) struct AnswersBody {
    /// 自覚症状の回答の点数（設問の順に14個）。
    #[schema(example = json!([0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 3, 1, 1, 0]))]
    symptoms: Vec<u8>,
    /// 勤務の状況の回答の点数（設問の順に13個）。
    #[schema(example = json!([1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0]))]
    work: Vec<u8>,
}

impl std::fmt::Debug for AnswersBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswersBody").finish_non_exhaustive()
    }
}

/// A list that was filled in. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = FatigueCheck)]
pub(crate) struct CheckView {
    #[schema(value_type = String, example = "ftg_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: FatigueCheckId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 回答した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T10:00:00.000+09:00")]
    answered_at: Jst,
    /// 版。
    #[schema(value_type = String, example = "2023")]
    edition: Edition,
    /// 自覚症状の点数（設問の順）。
    symptoms: Vec<u8>,
    /// 勤務の状況の点数（設問の順）。
    work: Vec<u8>,
    /// 自覚症状の合計。
    #[schema(example = 9)]
    symptom_sum: u16,
    /// 自覚症状の評価（1～4：Ⅰ～Ⅳ）。
    #[schema(example = 3)]
    symptom_band: u8,
    /// 勤務の状況の合計。
    #[schema(example = 5)]
    work_sum: u16,
    /// 勤務の状況の評価（1～4：A～D）。
    #[schema(example = 2)]
    work_band: u8,
    /// 仕事による負担度（0～7）。
    #[schema(example = 2)]
    burden: u8,
    /// 疲労の蓄積（low・`slightly_high`・high・`very_high`）。
    #[schema(value_type = String, example = "slightly_high")]
    level: Level,
    /// 疲労の蓄積の説明。
    #[schema(example = "やや高いと考えられる")]
    level_name: &'static str,
}

impl std::fmt::Debug for CheckView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckView").field("id", &self.id).finish_non_exhaustive()
    }
}

impl CheckView {
    fn of(check: &FatigueCheck) -> Self {
        let score = check.score;
        Self {
            id: check.id,
            employee_id: check.employee,
            answered_at: check.created_at,
            edition: check.edition,
            symptoms: check.answers.symptoms().to_vec(),
            work: check.answers.work().to_vec(),
            symptom_sum: score.symptoms,
            symptom_band: score.symptom_band,
            work_sum: score.work,
            work_band: score.work_band,
            burden: score.burden,
            level: score.level(),
            level_name: score.level().japanese(),
        }
    }
}

/// All lists of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FatigueCheckList)]
pub(crate) struct CheckList {
    items: Vec<CheckView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// Shows the items.
#[utoipa::path(
    get, path = "/v1/working-hours/fatigue-items", operation_id = "listFatigueItems", summary = "疲労蓄積度自己診断チェックリストの設問",
    security(("token" = ["reference.read"])), responses((status = 200, description = "設問", body = ItemsView))
)]
pub(crate) async fn items(_permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&ItemsView {
        edition: Edition::Y2023,
        verified: VERIFIED,
        symptoms: SYMPTOMS.iter().map(ItemView::of).collect(),
        work: WORK.iter().map(ItemView::of).collect(),
    })
}

/// Lists what somebody has answered.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/fatigue-checks", operation_id = "listFatigueChecks", summary = "疲労蓄積度自己診断の一覧",
    description = "本人、産業医、保健師・看護師だけが参照できます。新しい順に、すべてを1ページで返します。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["working_hours.fatigue"])), responses((status = 200, description = "新しい順", body = CheckList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewFatigue>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let checks = app.store.fatigue_checks(&permit, employee).await?;
    Answer::ok(&CheckList { items: checks.iter().map(CheckView::of).collect(), next_cursor: None })
}

/// Keeps answers.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/fatigue-checks", operation_id = "answerFatigueCheck", summary = "疲労蓄積度自己診断に回答する（本人）",
    params(("employee_id" = String, Path, description = "従業員のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = AnswersBody, security(("token" = ["working_hours.fatigue_answer"])),
    responses((status = 201, description = "登録しました", body = CheckView))
)]
pub(crate) async fn answer(
    State(app): State<App>,
    permit: Permit<AnswerFatigue>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<AnswersBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: AnswersBody| {
        let answers = Answers::new(body.symptoms, body.work).map_err(|faults| wrong(&faults))?;
        Ok(app.store.answer_fatigue(&permit, employee, answers).await?)
    };
    let answer = |stored: &Stored<FatigueCheck>| {
        let at = format!("/v1/employees/{employee}/fatigue-checks");
        Answer::created(at, &CheckView::of(&stored.record))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// The answer to answers that cannot be.
fn wrong(faults: &[AnswersFault]) -> Problem {
    let fault = |fault: &AnswersFault| match fault {
        AnswersFault::SymptomCount => {
            Fault::at("/symptoms", "wrong_count", "自覚症状の回答を、設問の順に14個指定してください。")
        }
        AnswersFault::WorkCount => {
            Fault::at("/work", "wrong_count", "勤務の状況の回答を、設問の順に13個指定してください。")
        }
        AnswersFault::Symptom(at) => {
            Fault::at(format!("/symptoms/{at}"), "not_an_answer", "この設問の選択肢の点数を指定してください。")
        }
        AnswersFault::Work(at) => {
            Fault::at(format!("/work/{at}"), "not_an_answer", "この設問の選択肢の点数を指定してください。")
        }
    };
    Problem::invalid(faults.iter().map(fault).collect())
}
