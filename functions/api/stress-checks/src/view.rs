//! What is shown. What somebody may not see of it, the store has not given.

use domain::{
    ids::{AccountId, EmployeeId, StressRoundId},
    notice::{NoticeText, NoticeTitle},
    remark::Remark,
    stress::{
        advice::advice,
        profile::{Group, lines},
        questionnaire::Questionnaire,
        round::{Appointment, Duty, Qualification, RoundState},
        scales::{Columns, Scale},
        scoring::{Method, Score, Verdict},
        sharing::{CONSENT_TEXT, CONSENT_VERSION, REQUEST_TEXT},
        targets::TargetRule,
    },
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{
    AnswersState, AnswersWay, Attended, InterviewRequest, OwnStressCheck, OwnStressResult, Selected, SharedHead,
    SharedResult, Signed, Stored, StressAnswers, StressResult, StressRound,
};
use utoipa::ToSchema;

/// A page of rounds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressRoundPage)]
pub(crate) struct RoundPage {
    pub(crate) items: Vec<RoundView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A round.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressRound)]
pub(crate) struct RoundView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: StressRoundId,
    /// 版（ETag と同じ）。
    #[schema(example = 3)]
    version: u64,
    /// 名称。
    #[schema(value_type = String, example = "2027年度ストレスチェック")]
    title: NoticeTitle,
    /// 状態（`drafted`：計画中、`opened`：受付中、`closed`：締切済み、`archived`：保管）。
    #[schema(value_type = String, example = "opened")]
    state: RoundState,
    /// 実施期間の開始日。
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    opens_on: Date,
    /// 実施期間の終了日。
    #[schema(value_type = String, format = Date, example = "2027-10-29")]
    closes_on: Date,
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 選定方法。
    #[schema(value_type = String, example = "sum")]
    method: Method,
    /// 選定の基準値。
    cut_offs: CutOffsView,
    /// 基準値を標準から変えた理由。
    #[schema(value_type = Option<String>)]
    cut_off_reason: Option<Remark>,
    /// 性別が男女以外の者に用いる素点換算表。
    #[schema(value_type = String, example = "male")]
    other_sex_columns: Columns,
    /// 対象者の条件。
    targets: TargetsView,
    /// 衛生委員会で審議した日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-08-20")]
    decided_on: Option<Date>,
    /// 対象者へのお知らせ。
    #[schema(value_type = Option<String>, example = "回答は任意です。")]
    announcement: Option<NoticeText>,
    /// 自動で再通知する間隔（日数）。
    #[schema(example = 7)]
    remind_every: Option<u8>,
    /// 最後に手動で再通知を指示した日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-10-20")]
    reminded_on: Option<Date>,
    /// 実施者・実施事務従事者（任を解かれた者を含みます）。
    appointments: Vec<AppointmentView>,
    /// 共用端末での受付を、現在の受付コードで開始した日時。受付していない場合は null です。
    #[schema(value_type = Option<String>, format = DateTime)]
    kiosk_since: Option<Jst>,
    /// 開始した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    opened_at: Option<Jst>,
    /// 締め切った日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Jst>,
    /// 面接指導の要否を確定した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    signed_at: Option<Jst>,
    /// 確定した実施者。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    signed_by: Option<AccountId>,
    /// 保管に移した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Jst>,
    /// 保存期間を過ぎた回答の削除を始めた日時。結果・同意・受検の有無・作成済みの集団分析は残ります。
    #[schema(value_type = Option<String>, format = DateTime)]
    answers_deleted_at: Option<Jst>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
}

/// Where high stress begins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressCutOffsView)]
struct CutOffsView {
    #[schema(example = 77)]
    reactions: u16,
    #[schema(example = 63)]
    reactions_with_causes: u16,
    #[schema(example = 76)]
    causes: u16,
}

/// Whom a round is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressTargetsView)]
struct TargetsView {
    /// 基準日。
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    as_of: Date,
    #[schema(example = json!([]))]
    workplace_ids: Vec<String>,
    #[schema(example = json!([]))]
    label_ids: Vec<String>,
    #[schema(example = json!(["アルバイト"]))]
    employment_types_left_out: Vec<String>,
    on_leave: bool,
    seconded: bool,
    by_hand: Vec<ByHandView>,
}

/// Somebody who is added or left out by hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressTargetByHandView)]
struct ByHandView {
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    included: bool,
    #[schema(value_type = String)]
    reason: Remark,
}

/// Somebody who carries a round out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressAppointment)]
struct AppointmentView {
    /// アカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 役割。
    #[schema(value_type = String, example = "implementer")]
    duty: Duty,
    /// 資格。
    #[schema(value_type = Option<String>, example = "industrial_physician")]
    qualification: Option<Qualification>,
    #[schema(value_type = String, format = DateTime)]
    appointed_at: Jst,
    /// 守秘を誓約した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    pledged_at: Option<Jst>,
    /// 任を解かれた日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Jst>,
}

impl TargetsView {
    fn of(rule: &TargetRule) -> Self {
        let by_hand = rule.by_hand.iter().map(|it| ByHandView {
            employee_id: it.employee,
            included: it.included,
            reason: it.reason.clone(),
        });
        Self {
            as_of: rule.as_of,
            workplace_ids: rule.workplaces.iter().map(ToString::to_string).collect(),
            label_ids: rule.labels.iter().map(ToString::to_string).collect(),
            employment_types_left_out: rule.employment_types_left_out.iter().map(|it| it.as_str().to_owned()).collect(),
            on_leave: rule.on_leave,
            seconded: rule.seconded,
            by_hand: by_hand.collect(),
        }
    }
}

impl From<&Appointment> for AppointmentView {
    fn from(it: &Appointment) -> Self {
        Self {
            account_id: it.account,
            duty: it.duty,
            qualification: it.qualification,
            appointed_at: it.appointed_at,
            pledged_at: it.pledged_at,
            ended_at: it.ended_at,
        }
    }
}

impl RoundView {
    /// The view.
    pub(crate) fn of(stored: &Stored<StressRound>) -> Self {
        let Stored { record: round, version } = stored;
        let (plan, criteria) = (&round.plan, &round.plan.criteria);
        let cut_offs = criteria.cut_offs();
        Self {
            id: round.id,
            version: *version,
            title: plan.title.clone(),
            state: round.state,
            opens_on: round.period.opens_on,
            closes_on: round.period.closes_on,
            questionnaire: criteria.questionnaire(),
            method: criteria.method(),
            cut_offs: CutOffsView {
                reactions: cut_offs.reactions,
                reactions_with_causes: cut_offs.reactions_with_causes,
                causes: cut_offs.causes,
            },
            cut_off_reason: criteria.reason().cloned(),
            other_sex_columns: criteria.other_sex(),
            targets: TargetsView::of(&plan.targets),
            decided_on: plan.decided_on,
            announcement: plan.announcement.clone(),
            remind_every: plan.remind_every,
            reminded_on: round.remind_on,
            appointments: round.appointments.iter().map(AppointmentView::from).collect(),
            kiosk_since: round.kiosk_since,
            opened_at: round.opened_at,
            closed_at: round.closed_at,
            signed_at: round.signed_at,
            signed_by: round.signed_by,
            archived_at: round.archived_at,
            answers_deleted_at: round.answers_deleted_at,
            created_at: round.created_at,
            updated_at: round.updated_at,
        }
    }
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressAttendancePage)]
pub(crate) struct AttendancePage {
    pub(crate) items: Vec<TargetView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// Whether somebody has answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressAttendance)]
pub(crate) struct TargetView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    pub(crate) employee_id: EmployeeId,
    /// 状態（`answered`：回答済み、`not_answered`：未回答、`left_out`：対象外）。
    #[schema(value_type = String, example = "answered")]
    pub(crate) state: Attended,
    /// 対象外の理由（`not_hired_yet`：基準日より後に入社、`has_left`：退職、`on_leave`：休職、`seconded`：出向、`employment_type`：雇用形態、`workplace`：事業場、`label`：ラベル、`by_hand`：個別の除外）。
    #[schema(example = "on_leave")]
    pub(crate) left_out: Option<&'static str>,
}

/// One's own rounds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnStressCheckList)]
pub(crate) struct OwnCheckList {
    pub(crate) items: Vec<OwnCheckView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// A round, as its examinee sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnStressCheck)]
pub(crate) struct OwnCheckView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: StressRoundId,
    /// 名称。
    #[schema(example = "2027年度ストレスチェック")]
    title: String,
    /// お知らせ。
    #[schema(example = "回答は任意です。")]
    announcement: Option<String>,
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 実施回の状態。
    #[schema(value_type = String, example = "opened")]
    state: RoundState,
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    opens_on: Date,
    #[schema(value_type = String, format = Date, example = "2027-10-29")]
    closes_on: Date,
    /// 今日、回答できるかどうか。回答は任意です。
    open: bool,
    /// 自分の回答の状態（`draft`：途中まで保存、`submitted`：提出済み。まだの場合は null）。
    #[schema(value_type = Option<String>, example = "draft")]
    answers: Option<AnswersState>,
    /// 結果を確認できるかどうか。
    result_ready: bool,
}

impl OwnCheckView {
    /// The view.
    pub(crate) fn of(own: &OwnStressCheck) -> Self {
        Self {
            round_id: own.round,
            title: own.title.clone(),
            announcement: own.announcement.clone(),
            questionnaire: own.questionnaire,
            state: own.state,
            opens_on: own.period.opens_on,
            closes_on: own.period.closes_on,
            open: own.open,
            answers: own.answers,
            result_ready: own.result_ready,
        }
    }
}

/// Answers. Debug output shows none.
#[derive(Serialize, ToSchema)]
#[schema(as = StressAnswers)]
pub(crate) struct AnswersView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: StressRoundId,
    /// 版（ETag と同じ）。
    #[schema(example = 2)]
    version: u64,
    /// 状態（`draft`：途中まで保存、`submitted`：提出済み。まだの場合は null）。
    #[schema(value_type = Option<String>, example = "draft")]
    state: Option<AnswersState>,
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 回答。
    #[schema(example = json!([{ "item": 1, "choice": 2 }]))]
    answers: Vec<AnswerView>,
    /// まだ回答していない設問の番号（回答が削除された後は空です）。
    #[schema(example = json!([2, 3]))]
    open_items: Vec<u8>,
    /// 最後の回答方法（`screen`：本人の画面、`kiosk`：共用端末、`file`：紙の調査票などの取込。まだの場合は null）。
    #[schema(example = "screen")]
    way: Option<&'static str>,
    /// 提出した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Jst>,
    /// 保存期間を過ぎたため、回答が削除された日時。削除された後は answers が空になり、状態と提出日時だけが残ります。
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Jst>,
}

/// One answer.
#[derive(Serialize, ToSchema)]
#[schema(as = StressAnswer)]
struct AnswerView {
    item: u8,
    choice: u8,
}

impl AnswersView {
    /// The view.
    pub(crate) fn of(stored: &Stored<StressAnswers>) -> Self {
        let answers = &stored.record.answers;
        let given = |item: &u8| answers.get(*item).map(|choice| AnswerView { item: *item, choice: choice.code() });
        Self {
            round_id: stored.record.round,
            version: stored.version,
            state: stored.record.state,
            questionnaire: answers.questionnaire(),
            answers: answers.questionnaire().numbers().iter().filter_map(given).collect(),
            open_items: answers.open().filter(|_| stored.record.deleted_at.is_none()).collect(),
            way: stored.record.way.map(AnswersWay::name),
            submitted_at: stored.record.submitted_at,
            deleted_at: stored.record.deleted_at,
        }
    }
}

/// What answers come to. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = StressScore)]
pub(crate) struct ScoreView {
    /// 判定（`not_high`：該当しない、`reactions`：心身の反応により高ストレスに該当、`reactions_with_causes`：心身の反応と仕事の要因・サポートにより高ストレスに該当）。
    #[schema(value_type = String, example = "not_high")]
    verdict: Verdict,
    /// 高ストレスに該当するか。
    #[schema(example = false)]
    high: bool,
    /// 合計点数（A：仕事の要因、B：心身の反応、C：周囲のサポート。高いほどストレスが高い）。
    sums: SumsView,
    /// 評価点の合計（低いほどストレスが高い）。簡略版では null です。
    grade_sums: Option<GradeSumsView>,
    /// 用いた素点換算表。
    #[schema(value_type = String, example = "male")]
    columns: Columns,
    /// 尺度ごとのプロフィール。
    scales: Vec<ScaleView>,
}

/// Sums of answers.
#[derive(Serialize, ToSchema)]
#[schema(as = StressSums)]
struct SumsView {
    #[schema(example = 40)]
    a: u16,
    #[schema(example = 52)]
    b: u16,
    #[schema(example = 20)]
    c: u16,
}

/// Sums of grades.
#[derive(Serialize, ToSchema)]
#[schema(as = StressGradeSums)]
struct GradeSumsView {
    #[schema(example = 20)]
    reactions: u16,
    #[schema(example = 38)]
    causes: u16,
}

/// One scale.
#[derive(Serialize, ToSchema)]
#[schema(as = StressScale)]
struct ScaleView {
    #[schema(value_type = String, example = "quantity")]
    scale: Scale,
    #[schema(example = "心理的な仕事の負担（量）")]
    name: &'static str,
    /// まとまり（`causes`、`reactions`、`support`）。
    #[schema(value_type = String, example = "causes")]
    group: Group,
    /// 素点。
    #[schema(example = 8)]
    raw: u8,
    /// 評価点（1：ストレスが高い ～ 5：良好）。
    #[schema(example = 3)]
    grade: u8,
    /// 程度。
    #[schema(example = "普通")]
    level: &'static str,
}

impl ScoreView {
    fn of(score: &Score) -> Self {
        let scale = |line: domain::stress::profile::Line| ScaleView {
            scale: line.scale,
            name: line.scale.japanese(),
            group: line.group,
            raw: line.raw,
            grade: line.grade,
            level: line.level,
        };
        let sums =
            |it: domain::stress::scoring::GradeSums| GradeSumsView { reactions: it.reactions, causes: it.causes };
        Self {
            verdict: score.verdict,
            high: score.verdict.is_high(),
            sums: SumsView { a: score.sums.a, b: score.sums.b, c: score.sums.c },
            grade_sums: score.grade_sums.map(sums),
            columns: score.columns,
            scales: lines(score).map(scale).collect(),
        }
    }
}

/// One's own result. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnStressResult)]
pub(crate) struct OwnResultView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: StressRoundId,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    /// 結果。回答が足りず判定できない場合は null です。
    score: Option<ScoreView>,
    /// 判定に足りない回答の数。
    #[schema(example = 0)]
    missing: u8,
    /// 面接指導が必要とされたか。
    #[schema(example = false)]
    needs_interview: bool,
    /// 助言。
    advice: Option<AdviceView>,
    /// 事業者への提供。
    sharing: SharingView,
}

/// Advice.
#[derive(Serialize, ToSchema)]
#[schema(as = StressAdvice)]
struct AdviceView {
    /// 全体について。
    opening: &'static str,
    /// 気になる尺度について。
    points: Vec<PointView>,
    /// 全員への案内。
    closing: &'static str,
}

/// Advice on a scale.
#[derive(Serialize, ToSchema)]
#[schema(as = StressAdvicePoint)]
struct PointView {
    #[schema(value_type = String, example = "fatigue")]
    scale: Scale,
    #[schema(example = "疲労感")]
    name: &'static str,
    text: &'static str,
}

/// How a result stands towards the employer.
#[derive(Serialize, ToSchema)]
#[schema(as = StressSharing)]
struct SharingView {
    /// 同意した日時。同意していない場合は null です。
    #[schema(value_type = Option<String>, format = DateTime)]
    consented_at: Option<Jst>,
    /// 面接指導を申し出た日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    requested_at: Option<Jst>,
    /// 事業者が結果を確認した日時。確認後は取り消せません。
    #[schema(value_type = Option<String>, format = DateTime)]
    provided_at: Option<Jst>,
    /// 面接指導が必要とされた場合に、申し出る目安の期限（通知から1か月）。
    #[schema(value_type = Option<String>, format = Date, example = "2027-12-15")]
    ask_by: Option<Date>,
    /// 面接指導の期限（申出から1か月）。
    #[schema(value_type = Option<String>, format = Date, example = "2028-01-10")]
    interview_by: Option<Date>,
    /// 手続きが終了しているか。
    over: bool,
    /// 同意文の版。
    #[schema(example = "2026-11")]
    consent_version: &'static str,
    /// 同意文。
    consent_text: &'static str,
    /// 面接指導の申出についての説明。
    request_text: &'static str,
}

impl OwnResultView {
    /// The view.
    pub(crate) fn of(stored: &Stored<OwnStressResult>) -> Self {
        let Stored { record: own, version } = stored;
        let point = |(scale, text): (Scale, &'static str)| PointView { scale, name: scale.japanese(), text };
        let told = |score: &Score| {
            let advice = advice(score);
            let points = advice.points.into_iter().map(point).collect();
            AdviceView { opening: advice.opening, points, closing: advice.closing }
        };
        let needs_interview = own.result.needs_interview();
        Self {
            round_id: own.result.round,
            version: *version,
            score: own.result.score.as_ref().map(ScoreView::of),
            missing: own.result.missing,
            needs_interview,
            advice: own.result.score.as_ref().map(told),
            sharing: SharingView {
                consented_at: own.sharing.consented_at,
                requested_at: own.sharing.requested_at,
                provided_at: own.sharing.used_at,
                ask_by: needs_interview.then_some(own.ask_by),
                interview_by: own.interview_by,
                over: own.over,
                consent_version: CONSENT_VERSION,
                consent_text: CONSENT_TEXT,
                request_text: REQUEST_TEXT,
            },
        }
    }
}

/// A page of results.
#[derive(Serialize, ToSchema)]
#[schema(as = StressResultPage)]
pub(crate) struct ResultPage {
    pub(crate) items: Vec<ResultView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A result, for whoever carries the round out.
#[derive(Serialize, ToSchema)]
#[schema(as = StressResult)]
pub(crate) struct ResultView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    /// 結果。回答が足りず判定できない場合は null です。
    score: Option<ScoreView>,
    /// 判定に足りない回答の数。
    #[schema(example = 0)]
    missing: u8,
    /// 面接指導の要否。
    #[schema(example = false)]
    needs_interview: bool,
    /// 実施者の判断（基準による選定と別に判断した場合）。
    decision: Option<DecisionView>,
    /// 提出された日時。
    #[schema(value_type = String, format = DateTime)]
    answered_at: Jst,
}

/// What an implementer decided.
#[derive(Serialize, ToSchema)]
#[schema(as = StressDecision)]
struct DecisionView {
    needs_interview: bool,
    #[schema(value_type = String)]
    reason: Remark,
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
}

impl ResultView {
    /// The view.
    pub(crate) fn of(stored: &Stored<StressResult>) -> Self {
        let Stored { record: result, version } = stored;
        let decision = result.decision.as_ref().map(|it| DecisionView {
            needs_interview: it.needs_interview,
            reason: it.reason.clone(),
            by: it.by,
            at: it.at,
        });
        Self {
            employee_id: result.employee,
            version: *version,
            score: result.score.as_ref().map(ScoreView::of),
            missing: result.missing,
            needs_interview: result.needs_interview(),
            decision,
            answered_at: result.answered_at,
        }
    }
}

/// The selection as a whole.
#[derive(Serialize, ToSchema)]
#[schema(as = StressSelection)]
pub(crate) struct SelectionView {
    /// 判定できた人数。
    #[schema(example = 120)]
    scored: u64,
    /// 回答が足りず判定できない人数。
    #[schema(example = 2)]
    not_scored: u64,
    /// 基準により高ストレスに該当する人数。
    #[schema(example = 11)]
    high: u64,
    /// 面接指導が必要な人数。
    #[schema(example = 12)]
    interviews: u64,
    /// 実施者が個別に判断した人数。
    #[schema(example = 1)]
    decided: u64,
    /// 確定した実施者。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    signed_by: Option<AccountId>,
    /// 確定した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    signed_at: Option<Jst>,
}

impl SelectionView {
    /// The view.
    pub(crate) fn of(selected: Selected, signed: Option<&Signed>) -> Self {
        Self {
            scored: selected.scored,
            not_scored: selected.not_scored,
            high: selected.high,
            interviews: selected.interviews,
            decided: selected.decided,
            signed_by: signed.map(|signed| signed.by),
            signed_at: signed.map(|signed| signed.at),
        }
    }
}

/// A page of those who have shared a result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedStressResultPage)]
pub(crate) struct SharedPage {
    pub(crate) items: Vec<SharedView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// That somebody has shared a result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedStressResultHead)]
pub(crate) struct SharedView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 同意した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    consented_at: Option<Jst>,
    /// 面接指導を申し出た日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    requested_at: Option<Jst>,
}

impl SharedView {
    /// The view.
    pub(crate) fn of(head: &SharedHead) -> Self {
        Self { employee_id: head.employee, consented_at: head.consented_at, requested_at: head.requested_at }
    }
}

/// A result that was shared.
#[derive(Serialize, ToSchema)]
#[schema(as = SharedStressResult)]
pub(crate) struct SharedResultView {
    #[serde(flatten)]
    head: SharedView,
    /// 結果。回答が足りず判定できない場合は null です。
    score: Option<ScoreView>,
    /// 面接指導の要否。
    #[schema(example = true)]
    needs_interview: bool,
}

impl SharedResultView {
    /// The view.
    pub(crate) fn of(shared: &SharedResult) -> Self {
        Self {
            head: SharedView::of(&shared.head),
            score: shared.result.score.as_ref().map(ScoreView::of),
            needs_interview: shared.result.needs_interview(),
        }
    }
}

/// A page of requests.
#[derive(Serialize, ToSchema)]
#[schema(as = StressInterviewRequestPage)]
pub(crate) struct RequestPage {
    pub(crate) items: Vec<RequestView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A request for an interview.
#[derive(Serialize, ToSchema)]
#[schema(as = StressInterviewRequest)]
pub(crate) struct RequestView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 申し出た日時。
    #[schema(value_type = String, format = DateTime)]
    requested_at: Jst,
    /// 面接指導の期限（申出から1か月）。
    #[schema(value_type = String, format = Date, example = "2028-01-10")]
    interview_by: Date,
    /// 期限を過ぎているか。
    overdue: bool,
    /// 本人の希望。
    #[schema(value_type = Option<String>, example = "平日の午後、オンラインを希望します。")]
    wish: Option<Remark>,
}

impl RequestView {
    /// The view.
    pub(crate) fn of(request: &InterviewRequest, today: Date) -> Self {
        Self {
            employee_id: request.employee,
            requested_at: request.requested_at,
            interview_by: request.interview_by,
            overdue: request.interview_by < today,
            wish: request.wish.clone(),
        }
    }
}
