//! Fate: the request at which a run of a job is killed. Nobody asks a process before it dies: either the request was not sent, or it was done and its answer came to nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use local::service::clients::Clients;
use tokio::sync::Notify;

/// When a run dies.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// At which of its requests, from 0.
    pub at: usize,
    /// Whether that one was still done.
    pub done: bool,
}

/// What is to become of one run. Clones are of the same one.
#[derive(Clone, Debug)]
pub struct Fate(Arc<Run>);

#[derive(Debug)]
struct Run {
    death: Option<Death>,
    requests: AtomicUsize,
    dead: Notify,
}

impl Fate {
    /// A run that dies so, or not at all.
    pub fn of(death: Option<Death>) -> Self {
        Self(Arc::new(Run { death, requests: AtomicUsize::new(0), dead: Notify::new() }))
    }

    /// The same clients for this run. Requests to KMS and to the ledger die between two of the others.
    pub fn over(&self, clients: &Clients) -> Clients {
        let mut clients = clients.clone();
        let dynamodb = clients.dynamodb.config();
        let dynamodb = dynamodb.to_builder().http_client(self.before(dynamodb.http_client()));
        clients.dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());
        let s3 = clients.s3.config();
        clients.s3 = aws_sdk_s3::Client::from_conf(s3.to_builder().http_client(self.before(s3.http_client())).build());
        clients
    }

    /// Does something until it is done, or killed.
    pub async fn befalls<T>(&self, act: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.0.dead.notified() => None,
            outcome = act => Some(outcome),
        }
    }

    fn before(&self, behind: Option<SharedHttpClient>) -> SharedHttpClient {
        let behind = behind.unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
        let fate = self.clone();
        http_client_fn(move |settings, components| {
            let behind = behind.http_connector(settings, components);
            SharedHttpConnector::new(Connector { behind, fate: fate.clone() })
        })
    }
}

/// What the clients send their requests through.
#[derive(Debug)]
struct Connector {
    behind: SharedHttpConnector,
    fate: Fate,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.fate.0.requests.fetch_add(1, Ordering::Relaxed);
        let Some(death) = self.fate.0.death.filter(|death| death.at == number) else {
            return self.behind.call(request);
        };
        let (behind, fate) = (self.behind.clone(), self.fate.clone());
        HttpConnectorFuture::new(async move {
            if death.done {
                behind.call(request).await?;
            }
            fate.0.dead.notify_one();
            std::future::pending().await
        })
    }
}
