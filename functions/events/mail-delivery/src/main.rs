//! The function `mail-delivery`.

use mail_delivery::{MailDelivery, Relay, handle};
use store::{Support, process::required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let support = Support::from_env()?;
    let relay = Relay::from_env(&process.config, support.mail.clone())?;
    let portal = required("PORTAL_URL")?;
    let job = MailDelivery { store: process.store, relay, support, portal };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
