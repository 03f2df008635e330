//! What a function holds: the store, and the settings that came with its deployment.

use std::sync::Arc;

use store::{Clock, Store, Support};

/// How a function was deployed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's version.
    pub version: &'static str,
    /// The AWS region.
    pub region: String,
    /// How to reach the support desk.
    pub support: Support,
}

/// What a function holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The data.
    pub store: Store,
    /// The deployment.
    pub settings: Arc<Settings>,
}

impl App {
    /// An app over this store.
    #[must_use]
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings: Arc::new(settings) }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.store.clock()
    }
}
