//! The services, and [`Cloud`], which runs them.

pub mod cloudformation;
pub(crate) mod dynamodb;
pub mod iam;
pub(crate) mod kms;
pub mod s3;
pub mod ses;
pub mod sqs;
mod sqs_http;
pub mod sts;

pub(crate) use self::sqs_http::system_attributes as sqs_attributes;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio::task::JoinSet;

use self::dynamodb::DynamoDb;
use self::iam::Iam;
use self::kms::Kms;
use self::s3::{BucketSpec, RootKey, S3Store};
use self::ses::Ses;
use self::sqs::{QueueSpec, Sqs};
use self::sts::Sts;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::database::Database;
use crate::{Error, REGION, serve};

/// The deployed template of the tables.
pub const DATA_TEMPLATE: &str = include_str!("../../../data.yaml");

/// What kind of cloud to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept. Not touched by an ephemeral cloud.
    pub data_dir: PathBuf,
    /// Keep nothing: databases in memory, objects in a temporary directory.
    pub ephemeral: bool,
    /// The port of S3, which customers' systems talk to; 0 for any.
    pub s3_port: u16,
    /// The clock of everything; hand in one over the functions' own offset to move both together.
    pub clock: Clock,
    /// Aliases of the KMS keys to have.
    pub kms_aliases: Vec<String>,
    /// Buckets to have.
    pub buckets: Vec<BucketSpec>,
    /// Queues to have.
    pub queues: Vec<QueueSpec>,
    /// The queue that SES's events go to, if any.
    pub mail_events: Option<String>,
    /// The `CloudFormation` template with the tables.
    pub template: String,
    /// What holds functions to their roles; nobody is held to anything without it.
    pub iam: Option<Iam>,
}

impl Options {
    /// A cloud that keeps everything under a directory.
    #[must_use]
    pub fn in_directory(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            ephemeral: false,
            s3_port: 0,
            clock: Clock::default(),
            kms_aliases: ["records", "names", "keys", "audit", "tenant-data"]
                .map(|name| format!("alias/{name}"))
                .into(),
            buckets: Vec::new(),
            queues: Vec::new(),
            mail_events: None,
            template: DATA_TEMPLATE.to_owned(),
            iam: None,
        }
    }

    /// A cloud for one test: any ports, nothing kept.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self { ephemeral: true, ..Self::in_directory("") }
    }
}

/// Where each service listens (`http://127.0.0.1:port`).
#[derive(Clone, Debug, Serialize)]
pub struct Endpoints {
    /// `DynamoDB` and its streams.
    pub dynamodb: String,
    /// S3.
    pub s3: String,
    /// KMS.
    pub kms: String,
    /// SES version 2.
    pub ses: String,
    /// SQS.
    pub sqs: String,
    /// STS.
    pub sts: String,
}

/// A running cloud. Dropping it stops it, as abruptly as kill -9 would.
#[derive(Debug)]
pub struct Cloud {
    endpoints: Endpoints,
    clock: Clock,
    counters: Counters,
    database: Database,
    dynamodb: DynamoDb,
    s3: S3Store,
    ses: Ses,
    sqs: Sqs,
    _tasks: JoinSet<()>,
    /// Held as long as the cloud runs: two clouds in one directory would undo each other's work.
    _lock: Option<Arc<File>>,
}

impl Cloud {
    /// Opens the data directory (creating what is missing) and starts listening on loopback.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let Options { data_dir, ephemeral, s3_port, clock, kms_aliases, buckets, queues, mail_events, template, iam } =
            options;
        let lock = if ephemeral { None } else { Some(Arc::new(lock(&data_dir)?)) };
        let file = |name: &str| (!ephemeral).then(|| data_dir.join(name));
        let counters = Counters::default();
        let database = Database::open(file("local.sqlite").as_deref())?;
        let tables = cloudformation::tables(&template)?;
        let dynamodb = DynamoDb::open(file("dynamodb.sqlite").as_deref(), &tables, &clock)?;
        let sqs = Sqs::open(database.clone(), &queues, counters.clone(), iam.clone())?;
        let scratch = std::env::temp_dir().join(format!("local-s3-{}", uuid::Uuid::new_v4().simple()));
        let directory = if ephemeral { scratch } else { data_dir.join("s3") };
        let s3 =
            S3Store::open(&directory, ephemeral, database.clone(), &buckets, sqs.clone(), clock.clone(), iam.clone())?;
        let kms = Kms::open(file("kms.json"), &kms_aliases, clock.clone(), counters.clone(), iam.clone())?;
        let events = mail_events.map(|queue| (sqs.clone(), queue));
        let ses = Ses::new(database.clone(), clock.clone(), counters.clone(), events, iam.clone());

        let mut tasks = JoinSet::new();
        let dynamodb_endpoint = dynamodb.serve(counters.clone(), iam.clone(), &mut tasks).await?;
        let (s3_listener, s3_endpoint) = serve::listen(s3_port).await?;
        let (service, s3_counters, s3_clock) = (s3.service(), counters.clone(), clock.clone());
        tasks.spawn(serve::serve(s3_listener, move |request, _| {
            s3::answer(service.clone(), s3_counters.clone(), s3_clock.clone(), request)
        }));
        let (kms_listener, kms_endpoint) = serve::listen(0).await?;
        tasks.spawn(serve::serve(kms_listener, move |request, _| kms.clone().answer(request)));
        let (ses_listener, ses_endpoint) = serve::listen(0).await?;
        let ses_door = ses.clone();
        tasks.spawn(serve::serve(ses_listener, move |request, _| ses_door.clone().answer(request)));
        let (queues_listener, queues_endpoint) = serve::listen(0).await?;
        let (queues_door, queues_url) = (sqs.clone(), queues_endpoint.clone());
        tasks.spawn(serve::serve(queues_listener, move |request, _| {
            queues_door.clone().answer(request, queues_url.clone())
        }));

        let (sts_listener, sts_endpoint) = serve::listen(0).await?;
        let sts = Sts::new(s3.clone(), clock.clone(), counters.clone(), iam);
        tasks.spawn(serve::serve(sts_listener, move |request, _| sts.clone().answer(request)));

        let endpoints = Endpoints {
            dynamodb: dynamodb_endpoint,
            s3: s3_endpoint,
            kms: kms_endpoint,
            ses: ses_endpoint,
            sqs: queues_endpoint,
            sts: sts_endpoint,
        };
        Ok(Self { endpoints, clock, counters, database, dynamodb, s3, ses, sqs, _tasks: tasks, _lock: lock })
    }

    /// Where each service listens.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What the functions' environment says about this cloud: endpoints, region, credentials.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let RootKey { id, secret } = self.root().clone();
        vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoints.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_S3", self.endpoints.s3.clone()),
            ("AWS_ENDPOINT_URL_KMS", self.endpoints.kms.clone()),
            ("AWS_ENDPOINT_URL_SESV2", self.endpoints.ses.clone()),
            ("AWS_ENDPOINT_URL_SQS", self.endpoints.sqs.clone()),
            ("AWS_ENDPOINT_URL_STS", self.endpoints.sts.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
    }

    /// The functions' own credentials. Only S3 checks them.
    #[must_use]
    pub fn root(&self) -> &RootKey {
        self.s3.root()
    }

    /// The clock of this cloud.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Calls and units by operation.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Buckets and customers' access keys.
    #[must_use]
    pub fn s3(&self) -> &S3Store {
        &self.s3
    }

    /// Mails that were sent.
    #[must_use]
    pub fn ses(&self) -> &Ses {
        &self.ses
    }

    /// Queues.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// A queue's URL.
    #[must_use]
    pub fn queue_url(&self, queue: &str) -> String {
        format!("{}/{}/{queue}", self.endpoints.sqs, crate::ACCOUNT)
    }

    /// Expires items now rather than within the minute; says how many.
    pub async fn expire_items(&self) -> Result<usize, Error> {
        self.dynamodb.sweep().await
    }

    /// What the tables answer to a request, without a socket in between: for tests that play hundreds of thousands of requests. Nobody's role is asked, nothing is counted,
    /// and no reader of a stream is woken. None for an operation that only the endpoint answers.
    #[must_use]
    pub fn tables_answer(&self, operation: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        self.dynamodb.answer(operation, body)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn dynamodb(&self) -> &DynamoDb {
        &self.dynamodb
    }
}

/// Creates the directory and makes it this process's own.
fn lock(data_dir: &std::path::Path) -> Result<File, Error> {
    std::fs::create_dir_all(data_dir).map_err(|error| Error::io("creating the data directory", error))?;
    let file = File::create(data_dir.join("lock")).map_err(|error| Error::io("opening the lock file", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(error) => Err(Error::Config(format!("{} is in use by another local cloud: {error}", data_dir.display()))),
    }
}
