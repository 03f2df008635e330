//! The keys table: one item per tenant, purpose and version, with the data key as KMS wrapped it. Read strongly
//! consistent; written only where nothing is; deleted only by shredding.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity},
};
use domain::{ids::TenantId, time::Jst};

use crate::{error::Error, purpose::Purpose, tenant_key};

const SERVICE: &str = "keys table";

/// The table, by its physical name.
pub(crate) struct Keys {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
}

/// A data key as it is stored.
pub(crate) struct Wrapped {
    pub(crate) version: u32,
    pub(crate) blob: Vec<u8>,
    /// Which customer-managed key wrapped it: for whoever replaces one. What unwraps is taken from the settings, never
    /// from here, so that the table cannot point the vault at somebody else's key.
    pub(crate) cmk: String,
    pub(crate) created_at: Jst,
}

impl Keys {
    /// The wrapped keys of `tenant` for `purpose`, by version.
    pub(crate) async fn find(&self, tenant: TenantId, purpose: Purpose) -> Result<BTreeMap<u32, Vec<u8>>, Error> {
        let mut found = BTreeMap::new();
        let mut start = None;
        loop {
            let page = self
                .dynamodb
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", AttributeValue::S(partition(tenant, purpose)))
                // `wrapped` is a reserved word of DynamoDB's.
                .projection_expression("sk, #wrapped")
                .expression_attribute_names("#wrapped", "wrapped")
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| Error::of_sdk(SERVICE, &error))?;
            self.log("Query", page.consumed_capacity());
            for item in page.items() {
                let version = item.get("sk").and_then(|value| value.as_s().ok()).and_then(|text| version(text));
                let wrapped = item.get("wrapped").and_then(|value| value.as_b().ok());
                let (Some(version), Some(wrapped)) = (version, wrapped) else {
                    return Err(Error::internal("an item of the keys table is not a key"));
                };
                found.insert(version, wrapped.as_ref().to_vec());
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Adds a version. `false` when there is one already: it stays.
    pub(crate) async fn add(&self, tenant: TenantId, purpose: Purpose, key: Wrapped) -> Result<bool, Error> {
        let outcome = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(partition(tenant, purpose)))
            .item("sk", AttributeValue::S(sort(key.version)))
            .item("wrapped", AttributeValue::B(Blob::new(key.blob)))
            .item("cmk", AttributeValue::S(key.cmk))
            .item("created_at", AttributeValue::S(key.created_at.to_string()))
            .condition_expression("attribute_not_exists(pk)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match outcome {
            Ok(output) => {
                self.log("PutItem", output.consumed_capacity());
                Ok(true)
            }
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(Error::of_sdk(SERVICE, &error)),
        }
    }

    /// Deletes a version; that it is gone already is no error.
    pub(crate) async fn delete(&self, tenant: TenantId, purpose: Purpose, version: u32) -> Result<(), Error> {
        let output = self
            .dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(partition(tenant, purpose)))
            .key("sk", AttributeValue::S(sort(version)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::of_sdk(SERVICE, &error))?;
        self.log("DeleteItem", output.consumed_capacity());
        Ok(())
    }

    /// Every call to the database is logged, with what it consumed.
    fn log(&self, operation: &'static str, consumed: Option<&ConsumedCapacity>) {
        let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
        tracing::info!(table = self.table, family = "KEY", operation, units, "dynamodb");
    }
}

fn partition(tenant: TenantId, purpose: Purpose) -> String {
    format!("T#{}#KEY#{purpose}", tenant_key(tenant))
}

fn sort(version: u32) -> String {
    format!("V#{version:08}")
}

fn version(sort: &str) -> Option<u32> {
    sort.strip_prefix("V#")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use domain::ids::PLATFORM;

    use super::*;

    #[test]
    fn keys_read_as_documented() {
        assert_eq!(partition(PLATFORM, Purpose::TokenSigning), "T#platform#KEY#token-signing");
        let tenant = TenantId::from_bytes([0xAB; 16]);
        assert_eq!(partition(tenant, Purpose::Health), format!("T#ten_{}#KEY#health", "ab".repeat(16)));
        assert_eq!(sort(12), "V#00000012");
        assert_eq!(version("V#00000012"), Some(12));
        assert_eq!(version("W#1"), None);
    }
}
