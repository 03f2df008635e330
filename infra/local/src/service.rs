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
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use audit_archive::AuditArchive;
use audit_digest::AuditDigest;
use canary::Canary;
use criteria_rejudge::CriteriaRejudge;
use csv_import::{Importer, Limits};
use endpoint::{App, Settings};
use export_writer::ExportWriter;
use identity_reseal::IdentityReseal;
use log_writer::LogWriter;
use notice_fan_out::NoticeFanOut;
use points_close::PointsClose;
use reminders::Reminders;
use retention_purge::RetentionPurge;
use rollup::Rollup;
use store::{HashCost, Store, Support};

use self::clients::{Clients, imports_queue_url};
use self::endpoints::{DemoTenant, Endpoints, People};
use crate::cloud::iam::Iam;
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
pub const DROP_ROLE: &str = "arn:aws:iam::000000000000:role/local-drop";
/// The bucket of the shred ledger.
pub const LEDGER_BUCKET: &str = "ledger";
/// The bucket of the trail's copies and seals.
pub const TRAIL_BUCKET: &str = "trail";
/// The queue that wakes `csv-import`.
pub const IMPORTS_QUEUE: &str = "imports";
/// The queue of what the relay tells later.
pub const MAIL_EVENTS_QUEUE: &str = "mail-events";

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
    /// What a password costs to hash.
    pub hash_cost: HashCost,
    /// How the import job divides its work.
    pub limits: Limits,
    /// Where to write down what roles make use of, and whatever no policy allows, which is then refused; nowhere where it is none, and then it is only told.
    pub rights: Option<PathBuf>,
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
            hash_cost: HashCost::OWASP,
            limits: Limits { reference_grace: 5, ..Limits::default() },
            rights: None,
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
        let cloud = Cloud::start(cloud_options(&options)?).await?;
        let clients = Clients::of(&cloud);
        let store_over =
            |clients: &Clients| Ok::<_, Error>(clients.store(clock.clone())?.hashing_at(options.hash_cost));
        let store = store_over(&clients)?;
        // Each function in its own shoes: its role, its clients, its caches.
        let acting = |function: &str| {
            let clients = clients.of_function(&cloud, function);
            let store = store_over(&clients)?;
            Ok::<_, Error>((clients, store))
        };
        let store_of = |function: &str| Ok::<_, Error>(acting(function)?.1);
        let queue_url = imports_queue_url(&cloud);
        let mut functions = Vec::new();
        for (name, make) in doors::DOORS {
            let (own, store) = acting(name)?;
            functions.push(doors::deployed(make(&own.own(queue_url.clone())), App::new(store, settings())));
        }
        let (own, importers) = acting("csv-import")?;
        let (files, queue) = (own.files(), own.queue(queue_url));
        let (drop_role, limits) = (role_id(DROP_ROLE), options.limits);
        let importer = Importer { store: importers, files, queue, drop_role, limits };
        let (own, mailers) = acting("mail-delivery")?;
        let (mails, told, sweep) = jobs::mail_delivery(own.mail_delivery(&mailers, support(), PORTAL.to_owned()))?;
        let (own, purgers) = acting("retention-purge")?;
        let purge = RetentionPurge { store: purgers, files: own.files(), most_deletes: options.most_deletes };
        let resealers = store_of("identity-reseal")?;
        let reseal = jobs::identity_reseal(IdentityReseal { store: resealers, most: options.most_deletes });
        let (own, store_of_digest) = acting("audit-digest")?;
        let digest = AuditDigest { store: store_of_digest, bucket: own.trail() };
        let (own, writers) = acting("log-writer")?;
        let writer = LogWriter { store: writers, files: own.files() };
        let (own, exporters) = acting("export-writer")?;
        let exporter = jobs::export_writer(ExportWriter { store: exporters, files: own.files() });
        let rejudge = jobs::criteria_rejudge(CriteriaRejudge { store: store_of("criteria-rejudge")? });
        let (notices, notice_sweep) = jobs::notice_fan_out(NoticeFanOut { store: store_of("notice-fan-out")? })?;
        let close = jobs::points_close(PointsClose { store: store_of("points-close")? });
        let rollup = jobs::rollup(Rollup { store: store_of("rollup")? });
        let [daily, hourly] = jobs::reminders(Reminders { store: store_of("reminders")? });
        let (purge, digest, writer) =
            (jobs::retention_purge(purge), jobs::audit_digest(digest), jobs::log_writer(writer));
        let target = Arc::new(OnceLock::new());
        let canary = jobs::canary(Canary { store: store_of("canary")?, target: Arc::clone(&target) });
        let schedules = Schedules::new([
            sweep,
            notice_sweep,
            daily,
            hourly,
            reseal,
            purge,
            digest,
            writer,
            exporter,
            rejudge,
            canary,
            close,
            rollup,
        ]);
        let (own, store_of_archive) = acting("audit-archive")?;
        let archive = jobs::audit_archive(AuditArchive { store: store_of_archive, bucket: own.trail() });
        let triggers = if options.wake_jobs {
            Triggers::start(&cloud, [jobs::csv_import(importer), told], [mails, archive, notices])
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
        // The last employee of the first customer stands for the synthetic one.
        let synthetic = people.tenants.first().and_then(|tenant| {
            let account = tenant.accounts.iter().rfind(|account| account.role == "employee")?;
            let (tenant_code, login_id) = (tenant.tenant_code.clone(), account.login_id.clone());
            let password = account.password.clone().into();
            Some(canary::Target { api: gateway.url().to_owned(), tenant_code, login_id, password })
        });
        // Nobody else has set it: this is where it begins to listen.
        if let Some(synthetic) = synthetic {
            drop(target.set(synthetic));
        }
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
fn cloud_options(options: &ServiceOptions) -> Result<Options, Error> {
    let base = match &options.data_dir {
        Some(directory) if !options.ephemeral => Options::in_directory(directory),
        _ => Options::ephemeral(),
    };
    Ok(Options {
        iam: Some(Iam::deployed(options.rights.clone(), options.rights.is_some())?),
        s3_port: options.s3_port,
        clock: Clock::shared(Arc::clone(&options.offset_seconds)),
        kms_aliases: ["names", "records", "platform"].map(|name| format!("alias/{name}")).into(),
        buckets: vec![
            BucketSpec::new(IMPORTS_BUCKET).notify(IMPORTS_QUEUE),
            BucketSpec::new(LEDGER_BUCKET).locked(),
            BucketSpec::new(TRAIL_BUCKET).locked(),
        ],
        queues: vec![
            QueueSpec::new(IMPORTS_QUEUE).visibility(Duration::from_mins(30)).dead_letter(5, "imports-dead"),
            QueueSpec::new("imports-dead"),
            QueueSpec::new(MAIL_EVENTS_QUEUE).visibility(Duration::from_mins(6)).dead_letter(5, "mails-dead"),
            QueueSpec::new("mails-dead"),
            QueueSpec::new("purges-dead"),
        ],
        mail_events: Some(MAIL_EVENTS_QUEUE.to_owned()),
        ..base
    })
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
