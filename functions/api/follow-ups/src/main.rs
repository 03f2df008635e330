//! The function `follow-ups`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(follow_ups::door()).await
}
