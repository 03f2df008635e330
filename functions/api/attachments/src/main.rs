//! The function `attachments`.

use endpoint::{config, required};
use store::Files;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let s3 = aws_sdk_s3::Client::new(&config().await?);
    endpoint::run(attachments::door(Files::new(s3, required("BUCKET_IMPORTS")?))).await
}
