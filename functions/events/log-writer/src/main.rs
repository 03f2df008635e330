//! The function `log-writer`.

use log_writer::{LogWriter, handle};
use store::{Files, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let files = Files::new(aws_sdk_s3::Client::new(&process.config), required("BUCKET_IMPORTS")?);
    let job = LogWriter { store: process.store, files };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
