//! The function `stress-analyses`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(stress_analyses::door()).await
}
