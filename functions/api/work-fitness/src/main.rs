//! The function `work-fitness`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    endpoint::run(work_fitness::door()).await
}
