//! The function `notice-fan-out`.

use notice_fan_out::{NoticeFanOut, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let job = NoticeFanOut { store: jobs::start().await?.store };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
