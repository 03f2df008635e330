//! What tells who somebody is (本人情報), and what it is sealed for.
//!
//! Names are sealed with a tenant's key for `names`, what is known beside them with the one for `attributes`. Where a stress check goes on by a term of its own after everything else has ended
//! both keys are shredded with the rest; before that, what the stress check needs of people is sealed anew with keys that stay: names with the one for `stress-identity`, attributes
//! with the one for `stress`, so that a function which needs no names still has no way to a key of the name vault. Each item says itself which it is.

use domain::ids::TenantId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vault::{Place, Purpose};
use zeroize::Zeroizing;

use crate::{Error, Store, item::Sealed, key::Key};

/// The attribute that says what an item is sealed for.
pub(crate) const SEALED_FOR: &str = "sealed_for";

/// What of a tenant an identity is sealed for. Not written where it is for everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SealedFor {
    /// For all that is contracted.
    #[default]
    Everything,
    /// For the stress check alone, which outlives the rest.
    StressCheck,
}

impl SealedFor {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(crate) fn is_everything(&self) -> bool {
        *self == Self::Everything
    }

    /// Whose key opens it: `usual`, or the one of the stress check that takes its place.
    const fn purpose(self, usual: Purpose) -> Purpose {
        match (self, usual) {
            (Self::StressCheck, Purpose::Names) => Purpose::StressIdentity,
            (Self::StressCheck, Purpose::Attributes) => Purpose::Stress,
            (_, usual) => usual,
        }
    }
}

impl Store {
    /// Seals `value` for as much of the tenant as there is: for the stress check alone where the usual key has been shredded, which the ledger says.
    pub(crate) async fn seal_identity<T: Serialize + ?Sized>(
        &self,
        tenant: TenantId,
        usual: Purpose,
        key: &Key,
        attribute: &'static str,
        value: &T,
    ) -> Result<(Sealed, SealedFor), Error> {
        let sealed_for = match Box::pin(self.vault.keyring(tenant, usual)).await {
            Ok(_) => SealedFor::Everything,
            Err(vault::Error::Shredded) => SealedFor::StressCheck,
            Err(error) => return Err(error.into()),
        };
        let sealed = self.seal_identity_for(sealed_for, tenant, usual, key, attribute, value).await?;
        Ok((sealed, sealed_for))
    }

    /// Seals `value` for this much of the tenant.
    pub(crate) async fn seal_identity_for<T: Serialize + ?Sized>(
        &self,
        sealed_for: SealedFor,
        tenant: TenantId,
        usual: Purpose,
        key: &Key,
        attribute: &'static str,
        value: &T,
    ) -> Result<Sealed, Error> {
        self.seal(tenant, sealed_for.purpose(usual), key, attribute, value).await
    }

    /// Opens what was sealed in the same place.
    pub(crate) async fn open_identity<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        usual: Purpose,
        key: &Key,
        attribute: &'static str,
        (sealed, sealed_for): (&Sealed, SealedFor),
    ) -> Result<T, Error> {
        self.open(tenant, sealed_for.purpose(usual), key, attribute, sealed).await
    }

    /// Opens a page of them, in their order.
    pub(crate) async fn open_identities(
        &self,
        tenant: TenantId,
        usual: Purpose,
        page: &[(SealedFor, Place<'_>, &[u8])],
    ) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
        let mut opened = vec![Zeroizing::new(Vec::new()); page.len()];
        for of in [SealedFor::Everything, SealedFor::StressCheck] {
            let part: Vec<_> =
                page.iter().filter(|(it, ..)| *it == of).map(|(_, place, sealed)| (*place, *sealed)).collect();
            let plain = Box::pin(self.vault.open_all(tenant, of.purpose(usual), &part)).await?;
            let places = opened.iter_mut().zip(page).filter(|(_, (it, ..))| *it == of);
            for ((place, _), plain) in places.zip(plain) {
                *place = plain;
            }
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_r17_names_go_over_to_the_identities_of_the_stress_check_and_attributes_stay_beside_the_name_vault() {
        let for_it = |usual| SealedFor::StressCheck.purpose(usual);
        assert_eq!([Purpose::Names, Purpose::Attributes].map(for_it), [Purpose::StressIdentity, Purpose::Stress]);
        assert_eq!(for_it(Purpose::Names).cmk(), Purpose::Names.cmk());
        assert_eq!(for_it(Purpose::Attributes).cmk(), Purpose::Attributes.cmk());
        for purpose in Purpose::ALL {
            assert_eq!(SealedFor::Everything.purpose(purpose), purpose);
        }
    }

    #[test]
    fn what_is_sealed_for_everything_does_not_say_so() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Item {
            #[serde(skip_serializing_if = "SealedFor::is_everything", default)]
            sealed_for: SealedFor,
        }
        let text = |sealed_for| serde_json::to_string(&Item { sealed_for }).unwrap();
        assert_eq!(text(SealedFor::Everything), "{}");
        assert_eq!(text(SealedFor::StressCheck), format!("{{\"{SEALED_FOR}\":\"stress_check\"}}"));
    }
}
