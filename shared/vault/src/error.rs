//! What can go wrong, said once. The variants are what a caller can act on: wait (503), treat as gone, treat as forged,
//! or call it a defect. How a value failed to open is never told: one variant stands for every way.

use std::fmt;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};

use crate::purpose::Purpose;

/// Why the vault did not do what was asked. None of these holds a secret or a person's data.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// KMS, the keys table or the shred ledger throttles, times out or cannot be reached: answer 503 and try again.
    #[error("{service} is unavailable: {cause}")]
    Unavailable {
        /// Which of them.
        service: &'static str,
        /// What it or the network said, for the log.
        cause: Box<str>,
    },
    /// The shred ledger lists this key: what was sealed with it is gone for good, and no new key is made.
    #[error("the key has been shredded")]
    Shredded,
    /// Something sealed is to be opened and its key does not exist (any more).
    #[error("there is no such key")]
    KeyGone,
    /// The key of this version exists perhaps, but is not in memory: ask [`Vault::keyring_for`](crate::Vault::keyring_for).
    #[error("key version {0} is not in memory")]
    OtherVersion(u32),
    /// The value is not authentic here: altered, cut, moved from another place, sealed under another key, or never sealed.
    #[error("the sealed value does not open here")]
    CannotOpen,
    /// The keyring, or the purpose, is not this tenant's. A defect in the caller, caught before any cryptography.
    #[error("the key belongs to another tenant")]
    NotForThisTenant,
    /// The purpose's key has one version for ever.
    #[error("keys for {0} are never rotated")]
    NotRotated(Purpose),
    /// A defect, in the code or in the configuration.
    #[error("internal error of the vault: {0}")]
    Internal(Box<str>),
}

impl Error {
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(cause.to_string().into())
    }

    pub(crate) fn unavailable(service: &'static str, cause: impl fmt::Display) -> Self {
        Self::Unavailable { service, cause: cause.to_string().into() }
    }

    /// Sorts what an SDK client answers: what may pass by waiting, what is forged, and what is a defect.
    pub(crate) fn of_sdk<E>(service: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let passes = match error {
            SdkError::ServiceError(answer) => {
                answer.raw().status().is_server_error() || answer.err().code().is_some_and(passes_by_waiting)
            }
            SdkError::ConstructionFailure(_) => false,
            // Timed out, not sent, or not understood: nothing is known, so nothing is concluded.
            _ => true,
        };
        if passes {
            Self::unavailable(service, DisplayErrorContext(error))
        } else if matches!(error.code(), Some("InvalidCiphertextException" | "IncorrectKeyException")) {
            Self::CannotOpen
        } else {
            Self::internal(format_args!("{service}: {}", DisplayErrorContext(error)))
        }
    }
}

/// Codes of `DynamoDB` and KMS that say "later", although some come with a status of 400.
fn passes_by_waiting(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "RequestLimitExceeded"
            | "ProvisionedThroughputExceededException"
            | "TransactionConflictException"
            | "InternalServerError"
            | "KMSInternalException"
            | "DependencyTimeoutException"
            | "KeyUnavailableException"
    )
}
