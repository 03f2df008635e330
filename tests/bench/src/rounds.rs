//! How many calls to `DynamoDB` a request makes one after the other. The AWS SDK opens a span around each call; what
//! overlaps is one round, and the longest chain of calls that do not is how often the request waited for the network.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::Error;

/// Calls since [`watch`], with when each began and ended; nothing where nobody watches.
static CALLS: Mutex<Option<Vec<Call>>> = Mutex::new(None);

#[derive(Clone, Copy, Debug)]
struct Call {
    began: Instant,
    ended: Instant,
}

/// Hears of every span of this process from now on. Nothing else is logged.
pub(crate) fn listen() -> Result<(), Error> {
    Ok(tracing::subscriber::set_global_default(Registry::default().with(Calls))?)
}

/// Begins to write down calls.
pub(crate) fn watch() {
    *CALLS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
}

/// Ends it: in how many rounds the calls were made.
pub(crate) fn seen() -> usize {
    let calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner).take();
    chain(calls.unwrap_or_default())
}

/// The most calls of which none began before the one before it had ended: always the one that ends first is next.
fn chain(mut calls: Vec<Call>) -> usize {
    calls.sort_by_key(|call| call.ended);
    let (mut rounds, mut last) = (0, None);
    for call in calls {
        if last.is_none_or(|last| call.began >= last) {
            rounds += 1;
            last = Some(call.ended);
        }
    }
    rounds
}

/// Writes down the SDK's spans.
struct Calls;

fn is_a_call(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.name().starts_with("DynamoDB.")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Calls {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_a_call(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_a_call(metadata)
    }

    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Instant::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let began = context.span(&id).and_then(|span| span.extensions().get::<Instant>().copied());
        if let (Some(began), Some(calls)) = (began, &mut *CALLS.lock().unwrap_or_else(PoisonError::into_inner)) {
            calls.push(Call { began, ended: Instant::now() });
        }
    }
}
