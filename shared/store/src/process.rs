//! What a process of the service starts with, whoever wakes it: one AWS configuration, the settings that its template gives, and the store over both.

use std::{env, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use vault::{Cmks, Ledger, Vault};

use crate::{Clock, Store, TableNames};

/// The only region.
pub const REGION: &str = "ap-northeast-1";

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// It is not in Tokyo.
    #[error("this service runs in {REGION} only (R-12), not in {0:?}")]
    Region(Option<String>),
    /// A setting is missing.
    #[error("the environment does not say {0}")]
    Setting(String),
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] vault::Error),
}

/// The support desk (お客さまサポート窓口, R-31).
#[derive(Debug, Clone)]
pub struct Support {
    /// Its mail address.
    pub mail: String,
    /// Its telephone number.
    pub phone: String,
    /// When it answers.
    pub hours: String,
}

impl Support {
    /// As the environment says.
    pub fn from_env() -> Result<Self, NotStarted> {
        Ok(Self {
            mail: required("SUPPORT_MAIL")?,
            phone: required("SUPPORT_PHONE")?,
            hours: required("SUPPORT_HOURS")?,
        })
    }
}

/// Whether the process was told that it runs on a laptop and not on AWS.
#[must_use]
pub fn is_local() -> bool {
    env::var_os("AILES_LOCAL").is_some()
}

/// A setting that the template must give.
pub fn required(name: &str) -> Result<String, NotStarted> {
    env::var(name).map_err(|_| NotStarted::Setting(name.to_owned()))
}

/// The one AWS configuration of a process. Fails where the region is not Tokyo, unless the process was told that it runs locally.
pub async fn config() -> Result<SdkConfig, NotStarted> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .load()
        .await;
    let region = config.region().map(AsRef::as_ref);
    if region == Some(REGION) || is_local() { Ok(config) } else { Err(NotStarted::Region(region.map(str::to_owned))) }
}

impl Store {
    /// The store over the tables that the environment names.
    pub fn from_env(config: &SdkConfig, clock: Clock) -> Result<Self, NotStarted> {
        let dynamodb = aws_sdk_dynamodb::Client::new(config);
        let cmks = Cmks {
            names: env::var("CMK_NAMES").unwrap_or_default(),
            records: env::var("CMK_RECORDS").unwrap_or_default(),
            platform: env::var("CMK_PLATFORM").unwrap_or_default(),
        };
        let now = clock.clone();
        let vault = Vault::new(
            aws_sdk_kms::Client::new(config),
            dynamodb.clone(),
            Ledger::new(config, &required("LEDGER_BUCKET")?)?,
            vault::Settings { keys_table: required("TABLE_KEYS")?, cmks },
            Arc::new(move || now.now()),
        );
        let tables = TableNames {
            records: required("TABLE_RECORDS")?,
            // A function without need for names is not given the table.
            names: env::var("TABLE_NAMES").unwrap_or_default(),
            audit: required("TABLE_AUDIT")?,
        };
        Ok(Self::new(dynamodb, tables, vault, clock))
    }
}
