//! Tokens: JWTs of 15 minutes, ES256, that say who somebody is and carry no rights; rights are read at each request.
//!
//! Algorithm, type, issuer, audience, tenant and times are all checked. The clock is a parameter, and so is the set of keys: an unknown key
//! id is told apart so that the caller can fetch the keys again.

use std::collections::HashMap;

use domain::time::Jst;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ids::{AccountId, ClientId, SessionId, TenantId};

/// For how long an access token is good, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// For how long a sign-in may wait for its one-time password, in seconds.
pub const CHALLENGE_SECONDS: i64 = 5 * 60;

/// Who makes tokens; and whom a program's assertion is for.
pub const ISSUER: &str = "ailes-plus";
const AUDIENCE: &str = "ailes-plus/v1";

/// What a token is for: its `typ`. A challenge cannot be used as an access token, nor the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// Opens doors.
    Access,
    /// Waits for a one-time password; opens nothing else.
    Challenge,
}

impl TokenType {
    const fn name(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Challenge => "otp-challenge+jwt",
        }
    }
}

/// A token that cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Forged, expired, for another purpose, or no token at all.
    #[error("the token is not good")]
    NotGood,
    /// Signed with a key that is not known here, which may be new.
    #[error("the token's key is unknown")]
    UnknownKey,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims<S> {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    subject: S,
}

/// Who an access token says that somebody is. Only [`Verifier::access`] makes one.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Verified {
    #[serde(rename = "tid")]
    tenant: TenantId,
    #[serde(flatten)]
    bearer: Bearer,
}

/// Whom a token was given to. No token is both: each form refuses what the other needs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Bearer {
    /// Somebody who signed in.
    Person {
        /// The account.
        #[serde(rename = "sub")]
        account: AccountId,
        /// The session.
        #[serde(rename = "sid")]
        session: SessionId,
    },
    /// A customer's program (RFC 9068: `client_id`).
    Program {
        /// The program.
        client_id: ClientId,
        /// Its epoch: a revoked secret ends it.
        #[serde(rename = "ver")]
        epoch: u64,
    },
}

impl Verified {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Whom it was given to.
    #[must_use]
    pub fn bearer(&self) -> Bearer {
        self.bearer
    }
}

/// A sign-in that waits for its one-time password: the password was right.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Challenge {
    /// The tenant.
    #[serde(rename = "tid")]
    pub tenant: TenantId,
    /// The account.
    #[serde(rename = "sub")]
    pub account: AccountId,
    /// The account's epoch: a new password voids it.
    #[serde(rename = "ver")]
    pub epoch: u64,
}

/// Checks tokens against the public keys that are known.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
}

impl Verifier {
    /// A verifier for these keys: key id, and the P-256 point as X9.62 uncompressed bytes.
    #[must_use]
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self { keys: keys.into_iter().map(|(id, point)| (id.to_owned(), DecodingKey::from_ec_der(point))).collect() }
    }

    /// Checks an access token.
    pub fn access(&self, token: &str, now: Jst) -> Result<Verified, TokenError> {
        self.check(token, TokenType::Access, now)
    }

    /// Checks a challenge.
    pub fn challenge(&self, token: &str, now: Jst) -> Result<Challenge, TokenError> {
        self.check(token, TokenType::Challenge, now)
    }

    fn check<S: DeserializeOwned + Clone>(&self, token: &str, wanted: TokenType, now: Jst) -> Result<S, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::NotGood)?;
        if header.alg != Algorithm::ES256 || header.typ.as_deref() != Some(wanted.name()) {
            return Err(TokenError::NotGood);
        }
        let key = header.kid.and_then(|kid| self.keys.get(&kid)).ok_or(TokenError::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // Against the clock that was handed in, below.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Claims<S>>(token, key, &validation).map_err(|_| TokenError::NotGood)?.claims;
        let now = now.epoch_seconds();
        // A minute of tolerance for clocks that run apart: a token made "in the future" within it is good.
        if claims.exp <= now || claims.iat > now + 60 {
            return Err(TokenError::NotGood);
        }
        Ok(claims.subject)
    }
}

/// Signs tokens. Only `sessions` has one.
pub struct Signer {
    kid: String,
    key: EncodingKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer with key `kid`, whose private half is `pkcs8`.
    #[must_use]
    pub fn new(kid: String, pkcs8: &[u8]) -> Self {
        Self { kid, key: EncodingKey::from_ec_der(pkcs8) }
    }

    /// An access token for a session.
    pub fn access(
        &self,
        tenant: TenantId,
        account: AccountId,
        session: SessionId,
        now: Jst,
    ) -> Result<String, TokenError> {
        let bearer = Bearer::Person { account, session };
        self.sign(TokenType::Access, Verified { tenant, bearer }, ACCESS_TOKEN_SECONDS, now)
    }

    /// An access token for a program.
    pub fn client_access(
        &self,
        tenant: TenantId,
        client_id: ClientId,
        epoch: u64,
        now: Jst,
    ) -> Result<String, TokenError> {
        let bearer = Bearer::Program { client_id, epoch };
        self.sign(TokenType::Access, Verified { tenant, bearer }, ACCESS_TOKEN_SECONDS, now)
    }

    /// A token that waits for a one-time password.
    pub fn challenge(&self, challenge: Challenge, now: Jst) -> Result<String, TokenError> {
        self.sign(TokenType::Challenge, challenge, CHALLENGE_SECONDS, now)
    }

    fn sign<S: Serialize>(&self, kind: TokenType, subject: S, seconds: i64, now: Jst) -> Result<String, TokenError> {
        let header =
            Header { typ: Some(kind.name().to_owned()), kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        let iat = now.epoch_seconds();
        let claims = Claims { iss: ISSUER.to_owned(), aud: AUDIENCE.to_owned(), iat, exp: iat + seconds, subject };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| TokenError::NotGood)
    }
}

/// A new pair of signing keys: the private half as PKCS#8, the public half as X9.62 uncompressed bytes.
pub fn new_key_pair() -> Result<(Vec<u8>, Vec<u8>), TokenError> {
    use aws_lc_rs::{
        encoding::AsBigEndian as _,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &aws_lc_rs::rand::SystemRandom::new())
        .map_err(|_| TokenError::NotGood)?;
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).map_err(|_| TokenError::NotGood)?;
    let public: aws_lc_rs::encoding::EcPublicKeyUncompressedBin<'_> =
        pair.public_key().as_be_bytes().map_err(|_| TokenError::NotGood)?;
    Ok((pkcs8.as_ref().to_vec(), public.as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PLATFORM;

    const NOW: i64 = 1_790_000_000;

    fn at(seconds: i64) -> Jst {
        Jst(jiff::Timestamp::from_second(seconds).unwrap())
    }

    fn pair() -> (Signer, Verifier) {
        let (private, public) = new_key_pair().unwrap();
        (Signer::new("k1".to_owned(), &private), Verifier::new([("k1", public.as_slice())]))
    }

    fn access(signer: &Signer) -> String {
        signer.access(PLATFORM, AccountId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]), at(NOW)).unwrap()
    }

    #[test]
    fn r11_a_token_says_who_it_is_for_and_for_how_long() {
        let (signer, verifier) = pair();
        let token = access(&signer);
        let verified = verifier.access(&token, at(NOW)).unwrap();
        let bearer =
            Bearer::Person { account: AccountId::from_bytes([1; 16]), session: SessionId::from_bytes([2; 16]) };
        assert_eq!((verified.tenant(), verified.bearer()), (PLATFORM, bearer));
        assert!(verifier.access(&token, at(NOW + ACCESS_TOKEN_SECONDS - 1)).is_ok());
        assert_eq!(verifier.access(&token, at(NOW + ACCESS_TOKEN_SECONDS)), Err(TokenError::NotGood), "expired");
        assert_eq!(verifier.access(&token, at(NOW - 61)), Err(TokenError::NotGood), "from the future");
    }

    #[test]
    fn r11_a_programs_token_is_no_persons() {
        let (signer, verifier) = pair();
        let client_id = ClientId::from_bytes([3; 16]);
        let token = signer.client_access(PLATFORM, client_id, 7, at(NOW)).unwrap();
        let bearer = verifier.access(&token, at(NOW)).unwrap().bearer();
        assert_eq!(bearer, Bearer::Program { client_id, epoch: 7 });
    }

    #[test]
    fn a_challenge_is_no_access_token_and_the_other_way_round() {
        let (signer, verifier) = pair();
        let challenge = Challenge { tenant: PLATFORM, account: AccountId::from_bytes([1; 16]), epoch: 3 };
        let token = signer.challenge(challenge.clone(), at(NOW)).unwrap();
        assert_eq!(verifier.challenge(&token, at(NOW)), Ok(challenge));
        assert_eq!(verifier.access(&token, at(NOW)), Err(TokenError::NotGood));
        assert_eq!(verifier.challenge(&access(&signer), at(NOW)), Err(TokenError::NotGood));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let (signer, verifier) = pair();
        let (_, stranger) = pair();
        let token = access(&signer);
        assert_eq!(stranger.access(&token, at(NOW)), Err(TokenError::NotGood), "same key id, another key");
        assert_eq!(Verifier::default().access(&token, at(NOW)), Err(TokenError::UnknownKey));
        let (head, rest) = token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        // {"typ":"at+jwt","alg":"none"} and {"typ":"at+jwt","alg":"HS256","kid":"k1"}
        for other in
            ["eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIn0", "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0"]
        {
            assert!(verifier.access(&format!("{other}.{body}.{signature}"), at(NOW)).is_err());
            assert!(verifier.access(&format!("{other}.{body}."), at(NOW)).is_err());
        }
        assert!(
            verifier.access(&format!("{head}.{body}.{}", signature.replace(&signature[..1], "_")), at(NOW)).is_err()
        );
        for nothing in ["", ".", "..", "a.b.c", head] {
            assert_eq!(verifier.access(nothing, at(NOW)), Err(TokenError::NotGood));
        }
    }
}
