//! Password hashes: Argon2id with OWASP's parameters, as PHC strings, sealed under `credentials`.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use domain::account::password::NewPassword;
use zeroize::Zeroizing;

use crate::Error;

/// OWASP's minimum for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is verified where there is no password: made with the same parameters, of a password that nobody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$1zcYCXpzWR4nSsOQpsPBXpWQnOxlP9KHsWQcD0RzLVk";

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password, on a thread where it holds up nobody.
pub(crate) async fn hash(password: NewPassword, salt: [u8; 16]) -> Result<String, Error> {
    on_a_thread(move || {
        let hash = argon2()?.hash_password_with_salt(password.as_str().as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::Internal(error.to_string()))
    })
    .await
}

/// Whether `typed` is the password that `hash` was made of. Without a hash it does the same work and answers no.
pub(crate) async fn verify(typed: Zeroizing<String>, hash: Option<String>) -> Result<bool, Error> {
    on_a_thread(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        Ok(argon2()?.verify_password(typed.as_bytes(), hash.as_str()).is_ok() && known)
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("hashing a password failed".to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn r05_nobodys_hash_costs_what_everybodys_costs() {
        let parsed = argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        assert!(!verify(Zeroizing::new("anything".to_owned()), None).await.unwrap());
    }
}
