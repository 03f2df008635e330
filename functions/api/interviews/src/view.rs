//! Interviews as callers see them. What is shown here of an interview has no private note in it; notes are shown by [`NotesView`] alone.

use domain::{
    employee::PersonName,
    ids::{AccountId, CheckupId, EmployeeId, InterviewId, InterviewSlotId, StressRoundId},
    interview::{
        Booking, Conductor, Guidance, INTERVIEW_KINDS, InterviewCause, InterviewKind, InterviewReport, InterviewState,
        KindRow, MeetingPlace, OpinionRule, Term,
    },
    overwork::Confidence,
    remark::Remark,
    time::{Jst, Month},
};
use endpoint::{DecisionView, OpinionView};
use jiff::civil::Date;
use serde::Serialize;
use store::{Interview, InterviewNote, InterviewSaid, InterviewStep, Stored};
use utoipa::ToSchema;

/// The kinds of interviews.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewKindList)]
pub(crate) struct KindList {
    items: Vec<KindView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

impl KindList {
    /// All of them.
    pub(crate) fn all() -> Self {
        Self { items: INTERVIEW_KINDS.iter().map(KindView::of).collect(), next_cursor: None }
    }
}

/// A kind of interview.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewKindRow)]
struct KindView {
    /// 種類のキー。
    #[schema(example = "overwork")]
    kind: &'static str,
    /// 種類。
    #[schema(example = "長時間労働者への面接指導")]
    name: &'static str,
    /// 根拠。
    #[schema(example = "安衛法66条の8")]
    basis: &'static str,
    /// 保健師・看護師も実施できるかどうか。できない場合は医師だけが実施し、面談記録を読みます。
    by_nurse: bool,
    /// 事業者の担当者が、面談があることを知るかどうか。知らない種類は、本人が報告に同意するまで産業医と保健師・看護師だけが参照します。
    known_to_employer: bool,
    /// 本人がここから申し込めるかどうか。
    by_worker: bool,
    /// 医師の意見（`required`：法令により必要、`as_needed`：必要な場合、`with_consent`：本人の同意がある場合、`none`：なし）。
    #[schema(example = "required")]
    opinion: &'static str,
    /// 申出から面談までの期限。
    #[schema(example = "30日")]
    held_within: Option<String>,
    /// 面談から意見までの期限。
    #[schema(example = "30日")]
    opinion_within: Option<String>,
    /// 意見から事業者の決定までの期限。
    #[schema(example = "30日")]
    decision_within: Option<String>,
    /// 法定の保存期間（年）。
    #[schema(example = 5)]
    kept_years: Option<u8>,
    /// 期限の確度（`high`、`medium`、`low`）。
    #[schema(example = "high")]
    confidence: &'static str,
}

fn term(term: Term) -> String {
    match term {
        Term::Month => "1か月".to_owned(),
        Term::Days(days) => format!("{days}日"),
    }
}

impl KindView {
    fn of(row: &KindRow) -> Self {
        Self {
            kind: row.name,
            name: row.japanese,
            basis: row.basis,
            by_nurse: row.conductor == Conductor::PhysicianOrNurse,
            known_to_employer: row.known,
            by_worker: row.by_worker,
            opinion: match row.opinion {
                OpinionRule::ByLaw => "required",
                OpinionRule::AsNeeded => "as_needed",
                OpinionRule::WithConsent => "with_consent",
                OpinionRule::None => "none",
            },
            held_within: row.held_within.map(term),
            opinion_within: row.opinion_within.map(term),
            decision_within: row.decision_within.map(term),
            kept_years: row.record.map(|record| record.row().minimum_years),
            confidence: match row.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
        }
    }
}

/// A page of interviews.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewPage)]
pub(crate) struct InterviewPage {
    pub(crate) items: Vec<InterviewView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All interviews of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewList)]
pub(crate) struct InterviewList {
    pub(crate) items: Vec<InterviewView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// An interview. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Interview)]
pub(crate) struct InterviewView {
    /// 面談のID。
    #[schema(value_type = String, example = "int_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: InterviewId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 種類のキー。
    #[schema(value_type = String, example = "overwork")]
    kind: InterviewKind,
    /// 種類。
    #[schema(example = "長時間労働者への面接指導")]
    kind_name: &'static str,
    /// 長時間労働者への面接指導の場合、対象年月。
    #[schema(value_type = Option<String>, example = "2026-10")]
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<Month>,
    /// 高ストレス者への面接指導の場合、ストレスチェックの実施回のID。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    round_id: Option<StressRoundId>,
    /// 健康診断の事後面談と保健指導の場合、健康診断のID。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    checkup_id: Option<CheckupId>,
    /// 状態（`requested`：調整待ち、`booked`：予約済、`no_show`：欠席、`held`：実施済、`opinion_given`：事業者の決定待ち、`decided`：措置の実施中、`closed`：終了、`cancelled`：中止、`declined`：辞退）。
    #[schema(value_type = String, example = "booked")]
    state: InterviewState,
    /// 版（ETag と同じ）。
    #[schema(example = 2)]
    version: u64,
    /// 面談を実施する期限。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-28")]
    due_on: Option<Date>,
    /// 次に確認する日。予約済みの場合は面談の日、実施済みの場合は意見の期限、決定待ちの場合は決定の期限です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-10")]
    next_on: Option<Date>,
    /// 期限を過ぎているかどうか。
    overdue: bool,
    /// 予約。
    booking: Option<BookingView>,
    /// 実施日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-10")]
    held_on: Option<Date>,
    /// 実施した者の氏名。
    #[schema(value_type = Option<String>, example = "山田 一郎")]
    held_by: Option<PersonName>,
    /// 事業者への報告（意見）。
    report: Option<ReportView>,
    /// 事業者の決定。
    decision: Option<DecisionView>,
    /// 経過（古い順）。
    history: Vec<StepView>,
    /// 申出または登録の日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    created_at: Jst,
}

impl std::fmt::Debug for InterviewView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterviewView").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A time and a place.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewBooking)]
struct BookingView {
    /// 開始日時。
    #[schema(value_type = String, format = DateTime, example = "2026-12-10T14:00:00.000+09:00")]
    starts_at: Jst,
    /// 所要時間（分）。
    #[schema(example = 30)]
    minutes: u16,
    /// 場所、または会議のURL。
    #[schema(value_type = String, example = "本社3階 健康管理室")]
    place: MeetingPlace,
    /// 担当者のアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    with_account_id: Option<AccountId>,
    /// 予約枠から予約した場合、予約枠のID。
    #[schema(value_type = Option<String>, example = "slt_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_id: Option<InterviewSlotId>,
}

impl BookingView {
    fn of(booking: &Booking) -> Self {
        let terms = booking.terms();
        Self {
            starts_at: terms.starts_at,
            minutes: terms.minutes,
            place: terms.place.clone(),
            with_account_id: terms.with,
            slot_id: terms.slot,
        }
    }
}

/// A class of guidance.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewGuidance)]
struct GuidanceView {
    /// 指導区分のキー。
    #[schema(value_type = String, example = "observation")]
    kind: Guidance,
    /// 指導区分。
    #[schema(example = "要経過観察")]
    name: &'static str,
}

/// A report to the employer.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewReport)]
struct ReportView {
    /// 指導区分。空の場合は、指導を必要としません。
    guidance: Vec<GuidanceView>,
    /// 医師の意見。
    opinion: OpinionView,
    /// 事業者への報告に本人が同意した日。
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed_on: Option<Date>,
}

impl ReportView {
    fn of(report: &InterviewReport, physician: &PersonName, given_at: Jst) -> Self {
        let guidance = |class: &Guidance| GuidanceView { kind: *class, name: class.japanese() };
        Self {
            guidance: report.guidance().iter().map(guidance).collect(),
            opinion: OpinionView::of(report.opinion().terms(), physician, given_at),
            agreed_on: report.agreed_on(),
        }
    }
}

/// A step.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewStep)]
struct StepView {
    /// 日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    at: Jst,
    /// 操作したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 操作（`requested`：申出、`opened`：登録、`booked`：予約、`unbooked`：予約の取消し、`missed`：欠席、`held`：実施、`cancelled`：中止、`declined`：辞退、`opinion`：意見、`decision`：決定、`closed`：終了）。
    #[schema(example = "requested")]
    act: &'static str,
    /// 操作前の状態。
    #[schema(value_type = Option<String>, example = "requested")]
    from_state: Option<InterviewState>,
    /// 本人の希望。本人と、産業医・保健師・看護師だけに表示します。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<Remark>,
    /// 予約。
    #[serde(skip_serializing_if = "Option::is_none")]
    booking: Option<BookingView>,
    /// 事業者への報告（意見）。
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
    /// 決定。
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionView>,
    /// 理由。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Remark>,
}

impl StepView {
    fn of(step: &InterviewStep) -> Self {
        let view = |act| Self {
            at: step.at,
            account_id: step.by,
            act,
            from_state: step.from,
            wish: None,
            booking: None,
            report: None,
            decision: None,
            reason: None,
        };
        match &step.what {
            InterviewSaid::Requested { wish } => Self { wish: wish.clone(), ..view("requested") },
            InterviewSaid::Opened => view("opened"),
            InterviewSaid::Booked { booking } => Self { booking: Some(BookingView::of(booking)), ..view("booked") },
            InterviewSaid::Unbooked => view("unbooked"),
            InterviewSaid::Missed => view("missed"),
            InterviewSaid::Held => view("held"),
            InterviewSaid::Cancelled { reason } => Self { reason: Some(reason.clone()), ..view("cancelled") },
            InterviewSaid::Declined { reason } => Self { reason: reason.clone(), ..view("declined") },
            InterviewSaid::Opinion { report, physician } => {
                Self { report: Some(ReportView::of(report, physician, step.at)), ..view("opinion") }
            }
            InterviewSaid::Decision { decision } => {
                Self { decision: Some(DecisionView::of(decision.terms(), step.at)), ..view("decision") }
            }
            InterviewSaid::Closed { reason } => Self { reason: Some(reason.clone()), ..view("closed") },
        }
    }
}

impl InterviewView {
    /// An interview, as it stands on `today`.
    pub(crate) fn of(stored: &Stored<Interview>, today: Date) -> Self {
        let Stored { record: interview, version } = stored;
        let (mut month, mut round_id, mut checkup_id) = (None, None, None);
        match interview.cause {
            InterviewCause::WorkingMonth { month: of } => month = Some(of),
            InterviewCause::StressRound { round } => round_id = Some(round),
            InterviewCause::Checkup { checkup } => checkup_id = Some(checkup),
            InterviewCause::Absence | InterviewCause::OwnWish | InterviewCause::Manager => {}
        }
        let is_late = |day: Option<Date>| day.is_some_and(|day| day < today);
        let overdue = if interview.state.is_ahead() {
            is_late(interview.due_on)
        } else {
            matches!(interview.state, InterviewState::Held | InterviewState::OpinionGiven) && is_late(interview.next_on)
        };
        Self {
            id: interview.id,
            employee_id: interview.employee,
            kind: interview.kind,
            kind_name: interview.kind.row().japanese,
            month,
            round_id,
            checkup_id,
            state: interview.state,
            version: *version,
            due_on: interview.due_on,
            next_on: interview.next_on.filter(|day| *day < Date::MAX),
            overdue,
            booking: interview.booking.as_ref().map(BookingView::of),
            held_on: interview.held.as_ref().map(|held| held.on),
            held_by: interview.held.as_ref().map(|held| held.conductor.clone()),
            report: interview.report().map(|(report, physician, step)| ReportView::of(report, physician, step.at)),
            decision: interview.decision().map(|(decision, step)| DecisionView::of(decision.terms(), step.at)),
            history: interview.history.iter().map(StepView::of).collect(),
            created_at: interview.created_at,
        }
    }
}

/// The versions of a private note.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewNoteVersions)]
pub(crate) struct NotesView {
    /// 面談記録の版（新しい順）。
    versions: Vec<NoteView>,
}

/// A version of a private note.
#[derive(Serialize, ToSchema)]
#[schema(as = InterviewNote)]
pub(crate) struct NoteView {
    /// 版の番号。
    #[schema(example = 1)]
    number: u64,
    /// 記録したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 記録した者の氏名。
    #[schema(value_type = String, example = "山田 一郎")]
    author: PersonName,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-12-10T15:00:00.000+09:00")]
    at: Jst,
    /// 疲労の蓄積の状況、または心理的な負担の状況。
    #[schema(value_type = Option<String>)]
    burden: Option<Remark>,
    /// その他の心身の状況。
    #[schema(value_type = Option<String>)]
    condition: Option<Remark>,
    /// 面談の内容。
    #[schema(value_type = String, example = "業務量と睡眠について聞き取り、休養の取り方を助言した。")]
    content: Remark,
}

impl From<InterviewNote> for NoteView {
    fn from(note: InterviewNote) -> Self {
        Self {
            number: note.number,
            account_id: note.by,
            author: note.author,
            at: note.at,
            burden: note.text.burden,
            condition: note.text.condition,
            content: note.text.content,
        }
    }
}

impl From<Vec<InterviewNote>> for NotesView {
    fn from(notes: Vec<InterviewNote>) -> Self {
        Self { versions: notes.into_iter().map(NoteView::from).collect() }
    }
}
