//! Yearly controls and certificates: operators are told 60, 30 and 7 days before the due date is over, when it is, and every week from then on.

use authz::{Permit, permission::RemindOperators};
use domain::{control::last_reminder, reminder::Steps, time::Jst};
use jiff::civil::Date;
use store::{ControlDue, Due, Error, Store, Told};

/// 60, 30 and 7 days.
const STEPS: Steps = Steps(&[60 * 24, 30 * 24, 7 * 24]);
/// Every week of what is overdue is a deadline of its own, which is missed as soon as it is there.
const NO_STEPS: Steps = Steps(&[]);

/// What is due, and not done.
pub(crate) async fn due(store: &Store, permit: &Permit<RemindOperators>, today: Date) -> Result<Vec<Due>, Error> {
    let controls = store.controls_due(permit).await?;
    Ok(controls.iter().flat_map(|control| of_control(control, today)).collect())
}

fn of_control(control: &ControlDue, today: Date) -> Vec<Due> {
    let ends = Jst::end_of(control.due_on);
    let due = |deadline: &str, due, steps| Due {
        subject: control.id.to_string(),
        deadline: deadline.to_owned(),
        what: format!("{}の実施または更新", control.kind.japanese()),
        due,
        steps,
        told: Told::Operators,
    };
    let mut all = vec![due("control", ends, STEPS)];
    // The first day after is the deadline's own end.
    let week = last_reminder(control.due_on, today).map(Jst::start_of).filter(|week| *week > ends);
    all.extend(week.map(|week| due("control_overdue", week, NO_STEPS)));
    all
}

#[cfg(test)]
mod tests {
    use domain::{control::ControlKind, ids::ControlId};
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r32_a_control_is_due_once_and_once_more_each_week_that_it_is_overdue() {
        let control =
            ControlDue { id: ControlId::from_bytes([1; 16]), kind: ControlKind::Training, due_on: date(2026, 3, 31) };
        let on = |month, day| of_control(&control, date(2026, month, day)).into_iter().map(|due| due.due.date());
        assert_eq!(on(3, 1).collect::<Vec<_>>(), [date(2026, 4, 1)]);
        assert_eq!(on(4, 1).collect::<Vec<_>>(), [date(2026, 4, 1)], "its own end");
        assert_eq!(on(4, 9).collect::<Vec<_>>(), [date(2026, 4, 1), date(2026, 4, 8)]);
    }
}
