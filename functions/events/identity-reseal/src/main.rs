//! The function `identity-reseal`.

use identity_reseal::{IdentityReseal, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let job = IdentityReseal { store: process.store, most: None };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
