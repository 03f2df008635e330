//! The function `contracts`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(contracts::door()).await
}
