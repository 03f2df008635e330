//! One-time passwords: TOTP per RFC 6238, SHA-1, six digits, 30 seconds, one step of tolerance either way.

use std::fmt::Write as _;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;

/// The secret that a person's device and the service share.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub(crate) struct OtpSecret(String);

impl OtpSecret {
    /// A secret of 160 random bits.
    pub(crate) fn new(random: &[u8; 20]) -> Self {
        Self(Secret::from(*random).to_base32())
    }

    /// A secret that somebody else made, in base 32; none where it is no secret.
    pub(crate) fn given(base32: &str) -> Option<Self> {
        let secret = Self(base32.to_owned());
        secret.totp().is_ok().then_some(secret)
    }

    /// As people type it into their device.
    pub(crate) fn base32(&self) -> &str {
        &self.0
    }

    fn totp(&self) -> Result<Totp, Error> {
        let broken = || Error::Internal("a one-time-password secret is broken".to_owned());
        let secret = Secret::try_from_base32(&self.0).map_err(|_| broken())?;
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(30)
            .with_secret(secret)
            .build()
            .map_err(|_| broken())
    }

    /// The step that `code` belongs to, if it is good at `seconds` since the epoch. That no step is used twice is the caller's to hold.
    pub(crate) fn step_of(&self, code: &str, seconds: i64) -> Result<Option<u64>, Error> {
        let Ok(seconds) = u64::try_from(seconds) else { return Ok(None) };
        Ok(self.totp()?.check(code, seconds))
    }

    /// What a device scans. The label holds the issuer and the login id, which the holder knows anyway.
    pub(crate) fn uri(&self, login: &str) -> String {
        let escaped = login.bytes().fold(String::with_capacity(login.len()), |mut escaped, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
                // Writing to a string cannot fail.
                _ => drop(write!(escaped, "%{byte:02X}")),
            }
            escaped
        });
        format!("otpauth://totp/Ailes%2B:{escaped}?secret={}&issuer=Ailes%2B", self.0)
    }
}

/// A secret of 256 random bits as base64url, for refresh tokens and links; and how it is kept.
pub(crate) fn digest(secret: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B (SHA-1), the last six digits of each.
    #[test]
    fn r08_the_vectors_of_rfc_6238() {
        let secret = OtpSecret::new(b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(code, seconds).unwrap(), Some(u64::try_from(seconds).unwrap() / 30), "{code}");
        }
    }

    #[test]
    fn r08_one_step_either_way_and_no_more() {
        let secret = OtpSecret::new(b"12345678901234567890");
        let (code, made_at) = ("050471", 1_111_111_111_i64);
        let step = u64::try_from(made_at).unwrap() / 30;
        let start = made_at / 30 * 30;
        assert_eq!(secret.step_of(code, start - 1).unwrap(), Some(step), "a device that runs ahead");
        assert_eq!(secret.step_of(code, start + 59).unwrap(), Some(step), "a slow typist");
        assert_eq!(secret.step_of(code, start - 31).unwrap(), None);
        assert_eq!(secret.step_of(code, start + 60).unwrap(), None);
        assert_eq!(secret.step_of("", start).unwrap(), None);
    }
}
