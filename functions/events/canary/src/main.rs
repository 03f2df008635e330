//! The function `canary`.

use std::sync::{Arc, OnceLock};

use canary::{Canary, Target, handle};
use store::process::required;
use zeroize::Zeroizing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let process = jobs::start().await?;
    let target = Target {
        api: required("API_ADDRESS")?,
        tenant_code: required("CANARY_TENANT_CODE")?,
        login_id: required("CANARY_LOGIN_ID")?,
        password: Zeroizing::new(required("CANARY_PASSWORD")?),
    };
    let job = Canary { store: process.store, target: Arc::new(OnceLock::from(target)) };
    jobs::run(job.store.clock(), |event, invocation| handle(&job, event, invocation)).await
}
