//! Deadlines of open incidents: operators are warned 24 hours, 6 hours and 1 hour before each, and when it is missed.

use authz::{Permit, permission::RemindOperators};
use domain::incident::{Deadline, WARNINGS};
use store::{Due, Error, OpenIncident, Store, Told};

/// What is due, and not done.
pub(crate) async fn due(store: &Store, permit: &Permit<RemindOperators>) -> Result<Vec<Due>, Error> {
    let incidents = store.open_incidents(permit).await?;
    Ok(incidents.iter().flat_map(of_incident).collect())
}

fn of_incident(incident: &OpenIncident) -> Vec<Due> {
    let open = |deadline: Deadline| {
        let due = deadline.due.filter(|_| deadline.done_at.is_none())?;
        let (subject, duty) = (incident.id.to_string(), deadline.duty);
        let (name, what) = (duty.name().to_owned(), duty.japanese().to_owned());
        Some(Due { subject, deadline: name, what, due, steps: WARNINGS, told: Told::Operators })
    };
    incident.course.deadlines().into_iter().filter_map(open).collect()
}
