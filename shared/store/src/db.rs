//! The few requests that the store makes of DynamoDB: each returns its consumed units, logs them, and tells throttling from faults.
//!
//! The client's futures are deep and large; each is boxed here, so that no caller's future holds one inside itself.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        put_item::PutItemError,
        query::builders::QueryFluentBuilder,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity},
};
use futures_util::future::try_join_all;

use crate::{
    Error,
    item::{Attributes, as_text, number, text},
    key::{Family, Key, Table},
};

/// How many keys one request for several items takes.
const BATCH: usize = 100;

/// The physical names of the tables.
#[derive(Debug, Clone)]
pub struct TableNames {
    /// `records`.
    pub records: String,
    /// `names`.
    pub names: String,
    /// `audit`.
    pub audit: String,
}

/// `DynamoDB`, as the store uses it.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    pub(crate) client: Client,
    tables: TableNames,
}

/// Which part of a partition a query reads.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub(crate) table: Table,
    pub(crate) family: Family,
    pub(crate) pk: String,
    /// Only sort keys that start with this.
    pub(crate) prefix: Option<String>,
    /// Only sort keys after this one (before it, if `descending`).
    pub(crate) after: Option<String>,
    pub(crate) descending: bool,
    pub(crate) limit: Option<i32>,
    /// Read an index instead of the table. Never to authorise from: it is eventually consistent.
    pub(crate) index: Option<Index>,
}

/// A sparse index of `records`: an item is in it while it has its two attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// By what a family's things are listed by.
    First,
    /// Checkups alone: those that a physician is to look at.
    Second,
}

impl Index {
    const fn name(self) -> &'static str {
        match self {
            Self::First => "gsi1",
            Self::Second => "gsi2",
        }
    }

    /// Its partition and sort keys.
    pub(crate) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::First => ("gsi1pk", "gsi1sk"),
            Self::Second => ("gsi2pk", "gsi2sk"),
        }
    }
}

impl Range {
    pub(crate) fn whole(table: Table, family: Family, pk: String) -> Self {
        Self { table, family, pk, prefix: None, after: None, descending: false, limit: None, index: None }
    }
    pub(crate) fn starting_with(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }
    pub(crate) fn after(mut self, after: Option<String>) -> Self {
        self.after = after;
        self
    }
    pub(crate) fn descending(mut self) -> Self {
        self.descending = true;
        self
    }
    pub(crate) fn limit(mut self, limit: usize) -> Self {
        self.limit = i32::try_from(limit).ok();
        self
    }
    pub(crate) fn by_index(mut self) -> Self {
        self.index = Some(Index::First);
        self
    }
    pub(crate) fn by_second_index(mut self) -> Self {
        self.index = Some(Index::Second);
        self
    }
    /// The names of the keys that it is read by.
    pub(crate) fn keys(&self) -> (&'static str, &'static str) {
        self.index.map_or(("pk", "sk"), Index::keys)
    }
}

impl Db {
    pub(crate) fn new(client: Client, tables: TableNames) -> Self {
        Self { client, tables }
    }

    pub(crate) fn table(&self, table: Table) -> &str {
        match table {
            Table::Records => &self.tables.records,
            Table::Names => &self.tables.names,
            Table::Audit => &self.tables.audit,
        }
    }

    /// One item, strongly consistent.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Attributes>, Error> {
        let request = self
            .client
            .get_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(request.send()).await.map_err(failed("GetItem"))?;
        log("GetItem", key.table, key.family, answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Items of one table, strongly consistent, in the order of `keys`: a hundred to a request, all requests at once. Unprocessed keys are asked for once more, and
    /// then it is unavailable: half an answer is no answer.
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Option<Attributes>>, Error> {
        self.batch_get_part(keys, None).await
    }

    /// The same; of each item its key and `attribute` alone, if one is named. It must be no reserved word.
    pub(crate) async fn batch_get_part(
        &self,
        keys: &[Key],
        attribute: Option<&'static str>,
    ) -> Result<Vec<Option<Attributes>>, Error> {
        let batches = keys.chunks(BATCH).map(|keys| self.one_batch(keys, attribute));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn one_batch(&self, keys: &[Key], attribute: Option<&'static str>) -> Result<Vec<Option<Attributes>>, Error> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let name = self.table(first.table);
        let distinct: HashSet<(&str, &str)> = keys.iter().map(|key| (key.pk.as_str(), key.sk.as_str())).collect();
        let mut wanted: Vec<Attributes> = distinct
            .iter()
            .map(|(pk, sk)| Attributes::from([("pk".to_owned(), text(*pk)), ("sk".to_owned(), text(*sk))]))
            .collect();
        let some_twice = distinct.len() < keys.len();
        let mut found: HashMap<(String, String), Attributes> = HashMap::with_capacity(keys.len());
        for _ in 0..2 {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .set_projection_expression(attribute.map(|attribute| format!("pk, sk, {attribute}")))
                .consistent_read(true)
                .build()
                .map_err(|error| Error::Internal(error.to_string()))?;
            let request = self
                .client
                .batch_get_item()
                .request_items(name, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = Box::pin(request.send()).await.map_err(failed("BatchGetItem"))?;
            for capacity in answer.consumed_capacity() {
                log("BatchGetItem", first.table, first.family, Some(capacity));
            }
            let items = answer.responses.and_then(|mut tables| tables.remove(name)).unwrap_or_default();
            found.extend(items.into_iter().filter_map(|item| {
                let part = |name| as_text(&item, name).map(str::to_owned);
                Some(((part("pk")?, part("sk")?), item))
            }));
            wanted = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(name))
                .map(|rest| rest.keys)
                .unwrap_or_default();
            if wanted.is_empty() {
                let mut of = |key: &Key| {
                    let place = (key.pk.clone(), key.sk.clone());
                    if some_twice { found.get(&place).cloned() } else { found.remove(&place) }
                };
                return Ok(keys.iter().map(&mut of).collect());
            }
        }
        Err(Error::Unavailable("BatchGetItem left keys unprocessed".to_owned()))
    }

    /// One page of a partition, and whether there is more.
    pub(crate) async fn query(&self, range: &Range) -> Result<(Vec<Attributes>, bool), Error> {
        let (pk, sk) = range.keys();
        let mut condition = format!("{pk} = :pk");
        let mut query: QueryFluentBuilder =
            self.client.query().table_name(self.table(range.table)).expression_attribute_values(":pk", text(&range.pk));
        match (&range.after, &range.prefix) {
            (Some(after), _) => {
                let comparison = if range.descending { '<' } else { '>' };
                condition = format!("{condition} AND {sk} {comparison} :after");
                query = query.expression_attribute_values(":after", text(after));
            }
            (None, Some(prefix)) => {
                condition = format!("{condition} AND begins_with({sk}, :prefix)");
                query = query.expression_attribute_values(":prefix", text(prefix));
            }
            (None, None) => {}
        }
        if let Some(index) = range.index {
            query = query.index_name(index.name());
        }
        let request = query
            .key_condition_expression(condition)
            .consistent_read(range.index.is_none())
            .scan_index_forward(!range.descending)
            .set_limit(range.limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(request.send()).await.map_err(failed("Query"))?;
        log("Query", range.table, range.family, answer.consumed_capacity());
        let mut more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let mut items = answer.items.unwrap_or_default();
        if let (Some(_), Some(prefix)) = (&range.after, &range.prefix) {
            // A range after a key may leave the prefix: what lies beyond it belongs to something else, and so ends the range.
            let read = items.len();
            items.retain(|item| {
                item.get(sk).and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with(prefix.as_str()))
            });
            more &= items.len() == read;
        }
        Ok((items, more))
    }

    /// A partition's range from its beginning to its end, page by page.
    pub(crate) async fn query_all(&self, range: Range) -> Result<Vec<Attributes>, Error> {
        let (_, sk) = range.keys();
        let mut all = Vec::new();
        let mut range = range;
        loop {
            let (items, more) = self.query(&range).await?;
            range.after = items.last().and_then(|item| item.get(sk)?.as_s().ok().cloned());
            all.extend(items);
            if !more || range.after.is_none() {
                return Ok(all);
            }
        }
    }

    /// What `pick` makes of the items of a range, page by page, up to the first that is not `within` it.
    pub(crate) async fn gather<T>(
        &self,
        mut range: Range,
        within: impl Fn(&Attributes) -> bool,
        pick: impl Fn(Attributes) -> Result<Option<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let (_, sk) = range.keys();
        let mut found = Vec::new();
        loop {
            let (items, more) = self.query(&range).await?;
            range.after = items.last().and_then(|item| item.get(sk)?.as_s().ok().cloned());
            for item in items {
                if !within(&item) {
                    return Ok(found);
                }
                found.extend(pick(item)?);
            }
            if !more || range.after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Starts an update of one item outside a transaction: for counters, leases and one-time codes.
    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Sends an update: the new attributes if `request` asked for them, or `None` where its condition failed.
    pub(crate) async fn send_update(
        &self,
        key: &Key,
        request: UpdateItemFluentBuilder,
    ) -> Result<Option<Attributes>, Error> {
        match Box::pin(request.send()).await {
            Ok(answer) => {
                log("UpdateItem", key.table, key.family, answer.consumed_capacity());
                Ok(Some(answer.attributes.unwrap_or_default()))
            }
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("UpdateItem")(error)),
        }
    }

    /// Puts one item that must not exist yet; whether it did not.
    pub(crate) async fn put_new(&self, key: &Key, item: Attributes) -> Result<bool, Error> {
        self.put_if(key, item, None).await
    }

    /// Puts one item in place of the one with `version`, or of none; whether that is what was there.
    pub(crate) async fn put_if(&self, key: &Key, item: Attributes, version: Option<u64>) -> Result<bool, Error> {
        let request = self
            .client
            .put_item()
            .table_name(self.table(key.table))
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let request = match version {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(version) => request
                .condition_expression("version = :version")
                .expression_attribute_values(":version", number(version)),
        };
        match Box::pin(request.send()).await {
            Ok(answer) => {
                log("PutItem", key.table, key.family, answer.consumed_capacity());
                Ok(true)
            }
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(failed("PutItem")(error)),
        }
    }
}

/// One line per call: what was asked, of which family, and what it cost. No key and no value.
pub(crate) fn log(operation: &'static str, table: Table, family: Family, capacity: Option<&ConsumedCapacity>) {
    tracing::info!(
        target: "dynamodb",
        operation,
        table = table.logical_name(),
        family = family.name(),
        units = capacity.and_then(ConsumedCapacity::capacity_units),
    );
}

/// Tells what passes from what does not. Neither carries a key or a value.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata,
{
    move |error| {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("none").to_owned();
        let passing =
            matches!(error, SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_))
                || PASSING.contains(&code.as_str());
        tracing::warn!(target: "dynamodb", operation, code, passing, "a call failed");
        if passing {
            Error::Unavailable(format!("{operation}: {code}"))
        } else {
            Error::Internal(format!("{operation}: {code}"))
        }
    }
}

/// Errors that go away by themselves.
const PASSING: &[&str] = &[
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
    "LimitExceededException",
];
