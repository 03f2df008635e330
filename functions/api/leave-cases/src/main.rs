//! The function `leave-cases`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(leave_cases::door()).await
}
