//! What every function is compared with: a greeting that holds the clients of `DynamoDB` and KMS and does nothing with
//! them. What it weighs and how long it takes to start is what the platform costs; the rest is ours.

use aws_config::BehaviorVersion;
use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let clients = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_kms::Client::new(&config));
    let clients = &clients;
    lambda_http::run(service_fn(move |request: Request| async move {
        // Calls that are never made, so that the clients are linked as they are in a function that makes them.
        if request.uri().path() == "/v1/clients" {
            clients.0.query().table_name("none").send().await?;
            clients.1.decrypt().send().await?;
        }
        Ok::<_, Error>(Response::new(Body::from("hello")))
    }))
    .await
}
