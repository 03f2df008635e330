//! What is sent to working hours, and what is wrong with it.

use domain::{
    checkup::change::Note,
    ids::{AccountId, EmployeeId},
    overwork::{
        duty::{Task, WorkerKind},
        figure::WorkedFault,
        minutes::{Minutes, MinutesFault, Unit},
        period::Period,
    },
    time::Month,
};
use endpoint::{Checks, Fault, Problem};
use jiff::civil::Date;
use serde::Deserialize;
use store::{Channel, HoursEntry, MOST_NOTIFIED, NotNotified, Notified};
use utoipa::ToSchema;

/// A month.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkingHoursBody)]
pub(crate) struct MonthBody {
    /// 対象年月（YYYY-MM）。
    #[schema(value_type = String, example = "2026-10")]
    month: Month,
    /// 実労働時間（所定・時間外・休日のすべて。休憩を除く）。
    #[schema(example = "210:30")]
    total: String,
    /// 時間外労働時間（給与計算上の時間）。
    #[schema(example = "42.5")]
    overtime: Option<String>,
    /// 法定休日労働時間。
    #[schema(example = "8:00")]
    holiday: Option<String>,
    /// 深夜労働時間。
    #[schema(example = "6.25")]
    night: Option<String>,
    /// 労働者の区分（`ordinary`：一般、`manager`：管理監督者、`discretionary`：裁量労働・みなし労働、`research`：研究開発業務、`professional`：高度プロフェッショナル）。省略すると一般です。
    #[schema(value_type = Option<String>, example = "ordinary")]
    kind: Option<WorkerKind>,
    /// 期間の開始日。終了日とあわせて指定します。省略すると締日の設定に従います。
    #[schema(value_type = Option<String>, format = Date, example = "2026-09-21")]
    from: Option<Date>,
    /// 期間の終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-10-20")]
    to: Option<Date>,
    /// 補足（改行を含まない200文字以内）。
    #[schema(example = "勤怠システムの集計から転記")]
    note: Option<String>,
}

/// A month as it is corrected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkingHoursCorrectionBody)]
pub(crate) struct CorrectionBody {
    /// 実労働時間（所定・時間外・休日のすべて。休憩を除く）。
    #[schema(example = "205:15")]
    total: String,
    /// 時間外労働時間（給与計算上の時間）。
    #[schema(example = "40.25")]
    overtime: Option<String>,
    /// 法定休日労働時間。
    #[schema(example = "8:00")]
    holiday: Option<String>,
    /// 深夜労働時間。
    #[schema(example = "6.25")]
    night: Option<String>,
    /// 労働者の区分。省略すると一般です。
    #[schema(value_type = Option<String>, example = "ordinary")]
    kind: Option<WorkerKind>,
    /// 期間の開始日。終了日とあわせて指定します。
    #[schema(value_type = Option<String>, format = Date, example = "2026-09-21")]
    from: Option<Date>,
    /// 期間の終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-10-20")]
    to: Option<Date>,
    /// 訂正の理由（改行を含まない200文字以内）。
    #[schema(example = "休日労働の申請漏れを反映")]
    reason: String,
}

/// Whom to tell, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HoursNoticesBody)]
pub(crate) struct NoticesBody {
    /// 行うこと（`notify_worker`：本人への通知、`tell_physician`：産業医への情報提供）。
    #[schema(value_type = String, example = "notify_worker")]
    task: Task,
    /// 方法（`mail`：このサービスのメール、`paper`：書面、`in_person`：口頭、`other_system`：他のシステム）。
    #[schema(value_type = String, example = "mail")]
    channel: Channel,
    /// 行った日。方法がメールの場合は指定できません（今日になります）。
    #[schema(value_type = Option<String>, format = Date)]
    given_on: Option<Date>,
    /// 情報を提供する産業医のアカウントのID（`tell_physician` の場合は必須）。
    #[schema(value_type = Option<String>)]
    physician_id: Option<AccountId>,
    /// 対象の従業員と年月（1～30件）。
    #[schema(example = json!([{ "employee_id": "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "month": "2026-10" }]))]
    months: Vec<NotifiedMonth>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NotifiedMonth {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 対象年月。
    #[schema(value_type = String, example = "2026-10")]
    month: Month,
}

/// The hours of a body.
struct Lengths<'a> {
    total: &'a str,
    overtime: Option<&'a str>,
    holiday: Option<&'a str>,
    night: Option<&'a str>,
    period: (Option<Date>, Option<Date>),
    kind: Option<WorkerKind>,
}

impl Lengths<'_> {
    /// Reads them; notes everything that is wrong.
    fn read(&self, checks: &mut Checks, note: Option<Note>) -> Option<HoursEntry> {
        let total = length(checks, "/total", self.total);
        let mut optional = |at: &str, text: Option<&str>| text.and_then(|text| length(checks, at, text));
        let overtime = optional("/overtime", self.overtime);
        let holiday = optional("/holiday", self.holiday);
        let night = optional("/night", self.night);
        let period = match self.period {
            (None, None) => None,
            (from, to) => {
                let period = from.zip(to).and_then(|(from, to)| Period::new(from, to));
                if period.is_none() {
                    let detail = "期間は、開始日と終了日の両方を、62日以内で指定してください。";
                    checks.fault("/from", "period_invalid", detail);
                }
                period
            }
        };
        let kind = self.kind.unwrap_or_default();
        Some(HoursEntry { kind, period, total: total?, overtime, holiday, night, note })
    }
}

fn length(checks: &mut Checks, pointer: &str, text: &str) -> Option<Minutes> {
    let (code, detail) = match Minutes::parse(text, Unit::Hours) {
        Ok(length) => return Some(length),
        Err(MinutesFault::NotATime) => {
            ("hours_unreadable", "「163.68」「163:41」「9821分」のいずれかの形で指定してください。")
        }
        Err(MinutesFault::TooFine) => {
            ("hours_too_fine", "小数は、時間では第4位まで、分では第2位までで指定してください。")
        }
        Err(MinutesFault::TooLong) => ("out_of_range", "時間が長すぎます。単位を確かめてください。"),
    };
    checks.fault(pointer, code, detail);
    None
}

impl MonthBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(Month, HoursEntry), Problem> {
        let mut checks = Checks::new();
        let note = checks.optional("/note", self.note.as_deref().map(Note::parse));
        let lengths = Lengths {
            total: &self.total,
            overtime: self.overtime.as_deref(),
            holiday: self.holiday.as_deref(),
            night: self.night.as_deref(),
            period: (self.from, self.to),
            kind: self.kind,
        };
        let entry = lengths.read(&mut checks, note);
        checks.finish(entry.map(|entry| (self.month, entry)))
    }
}

impl CorrectionBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<HoursEntry, Problem> {
        let mut checks = Checks::new();
        let note = checks.field("/reason", Note::parse(&self.reason));
        let lengths = Lengths {
            total: &self.total,
            overtime: self.overtime.as_deref(),
            holiday: self.holiday.as_deref(),
            night: self.night.as_deref(),
            period: (self.from, self.to),
            kind: self.kind,
        };
        let entry = lengths.read(&mut checks, note);
        checks.finish(entry)
    }
}

impl NoticesBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, today: Date) -> Result<(Vec<(EmployeeId, Month)>, Notified), Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_NOTIFIED).contains(&self.months.len()) {
            checks.fault("/months", "out_of_range", "従業員と年月を1～30件指定してください。");
        }
        let tells = match self.task {
            Task::NotifyWorker => false,
            Task::TellPhysician => true,
            _ => {
                checks.fault("/task", "not_taken", "notify_worker または tell_physician を指定してください。");
                false
            }
        };
        match (tells, self.physician_id) {
            (true, None) => checks.fault("/physician_id", "required", "情報を提供する産業医を指定してください。"),
            (false, Some(_)) => checks.fault("/physician_id", "not_taken", "本人への通知では指定できません。"),
            _ => {}
        }
        match (self.channel, self.given_on) {
            (Channel::Mail, Some(_)) => {
                checks.fault("/given_on", "not_taken", "メールの場合は指定できません。空にしてください。");
            }
            (Channel::Paper | Channel::InPerson | Channel::OtherSystem, None) => {
                checks.fault("/given_on", "required", "行った日を指定してください。");
            }
            (_, Some(day)) if day > today => {
                checks.fault("/given_on", "in_the_future", "今日までの日を指定してください。");
            }
            _ => {}
        }
        let months = self.months.iter().map(|one| (one.employee_id, one.month)).collect();
        let given_on = self.given_on.unwrap_or(today);
        let how = Notified { task: self.task, channel: self.channel, given_on, physician: self.physician_id };
        checks.finish(Some((months, how)))
    }
}

/// The answer to hours that cannot be.
pub(crate) fn wrong_hours(faults: Vec<WorkedFault>) -> Problem {
    let fault = |(field, code, detail): WorkedFault| Fault::at(format!("/{field}"), code, detail);
    Problem::invalid(faults.into_iter().map(fault).collect())
}

/// The answer to notices that cannot all be given: which, and why.
pub(crate) fn not_notified(refused: &[(Option<usize>, NotNotified)]) -> Problem {
    let fault = |(index, why): &(Option<usize>, NotNotified)| {
        let (code, detail) = match why {
            NotNotified::NotFound => ("not_found", "労働時間が見つかりません。"),
            NotNotified::NotAsked => ("not_asked", "法令に基づく通知・情報提供の対象となる時間を超えていません。"),
            NotNotified::NoAccount => {
                ("no_account", "この従業員にはアカウントがありません。ほかの方法で通知して記録してください。")
            }
            NotNotified::Twice => ("twice", "同じ従業員と年月が重複しています。"),
            NotNotified::NotAPhysician => ("not_a_physician", "産業医のアカウントを指定してください。"),
            NotNotified::TooMany => ("too_many", "記録できる通知の件数の上限に達しています。"),
        };
        let at = index.map_or_else(|| "/physician_id".to_owned(), |index| format!("/months/{index}"));
        Fault::at(at, code, detail)
    };
    Problem::invalid(refused.iter().map(fault).collect())
}
