//! The function `rollup`.

use rollup::{Rollup, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let job = Rollup { store: jobs::start().await?.store };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
