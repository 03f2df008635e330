//! The function `criteria-rejudge`.

use criteria_rejudge::{CriteriaRejudge, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let job = CriteriaRejudge { store: jobs::start().await?.store };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
