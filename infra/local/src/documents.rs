//! The two documents that are generated from the doors and kept in the repository: `infra/openapi.json` for callers and
//! `infra/gateway.json` for API Gateway. `cargo run -p local -- documents` writes them; a test fails when they are stale.

use std::path::{Path, PathBuf};

use endpoint::openapi::Documents;
use serde_json::Value;

use crate::Error;
use crate::service::clients::Clients;
use crate::service::doors::DOORS;

/// What the gateway routes by, as it was built.
pub const GATEWAY: &str = include_str!("../../gateway.json");
/// What callers are promised, as it was built.
pub const OPENAPI: &str = include_str!("../../openapi.json");

/// Writes the documents as they should be now. Needs a runtime: the doors hold clients, which nobody calls.
pub fn generate() -> Result<Documents, Error> {
    let own = Clients::of_nobody().own(String::new());
    let doors = DOORS.iter().map(|(_, make)| make(&own)).collect();
    endpoint::openapi::documents(doors, env!("CARGO_PKG_VERSION")).map_err(Error::json)
}

/// A document as its file holds it.
pub fn text(document: &Value) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(document).map_err(Error::json)? + "\n")
}

/// Brings both files up to date; says which ones were not.
pub fn write(infra: &Path) -> Result<Vec<PathBuf>, Error> {
    let documents = generate()?;
    let mut written = Vec::new();
    for (name, document) in [("openapi.json", &documents.openapi), ("gateway.json", &documents.gateway)] {
        let (file, text) = (infra.join(name), text(document)?);
        if std::fs::read_to_string(&file).ok().as_deref() != Some(text.as_str()) {
            std::fs::write(&file, text).map_err(|error| Error::io("writing a document", error))?;
            written.push(file);
        }
    }
    Ok(written)
}

/// `infra/` of this checkout.
#[must_use]
pub fn infra() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use endpoint::openapi::operations;

    use super::*;

    #[tokio::test]
    async fn each_door_is_listed_under_its_own_name() {
        let own = Clients::of_nobody().own(String::new());
        for (name, make) in DOORS {
            assert_eq!(make(&own).name, name);
        }
    }

    #[tokio::test]
    async fn the_documents_are_up_to_date() {
        let documents = generate().unwrap();
        for (name, document, there) in
            [("openapi.json", &documents.openapi, OPENAPI), ("gateway.json", &documents.gateway, GATEWAY)]
        {
            assert!(text(document).unwrap() == there, "infra/{name} is stale: run `cargo run -p local -- documents`");
        }
    }

    #[test]
    fn both_documents_hold_the_same_operations() {
        let of = |text: &str| -> BTreeSet<(String, String)> {
            let document = serde_json::from_str(text).unwrap();
            operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect()
        };
        assert_eq!(of(OPENAPI), of(GATEWAY));
        assert!(!of(OPENAPI).is_empty(), "the documents hold no operation at all");
    }
}
