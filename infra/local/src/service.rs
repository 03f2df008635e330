//! The whole service in one process: the functions' own code, plugged into a local cloud, behind the gateway that
//! `infra/gateway.json` describes.
//!
//! ```text
//! HTTP ─▶ gateway ─▶ doors ─┐                         ┌─▶ tables, keys, buckets
//! S3 ──▶ imports ─▶ queue ──┼─▶ store, vault (shared) ┤
//! /_local/schedules ─▶ jobs ┘                         └─▶ queues, mails
//! ```

pub mod clients;
mod demo;
pub mod doors;
pub mod endpoints;
mod jobs;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use csv_import::{Importer, Limits};
use endpoint::{App, Settings};
use retention_purge::RetentionPurge;
use store::{Store, Support};

use self::clients::{Clients, imports_queue_url};
use self::endpoints::{DemoTenant, Endpoints, People};
use crate::cloud::s3::BucketSpec;
use crate::cloud::sqs::QueueSpec;
use crate::cloud::sts::role_id;
use crate::doors::Doors;
use crate::gateway::{Gateway, GatewayOptions, Shape};
use crate::triggers::{Schedules, Triggers};
use crate::{Clock, Cloud, Error, Options, REGION, documents};

/// The bucket that customers' files come into.
pub const IMPORTS_BUCKET: &str = "imports";
/// The role that programs drop files in.
pub const DROP_ROLE: &str = "arn:aws:iam::000000000000:role/drop";
/// The bucket of the shred ledger.
pub const LEDGER_BUCKET: &str = "ledger";
/// The queue that wakes `csv-import`.
pub const IMPORTS_QUEUE: &str = "imports";

/// How to start the service.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The port of the API; 0 for any.
    pub api_port: u16,
    /// The port of S3; 0 for any.
    pub s3_port: u16,
    /// Where everything is kept, and where `endpoints.json` is written; none to write nothing at all.
    pub data_dir: Option<PathBuf>,
    /// Keep no data: `endpoints.json` alone is written.
    pub ephemeral: bool,
    /// Make the demo tenants.
    pub demo: bool,
    /// How far the clock of functions and cloud is from the machine's, in seconds.
    pub offset_seconds: Arc<AtomicI64>,
    /// Under which kind of address the API is reached.
    pub shape: Shape,
    /// How many things one run of a purge deletes at most.
    pub most_deletes: Option<u64>,
    /// How the import job divides its work.
    pub limits: Limits,
    /// Wake jobs by what happens; otherwise queues and streams are left to the test that looks at each step.
    pub wake_jobs: bool,
}

impl ServiceOptions {
    /// For one test: any ports, nothing kept, nothing written.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self {
            api_port: 0,
            s3_port: 0,
            data_dir: None,
            ephemeral: true,
            demo: true,
            offset_seconds: Arc::default(),
            // The documents' paths begin with `/v1`; the stage is another thing, and no part of the address.
            shape: Shape::CustomDomain {
                domain: "api.localhost".to_owned(),
                base_path: String::new(),
                stage: "v1".to_owned(),
            },
            most_deletes: None,
            limits: Limits { reference_grace: 5, ..Limits::default() },
            wake_jobs: true,
        }
    }

    /// Everything under a directory.
    #[must_use]
    pub fn in_directory(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: Some(data_dir.into()), ephemeral: false, ..Self::ephemeral() }
    }
}

/// The running service. Dropping it stops it, as abruptly as kill -9 would.
#[derive(Debug)]
pub struct Service {
    // Fields are dropped in this order: first nobody calls any more, then nothing answers.
    gateway: Gateway,
    _triggers: Triggers,
    endpoints: Endpoints,
    store: Store,
    clients: Clients,
    cloud: Cloud,
}

/// Where links in mails lead: nowhere, for what people see is not part of this service.
const PORTAL: &str = "https://kenko.ailes-plus.example";

impl Service {
    /// Starts everything, makes what the demo needs, and writes `endpoints.json` when the API answers.
    pub async fn start(options: ServiceOptions) -> Result<Self, Error> {
        let clock = store::Clock::moved_by(Arc::clone(&options.offset_seconds));
        let cloud = Cloud::start(cloud_options(&options)).await?;
        let clients = Clients::of(&cloud).await;
        let store = clients.store(clock)?;
        let (files, queue) = (clients.files(), clients.queue(imports_queue_url(&cloud)));
        let app = App::new(store.clone(), settings());
        let functions: Vec<_> = doors::doors(files.clone(), queue.clone(), clients.drops())
            .into_iter()
            .map(|door| doors::deployed(door, app.clone()))
            .collect();
        let (drop_role, limits) = (role_id(DROP_ROLE), options.limits);
        let importer = Importer { store: store.clone(), files, queue, drop_role, limits };
        let (mails, sweep) = jobs::mail_delivery(clients.mail_delivery(&store, support(), PORTAL.to_owned()))?;
        let purge = RetentionPurge { store: store.clone(), files: clients.files(), most_deletes: options.most_deletes };
        let schedules = Schedules::new([sweep, jobs::retention_purge(purge)]);
        let triggers = if options.wake_jobs {
            Triggers::start(&cloud, [jobs::csv_import(importer)], [mails])
        } else {
            Triggers::start(&cloud, [], [])
        };
        let local = Doors {
            ses: cloud.ses().clone(),
            clock: cloud.clock().clone(),
            counters: cloud.counters().clone(),
            schedules,
        };
        let gateway = GatewayOptions {
            port: options.api_port,
            shape: options.shape.clone(),
            clock: cloud.clock().clone(),
            local: Some(local.router()),
            ..GatewayOptions::new(documents::GATEWAY)
        };
        let gateway = Gateway::start(gateway, functions, cloud.counters().clone()).await?;
        let people = demo::people(&options)?;
        let people = demo::settle(&options, people, &store, &cloud).await?;
        let endpoints = announce(&options, &gateway, &cloud, people)?;
        Ok(Self { gateway, _triggers: triggers, endpoints, store, clients, cloud })
    }

    /// `http://127.0.0.1:port` of the API.
    #[must_use]
    pub fn api(&self) -> &str {
        self.gateway.url()
    }

    /// Addresses, and who may sign in.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Makes another tenant like the demo's, under a code that nobody has.
    pub async fn add_tenant(&self, code: &str) -> Result<DemoTenant, Error> {
        demo::another(code, &self.store, &self.cloud).await
    }

    /// The store that the functions share.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Clients of the cloud underneath.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The cloud underneath.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }
}

/// What the templates deploy: keys, buckets, queues.
fn cloud_options(options: &ServiceOptions) -> Options {
    let base = match &options.data_dir {
        Some(directory) if !options.ephemeral => Options::in_directory(directory),
        _ => Options::ephemeral(),
    };
    Options {
        s3_port: options.s3_port,
        clock: Clock::shared(Arc::clone(&options.offset_seconds)),
        kms_aliases: ["names", "records", "platform"].map(|name| format!("alias/{name}")).into(),
        buckets: vec![BucketSpec::new(IMPORTS_BUCKET).notify(IMPORTS_QUEUE), BucketSpec::new(LEDGER_BUCKET).locked()],
        queues: vec![
            QueueSpec::new(IMPORTS_QUEUE).visibility(Duration::from_mins(30)).dead_letter(5, "imports-dead"),
            QueueSpec::new("imports-dead"),
            QueueSpec::new("mails-dead"),
            QueueSpec::new("purges-dead"),
        ],
        ..base
    }
}

fn settings() -> Settings {
    Settings { version: env!("CARGO_PKG_VERSION"), region: REGION.to_owned(), support: support() }
}

fn support() -> Support {
    Support {
        mail: "support@ailes-plus.example".to_owned(),
        phone: "050-0000-0000".to_owned(),
        hours: "平日 9:00〜17:00".to_owned(),
    }
}

/// Says where everything is, in the file that visitors read.
fn announce(options: &ServiceOptions, gateway: &Gateway, cloud: &Cloud, people: People) -> Result<Endpoints, Error> {
    let endpoints = Endpoints {
        api: gateway.url().to_owned(),
        s3: cloud.endpoints().s3.clone(),
        imports_bucket: IMPORTS_BUCKET.to_owned(),
        people,
    };
    if let Some(directory) = &options.data_dir {
        std::fs::create_dir_all(directory).map_err(|error| Error::io("creating the data directory", error))?;
        endpoints::write(&directory.join("endpoints.json"), &endpoints)?;
    }
    Ok(endpoints)
}
