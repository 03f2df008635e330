//! The sealed form of a value, version 1: how a data key, a random salt and the place of a value become its own AES key,
//! and the bytes that are stored. The format and the reasons for it are in `docs/decisions/0002-envelope-format.md`;
//! a golden test holds the bytes.
//!
//! ```text
//! offset  length  what
//!      0       1  format version: 1
//!      1       4  key version, big endian
//!      5      32  salt, random for each seal
//!     37      32  commitment to key and place
//!     69       n  AES-256-GCM ciphertext, as long as the plain value
//!   69+n      16  AES-256-GCM tag
//! ```

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    constant_time, hkdf,
};
use domain::ids::TenantId;
use zeroize::{Zeroize, Zeroizing};

use crate::{error::Error, purpose::Purpose};

/// What the derivation is for, which keeps it apart from that of keyed hashes.
const LABEL: &[u8; 4] = b"seal";
/// The format that is written.
const FORMAT: u8 = 1;
const SALT: usize = 32;
const COMMITMENT: usize = 32;
const TAG: usize = 16;
/// Format, key version, salt and commitment.
const HEAD: usize = 1 + 4 + SALT + COMMITMENT;

/// How many bytes a sealed value is longer than the plain one.
pub const OVERHEAD: usize = HEAD + TAG;

/// Where a value is kept. It is part of every seal, so that a sealed value opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The logical store: a constant of the code (`records`), never a physical table's name, which changes with a restore.
    pub store: &'static str,
    /// Whose it is.
    pub tenant: TenantId,
    /// The entity's key in the store, as stored: partition and sort key, or a file's name.
    pub key: &'a str,
    /// Which attribute of the entity.
    pub attribute: &'a str,
}

/// An unwrapped data key, in the form that derives: wiped when dropped, printed by nothing.
pub(crate) struct DataKey(hkdf::Prk);

impl DataKey {
    /// 32 bytes that are uniformly random already, which HKDF expands without extracting first (RFC 5869, 3.3).
    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        Self(hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, bytes))
    }

    /// Takes what KMS unwrapped, and wipes it.
    pub(crate) fn from_plaintext(bytes: Vec<u8>) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes);
        let bytes = bytes.as_slice().try_into().map_err(|_| Error::internal("a data key is not 32 bytes long"))?;
        Ok(Self::new(bytes))
    }

    /// HKDF-Expand with SHA-256 (RFC 5869) for `info`, which begins with what the output is for.
    pub(crate) fn derive<const N: usize>(&self, info: &[&[u8]]) -> Result<Zeroizing<[u8; N]>, Error> {
        struct Length(usize);
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        let mut output = Zeroizing::new([0; N]);
        self.0
            .expand(info, Length(N))
            .and_then(|okm| okm.fill(output.as_mut_slice()))
            .map_err(|_| Error::internal("HKDF"))?;
        Ok(output)
    }
}

/// What one seal derives: `key (32) | commitment (32)`, wiped when dropped.
struct Derived(Zeroizing<[u8; 32 + COMMITMENT]>);

impl Derived {
    /// One derivation for both. The context takes part, so that the commitment binds key and place.
    fn new(data_key: &DataKey, salt: &[u8], context: &[u8]) -> Result<Self, Error> {
        Ok(Self(data_key.derive(&[context, salt])?))
    }

    fn commitment(&self) -> &[u8] {
        &self.0[32..]
    }

    /// The cipher for this one seal. Its key is never used again, so its nonce can be constant.
    fn cipher(&self) -> Result<(LessSafeKey, Nonce), Error> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0[..32]).map_err(|_| Error::internal("AES key"))?;
        Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key([0; 12])))
    }
}

/// Everything that a seal is bound to, unambiguously: fixed lengths first, then each text behind its length.
fn context(purpose: Purpose, version: u32, place: &Place<'_>) -> Result<Vec<u8>, Error> {
    let texts = [purpose.name(), place.store, place.attribute, place.key];
    let length: usize = texts.iter().map(|text| 2 + text.len()).sum();
    let mut context = Vec::with_capacity(25 + length);
    context.extend_from_slice(LABEL);
    context.push(FORMAT);
    context.extend_from_slice(&version.to_be_bytes());
    context.extend_from_slice(place.tenant.as_bytes());
    for text in texts {
        let length = u16::try_from(text.len()).map_err(|_| Error::internal("a place's key is too long to seal"))?;
        context.extend_from_slice(&length.to_be_bytes());
        context.extend_from_slice(text.as_bytes());
    }
    Ok(context)
}

/// Seals `plain` with a fresh salt.
pub(crate) fn seal(
    key: &DataKey,
    purpose: Purpose,
    version: u32,
    place: &Place<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut salt = [0; SALT];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| Error::internal("no randomness"))?;
    seal_with(&salt, key, purpose, version, place, plain)
}

fn seal_with(
    salt: &[u8; SALT],
    key: &DataKey,
    purpose: Purpose,
    version: u32,
    place: &Place<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let context = context(purpose, version, place)?;
    let derived = Derived::new(key, salt, &context)?;
    let (cipher, nonce) = derived.cipher()?;
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&version.to_be_bytes());
    sealed.extend_from_slice(salt);
    sealed.extend_from_slice(derived.commitment());
    sealed.extend_from_slice(plain);
    let Ok(tag) = cipher.seal_in_place_separate_tag(nonce, Aad::from(&context), &mut sealed[HEAD..]) else {
        sealed.zeroize();
        return Err(Error::internal("AES-GCM"));
    };
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens what was sealed under this key, for this purpose, in this place.
pub(crate) fn open(
    key: &DataKey,
    purpose: Purpose,
    version: u32,
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if self::version(sealed) != Some(version) {
        return Err(Error::CannotOpen);
    }
    let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Error::CannotOpen)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(Error::CannotOpen)?;
    let (salt, commitment) = head[5..].split_at(SALT);
    let context = context(purpose, version, place)?;
    let derived = Derived::new(key, salt, &context)?;
    constant_time::verify_slices_are_equal(derived.commitment(), commitment).map_err(|_| Error::CannotOpen)?;
    let (cipher, nonce) = derived.cipher()?;
    let mut plain = Zeroizing::new(vec![0; ciphertext.len()]);
    cipher
        .open_separate_gather(nonce, Aad::from(&context), ciphertext, tag, &mut plain)
        .map_err(|_| Error::CannotOpen)?;
    Ok(plain)
}

/// The version of the key that `sealed` says it was sealed with; `None` when it is no sealed value of a known format.
pub(crate) fn version(sealed: &[u8]) -> Option<u32> {
    match sealed.first_chunk::<5>() {
        Some([FORMAT, version @ ..]) if sealed.len() >= OVERHEAD => Some(u32::from_be_bytes(*version)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use domain::ids::PLATFORM;
    use proptest::prelude::*;

    use super::*;

    const PURPOSE: Purpose = Purpose::Health;
    const TENANT: TenantId = TenantId::from_bytes([3; 16]);
    const PLACE: Place<'static> =
        Place { store: "records", tenant: TENANT, key: "T#a#EMP#b|CHK#c", attribute: "sealed" };

    fn key(byte: u8) -> DataKey {
        DataKey::new(&[byte; 32])
    }

    fn opens(key: &DataKey, purpose: Purpose, version: u32, place: &Place<'_>, sealed: &[u8]) -> bool {
        match open(key, purpose, version, place, sealed) {
            Ok(_) => true,
            Err(Error::CannotOpen) => false,
            Err(other) => panic!("a value that does not open is `CannotOpen`, not {other:?}"),
        }
    }

    /// The bytes were computed independently (Python's `hmac` and `cryptography`, by the decision record).
    #[test]
    fn the_format_does_not_change_by_accident() {
        let sealed = seal_with(&[9; SALT], &key(7), PURPOSE, 2, &PLACE, "血圧 128/82".as_bytes()).unwrap();
        assert_eq!(
            STANDARD.encode(&sealed),
            "AQAAAAIJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCTmzIdn153QGhkLZUKGPOjWv6LQrfFhoHh38gPNkSO90155qQiijXNhE5WOjv/RacrlNPXG/uEcIwGp3FNo=",
            "values sealed earlier would no longer open: a change of the format needs a new format version"
        );
        assert_eq!(sealed.len(), "血圧 128/82".len() + OVERHEAD);
        assert_eq!(open(&key(7), PURPOSE, 2, &PLACE, &sealed).unwrap().as_slice(), "血圧 128/82".as_bytes());
    }

    #[test]
    fn r11_a_changed_bit_anywhere_keeps_it_closed() {
        let sealed = seal(&key(1), PURPOSE, 1, &PLACE, b"secret").unwrap();
        for position in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[position] ^= 1 << bit;
                assert!(
                    !opens(&key(1), PURPOSE, 1, &PLACE, &altered),
                    "opened with bit {bit} of byte {position} changed"
                );
            }
        }
    }

    #[test]
    fn cut_or_lengthened_it_stays_closed() {
        let sealed = seal(&key(1), PURPOSE, 1, &PLACE, b"secret").unwrap();
        for length in 0..sealed.len() {
            assert!(!opens(&key(1), PURPOSE, 1, &PLACE, &sealed[..length]), "opened when cut to {length} bytes");
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert!(!opens(&key(1), PURPOSE, 1, &PLACE, &longer));
    }

    #[test]
    fn r11_it_opens_nowhere_else() {
        let sealed = seal(&key(1), PURPOSE, 1, &PLACE, b"secret").unwrap();
        assert!(opens(&key(1), PURPOSE, 1, &PLACE, &sealed));
        let elsewhere = [
            Place { store: "names", ..PLACE },
            Place { tenant: PLATFORM, ..PLACE },
            Place { key: "T#a#EMP#b|CHK#d", ..PLACE },
            Place { attribute: "note", ..PLACE },
            // The same characters, divided otherwise.
            Place { store: "record", attribute: "ssealed", ..PLACE },
        ];
        for place in elsewhere {
            assert!(!opens(&key(1), PURPOSE, 1, &place, &sealed), "opened at {place:?}");
        }
        for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != PURPOSE) {
            assert!(!opens(&key(1), purpose, 1, &PLACE, &sealed), "opened as {purpose}");
        }
        assert!(!opens(&key(2), PURPOSE, 1, &PLACE, &sealed), "opened with another key");
        assert!(!opens(&key(1), PURPOSE, 2, &PLACE, &sealed), "opened as another version");
    }

    /// AES-GCM alone lets someone who knows two keys make one ciphertext that opens under both. Here even one who gets
    /// the cipher to agree is stopped: the commitment is that of one key and one place.
    #[test]
    fn a_box_belongs_to_one_key_and_one_place() {
        let salt = [9; SALT];
        let commitment = |key: &DataKey, place: &Place<'_>| {
            Derived::new(key, &salt, &context(PURPOSE, 1, place).unwrap()).unwrap().commitment().to_vec()
        };
        let elsewhere = Place { attribute: "note", ..PLACE };
        assert_ne!(commitment(&key(1), &PLACE), commitment(&key(2), &PLACE));
        assert_ne!(commitment(&key(1), &PLACE), commitment(&key(1), &elsewhere));
        // A valid ciphertext under key 2 behind the commitment to key 1, and the other way round: opens under neither.
        let under_1 = seal_with(&salt, &key(1), PURPOSE, 1, &PLACE, b"secret").unwrap();
        let under_2 = seal_with(&salt, &key(2), PURPOSE, 1, &PLACE, b"secret").unwrap();
        let crossed = [&under_1[..HEAD], &under_2[HEAD..]].concat();
        assert!(!opens(&key(1), PURPOSE, 1, &PLACE, &crossed));
        assert!(!opens(&key(2), PURPOSE, 1, &PLACE, &crossed));
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        assert_ne!(
            seal(&key(1), PURPOSE, 1, &PLACE, b"secret").unwrap(),
            seal(&key(1), PURPOSE, 1, &PLACE, b"secret").unwrap()
        );
    }

    #[test]
    fn a_data_key_has_the_right_length() {
        assert!(DataKey::from_plaintext(vec![1; 32]).is_ok());
        assert!(matches!(DataKey::from_plaintext(vec![1; 16]), Err(Error::Internal(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_again(plain: Vec<u8>, entity in ".{0,60}", version: u32, tenant: [u8; 16]) {
            let place = Place { key: &entity, tenant: TenantId::from_bytes(tenant), ..PLACE };
            let sealed = seal(&key(1), PURPOSE, version, &place, &plain).unwrap();
            prop_assert_eq!(super::version(&sealed), Some(version));
            let opened = open(&key(1), PURPOSE, version, &place, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn no_two_places_have_one_context(a in ".{0,8}", b in ".{0,8}") {
            let at = |key| context(PURPOSE, 1, &Place { key, ..PLACE }).unwrap();
            prop_assert_eq!(a == b, at(&a) == at(&b));
        }

        #[test]
        fn bytes_from_anywhere_never_panic(bytes: Vec<u8>, version: u32) {
            prop_assert!(!opens(&key(1), PURPOSE, version, &PLACE, &bytes));
        }
    }
}
