//! What a visitor needs to know: addresses, and with whose names to sign in. Written to `endpoints.json` once the service
//! answers; the part that must stay the same over restarts is kept in `demo.json`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use domain::ids::ClientId;
use serde::{Deserialize, Serialize};

use crate::Error;

/// `endpoints.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoints {
    /// The API (`http://127.0.0.1:9000`).
    pub api: String,
    /// S3.
    pub s3: String,
    /// The bucket that files are dropped into.
    pub imports_bucket: String,
    /// Who may sign in.
    #[serde(flatten)]
    pub people: People,
}

/// Everybody who may sign in: `demo.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// Operators (運営事業者).
    pub operators: Vec<Operator>,
    /// Demo tenants.
    pub tenants: Vec<DemoTenant>,
}

/// An operator, who signs in without a tenant code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Login id.
    pub login_id: String,
    /// Password.
    pub password: String,
    /// Secret of the one-time password, base 32.
    pub totp_secret: String,
}

/// A demo tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoTenant {
    /// What its people type when they sign in.
    pub tenant_code: String,
    /// Its id.
    pub tenant_id: String,
    /// The API client that its own system is.
    #[serde(default = "new_client")]
    pub client_id: String,
    /// The key of its own system, which drops files.
    pub s3_access_key_id: String,
    /// Its secret.
    pub s3_secret_access_key: String,
    /// One account per role; administrators and employees twice.
    pub accounts: Vec<DemoAccount>,
}

/// An id for the client of a tenant that has none yet.
pub(super) fn new_client() -> String {
    ClientId::from_bytes(*uuid::Uuid::new_v4().as_bytes()).to_string()
}

/// An account of a demo tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Its role.
    pub role: String,
    /// Login id.
    pub login_id: String,
    /// Password.
    pub password: String,
    /// Secret of the one-time password, base 32; none where there is no second factor.
    pub totp_secret: Option<String>,
}

/// What a JSON file holds; none where there is no file.
pub(super) fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Option<T>, Error> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(Error::json),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("reading who may sign in", error)),
    }
}

/// Writes a JSON file for its owner's eyes alone, whole or not at all.
pub(super) fn write(file: &Path, value: &impl Serialize) -> Result<(), Error> {
    let failed = |error| Error::io("writing who may sign in", error);
    let text = serde_json::to_string_pretty(value).map_err(Error::json)?;
    let new = file.with_extension("json.new");
    let _ = fs::remove_file(&new);
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
    fs::rename(&new, file).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_written_for_their_owner_alone_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("demo.json");
        assert_eq!(read::<People>(&file).unwrap(), None);
        let people = People {
            operators: vec![Operator { login_id: "a".into(), password: "b".into(), totp_secret: "C".into() }],
            tenants: Vec::new(),
        };
        write(&file, &People::default()).unwrap();
        write(&file, &people).unwrap();
        assert_eq!(read(&file).unwrap(), Some(people));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
