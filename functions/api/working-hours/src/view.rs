//! Working hours as callers see them. What somebody may not see of a month, the store has left out.

use domain::{
    checkup::change::{ChangeReason, Note},
    decimal::Decimal,
    ids::{AccountId, EmployeeId, ImportId},
    overwork::{
        agreement::Warning,
        duty::{Asked, Stand, Task, WorkerKind},
        figure::{Average, Class, Line, Look, Worked},
        minutes::Minutes,
    },
    time::{Jst, Month},
};
use jiff::civil::Date;
use serde::Serialize;
use store::{Channel, MonthVersion, NoticeOfHours, Stored, WorkingMonth};
use utoipa::ToSchema;

/// A page of months.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingHoursPage)]
pub(crate) struct MonthPage {
    pub(crate) items: Vec<MonthView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All months of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingHoursList)]
pub(crate) struct MonthList {
    pub(crate) items: Vec<MonthView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// How many were told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HoursNotified)]
pub(crate) struct NotifiedView {
    /// 記録した件数。
    #[schema(example = 3)]
    pub(crate) notified: usize,
}

/// The hours of a month. Debug output shows none.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkedHours)]
pub(crate) struct WorkedView {
    /// 労働者の区分。
    #[schema(value_type = String, example = "ordinary")]
    kind: WorkerKind,
    /// 労働者の区分の名称。
    #[schema(example = "一般")]
    kind_name: &'static str,
    /// 期間の開始日。
    #[schema(value_type = String, format = Date, example = "2026-10-01")]
    from: Date,
    /// 期間の終了日。
    #[schema(value_type = String, format = Date, example = "2026-10-31")]
    to: Date,
    /// 暦日数。
    #[schema(example = 31)]
    days: i32,
    /// 実労働時間（時間、小数第2位まで）。
    #[schema(value_type = String, example = "260.00")]
    total_hours: Decimal,
    /// 実労働時間（分）。
    #[schema(value_type = String, example = "15600")]
    total_minutes: Decimal,
    /// 時間外労働時間（時間）。
    #[schema(value_type = Option<String>, example = "75.00")]
    overtime_hours: Option<Decimal>,
    /// 休日労働時間（時間）。
    #[schema(value_type = Option<String>, example = "8.00")]
    holiday_hours: Option<Decimal>,
    /// 深夜労働時間（時間）。
    #[schema(value_type = Option<String>, example = "6.25")]
    night_hours: Option<Decimal>,
}

impl WorkedView {
    fn of(worked: &Worked) -> Self {
        Self {
            kind: worked.kind,
            kind_name: worked.kind.row().japanese,
            from: worked.period.from(),
            to: worked.period.to(),
            days: worked.period.days(),
            total_hours: worked.total.in_hours(),
            total_minutes: worked.total.in_minutes(),
            overtime_hours: worked.overtime.map(Minutes::in_hours),
            holiday_hours: worked.holiday.map(Minutes::in_hours),
            night_hours: worked.night.map(Minutes::in_hours),
        }
    }
}

/// A month. Debug output shows no hours.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkingHours)]
pub(crate) struct MonthView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 対象年月。
    #[schema(value_type = String, example = "2026-10")]
    month: Month,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    #[serde(flatten)]
    worked: WorkedView,
    /// 健康管理のための時間外・休日労働時間（時間。総労働時間 − 暦日数 ÷ 7 × 40。0を下回ることがあります）。
    #[schema(value_type = String, example = "82.86")]
    excess_hours: Decimal,
    /// 区分（low：45時間以下、mid：45時間超80時間以下、high：80時間超）。
    #[schema(value_type = String, example = "high")]
    class: Class,
    /// 区分の名称。
    #[schema(example = "高")]
    class_name: &'static str,
    /// 超えている線。
    lines: Vec<LineView>,
    /// 2～6か月平均（その月を含む連続する月がそろっている場合）。
    averages: Vec<AverageView>,
    /// 年度の初めからの、健康管理のための時間外・休日労働時間の累計（時間）。
    #[schema(value_type = String, example = "312.45")]
    excess_hours_in_year: Decimal,
    /// 年度の初めからの時間外労働時間の累計（時間）。
    #[schema(value_type = String, example = "280.50")]
    overtime_hours_in_year: Decimal,
    /// 年度のうち、時間外労働が45時間を超えた月数。
    #[schema(example = 3)]
    months_over_45: u8,
    /// 36協定の限度・上限に関する警告（参考。給与計算の結果に代わるものではありません）。
    warnings: Vec<WarningView>,
    /// 法令に基づいて行うこと（参照できる場合）。
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<Vec<TaskView>>,
    /// 通知・情報提供の記録（参照できる場合、古い順）。
    #[serde(skip_serializing_if = "Option::is_none")]
    notices: Option<Vec<NoticeView>>,
    /// 経緯（import：取込、entry：登録、correction：訂正）。
    #[schema(value_type = String, example = "import")]
    reason: ChangeReason,
    /// 補足・訂正の理由（参照できる場合）。
    #[schema(value_type = Option<String>, example = "休日労働の申請漏れを反映")]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    /// 取込のID。
    #[schema(value_type = Option<String>, example = "imp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    import_id: Option<ImportId>,
    /// 記録した人のアカウント、またはAPIクライアントのID。
    #[schema(example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    written_by: Option<String>,
    /// 時間を記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-05T09:00:00.000+09:00")]
    written_at: Jst,
    /// 最初に登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-05T09:00:00.000+09:00")]
    created_at: Jst,
}

impl std::fmt::Debug for MonthView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MonthView").field("month", &self.month).finish_non_exhaustive()
    }
}

/// A line.
#[derive(Serialize, ToSchema)]
#[schema(as = OverworkLine)]
struct LineView {
    /// 線（`over45`・`over60`・`over80`・`over100`・`average_over80`）。
    #[schema(value_type = String, example = "over80")]
    line: Line,
    /// 線の名称。
    #[schema(example = "月80時間超")]
    name: &'static str,
    /// 意味。
    #[schema(example = "本人への通知、産業医への情報提供、申出による面接指導が必要です。")]
    follows: &'static str,
    /// 根拠。
    #[schema(example = "安衛則52条の2・52条の3・14条の2")]
    source: &'static str,
}

impl LineView {
    fn of(line: Line) -> Self {
        let row = line.row();
        Self { line, name: row.japanese, follows: row.follows, source: row.source }
    }
}

/// An average.
#[derive(Serialize, ToSchema)]
#[schema(as = OverworkAverage)]
struct AverageView {
    /// 月数。
    #[schema(example = 2)]
    months: u8,
    /// 平均（時間）。
    #[schema(value_type = String, example = "80.36")]
    hours: Decimal,
    /// 80時間を超えているかどうか（丸める前の値で判定します）。
    over_80: bool,
}

impl AverageView {
    fn of(average: &Average) -> Self {
        let over_80 = average.is_over(Line::AverageOver80.row().hours);
        Self { months: average.months, hours: average.in_hours(), over_80 }
    }
}

/// A warning.
#[derive(Serialize, ToSchema)]
#[schema(as = OvertimeWarning)]
struct WarningView {
    /// 種類。
    #[schema(value_type = String, example = "month_over45")]
    code: Warning,
    /// 内容。
    #[schema(example = "時間外労働が月45時間を超えています（限度時間）。")]
    detail: &'static str,
    /// 根拠。
    #[schema(example = "労基法36条4項")]
    source: &'static str,
}

impl WarningView {
    fn of(code: Warning) -> Self {
        Self { code, detail: code.row().japanese, source: code.row().source }
    }
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum TaskState {
    Open,
    Done,
    Lapsed,
    Excused,
}

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = OverworkTask)]
struct TaskView {
    /// 行うこと（`notify_worker`：本人への通知、`tell_physician`：産業医への情報提供、`accept_request`：申出の受付、interview：面接指導、opinion：意見聴取、measures：事後措置）。
    #[schema(value_type = String, example = "tell_physician")]
    task: Task,
    /// 行うことの名称。
    #[schema(example = "産業医への情報提供")]
    name: &'static str,
    /// 期限。
    #[schema(value_type = String, format = Date, example = "2026-11-14")]
    due_on: Date,
    /// 状態（open：未了、done：完了、lapsed：期間内に申出なし、excused：医師が不要と判断）。
    #[schema(value_type = String, example = "open")]
    state: TaskState,
    /// 完了した日、または不要と判断された日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-10")]
    done_on: Option<Date>,
    /// 期限を過ぎて未了かどうか。
    overdue: bool,
    /// 根拠。
    #[schema(example = "安衛則14条の2（速やかに：おおむね2週間以内）")]
    source: &'static str,
}

impl TaskView {
    fn of(asked: &Asked, today: Date) -> Self {
        let (state, done_on) = match asked.stand {
            Stand::Open => (TaskState::Open, None),
            Stand::Done(day) => (TaskState::Done, Some(day)),
            Stand::Lapsed => (TaskState::Lapsed, None),
            Stand::Excused(day) => (TaskState::Excused, Some(day)),
        };
        let row = asked.task.row();
        let overdue = asked.is_to_be_done() && asked.due_on < today;
        Self { task: asked.task, name: row.japanese, due_on: asked.due_on, state, done_on, overdue, source: row.source }
    }
}

/// A notice.
#[derive(Serialize, ToSchema)]
#[schema(as = HoursNotice)]
struct NoticeView {
    /// 行ったこと。
    #[schema(value_type = String, example = "notify_worker")]
    task: Task,
    /// 方法（mail・paper・`in_person`・`other_system`）。
    #[schema(value_type = String, example = "mail")]
    channel: Channel,
    /// 方法の名称。
    #[schema(example = "メール")]
    channel_name: &'static str,
    /// 行った日。
    #[schema(value_type = String, format = Date, example = "2026-11-05")]
    given_on: Date,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-05T10:00:00.000+09:00")]
    at: Jst,
    /// 行った人のアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 情報を提供した産業医のアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c")]
    physician_id: Option<AccountId>,
    /// 文面の版（メールの場合）。
    #[schema(example = "something_to_read/1")]
    text_version: Option<String>,
}

impl NoticeView {
    fn of(notice: &NoticeOfHours) -> Self {
        Self {
            task: notice.task,
            channel: notice.channel,
            channel_name: notice.channel.japanese(),
            given_on: notice.given_on,
            at: notice.at,
            account_id: notice.by,
            physician_id: notice.physician,
            text_version: notice.text.clone(),
        }
    }
}

impl MonthView {
    /// A month, as it stands on `today`.
    pub(crate) fn of(stored: &Stored<WorkingMonth>, today: Date) -> Self {
        let Stored { record: month, version } = stored;
        let Look { excess, averages, class, lines, excess_in_year, overtime_in_year, months_over_45, warnings } =
            &month.look;
        Self {
            employee_id: month.employee,
            month: month.month,
            version: *version,
            worked: WorkedView::of(&month.worked),
            excess_hours: excess.in_hours(),
            class: *class,
            class_name: class.japanese(),
            lines: lines.iter().copied().map(LineView::of).collect(),
            averages: averages.iter().map(AverageView::of).collect(),
            excess_hours_in_year: excess_in_year.in_hours(),
            overtime_hours_in_year: overtime_in_year.in_hours(),
            months_over_45: *months_over_45,
            warnings: warnings.iter().copied().map(WarningView::of).collect(),
            tasks: month.asked.as_ref().map(|all| all.iter().map(|asked| TaskView::of(asked, today)).collect()),
            notices: month.notices.as_ref().map(|all| all.iter().map(NoticeView::of).collect()),
            reason: month.reason,
            note: month.note.clone(),
            import_id: month.import,
            written_by: month.written_by.clone(),
            written_at: month.written_at,
            created_at: month.created_at,
        }
    }
}

/// All versions of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingHoursHistory)]
pub(crate) struct HistoryView {
    items: Vec<VersionView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// One version. Debug output shows no hours.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkingHoursVersion)]
struct VersionView {
    /// 版（その時点の ETag）。
    #[schema(example = 2)]
    version: u64,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-06T10:15:00.000+09:00")]
    at: Jst,
    /// 記録した人のアカウント、またはAPIクライアントのID。
    #[schema(example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    written_by: Option<String>,
    /// 経緯（import：取込、entry：登録、correction：訂正）。
    #[schema(value_type = String, example = "correction")]
    reason: ChangeReason,
    /// 経緯の名称。
    #[schema(example = "訂正")]
    reason_name: &'static str,
    /// 補足・訂正の理由。
    #[schema(value_type = Option<String>, example = "休日労働の申請漏れを反映")]
    note: Option<Note>,
    /// 取込のID。
    #[schema(value_type = Option<String>, example = "imp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    import_id: Option<ImportId>,
    #[serde(flatten)]
    worked: WorkedView,
}

impl std::fmt::Debug for VersionView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VersionView").field("version", &self.version).finish_non_exhaustive()
    }
}

impl HistoryView {
    /// Versions, the newest first.
    pub(crate) fn of(versions: Vec<MonthVersion>) -> Self {
        let version = |version: MonthVersion| VersionView {
            version: version.version,
            at: version.at,
            written_by: version.by,
            reason: version.reason,
            reason_name: version.reason.japanese(),
            note: version.note,
            import_id: version.import,
            worked: WorkedView::of(&version.worked),
        };
        Self { items: versions.into_iter().map(version).collect(), next_cursor: None }
    }
}
