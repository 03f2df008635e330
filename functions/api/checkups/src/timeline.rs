//! What happened to an employee's health at work, in order (経過): each kind of event for those who may read that kind, and for nobody else. No event says what was found.

use authz::{
    Permit,
    permission::{ViewCheckups, ViewEmployees, ViewFollowUps, ViewRights, ViewWorkFitness, ViewWorkingHours},
};
use axum::extract::State;
use domain::{
    ids::{CheckupId, EmployeeId},
    overwork::duty::Task,
    time::Jst,
};
use endpoint::{Answer, App, Further, Path, Problem};
use jiff::civil::Date;
use serde::Serialize;
use store::{
    Error, FitnessCase, FitnessSaid, FollowUp, FollowUpAct, RightsRequest, ShownCheckup, Stored, WorkingMonth,
};
use utoipa::ToSchema;

/// The events of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub(crate) struct TimelineView {
    items: Vec<EventView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// Which kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TimelineKind)]
enum EventKind {
    Checkup,
    WorkFitness,
    FollowUp,
    WorkingHours,
    RightsRequest,
}

/// Something that happened.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelineEvent)]
struct EventView {
    /// 日付。
    #[schema(value_type = String, format = Date, example = "2026-07-19")]
    on: Date,
    /// 種類（`checkup`：健康診断の受診、`work_fitness`：就業判定、`follow_up`：受診勧奨・保健指導、`working_hours`：長時間労働の通知、`rights_request`：個人情報の開示等の請求）。
    kind: EventKind,
    /// できごと。結果や意見の内容は含みません。
    #[schema(example = "定期健康診断の受診")]
    what: String,
    /// もとになった健康診断のID。健康診断によらないできごとには含まれません。
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: Option<CheckupId>,
}

fn examined(checkup: &ShownCheckup) -> EventView {
    let what = format!("{}の受診", checkup.kind.japanese());
    EventView { on: checkup.examined_on, kind: EventKind::Checkup, what, checkup_id: Some(checkup.id) }
}

fn fitness(case: &FitnessCase) -> impl Iterator<Item = EventView> + '_ {
    case.history.iter().map(|step| {
        let what = match step.what {
            FitnessSaid::Opinion { .. } => "就業判定（医師の意見）",
            FitnessSaid::Decision { .. } => "就業上の措置の決定",
            FitnessSaid::Closed { .. } => "就業上の措置の終了",
            FitnessSaid::Reopened { .. } => "就業判定のやり直し",
        };
        let (on, kind) = (step.at.date(), EventKind::WorkFitness);
        EventView { on, kind, what: what.to_owned(), checkup_id: Some(case.checkup) }
    })
}

fn followed_up(follow_up: &FollowUp) -> impl Iterator<Item = EventView> + '_ {
    follow_up.steps.iter().map(|step| {
        let what = match step.act {
            FollowUpAct::Recommended => "受診勧奨",
            FollowUpAct::Reminded => "受診勧奨の再通知",
            FollowUpAct::Answered => "受診結果の回答",
            FollowUpAct::Guided => "保健指導",
            FollowUpAct::Closed => "受診勧奨の終了",
        };
        let (on, kind) = (step.at.date(), EventKind::FollowUp);
        EventView { on, kind, what: what.to_owned(), checkup_id: Some(follow_up.checkup) }
    })
}

/// The notices of a month, for those who see what the law asks for.
fn notified(month: &WorkingMonth) -> impl Iterator<Item = EventView> + '_ {
    month.notices.iter().flatten().map(|notice| {
        let what = match notice.task {
            Task::TellPhysician => "長時間労働についての産業医への情報提供",
            _ => "長時間労働の本人への通知",
        };
        let what = format!("{what}（{}分）", month.month);
        EventView { on: notice.given_on, kind: EventKind::WorkingHours, what, checkup_id: None }
    })
}

fn requested(request: &RightsRequest) -> impl Iterator<Item = EventView> {
    let kind = EventKind::RightsRequest;
    let what = |act: &str| format!("個人情報の{}の請求{act}", request.right.japanese());
    let asked = EventView { on: request.asked_at.date(), kind, what: what(""), checkup_id: None };
    let answered = request.answered_at.map(Jst::date);
    let answered = answered.map(|on| EventView { on, kind, what: what("への回答"), checkup_id: None });
    std::iter::once(asked).chain(answered)
}

/// What is out of reach for one kind of event has none of that kind.
fn within_reach<T>(read: Result<Vec<Stored<T>>, Error>) -> Result<Vec<T>, Problem> {
    match read {
        Ok(found) => Ok(found.into_iter().map(|stored| stored.record).collect()),
        Err(Error::NotFound) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Shows what happened.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/timeline", operation_id = "readTimeline", summary = "従業員の健康管理の経過",
    description = "健康診断の受診・就業判定・受診勧奨・長時間労働の通知・個人情報の開示等の請求のできごとを、新しい順にすべて返します。種類ごとに、その一覧を参照できる場合にだけ含まれます。結果や意見の内容は含みません。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["employees.view"])), responses((status = 200, description = "新しい順", body = TimelineView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewEmployees>,
    (checkups, cases, follow_ups): (Further<ViewCheckups>, Further<ViewWorkFitness>, Further<ViewFollowUps>),
    (hours, requests): (Further<ViewWorkingHours>, Further<ViewRights>),
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let store = &app.store;
    store.employee_in_reach(&permit, employee).await?;
    let mut items = Vec::new();
    if let Ok(permit) = checkups.demand() {
        let found = within_reach(store.checkups_of_employee(&permit, employee, None).await)?;
        items.extend(found.iter().map(examined));
    }
    if let Ok(permit) = cases.demand() {
        let found = within_reach(store.work_fitness_of_employee(&permit, employee).await)?;
        items.extend(found.iter().flat_map(fitness));
    }
    if let Ok(permit) = follow_ups.demand() {
        let found = within_reach(store.follow_ups_of_employee(&permit, employee).await)?;
        items.extend(found.iter().flat_map(followed_up));
    }
    if let Ok(permit) = hours.demand() {
        let found = within_reach(store.working_months(&permit, employee).await)?;
        items.extend(found.iter().rev().flat_map(notified));
    }
    if let Ok(permit) = requests.demand() {
        let found = within_reach(store.rights_requests_of(&permit, employee).await)?;
        items.extend(found.iter().rev().flat_map(requested));
    }
    // Of one day, what was done last comes first.
    items.reverse();
    items.sort_by_key(|event| std::cmp::Reverse((event.on, event.kind)));
    Answer::ok(&TimelineView { items, next_cursor: None })
}
