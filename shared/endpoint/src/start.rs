//! Start-up: settings from the environment, one AWS configuration and one client of each kind per process, and then the loop.

use aws_config::SdkConfig;
use lambda_http::{Error, tower::ServiceBuilder};
use store::{
    Clock, Store, Support, logs,
    process::{NotStarted, config},
};

use crate::{App, Door, Settings};

/// Runs a door as a Lambda function. This is the whole of its `main`.
pub async fn run(door: Door) -> Result<(), Error> {
    let config = config().await?;
    run_with(&config, door).await
}

/// The same, for a function that needs clients of its own: they are made from the same configuration.
pub async fn run_with(config: &SdkConfig, door: Door) -> Result<(), Error> {
    let clock = Clock::system();
    logs::start(clock.clone());
    let app = App::new(Store::from_env(config, clock)?, settings(config)?);
    let name = door.name;
    let (router, _) = door.open(app);
    let service = ServiceBuilder::new().layer_fn(|inner| crate::metrics::Measured { inner, name }).service(router);
    lambda_http::run(service).await
}

fn settings(config: &SdkConfig) -> Result<Settings, NotStarted> {
    Ok(Settings {
        version: env!("CARGO_PKG_VERSION"),
        region: config.region().map(ToString::to_string).unwrap_or_default(),
        support: Support::from_env()?,
    })
}
