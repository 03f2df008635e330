//! KMS, as far as envelope encryption needs it: real AES-256-GCM under key material in a private file, with the
//! encryption context as associated data, and AWS's own errors.
//!
//! Key material is written before a key is first used, so a restart with the same data directory opens everything.
//! A ciphertext is `version ‖ key id ‖ nonce ‖ sealed`, so `Decrypt` finds its key without being told.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::iam::{self, Iam};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::serve::{self, Answer, BoxError, ServiceError};
use crate::{ACCOUNT, Error, REGION};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 16;
const LARGEST_PLAINTEXT: usize = 4096;

/// A key's state, as KMS names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Enabled,
    Disabled,
    PendingDeletion,
}

#[derive(Clone, Serialize, Deserialize)]
struct Key {
    aliases: Vec<String>,
    /// Base64 of 32 bytes.
    material: String,
    state: State,
    created_ms: i64,
}

type Keys = BTreeMap<Uuid, Key>;

/// The key store.
#[derive(Clone)]
pub(crate) struct Kms {
    keys: Arc<Mutex<Keys>>,
    file: Option<PathBuf>,
    clock: Clock,
    counters: Counters,
    iam: Option<Iam>,
}

impl std::fmt::Debug for Kms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kms").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Kms {
    /// Reads the keys and makes one for each alias (`alias/records`) that has none.
    pub(crate) fn open(
        file: Option<PathBuf>,
        aliases: &[String],
        clock: Clock,
        counters: Counters,
        iam: Option<Iam>,
    ) -> Result<Self, Error> {
        let keys: Keys = match &file {
            Some(path) if path.exists() => {
                let text = fs::read(path).map_err(|error| Error::io("reading the key file", error))?;
                serde_json::from_slice(&text).map_err(Error::json)?
            }
            _ => Keys::new(),
        };
        let this = Self { keys: Arc::new(Mutex::new(keys)), file, clock, counters, iam };
        this.change(|keys| {
            for alias in aliases {
                if !keys.values().any(|key| key.aliases.contains(alias)) {
                    let key = this.new_key(vec![alias.clone()])?;
                    keys.insert(Uuid::new_v4(), key);
                }
            }
            Ok(())
        })
        .map_err(|error| Error::Config(error.message))?;
        Ok(this)
    }

    /// Answers one request.
    pub(crate) async fn answer(self, request: http::Request<Incoming>) -> Result<Answer, BoxError> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.strip_prefix("TrentService.").unwrap_or_default().to_owned();
        let signer = iam::signer(request.headers()).map(str::to_owned);
        let outcome = match serve::read_body(request.into_body(), 1024 * 1024).await {
            Ok(body) => serde_json::from_slice(&body)
                .map_err(|error| ServiceError::client("SerializationException", error.to_string()))
                .and_then(|input: Value| {
                    self.check(signer.as_deref(), &operation, &input)?;
                    self.call(&operation, &input)
                }),
            Err(error) => Err(error),
        };
        self.counters.called("kms", &operation, outcome.is_err());
        Ok(match outcome {
            Ok(output) => serve::json_answer(http::StatusCode::OK, CONTENT_TYPE, &output),
            Err(error) => error.answer(CONTENT_TYPE),
        })
    }

    /// Whether whoever signed may use the key for this, in this encryption context.
    fn check(&self, signer: Option<&str>, operation: &str, input: &Value) -> Result<(), ServiceError> {
        let Some(iam) = &self.iam else { return Ok(()) };
        let alias = {
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let key = input["KeyId"].as_str().and_then(|named| find(&keys, named).ok()).map(|id| &keys[&id]);
            key.and_then(|key| key.aliases.first().cloned()).unwrap_or_default()
        };
        let key = iam::logical(alias.trim_start_matches("alias/"), "Key");
        let mut request = iam::Request::new(format!("kms:{operation}"), key);
        for (name, value) in input["EncryptionContext"].as_object().into_iter().flatten() {
            request = request.with(&format!("kms:EncryptionContext:{name}"), value.as_str());
        }
        iam.check(signer, &[request]).map_err(|refused| ServiceError::client("AccessDeniedException", refused))
    }

    fn call(&self, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        match operation {
            "GenerateDataKey" => self.generate_data_key(input, true),
            "GenerateDataKeyWithoutPlaintext" => self.generate_data_key(input, false),
            "Encrypt" => {
                let (id, key) = self.usable(text(input, "KeyId")?)?;
                let plaintext = blob(input, "Plaintext")?;
                if plaintext.is_empty() || plaintext.len() > LARGEST_PLAINTEXT {
                    return Err(ServiceError::client("ValidationException", "Plaintext must hold 1 to 4096 bytes"));
                }
                let sealed = seal(id, &key, &plaintext, &context(input, "EncryptionContext")?)?;
                Ok(json!({ "CiphertextBlob": sealed, "KeyId": arn(id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
            }
            "Decrypt" => {
                let (id, plaintext) = self.open_blob(input, "KeyId", "EncryptionContext")?;
                Ok(json!({ "Plaintext": BASE64_STANDARD.encode(plaintext), "KeyId": arn(id),
                    "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
            }
            "ReEncrypt" => {
                let (source, plaintext) = self.open_blob(input, "SourceKeyId", "SourceEncryptionContext")?;
                let (id, key) = self.usable(text(input, "DestinationKeyId")?)?;
                let sealed = seal(id, &key, &plaintext, &context(input, "DestinationEncryptionContext")?)?;
                Ok(json!({ "CiphertextBlob": sealed, "SourceKeyId": arn(source), "KeyId": arn(id),
                    "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                    "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
            }
            "GenerateRandom" => {
                let length = input["NumberOfBytes"].as_u64().filter(|length| (1..=1024).contains(length));
                let length =
                    length.ok_or_else(|| ServiceError::client("ValidationException", "NumberOfBytes: 1 to 1024"))?;
                let bytes = random(usize::try_from(length).unwrap_or_default())?;
                Ok(json!({ "Plaintext": BASE64_STANDARD.encode(bytes) }))
            }
            "DescribeKey" => {
                let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                let id = find(&keys, text(input, "KeyId")?)?;
                Ok(json!({ "KeyMetadata": metadata(id, &keys[&id]) }))
            }
            "CreateKey" => self.change(|keys| {
                let (id, key) = (Uuid::new_v4(), self.new_key(Vec::new())?);
                let described = json!({ "KeyMetadata": metadata(id, &key) });
                keys.insert(id, key);
                Ok(described)
            }),
            "CreateAlias" => self.change(|keys| {
                let alias = text(input, "AliasName")?;
                if keys.values().any(|key| key.aliases.iter().any(|known| known == alias)) {
                    return Err(ServiceError::client("AlreadyExistsException", format!("{alias} already exists")));
                }
                let id = find(keys, text(input, "TargetKeyId")?)?;
                keys.entry(id).and_modify(|key| key.aliases.push(alias.to_owned()));
                Ok(json!({}))
            }),
            "EnableKey" => self.set_state(input, State::Enabled),
            "DisableKey" | "CancelKeyDeletion" => self.set_state(input, State::Disabled),
            "ScheduleKeyDeletion" => self.set_state(input, State::PendingDeletion),
            _ => Err(ServiceError::client("UnknownOperationException", format!("not served here: {operation}"))),
        }
    }

    fn generate_data_key(&self, input: &Value, with_plaintext: bool) -> Result<Value, ServiceError> {
        let length = match (input["KeySpec"].as_str(), input["NumberOfBytes"].as_u64()) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(bytes @ 1..=1024)) => usize::try_from(bytes).unwrap_or_default(),
            _ => return Err(ServiceError::client("ValidationException", "say either KeySpec or NumberOfBytes")),
        };
        let (id, key) = self.usable(text(input, "KeyId")?)?;
        let plaintext = random(length)?;
        let sealed = seal(id, &key, &plaintext, &context(input, "EncryptionContext")?)?;
        let mut output = json!({ "CiphertextBlob": sealed, "KeyId": arn(id) });
        if with_plaintext {
            output["Plaintext"] = json!(BASE64_STANDARD.encode(plaintext));
        }
        Ok(output)
    }

    /// Opens `CiphertextBlob`; a key that the caller names must be the one that sealed it.
    fn open_blob(&self, input: &Value, key_id: &str, context_name: &str) -> Result<(Uuid, Vec<u8>), ServiceError> {
        let invalid = || ServiceError::client("InvalidCiphertextException", "");
        let blob = blob(input, "CiphertextBlob")?;
        let (head, sealed) = blob.split_at_checked(1 + KEY_ID_LEN + NONCE_LEN).ok_or_else(invalid)?;
        let id = Uuid::from_slice(&head[1..=KEY_ID_LEN]).map_err(|_| invalid())?;
        if head[0] != FORMAT || !self.keys.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id) {
            return Err(invalid());
        }
        if let Some(named) = input[key_id].as_str() {
            let named = find(&self.keys.lock().unwrap_or_else(PoisonError::into_inner), named)?;
            if named != id {
                let message = "The key ID in the request does not identify a CMK that can perform this operation.";
                return Err(ServiceError::client("IncorrectKeyException", message));
            }
        }
        let (_, key) = self.usable(&id.to_string())?;
        let nonce = Nonce::try_assume_unique_for_key(&head[1 + KEY_ID_LEN..]).map_err(|_| invalid())?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(context(input, context_name)?);
        let opened = cipher(&key)?.open_in_place(nonce, aad, &mut sealed).map_err(|_| invalid())?;
        Ok((id, opened.to_vec()))
    }

    /// A key by id, ARN or alias, when its state lets it work.
    fn usable(&self, named: &str) -> Result<(Uuid, Key), ServiceError> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let id = find(&keys, named)?;
        let key = &keys[&id];
        match key.state {
            State::Enabled => Ok((id, key.clone())),
            State::Disabled => Err(ServiceError::client("DisabledException", format!("{} is disabled.", arn(id)))),
            State::PendingDeletion => {
                Err(ServiceError::client("KMSInvalidStateException", format!("{} is pending deletion.", arn(id))))
            }
        }
    }

    fn set_state(&self, input: &Value, state: State) -> Result<Value, ServiceError> {
        self.change(|keys| {
            let id = find(keys, text(input, "KeyId")?)?;
            keys.entry(id).and_modify(|key| key.state = state);
            Ok(json!({ "KeyId": arn(id), "KeyState": state }))
        })
    }

    fn new_key(&self, aliases: Vec<String>) -> Result<Key, ServiceError> {
        let material = BASE64_STANDARD.encode(random(32)?);
        Ok(Key { aliases, material, state: State::Enabled, created_ms: self.clock.millis() })
    }

    /// Changes the keys; the change counts once it is on disk.
    fn change<T>(&self, change: impl FnOnce(&mut Keys) -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = keys.clone();
        let done = change(&mut next)?;
        if let Some(file) = &self.file {
            write_private(file, &serde_json::to_vec(&next).map_err(Error::json)?)
                .map_err(|error| Error::io("writing the key file", error))?;
        }
        *keys = next;
        Ok(done)
    }
}

/// Replaces a file as a whole, readable by its owner alone.
fn write_private(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let incoming = path.with_extension("incoming");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&incoming)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(incoming, path)
}

fn random(length: usize) -> Result<Vec<u8>, ServiceError> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).map_err(|_| ServiceError::client("KMSInternalException", "no randomness"))?;
    Ok(bytes)
}

fn cipher(key: &Key) -> Result<LessSafeKey, ServiceError> {
    let broken = || ServiceError::client("KMSInternalException", "key material");
    let material = BASE64_STANDARD.decode(&key.material).map_err(|_| broken())?;
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &material).map_err(|_| broken())?))
}

fn seal(id: Uuid, key: &Key, plaintext: &[u8], aad: &[u8]) -> Result<String, ServiceError> {
    let broken = |_| ServiceError::client("KMSInternalException", "sealing");
    let nonce = random(NONCE_LEN)?;
    let mut sealed = plaintext.to_vec();
    let once = Nonce::try_assume_unique_for_key(&nonce).map_err(broken)?;
    cipher(key)?.seal_in_place_append_tag(once, Aad::from(aad), &mut sealed).map_err(broken)?;
    let blob = [&[FORMAT], id.as_bytes().as_slice(), &nonce, &sealed].concat();
    Ok(BASE64_STANDARD.encode(blob))
}

/// The encryption context as bytes that say it unambiguously, whatever the order of its pairs.
fn context(input: &Value, name: &str) -> Result<Vec<u8>, ServiceError> {
    let pairs: BTreeMap<String, String> = match &input[name] {
        Value::Null => BTreeMap::new(),
        pairs => serde_json::from_value(pairs.clone())
            .map_err(|error| ServiceError::client("SerializationException", error.to_string()))?,
    };
    Ok(serde_json::to_vec(&pairs).map_err(Error::json)?)
}

fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    input[name].as_str().ok_or_else(|| ServiceError::client("ValidationException", format!("{name} is missing")))
}

fn blob(input: &Value, name: &str) -> Result<Vec<u8>, ServiceError> {
    BASE64_STANDARD
        .decode(text(input, name)?)
        .map_err(|error| ServiceError::client("SerializationException", format!("{name}: {error}")))
}

fn find(keys: &Keys, named: &str) -> Result<Uuid, ServiceError> {
    let short = named.rsplit_once(':').map_or(named, |(_, last)| last);
    let found = match short.strip_prefix("key/").unwrap_or(short).parse() {
        Ok(id) => keys.contains_key(&id).then_some(id),
        Err(_) => keys.iter().find(|(_, key)| key.aliases.iter().any(|alias| alias == short)).map(|(id, _)| *id),
    };
    found.ok_or_else(|| ServiceError::client("NotFoundException", format!("{named} is not found.")))
}

fn arn(id: Uuid) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

fn metadata(id: Uuid, key: &Key) -> Value {
    json!({
        "AWSAccountId": ACCOUNT, "KeyId": id, "Arn": arn(id), "CreationDate": key.created_ms / 1000,
        "Enabled": key.state == State::Enabled, "KeyState": key.state, "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER", "MultiRegion": false, "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    })
}
