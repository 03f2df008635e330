//! The list of the service's doors: every function that HTTPS callers reach. The server, the documents and the tests read
//! the same list, so that none of them can know of a door that the others do not have.

use std::convert::Infallible;
use std::time::Duration;

use drop_credentials::Drops;
use endpoint::openapi::logical_name;
use endpoint::{App, Door, Measured};
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::{Adapter, Service as _};
use serde_json::Value;
use store::{Files, Queue};

use crate::function::{Deployed, InvocationContext};

/// API Gateway waits no longer.
const TIMEOUT: Duration = Duration::from_secs(29);

/// What some doors hold beside their store.
#[derive(Clone, Debug)]
pub struct Own {
    /// The bucket of customers' files.
    pub files: Files,
    /// What wakes the import of files.
    pub queue: Queue,
    /// What lets programs drop files.
    pub drops: Drops,
}

/// A door's name, and what makes the door: with all its documentation, so only those are made that are needed.
pub type Made = (&'static str, fn(&Own) -> Door);

/// Every door.
pub const DOORS: [Made; 36] = [
    ("sessions", |_| sessions::door()),
    ("passwords", |_| passwords::door()),
    ("me", |_| me::door()),
    ("me-export", |_| me_export::door()),
    ("accounts", |_| accounts::door()),
    ("api-clients", |_| api_clients::door()),
    ("drop-credentials", |own| drop_credentials::door(own.drops.clone())),
    ("tenant", |_| tenant::door()),
    ("organisation", |_| organisation::door()),
    ("employees", |_| employees::door()),
    ("imports", |own| imports::door(own.files.clone(), own.queue.clone())),
    ("checkups", |_| checkups::door()),
    ("attachments", |own| attachments::door(own.files.clone())),
    ("work-fitness", |_| work_fitness::door()),
    ("interviews", |_| interviews::door()),
    ("leave-cases", |_| leave_cases::door()),
    ("reports", |_| reports::door()),
    ("follow-ups", |_| follow_ups::door()),
    ("rights", |_| rights::door()),
    ("points", |_| points::door()),
    ("lifelogs", |_| lifelogs::door()),
    ("stress-checks", |_| stress_checks::door()),
    ("kiosk", |_| kiosk::door()),
    ("working-hours", |_| working_hours::door()),
    ("stress-analyses", |_| stress_analyses::door()),
    ("documents", |_| documents::door()),
    ("audit-events", |_| audit_events::door()),
    ("log-requests", |own| log_requests::door(own.files.clone())),
    ("exports", |own| exports::door(own.files.clone())),
    ("contracts", |_| contracts::door()),
    ("announcements", |_| announcements::door()),
    ("incidents", |_| incidents::door()),
    ("controls", |_| controls::door()),
    ("disclosures", |own| disclosures::door(own.files.clone())),
    ("status", |_| status::door()),
    ("docs", |_| docs::door()),
];

/// A door as a function: through the same adapter that answers on Lambda, from and to JSON text.
pub(super) fn deployed(door: Door, app: App) -> Deployed {
    let name = door.name;
    let (router, _) = door.open(app);
    let service = Measured { inner: router, name };
    Deployed::new(logical_name(name), TIMEOUT, move |event: Value, context: InvocationContext| {
        let request = serde_json::from_str(&event.to_string());
        // The adapter must not be held while waiting: it may not move between threads, what it answers with may.
        let answering = request
            .map(|request| Adapter::from(service.clone()).call(LambdaEvent::new(request, lambda_context(&context))));
        async move {
            let Ok::<_, Infallible>(answer) = answering.map_err(|error| error.to_string())?.await;
            serde_json::to_value(answer).map_err(|error| error.to_string())
        }
    })
}

fn lambda_context(context: &InvocationContext) -> Context {
    let deadline = context.deadline.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut lambda = Context::default();
    lambda.request_id.clone_from(&context.request_id);
    lambda.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    lambda
}
