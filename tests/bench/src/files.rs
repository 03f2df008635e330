//! Files that go in before anything is measured, as a customer sends them.

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Actor;
use tests::imports::{SETTLED, start, upload};

use crate::Error;

/// How often somebody looks whether a file has gone in, and for how long at most.
const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_hours(2);

/// Imports a file, and waits until it was applied.
pub(crate) async fn applied(actor: &Actor, kind: &str, file: &[u8], options: Value) -> Result<(), Error> {
    let (id, url) = start(actor, kind, options).await;
    let begun = Instant::now();
    if upload(&url, file).await != 200 {
        return Err(format!("{kind}: the upload is not taken").into());
    }
    loop {
        let import = actor.get(&format!("/v1/imports/{id}")).await.json();
        match import["state"].as_str() {
            Some("applied") => return Ok(()),
            Some(state) if !SETTLED.contains(&state) && begun.elapsed() < PATIENCE => {}
            _ => return Err(format!("{kind} are not applied: {import}").into()),
        }
        tokio::time::sleep(LOOK).await;
    }
}
