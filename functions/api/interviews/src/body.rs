//! What workers, physicians, nurses and the employer send, and what is wrong with it.

use domain::{
    ids::{AccountId, CheckupId, StressRoundId},
    interview::{
        BookingTerms, CauseKind, Guidance, InterviewCause, InterviewKind, MeetingPlace, NoteText, ReportTerms,
    },
    remark::Remark,
    time::{Jst, Month},
    work_fitness::{FitnessCategory, OpinionTerms},
};
use endpoint::{Checks, MeasureBody, Problem, read_measures, read_remark};
use jiff::civil::Date;
use serde::Deserialize;
use store::NewInterview;
use utoipa::ToSchema;

/// A wish for an interview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewRequestBody)]
pub(crate) struct RequestBody {
    /// 面談の種類（`overwork`：長時間労働者への面接指導、`checkup`：健康診断の事後面談、`consult`：健康相談）。ストレスチェックの面接指導は、ご自身の結果の画面から申し出てください。
    #[schema(value_type = String, example = "consult")]
    kind: InterviewKind,
    /// 長時間労働者への面接指導の場合、対象年月。
    #[schema(value_type = Option<String>, example = "2026-10")]
    month: Option<Month>,
    /// 健康診断の事後面談の場合、健康診断のID。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: Option<CheckupId>,
    /// 希望する日時や相談したいこと（2,000文字以内）。産業医と保健師・看護師だけが読みます。
    #[schema(example = "来週の午後を希望します。")]
    wish: Option<String>,
}

/// An interview that somebody opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInterviewBody)]
pub(crate) struct OpenBody {
    /// 面談の種類（`overwork`：長時間労働者への面接指導、`high_stress`：高ストレス者への面接指導、`checkup`：健康診断の事後面談、`leave`：休職の面談、`return`：復職の面談、`guidance`：保健指導、`consult`：健康相談、`manager_consult`：管理職からの相談）。保健指導と相談は、産業医と保健師・看護師だけが登録できます。
    #[schema(value_type = String, example = "return")]
    kind: InterviewKind,
    /// 長時間労働者への面接指導の場合、対象年月。
    #[schema(value_type = Option<String>, example = "2026-10")]
    month: Option<Month>,
    /// 高ストレス者への面接指導の場合、本人が申し出たストレスチェックの実施回のID。
    #[schema(value_type = Option<String>, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: Option<StressRoundId>,
    /// 健康診断の事後面談と保健指導の場合、健康診断のID。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: Option<CheckupId>,
}

/// A time and a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewBookingBody)]
pub(crate) struct BookingBody {
    /// 開始日時（1年以内）。
    #[schema(value_type = String, format = DateTime, example = "2026-12-10T14:00:00+09:00")]
    starts_at: Jst,
    /// 所要時間（分、5～240）。
    #[schema(example = 30)]
    minutes: u16,
    /// 場所の名称、または https:// で始まる会議のURL（300文字以内）。
    #[schema(example = "本社3階 健康管理室")]
    place: String,
    /// 担当する産業医、または保健師・看護師のアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    with_account_id: Option<AccountId>,
}

/// When it was held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewHeldBody)]
pub(crate) struct HeldBody {
    /// 実施日（今日まで）。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    pub(crate) held_on: Date,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewReasonBody)]
pub(crate) struct ReasonBody {
    /// 理由（2,000文字以内）。
    #[schema(example = "日程を改めて調整するため。")]
    reason: String,
}

/// Why, if they want to say it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewDeclineBody)]
pub(crate) struct DeclineBody {
    /// 理由（2,000文字以内、任意）。産業医と保健師・看護師だけが読みます。
    #[schema(example = "体調が回復したため。")]
    reason: Option<String>,
}

/// A report to the employer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewReportBody)]
pub(crate) struct ReportBody {
    /// 指導区分（`health_guidance`：要保健指導、`observation`：要経過観察、`another_interview`：要再面接、`treatment`：現病治療継続または医療機関紹介）。不要な場合は空です。
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["observation"]))]
    guidance: Vec<Guidance>,
    /// 就業区分（`normal`：通常勤務、`restricted`：就業制限・配慮、`leave`：要休業）。
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
    /// 医師の意見（通常勤務以外では必須）。事業者が読みます。診断名や検査値は記載しないでください。
    #[schema(example = "疲労の回復のため、時間外労働を制限する必要があります。")]
    words: Option<String>,
    /// 職場への申し送り。診断名や検査値は記載しないでください。
    #[schema(example = "残業は月20時間までとしてください。")]
    for_workplace: Option<String>,
    /// 相談の場合、事業者への報告に本人が同意した日。
    #[schema(value_type = Option<String>, format = Date)]
    agreed_on: Option<Date>,
}

/// A private note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewNoteBody)]
pub(crate) struct NoteBody {
    /// 疲労の蓄積の状況、または心理的な負担の状況（2,000文字以内）。
    #[schema(example = "睡眠が不足しており、疲労が蓄積している。")]
    burden: Option<String>,
    /// その他の心身の状況（2,000文字以内）。
    #[schema(example = "特記事項なし。")]
    condition: Option<String>,
    /// 面談の内容（2,000文字以内）。
    #[schema(example = "業務量と睡眠について聞き取り、休養の取り方を助言した。")]
    content: String,
}

/// The one thing that a kind of interview comes from, out of what was sent; notes what is missing, and what does not belong there.
fn cause(
    checks: &mut Checks,
    kind: InterviewKind,
    month: Option<Month>,
    round: Option<StressRoundId>,
    checkup: Option<CheckupId>,
) -> Option<InterviewCause> {
    let wanted = kind.row().cause;
    let sent = [
        (CauseKind::WorkingMonth, "/month", month.map(|month| InterviewCause::WorkingMonth { month })),
        (CauseKind::StressRound, "/round_id", round.map(|round| InterviewCause::StressRound { round })),
        (CauseKind::Checkup, "/checkup_id", checkup.map(|checkup| InterviewCause::Checkup { checkup })),
    ];
    let mut found = match wanted {
        CauseKind::Absence => Some(InterviewCause::Absence),
        CauseKind::OwnWish => Some(InterviewCause::OwnWish),
        CauseKind::Manager => Some(InterviewCause::Manager),
        CauseKind::WorkingMonth | CauseKind::StressRound | CauseKind::Checkup => None,
    };
    for (of, pointer, cause) in sent {
        match (of == wanted, cause) {
            (true, None) => checks.fault(pointer, "required", "この種類の面談では、対象の指定が必要です。"),
            (true, Some(cause)) => found = Some(cause),
            (false, Some(_)) => checks.fault(pointer, "not_taken", "この種類の面談では指定できません。"),
            (false, None) => {}
        }
    }
    found
}

impl RequestBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<NewInterview, Problem> {
        let mut checks = Checks::new();
        if !self.kind.row().by_worker {
            checks.fault("/kind", "not_requested_here", "この種類の面談は、ここから申し込めません。");
        }
        let cause = cause(&mut checks, self.kind, self.month, None, self.checkup_id);
        let wish = read_remark(&mut checks, "/wish", self.wish.as_deref());
        checks.finish(cause.map(|cause| NewInterview { kind: self.kind, cause, wish }))
    }
}

impl OpenBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<NewInterview, Problem> {
        let mut checks = Checks::new();
        let cause = cause(&mut checks, self.kind, self.month, self.round_id, self.checkup_id);
        checks.finish(cause.map(|cause| NewInterview { kind: self.kind, cause, wish: None }))
    }
}

impl BookingBody {
    /// Reads the body; whether it lies ahead is known when it is written.
    pub(crate) fn checked(self) -> Result<BookingTerms, Problem> {
        let mut checks = Checks::new();
        let place = checks.field("/place", MeetingPlace::parse(&self.place));
        let (starts_at, minutes, with) = (self.starts_at, self.minutes, self.with_account_id);
        checks.finish(place.map(|place| BookingTerms { starts_at, minutes, place, with, slot: None }))
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

impl DeclineBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<Option<Remark>, Problem> {
        let mut checks = Checks::new();
        let reason = read_remark(&mut checks, "/reason", self.reason.as_deref());
        checks.finish(Some(reason))
    }
}

impl ReportBody {
    /// Reads the body; what is wrong with it beyond its own fields is known when the interview is.
    pub(crate) fn checked(self) -> Result<ReportTerms, Problem> {
        let mut checks = Checks::new();
        let opinion = OpinionTerms {
            category: self.category,
            measures: read_measures(&mut checks, self.measures),
            from: self.from,
            until: self.until,
            review_on: self.review_on,
            words: read_remark(&mut checks, "/words", self.words.as_deref()),
            for_workplace: read_remark(&mut checks, "/for_workplace", self.for_workplace.as_deref()),
        };
        checks.finish(Some(ReportTerms { guidance: self.guidance, opinion, agreed_on: self.agreed_on }))
    }
}

impl NoteBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<NoteText, Problem> {
        let mut checks = Checks::new();
        let burden = read_remark(&mut checks, "/burden", self.burden.as_deref());
        let condition = read_remark(&mut checks, "/condition", self.condition.as_deref());
        let content = checks.field("/content", Remark::parse(&self.content));
        checks.finish(content.map(|content| NoteText { burden, condition, content }))
    }
}
