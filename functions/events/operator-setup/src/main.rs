//! The function `operator-setup`.

use operator_setup::{OperatorSetup, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let job = OperatorSetup { store: jobs::start().await?.store };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
