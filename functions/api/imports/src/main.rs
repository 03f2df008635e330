//! The function `imports`.

use store::{Files, Queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let config = endpoint::config().await?;
    let files = Files::new(aws_sdk_s3::Client::new(&config), endpoint::required("BUCKET_IMPORTS")?);
    let queue = Queue::new(aws_sdk_sqs::Client::new(&config), endpoint::required("QUEUE_IMPORTS_URL")?);
    endpoint::run_with(&config, imports::door(files, queue)).await
}
