//! The function `csv-import`.

use csv_import::{Importer, Limits, handle};
use store::{Files, Queue, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let files = Files::new(aws_sdk_s3::Client::new(&process.config), required("BUCKET_IMPORTS")?);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&process.config), required("QUEUE_IMPORTS_URL")?);
    let (drop_role, limits) = (required("DROP_ROLE_ID")?, Limits::from_env()?);
    let importer = Importer { store: process.store, files, queue, drop_role, limits };
    jobs::run(importer.store.clock(), |event, _| handle(&importer, event)).await
}
