//! The function `me-export`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(me_export::door()).await
}
