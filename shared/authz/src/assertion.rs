//! How a program proves itself with a key of its own (RFC 7523, `private_key_jwt`): it signs a short-lived assertion, and nothing secret ever leaves it.
//!
//! The algorithm follows from the registered key, never from the assertion's header. The assertion is for us and nobody else, ends within five minutes, and has an id
//! that the caller of [`ClientKey::check`] holds to be used once.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::time::Jst;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::token::TokenError;

/// How far ahead an assertion may end, in seconds.
const LONGEST: i64 = 5 * 60;
/// How long an assertion's id may be.
const LONGEST_ID: usize = 255;
/// Sizes of RSA keys, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;
/// 65,537: the only public exponent in use.
const RSA_EXPONENT: &str = "AQAB";

/// A JWK as it is sent (RFC 7517). Members that are not named here are ignored, as the standard asks.
#[derive(Debug, Deserialize)]
pub struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    alg: Option<String>,
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// Why a JWK is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// It holds the private half, which nobody but its owner may have.
    #[error("the private half was sent")]
    Private,
    /// It is of another kind than P-256, RSA or Ed25519, or for another algorithm.
    #[error("not a key of a supported kind")]
    Unsupported,
    /// RSA with fewer than 2,048 or more than 4,096 bits, or with an unusual exponent.
    #[error("not a key of a supported size")]
    Size,
    /// It is no key: no point of the curve, or not base64url.
    #[error("not a key")]
    Broken,
}

/// A program's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "alg")]
pub enum ClientKey {
    /// ECDSA on P-256.
    ES256 {
        /// The point's first coordinate.
        x: String,
        /// Its second one.
        y: String,
    },
    /// RSA with PKCS #1 v1.5.
    RS256 {
        /// The modulus.
        n: String,
    },
    /// RSA with PSS.
    PS256 {
        /// The modulus.
        n: String,
    },
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    Ed25519 {
        /// The point.
        x: String,
    },
}

/// An assertion that is good, if its id was not used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// Its id.
    pub id: String,
    /// When it ends, in seconds since the epoch.
    pub ends_at: i64,
}

/// For whom: one name, alone or in a list of one (RFC 7523, 3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Sole([String; 1]),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    jti: String,
}

impl TryFrom<Jwk> for ClientKey {
    type Error = KeyRefused;

    fn try_from(jwk: Jwk) -> Result<Self, KeyRefused> {
        if jwk.d.is_some() || jwk.k.is_some() {
            return Err(KeyRefused::Private);
        }
        let key = match (jwk.kty.as_str(), jwk.crv.as_str(), jwk.alg.as_deref()) {
            ("EC", "P-256", None | Some("ES256")) => Self::ES256 { x: jwk.x, y: jwk.y },
            ("OKP", "Ed25519", None | Some("EdDSA" | "Ed25519")) => Self::Ed25519 { x: jwk.x },
            ("RSA", "", None | Some("RS256")) => Self::RS256 { n: rsa(jwk.n, &jwk.e)? },
            ("RSA", "", Some("PS256")) => Self::PS256 { n: rsa(jwk.n, &jwk.e)? },
            _ => return Err(KeyRefused::Unsupported),
        };
        key.is_a_point().then_some(key).ok_or(KeyRefused::Broken)
    }
}

/// The modulus, if it is of a good size.
fn rsa(modulus: String, exponent: &str) -> Result<String, KeyRefused> {
    let bytes = URL_SAFE_NO_PAD.decode(&modulus).map_err(|_| KeyRefused::Broken)?;
    let leading = bytes.iter().position(|byte| *byte != 0).ok_or(KeyRefused::Broken)?;
    let bits = (bytes.len() - leading) * 8 - bytes[leading].leading_zeros() as usize;
    if RSA_BITS.contains(&bits) && exponent == RSA_EXPONENT { Ok(modulus) } else { Err(KeyRefused::Size) }
}

impl ClientKey {
    /// Who an assertion says that it is of, before anything of it is believed: whose keys to check it with.
    #[must_use]
    pub fn asserted_by(assertion: &str) -> Option<String> {
        #[derive(Clone, Deserialize)]
        struct Subject {
            sub: String,
        }
        jsonwebtoken::dangerous::insecure_decode::<Subject>(assertion).ok().map(|decoded| decoded.claims.sub)
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::ES256 { .. } => "ES256",
            Self::RS256 { .. } => "RS256",
            Self::PS256 { .. } => "PS256",
            Self::Ed25519 { .. } => "EdDSA",
        }
    }

    /// Whether a key on a curve is a point of it.
    fn is_a_point(&self) -> bool {
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        match self {
            Self::ES256 { x, y } => decoded(x).zip(decoded(y)).is_some_and(|(x, y)| {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], x.as_slice(), &y].concat()).is_ok()
            }),
            Self::Ed25519 { x } => decoded(x).is_some_and(|x| ParsedPublicKey::new(&ED25519, x).is_ok()),
            Self::RS256 { .. } | Self::PS256 { .. } => true,
        }
    }

    fn decoding(&self) -> Result<(Algorithm, DecodingKey), TokenError> {
        let made = match self {
            Self::ES256 { x, y } => (Algorithm::ES256, DecodingKey::from_ec_components(x, y)),
            Self::RS256 { n } => (Algorithm::RS256, DecodingKey::from_rsa_components(n, RSA_EXPONENT)),
            Self::PS256 { n } => (Algorithm::PS256, DecodingKey::from_rsa_components(n, RSA_EXPONENT)),
            Self::Ed25519 { x } => (Algorithm::EdDSA, DecodingKey::from_ed_components(x)),
        };
        Ok((made.0, made.1.map_err(|_| TokenError::NotGood)?))
    }

    /// Checks an assertion of `client` about itself, for one of `audiences`.
    pub fn check(&self, assertion: &str, client: &str, audiences: &[&str], now: Jst) -> Result<Asserted, TokenError> {
        let (algorithm, key) = self.decoding()?;
        let mut validation = Validation::new(algorithm);
        // Against the clock and the names that were handed in, below.
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let decoded = jsonwebtoken::decode::<Claims>(assertion, &key, &validation).map_err(|_| TokenError::NotGood)?;
        let Claims { iss, sub, aud: Audience::One(aud) | Audience::Sole([aud]), exp, nbf, jti } = decoded.claims;
        let now = now.epoch_seconds();
        let is_about_itself = iss == client && sub == client && audiences.contains(&aud.as_str());
        let is_of_now = exp > now && exp <= now + LONGEST && nbf.is_none_or(|nbf| nbf <= now + 60);
        if is_about_itself && is_of_now && (1..=LONGEST_ID).contains(&jti.len()) {
            Ok(Asserted { id: jti, ends_at: exp })
        } else {
            Err(TokenError::NotGood)
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};

    use super::*;
    use crate::token::{ISSUER, new_key_pair};

    const NOW: i64 = 1_790_000_000;
    const CLIENT: &str = "ten_1.cli_1";

    #[derive(Serialize, Clone)]
    struct Sent {
        iss: String,
        sub: String,
        aud: Vec<String>,
        exp: i64,
        jti: String,
    }

    fn sent() -> Sent {
        let (client, aud) = (CLIENT.to_owned(), vec![ISSUER.to_owned()]);
        Sent { iss: client.clone(), sub: client, aud, exp: NOW + 60, jti: "once".to_owned() }
    }

    fn jwk(kty: &str, crv: &str) -> Jwk {
        let none = String::new;
        Jwk {
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            x: none(),
            y: none(),
            n: none(),
            e: none(),
            alg: None,
            d: None,
            k: None,
        }
    }

    /// A key pair: what signs, and the JWK of what checks.
    fn pair() -> (EncodingKey, Jwk) {
        let (private, public) = new_key_pair().unwrap();
        let (x, y) = public[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        (EncodingKey::from_ec_der(&private), Jwk { x, y, ..jwk("EC", "P-256") })
    }

    fn checked(key: &ClientKey, assertion: &str) -> Result<Asserted, TokenError> {
        let now = Jst(jiff::Timestamp::from_second(NOW).unwrap());
        key.check(assertion, CLIENT, &[ISSUER, "https://api.example/v1/oauth/token"], now)
    }

    #[test]
    fn r11_an_assertion_is_of_one_program_about_itself_for_us_and_for_minutes() {
        let (signer, jwk) = pair();
        let key = ClientKey::try_from(jwk).unwrap();
        let signed = |sent: &Sent| jsonwebtoken::encode(&Header::new(Algorithm::ES256), sent, &signer).unwrap();
        assert_eq!(checked(&key, &signed(&sent())), Ok(Asserted { id: "once".to_owned(), ends_at: NOW + 60 }));
        let spoil: [fn(&mut Sent); 8] = [
            |sent| sent.iss = "ten_1.cli_2".to_owned(),
            |sent| sent.sub = "ten_1.cli_2".to_owned(),
            |sent| sent.aud = vec!["https://elsewhere.example".to_owned()],
            |sent| sent.aud.push("https://elsewhere.example".to_owned()),
            |sent| sent.exp = NOW,
            |sent| sent.exp = NOW + LONGEST + 1,
            |sent| sent.jti = String::new(),
            |sent| sent.jti = "x".repeat(LONGEST_ID + 1),
        ];
        for (index, spoil) in spoil.into_iter().enumerate() {
            let mut spoiled = sent();
            spoil(&mut spoiled);
            assert_eq!(checked(&key, &signed(&spoiled)), Err(TokenError::NotGood), "{index}");
        }
        let stranger = ClientKey::try_from(pair().1).unwrap();
        assert_eq!(checked(&stranger, &signed(&sent())), Err(TokenError::NotGood), "another key");
    }

    #[test]
    fn r11_the_key_says_the_algorithm_and_the_header_does_not() {
        let (_, jwk) = pair();
        let key = ClientKey::try_from(jwk).unwrap();
        // The point, which is public, as the secret of an HMAC.
        let ClientKey::ES256 { x, .. } = &key else { unreachable!() };
        let secret = EncodingKey::from_secret(x.as_bytes());
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &sent(), &secret).unwrap();
        assert_eq!(checked(&key, &forged), Err(TokenError::NotGood));
        let body = forged.split('.').nth(1).unwrap();
        // {"alg":"none"}
        assert_eq!(checked(&key, &format!("eyJhbGciOiJub25lIn0.{body}.")), Err(TokenError::NotGood));
    }

    #[test]
    fn weak_private_and_unknown_keys_are_not_taken() {
        let refused = |jwk: Jwk| ClientKey::try_from(jwk).unwrap_err();
        assert_eq!(refused(Jwk { d: Some(IgnoredAny), ..pair().1 }), KeyRefused::Private);
        assert_eq!(refused(Jwk { k: Some(IgnoredAny), ..jwk("oct", "") }), KeyRefused::Private);
        assert_eq!(refused(jwk("EC", "P-521")), KeyRefused::Unsupported);
        assert_eq!(refused(Jwk { alg: Some("RS256".to_owned()), ..pair().1 }), KeyRefused::Unsupported);
        assert_eq!(refused(Jwk { y: URL_SAFE_NO_PAD.encode([1; 32]), ..pair().1 }), KeyRefused::Broken);
        let rsa = |bytes: usize, e: &str| {
            let n = URL_SAFE_NO_PAD.encode(vec![0xc5; bytes]);
            ClientKey::try_from(Jwk { n, e: e.to_owned(), ..jwk("RSA", "") })
        };
        assert_eq!(rsa(128, RSA_EXPONENT).unwrap_err(), KeyRefused::Size);
        assert_eq!(rsa(1_024, RSA_EXPONENT).unwrap_err(), KeyRefused::Size);
        assert_eq!(rsa(256, "Aw").unwrap_err(), KeyRefused::Size);
        assert_eq!(rsa(256, RSA_EXPONENT).unwrap().algorithm(), "RS256");
    }
}
