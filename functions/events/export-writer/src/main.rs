//! The function `export-writer`.

use export_writer::{ExportWriter, handle};
use store::{Files, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let files = Files::new(aws_sdk_s3::Client::new(&process.config), required("BUCKET_IMPORTS")?);
    let job = ExportWriter { store: process.store, files };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
