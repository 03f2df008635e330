//! Deadlines of open incidents: operators are warned 24 hours, 6 hours and 1 hour before each, and when it is missed.

use authz::{Permit, permission::RemindOperators};
use domain::incident::{Deadline, WARNINGS};
use store::{Due, Error, OpenIncident, Store};

/// What is due, and not done.
pub(crate) async fn due(store: &Store, permit: &Permit<RemindOperators>) -> Result<Vec<Due>, Error> {
    let incidents = store.open_incidents(permit).await?;
    Ok(incidents.iter().flat_map(of_incident).collect())
}

fn of_incident(incident: &OpenIncident) -> Vec<Due> {
    let open = |deadline: Deadline| {
        let due = deadline.due.filter(|_| deadline.done_at.is_none())?;
        let (subject, duty) = (incident.id.to_string(), deadline.duty);
        Some(Due { subject, deadline: duty.name().to_owned(), what: duty.japanese().to_owned(), due, steps: WARNINGS })
    };
    incident.course.deadlines().into_iter().filter_map(open).collect()
}
