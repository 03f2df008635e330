//! AWS clients that talk to a local cloud. No environment variable is read or set: several services may run in one process.

use std::sync::Arc;
use std::time::SystemTime;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use drop_credentials::Drops;
use mail_delivery::{MailDelivery, Relay};
use store::{Files, Queue, Store, Support, TableNames, TrailBucket};
use vault::{Cmks, Ledger, Vault};

use super::doors::Own;
use super::{DROP_ROLE, IMPORTS_BUCKET, IMPORTS_QUEUE, LEDGER_BUCKET, TRAIL_BUCKET};
use crate::clock::Clock;
use crate::cloud::iam::Iam;
use crate::cloud::{Cloud, Endpoints};
use crate::{Error, REGION};

/// Who sends the service's mails.
const SENDER: &str = "no-reply@ailes-plus.example";

/// Clients of one cloud's services.
#[derive(Clone, Debug)]
pub struct Clients {
    /// `DynamoDB`.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// S3, with the functions' own key.
    pub s3: aws_sdk_s3::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    sts: aws_sdk_sts::Client,
    s3_config: SdkConfig,
    ses_config: SdkConfig,
    base: SdkConfig,
    endpoints: Option<Endpoints>,
}

/// The cloud's clock, for what signs: an address that is made today is good today, whichever day it is said to be.
#[derive(Debug)]
struct Moved(Clock);

impl TimeSource for Moved {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

impl Clients {
    /// Clients of this cloud, which may do everything.
    #[must_use]
    pub fn of(cloud: &Cloud) -> Self {
        let key = cloud.root();
        let credentials = Credentials::new(&key.id, &key.secret, None, None, "local");
        Self::over(base(credentials, cloud.clock().clone()), Some(cloud.endpoints().clone()))
    }

    /// The clients that a function has: they act with its role, and may do what the templates let it do.
    #[must_use]
    pub fn of_function(&self, cloud: &Cloud, function: &str) -> Self {
        let role = Iam::access_key_id(function);
        let credentials = Credentials::new(role, &cloud.root().secret, None, None, "local");
        let base = self.base.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        Self::over(base, self.endpoints.clone())
    }

    fn over(base: SdkConfig, endpoints: Option<Endpoints>) -> Self {
        let at = |of: fn(&Endpoints) -> &String| match &endpoints {
            Some(endpoints) => base.to_builder().endpoint_url(of(endpoints)).build(),
            None => base.clone(),
        };
        let s3_config = at(|endpoints| &endpoints.s3);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&at(|endpoints| &endpoints.dynamodb)),
            kms: aws_sdk_kms::Client::new(&at(|endpoints| &endpoints.kms)),
            s3: aws_sdk_s3::Client::new(&s3_config),
            sqs: aws_sdk_sqs::Client::new(&at(|endpoints| &endpoints.sqs)),
            sts: aws_sdk_sts::Client::new(&at(|endpoints| &endpoints.sts)),
            s3_config,
            ses_config: at(|endpoints| &endpoints.ses),
            base,
            endpoints,
        }
    }

    /// Clients that reach nobody: what the documents are generated with.
    #[must_use]
    pub fn of_nobody() -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .build();
        Self::over(config, None)
    }

    /// A vault over this cloud's keys: with empty caches, as in a function that has just started.
    pub fn vault(&self, clock: &store::Clock) -> Result<Vault, Error> {
        let ledger = Ledger::new(&self.s3_config, LEDGER_BUCKET).map_err(Error::of_service)?;
        let cmks = Cmks {
            names: "alias/names".to_owned(),
            records: "alias/records".to_owned(),
            platform: "alias/platform".to_owned(),
        };
        let settings = vault::Settings { keys_table: "keys".to_owned(), cmks };
        let clock = clock.clone();
        Ok(Vault::new(self.kms.clone(), self.dynamodb.clone(), ledger, settings, Arc::new(move || clock.now())))
    }

    /// A store over this cloud's tables, with a vault of its own.
    pub fn store(&self, clock: store::Clock) -> Result<Store, Error> {
        let tables = TableNames { records: "records".to_owned(), names: "names".to_owned(), audit: "audit".to_owned() };
        Ok(Store::new(self.dynamodb.clone(), tables, self.vault(&clock)?, clock))
    }

    /// The bucket of customers' files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(self.s3.clone(), IMPORTS_BUCKET.to_owned())
    }

    /// The bucket of the trail's copies and seals.
    #[must_use]
    pub fn trail(&self) -> TrailBucket {
        TrailBucket::new(self.s3.clone(), TRAIL_BUCKET.to_owned())
    }

    /// What lets programs drop files.
    #[must_use]
    pub fn drops(&self) -> Drops {
        Drops::new(self.sts.clone(), DROP_ROLE.to_owned(), IMPORTS_BUCKET.to_owned())
    }

    /// What doors hold beside their store; the queue of imports is at this address.
    pub(crate) fn own(&self, queue_url: String) -> Own {
        Own { files: self.files(), queue: self.queue(queue_url), drops: self.drops() }
    }

    /// What hands mails to this cloud's relay.
    #[must_use]
    pub fn mail_delivery(&self, store: &Store, support: Support, portal: String) -> MailDelivery {
        let relay = Relay::new(&self.ses_config, SENDER.to_owned(), support.mail.clone(), None);
        MailDelivery { store: store.clone(), relay, support, portal }
    }

    /// The queue of the import job, at this address.
    #[must_use]
    pub fn queue(&self, url: String) -> Queue {
        Queue::new(self.sqs.clone(), url)
    }
}

/// The queue's address in a cloud.
pub(super) fn imports_queue_url(cloud: &Cloud) -> String {
    cloud.queue_url(IMPORTS_QUEUE)
}

/// What all clients share. The local cloud speaks plain HTTP: nobody's list of certificate authorities is read, as it would be for each client of each function.
fn base(credentials: Credentials, clock: Clock) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .time_source(SharedTimeSource::new(Moved(clock)))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}
