//! The function `passwords`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(passwords::door()).await
}
