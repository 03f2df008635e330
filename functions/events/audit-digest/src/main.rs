//! The function `audit-digest`.

use audit_digest::{AuditDigest, handle};
use store::{TrailBucket, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let bucket = TrailBucket::new(aws_sdk_s3::Client::new(&process.config), required("BUCKET_TRAIL")?);
    let job = AuditDigest { store: process.store, bucket };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
