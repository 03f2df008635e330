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

/// Every door. `files` is the bucket of customers' files, `queue` what wakes their import, `drops` is what lets programs drop files.
#[must_use]
pub fn doors(files: Files, queue: Queue, drops: Drops) -> Vec<Door> {
    vec![
        sessions::door(),
        passwords::door(),
        me::door(),
        me_export::door(),
        accounts::door(),
        api_clients::door(),
        drop_credentials::door(drops),
        tenant::door(),
        organisation::door(),
        employees::door(),
        imports::door(files.clone(), queue),
        checkups::door(),
        attachments::door(files.clone()),
        work_fitness::door(),
        interviews::door(),
        reports::door(),
        follow_ups::door(),
        rights::door(),
        points::door(),
        lifelogs::door(),
        stress_checks::door(),
        working_hours::door(),
        stress_analyses::door(),
        documents::door(),
        audit_events::door(),
        log_requests::door(files.clone()),
        exports::door(files.clone()),
        contracts::door(),
        announcements::door(),
        incidents::door(),
        controls::door(),
        disclosures::door(files),
        status::door(),
        docs::door(),
    ]
}

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
