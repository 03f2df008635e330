//! The function `drop-credentials`.

use drop_credentials::{Drops, door};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let config = endpoint::config().await?;
    let (role, bucket) = (endpoint::required("DROP_ROLE_ARN")?, endpoint::required("BUCKET_IMPORTS")?);
    let drops = Drops::new(aws_sdk_sts::Client::new(&config), role, bucket);
    endpoint::run_with(&config, door(drops)).await
}
