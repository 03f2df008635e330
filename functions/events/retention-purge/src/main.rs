//! The function `retention-purge`.

use retention_purge::{RetentionPurge, handle};
use store::{Files, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let files = Files::new(aws_sdk_s3::Client::new(&process.config), required("BUCKET_IMPORTS")?);
    let job = RetentionPurge { store: process.store, files, most_deletes: None };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
