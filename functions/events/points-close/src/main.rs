//! The function `points-close`.

use points_close::{PointsClose, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let job = PointsClose { store: jobs::start().await?.store };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
