//! What the law asks of the employer after a month of overwork (domain.md 5.2): notify the worker, tell the physician, interview, hear the opinion, take measures; and by
//! when.
//!
//! ```text
//!                 ┌─ notify the worker
//! a month over ───┼─ tell the physician
//!   the line      └─ the worker may ask ── asks ──▶ interview ── held ──▶ opinion ── given ──▶ measures
//!                          │                           ▲
//!                          └ the window closes: nothing│
//! a month over the line of those who need not ask ─────┘
//! ```
//!
//! Whoever was interviewed within the month before, and whom the physician judged not to need it, is excused (安衛則52の2).

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Confidence, figure::Excess};
use crate::employee::word_of;

/// What kind of worker somebody is, as the law tells them apart by their hours (労働者の区分).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerKind {
    /// Whoever is none of the others (一般).
    #[default]
    Ordinary,
    /// Who manages or supervises (管理監督者).
    Manager,
    /// Whose hours are deemed (裁量労働制・事業場外みなし).
    Discretionary,
    /// Who does research and development (研究開発業務).
    Research,
    /// Who is in the highly-professional system (高度プロフェッショナル制度).
    Professional,
}

/// What the law asks for a kind of worker: from which hours on, all of them more than.
#[derive(Debug)]
pub struct WorkerRow {
    /// The kind.
    pub kind: WorkerKind,
    /// What people read.
    pub japanese: &'static str,
    /// The worker is notified of the hours.
    pub notify_over: Option<u16>,
    /// The physician is told who and how many hours.
    pub tell_over: Option<u16>,
    /// An interview, if the worker asks for it.
    pub on_request_over: Option<u16>,
    /// An interview, whether the worker asks or not.
    pub unasked_over: Option<u16>,
    /// The 36協定 holds for them.
    pub under_agreement: bool,
    /// Where it says so.
    pub source: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
}

/// The table. Source: domain.md 5.2.
#[rustfmt::skip]
pub const WORKERS: &[WorkerRow] = &[
    WorkerRow { kind: WorkerKind::Ordinary,      japanese: "一般",                     notify_over: Some(80), tell_over: Some(80), on_request_over: Some(80), unasked_over: None,      under_agreement: true,  source: "安衛法66条の8、安衛則52条の2・52条の3・14条の2", confidence: Confidence::High },
    WorkerRow { kind: WorkerKind::Manager,       japanese: "管理監督者",               notify_over: Some(80), tell_over: Some(80), on_request_over: Some(80), unasked_over: None,      under_agreement: false, source: "安衛法66条の8、労基法41条",                      confidence: Confidence::High },
    WorkerRow { kind: WorkerKind::Discretionary, japanese: "裁量労働・みなし労働",     notify_over: Some(80), tell_over: Some(80), on_request_over: Some(80), unasked_over: None,      under_agreement: true,  source: "安衛法66条の8・66条の8の3",                      confidence: Confidence::Medium },
    WorkerRow { kind: WorkerKind::Research,      japanese: "研究開発業務",             notify_over: Some(80), tell_over: Some(80), on_request_over: Some(80), unasked_over: Some(100), under_agreement: false, source: "安衛法66条の8の2、安衛則52条の7の2、労基法36条11項", confidence: Confidence::High },
    WorkerRow { kind: WorkerKind::Professional,  japanese: "高度プロフェッショナル",   notify_over: None,     tell_over: Some(80), on_request_over: None,     unasked_over: Some(100), under_agreement: false, source: "安衛法66条の8の4、安衛則52条の7の4、労基法41条の2", confidence: Confidence::High },
];

/// The words of files for a kind of worker.
const WORDS: &[(&str, WorkerKind)] = &[
    ("一般", WorkerKind::Ordinary),
    ("一般労働者", WorkerKind::Ordinary),
    ("管理監督者", WorkerKind::Manager),
    ("裁量労働", WorkerKind::Discretionary),
    ("裁量労働制", WorkerKind::Discretionary),
    ("みなし労働", WorkerKind::Discretionary),
    ("研究開発", WorkerKind::Research),
    ("研究開発業務", WorkerKind::Research),
    ("高プロ", WorkerKind::Professional),
    ("高度プロフェッショナル", WorkerKind::Professional),
];

impl WorkerKind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static WorkerRow {
        // The rows stand in the order of the enum, which a test holds.
        &WORKERS[self as usize]
    }

    /// The kind that a word of a file means.
    #[must_use]
    pub fn from_japanese(text: &str) -> Option<Self> {
        word_of(WORDS, text)
    }
}

/// Something that the law asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Notify the worker of the hours (本人への通知).
    NotifyWorker,
    /// Tell the physician who and how many hours (産業医への情報提供).
    TellPhysician,
    /// Accept the worker's request for an interview, if they make one (申出の受付).
    AcceptRequest,
    /// Hold the interview (面接指導).
    Interview,
    /// Hear the physician's opinion (意見聴取).
    Opinion,
    /// Take measures (事後措置).
    Measures,
}

/// One row of the table of tasks.
#[derive(Debug)]
pub struct TaskRow {
    /// The task.
    pub task: Task,
    /// What people read.
    pub japanese: &'static str,
    /// How many days there are for it, from what comes before it.
    pub days: i32,
    /// Where it says so.
    pub source: &'static str,
    /// How sure the number of days is.
    pub confidence: Confidence,
}

/// The tasks. Source: domain.md 5.2. The law says 速やかに and 遅滞なく; the days are the ministry's reading of it.
#[rustfmt::skip]
pub const TASKS: &[TaskRow] = &[
    TaskRow { task: Task::NotifyWorker,  japanese: "本人への通知",     days: 14, source: "安衛則52条の2第3項（速やかに：おおむね2週間以内）", confidence: Confidence::Medium },
    TaskRow { task: Task::TellPhysician, japanese: "産業医への情報提供", days: 14, source: "安衛則14条の2（速やかに：おおむね2週間以内）",     confidence: Confidence::High },
    TaskRow { task: Task::AcceptRequest, japanese: "申出の受付",       days: 30, source: "安衛則52条の3（遅滞なく：おおむね1月以内）",         confidence: Confidence::High },
    TaskRow { task: Task::Interview,     japanese: "面接指導",         days: 30, source: "安衛則52条の3（遅滞なく：おおむね1月以内）",         confidence: Confidence::High },
    TaskRow { task: Task::Opinion,       japanese: "意見聴取",         days: 30, source: "安衛則52条の7（遅滞なく：おおむね1月以内）",         confidence: Confidence::High },
    TaskRow { task: Task::Measures,      japanese: "事後措置",         days: 30, source: "安衛法66条の8第5項",                               confidence: Confidence::Low },
];

impl Task {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static TaskRow {
        // The rows stand in the order of the enum, which a test holds.
        &TASKS[self as usize]
    }

    fn due(self, from: Date) -> Date {
        from.saturating_add(self.row().days.days())
    }
}

/// What has been done about a month of overwork, as days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The worker was notified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notified_on: Option<Date>,
    /// The physician was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_on: Option<Date>,
    /// The worker asked for an interview.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requested_on: Option<Date>,
    /// The interview was held.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interviewed_on: Option<Date>,
    /// The physician gave an opinion.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opined_on: Option<Date>,
    /// The opinion asks for measures.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub measures_needed: bool,
    /// The employer decided on them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measured_on: Option<Date>,
    /// A physician judged that no interview is needed (面接指導不要).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub excused_on: Option<Date>,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It is to be done.
    Open,
    /// It was, on this day.
    Done(Date),
    /// The worker has not asked in time; nothing more follows.
    Lapsed,
    /// A physician judged on this day that it is not needed.
    Excused(Date),
}

/// A task of somebody's month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The task.
    pub task: Task,
    /// The last day on which it is in time.
    pub due_on: Date,
    /// Where it is.
    pub stand: Stand,
}

impl Asked {
    /// Whether somebody on the employer's side is to do it: a request is the worker's to make.
    #[must_use]
    pub fn is_to_be_done(&self) -> bool {
        self.stand == Stand::Open && self.task != Task::AcceptRequest
    }
}

/// What the law asks for about a month of a worker of `kind` that closed on `closed_on`, as it stands on `today`, in the order in which it is to be done.
#[must_use]
pub fn asked(kind: WorkerKind, excess: Excess, closed_on: Date, done: &Done, today: Date) -> Vec<Asked> {
    let row = kind.row();
    let is_over = |line: Option<u16>| line.is_some_and(|hours| excess.is_over(hours));
    let of = |task: Task, from: Date, done_on: Option<Date>| {
        let stand = match (done_on, done.excused_on) {
            (Some(day), _) => Stand::Done(day),
            (None, Some(day)) if matches!(task, Task::AcceptRequest | Task::Interview) => Stand::Excused(day),
            (None, _) => Stand::Open,
        };
        Asked { task, due_on: task.due(from), stand }
    };
    let mut all = Vec::new();
    if is_over(row.notify_over) {
        all.push(of(Task::NotifyWorker, closed_on, done.notified_on));
    }
    if is_over(row.tell_over) {
        all.push(of(Task::TellPhysician, closed_on, done.told_on));
    }
    let unasked = is_over(row.unasked_over);
    if !unasked && is_over(row.on_request_over) {
        // Who was told late has as long to ask as who was told in time.
        let mut request = of(Task::AcceptRequest, done.notified_on.unwrap_or(closed_on), done.requested_on);
        if request.stand == Stand::Open && request.due_on < today && done.notified_on.is_some() {
            request.stand = Stand::Lapsed;
        }
        all.push(request);
    }
    // What was asked for is held, whatever the hours turn out to be.
    let begins = done.requested_on.or(unasked.then_some(closed_on));
    if let Some(begins) = begins.or(done.interviewed_on) {
        all.push(of(Task::Interview, begins, done.interviewed_on));
    }
    if let Some(interviewed_on) = done.interviewed_on {
        all.push(of(Task::Opinion, interviewed_on, done.opined_on));
    }
    if let Some(opined_on) = done.opined_on.filter(|_| done.measures_needed) {
        all.push(of(Task::Measures, opined_on, done.measured_on));
    }
    all
}

/// The task that the employer's side is to do first, and by when.
#[must_use]
pub fn next(asked: &[Asked]) -> Option<(Task, Date)> {
    let open = asked.iter().filter(|asked| asked.is_to_be_done());
    open.min_by_key(|asked| (asked.due_on, asked.task)).map(|asked| (asked.task, asked.due_on))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::overwork::minutes::{Minutes, Unit};

    const CLOSED: Date = date(2026, 2, 28);
    const TODAY: Date = date(2026, 3, 5);

    /// So many hours beyond those of 28 days.
    fn excess(hours: &str) -> Excess {
        Excess::of(Minutes::parse(hours, Unit::Hours).unwrap().and(Minutes::of_hours(160)), 28)
    }

    fn tasks(kind: WorkerKind, hours: &str, done: &Done) -> Vec<(Task, Date, Stand)> {
        let all = asked(kind, excess(hours), CLOSED, done, TODAY);
        all.into_iter().map(|it| (it.task, it.due_on, it.stand)).collect()
    }

    fn names(kind: WorkerKind, hours: &str) -> Vec<Task> {
        tasks(kind, hours, &Done::default()).into_iter().map(|(task, ..)| task).collect()
    }

    #[test]
    fn every_kind_and_every_task_has_its_row_in_its_place() {
        for (place, row) in WORKERS.iter().enumerate() {
            assert_eq!(row.kind as usize, place);
        }
        for (place, row) in TASKS.iter().enumerate() {
            assert_eq!(row.task as usize, place);
        }
        assert_eq!((WORKERS.len(), TASKS.len()), (WorkerKind::Professional as usize + 1, Task::Measures as usize + 1));
    }

    #[test]
    fn r36_the_law_asks_by_kind_and_hours_domain_5_2() {
        use Task::{AcceptRequest, Interview, NotifyWorker, TellPhysician};
        for kind in [WorkerKind::Ordinary, WorkerKind::Manager, WorkerKind::Discretionary, WorkerKind::Research] {
            assert_eq!(names(kind, "80"), [], "{kind:?}: exactly 80 is not over");
            assert_eq!(names(kind, "80:01"), [NotifyWorker, TellPhysician, AcceptRequest], "{kind:?}");
        }
        assert_eq!(names(WorkerKind::Ordinary, "130"), [NotifyWorker, TellPhysician, AcceptRequest]);
        assert_eq!(names(WorkerKind::Research, "100"), [NotifyWorker, TellPhysician, AcceptRequest]);
        assert_eq!(names(WorkerKind::Research, "100:01"), [NotifyWorker, TellPhysician, Interview]);
        assert_eq!(names(WorkerKind::Professional, "90"), [TellPhysician]);
        assert_eq!(names(WorkerKind::Professional, "100:01"), [TellPhysician, Interview]);
    }

    #[test]
    fn r36_each_task_is_due_so_long_after_what_comes_before_it() {
        let mut done = Done::default();
        let due = |done: &Done| {
            let all = asked(WorkerKind::Ordinary, excess("90"), CLOSED, done, TODAY);
            next(&all)
        };
        assert_eq!(due(&done), Some((Task::NotifyWorker, date(2026, 3, 14))));
        done.notified_on = Some(date(2026, 3, 2));
        assert_eq!(due(&done), Some((Task::TellPhysician, date(2026, 3, 14))));
        done.told_on = Some(date(2026, 3, 2));
        assert_eq!(due(&done), None, "whether to ask is the worker's");
        done.requested_on = Some(date(2026, 3, 4));
        assert_eq!(due(&done), Some((Task::Interview, date(2026, 4, 3))));
        done.interviewed_on = Some(date(2026, 3, 20));
        assert_eq!(due(&done), Some((Task::Opinion, date(2026, 4, 19))));
        done.opined_on = Some(date(2026, 3, 25));
        assert_eq!(due(&done), None, "an opinion that asks for nothing ends it");
        done.measures_needed = true;
        assert_eq!(due(&done), Some((Task::Measures, date(2026, 4, 24))));
        done.measured_on = Some(date(2026, 4, 1));
        assert_eq!(due(&done), None);
    }

    #[test]
    fn r36_who_does_not_ask_in_time_is_not_waited_for_and_the_window_begins_with_the_notice() {
        let stand = |notified_on, today| {
            let done = Done { notified_on, ..Done::default() };
            let all = asked(WorkerKind::Ordinary, excess("90"), CLOSED, &done, today);
            all.iter().find(|it| it.task == Task::AcceptRequest).map(|it| (it.due_on, it.stand)).unwrap()
        };
        let told = Some(date(2026, 3, 10));
        assert_eq!(stand(told, date(2026, 4, 9)), (date(2026, 4, 9), Stand::Open));
        assert_eq!(stand(told, date(2026, 4, 10)), (date(2026, 4, 9), Stand::Lapsed));
        assert_eq!(stand(None, date(2026, 5, 1)).1, Stand::Open, "who was never notified cannot be late");
    }

    #[test]
    fn r36_whom_a_physician_excuses_need_not_be_interviewed_and_is_notified_all_the_same() {
        let done = Done { excused_on: Some(TODAY), ..Done::default() };
        let all = tasks(WorkerKind::Research, "110", &done);
        assert_eq!(all[0].2, Stand::Open);
        assert_eq!(all[2], (Task::Interview, date(2026, 3, 30), Stand::Excused(TODAY)));
    }

    #[test]
    fn an_interview_that_was_asked_for_is_held_though_the_hours_were_corrected() {
        let done = Done { requested_on: Some(TODAY), ..Done::default() };
        assert_eq!(tasks(WorkerKind::Ordinary, "10", &done), [(Task::Interview, date(2026, 4, 4), Stand::Open)]);
    }

    #[test]
    fn files_say_kinds_in_japanese() {
        assert_eq!(WorkerKind::from_japanese("研究開発"), Some(WorkerKind::Research));
        assert_eq!(WorkerKind::from_japanese("高プロ"), Some(WorkerKind::Professional));
        assert_eq!(WorkerKind::from_japanese("役員"), None);
    }
}
