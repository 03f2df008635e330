//! Password hashes: Argon2id with OWASP's parameters, as PHC strings, sealed under `credentials`. A bcrypt hash that a customer brought along from another
//! system is verified as it is, and replaced at its first use.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use domain::account::password::NewPassword;
use zeroize::Zeroizing;

use crate::Error;

const LANES: u32 = 1;
/// Salt and hash of nobody's password.
const NOBODY: &str = "bm9ib2R5LWhhcy10aGlz$1zcYCXpzWR4nSsOQpsPBXpWQnOxlP9KHsWQcD0RzLVk";

/// What one hash costs: memory and passes, in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    memory_kib: u32,
    passes: u32,
}

impl HashCost {
    /// OWASP's minimum for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// Next to nothing: for tests that sign in thousands of times. Clippy refuses it elsewhere.
    #[must_use]
    pub const fn negligible() -> Self {
        Self { memory_kib: Params::MIN_M_COST, passes: Params::MIN_T_COST }
    }

    fn argon2(self) -> Result<Argon2<'static>, Error> {
        let params = Params::new(self.memory_kib, self.passes, LANES, None);
        let params = params.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// What is verified where there is no password: a hash of this cost, of which nobody knows a password.
    fn nobodys(self) -> String {
        let Self { memory_kib, passes } = self;
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={LANES}${NOBODY}")
    }

    /// Whether `hash` cost less, and is to be replaced when its password is next seen.
    fn is_above(self, hash: &str) -> bool {
        if is_bcrypt(hash) {
            return true;
        }
        let spent = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        spent.is_some_and(|spent| spent.m_cost() < self.memory_kib || spent.t_cost() < self.passes)
    }

    /// Hashes a password, on a thread where it holds up nobody.
    pub(crate) async fn hash(self, password: NewPassword, salt: [u8; 16]) -> Result<String, Error> {
        on_a_thread(move || self.hash_here(password.as_str().as_bytes(), &salt)).await
    }

    fn hash_here(self, password: &[u8], salt: &[u8; 16]) -> Result<String, Error> {
        let hash = self.argon2()?.hash_password_with_salt(password, salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Whether `typed` is one of the passwords that `hashes` were made of.
    pub(crate) async fn is_among(typed: Zeroizing<String>, hashes: Vec<String>) -> Result<bool, Error> {
        on_a_thread(move || Ok(hashes.iter().any(|hash| is_of(hash, typed.as_bytes())))).await
    }

    /// Whether `typed` is the password that `hash` was made of. Without a hash it does the same work and answers no. `salt` is for a better hash, if one is due.
    pub(crate) async fn verify(
        self,
        typed: Zeroizing<String>,
        hash: Option<String>,
        salt: [u8; 16],
    ) -> Result<Verdict, Error> {
        on_a_thread(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| self.nobodys());
            if !is_of(&hash, typed.as_bytes()) || !known {
                return Ok(Verdict::Wrong);
            }
            let better = self.is_above(&hash).then(|| self.hash_here(typed.as_bytes(), &salt)).transpose()?;
            Ok(Verdict::Right { better })
        })
        .await
    }
}

/// Whether `hash` came with a customer from another system.
fn is_bcrypt(hash: &str) -> bool {
    hash.starts_with("$2")
}

/// Whether `typed` is the password that `hash` was made of, at whatever cost that was.
fn is_of(hash: &str, typed: &[u8]) -> bool {
    if is_bcrypt(hash) {
        return bcrypt::verify(typed, hash).unwrap_or(false);
    }
    Argon2::default().verify_password(typed, hash).is_ok()
}

/// What a password turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not the one.
    Wrong,
    /// The one; with a hash to take the stored one's place, if that cost less than one costs now.
    Right { better: Option<String> },
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("hashing a password failed".to_owned()))?
}

#[cfg(test)]
mod tests {
    use domain::account::{
        LoginId, TenantCode,
        password::{PasswordBar, STANDARD},
    };

    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1 };

    fn typed(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    async fn hashed(cost: HashCost, text: &str) -> String {
        let (login, code) = (LoginId::parse("yuki@example.jp").unwrap(), TenantCode::parse("minato").unwrap());
        let password = STANDARD.check(text, PasswordBar::Employee, &login, &code).unwrap();
        cost.hash(password, [7; 16]).await.unwrap()
    }

    #[tokio::test]
    async fn r05_nobodys_hash_costs_what_everybodys_costs() {
        for cost in [CHEAP, HashCost::OWASP] {
            let nobodys = cost.nobodys();
            let params = Params::try_from(&PasswordHash::new(&nobodys).unwrap()).unwrap();
            assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (cost.memory_kib, cost.passes, LANES));
            assert_eq!(cost.verify(typed("anything"), None, [0; 16]).await.unwrap(), Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn r05_a_bcrypt_hash_from_elsewhere_is_verified_once_and_replaced() {
        let password = "Natsu-no-Umi-26";
        let brought = bcrypt::hash(password, 4).unwrap();
        assert_eq!(CHEAP.verify(typed("another"), Some(brought.clone()), [1; 16]).await.unwrap(), Verdict::Wrong);
        let verdict = CHEAP.verify(typed(password), Some(brought.clone()), [1; 16]).await.unwrap();
        let Verdict::Right { better: Some(better) } = verdict else { panic!("{verdict:?}") };
        assert!(better.starts_with("$argon2id$"), "{better}");
        assert!(HashCost::is_among(typed(password), vec![better, brought]).await.unwrap());
    }

    #[tokio::test]
    async fn r05_a_hash_that_cost_less_is_replaced_when_its_password_is_seen() {
        let password = "Natsu-no-Umi-26";
        let weak = hashed(CHEAP, password).await;
        let dearer = HashCost { passes: 2, ..CHEAP };
        let verdict = dearer.verify(typed(password), Some(weak.clone()), [1; 16]).await.unwrap();
        let Verdict::Right { better: Some(better) } = verdict else { panic!("{verdict:?}") };
        assert!(better.contains("t=2"), "{better}");
        let verdict = dearer.verify(typed(password), Some(better), [2; 16]).await.unwrap();
        assert_eq!(verdict, Verdict::Right { better: None }, "once is enough");
        assert_eq!(dearer.verify(typed("another"), Some(weak), [1; 16]).await.unwrap(), Verdict::Wrong);
    }
}
