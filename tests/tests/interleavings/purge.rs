//! The purge: whatever a tenant left, wherever its runs die, however many run at once and whoever still writes, in the end nothing of it is left anywhere, and nothing of
//! anybody else's is missing or other than it was. What is left is counted here by a third reading, which shares no code with the purge nor with its own verification.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use authz::permission::TerminateContracts;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::contract::EndDates;
use domain::ids::TenantId;
use domain::time::Jst;
use jiff::ToSpan as _;
use jobs::Invocation;
use local::service::IMPORTS_BUCKET;
use proptest::prelude::*;
use retention_purge::RetentionPurge;
use serde_json::{Value, json};
use store::{Certificate, ContractState, Counts, ShreddedKeys};
use vault::Purpose;

use crate::fate::{Death, Fate};
use crate::leavings::leaving;
use crate::stage::{Person, Stage, as_many_as, origin, play_all};

/// After how many cases there is another stage: what outlives a tenant is read again in each case.
const CASES_PER_STAGE: u32 = 10;
/// A run makes about this many requests.
const REQUESTS: usize = 260;

/// A call of the schedule.
#[derive(Clone, Debug)]
struct Call {
    /// The runs that it starts: one, or two where it is delivered twice. Each dies, or does not.
    runs: Vec<Option<Death>>,
    /// How many things each deletes at most.
    most_deletes: Option<u64>,
    /// Whether somebody who began before still writes after it.
    late: bool,
}

fn call() -> impl Strategy<Value = Call> {
    let death = (0..REQUESTS, any::<bool>()).prop_map(|(at, done)| Death { at, done });
    let run = || prop::option::weighted(0.8, death.clone());
    let runs = prop_oneof![3 => prop::collection::vec(run(), 1), 1 => prop::collection::vec(run(), 2)];
    (runs, prop::option::weighted(0.3, 1..60_u64), prop::bool::weighted(0.2))
        .prop_map(|(runs, most_deletes, late)| Call { runs, most_deletes, late })
}

type Item = HashMap<String, AttributeValue>;
/// A table (or what a bucket holds) and a key.
type Place = (&'static str, String);
/// Everything of everybody.
type Everything = BTreeMap<Place, Item>;

impl Stage {
    /// Ends contracts today.
    fn terminate(&self, operator: &Person, companies: &[Person]) -> EndDates {
        let permit = self.operate::<TerminateContracts>(operator);
        let today = self.store.clock().now().date();
        for company in companies {
            self.run(async {
                let ended =
                    self.store.terminate_contract(&permit, company.tenant, 1, today).await.expect("a termination");
                ended.commit(&self.store).await.expect("a termination");
            });
        }
        EndDates::of(today)
    }

    /// Lets time pass until three in the morning of a day.
    fn pass_until(&self, day: jiff::civil::Date) {
        let three: Jst = format!("{day}T03:00:00+09:00").parse().expect("a time");
        self.pass(three.epoch_seconds() - self.seconds());
    }

    /// Calls the job; what each run answered that was not killed.
    fn call(&self, call: &Call) -> Vec<Value> {
        let run = |death: &Option<Death>| {
            let fate = Fate::of(*death);
            let clients = fate.over(&self.clients);
            let store = clients.store(self.store.clock().clone()).expect("a store");
            let job = RetentionPurge { store, files: clients.files(), most_deletes: call.most_deletes };
            async move {
                let invocation = Invocation::new("purge".to_owned(), Duration::from_mins(15));
                let done = fate.befalls(Box::pin(retention_purge::handle(&job, json!({}), invocation))).await?;
                Some(done.expect("an answer"))
            }
        };
        self.run(futures_util::future::join_all(call.runs.iter().map(run))).into_iter().flatten().collect()
    }

    /// All items of a table, by their keys.
    async fn items(&self, table: &str) -> Vec<Item> {
        let scan = self.clients.dynamodb.scan().table_name(table).consistent_read(true).into_paginator().items();
        scan.send().collect::<Result<_, _>>().await.expect("a scan")
    }

    /// Everything that there is, in tables and in the bucket.
    fn everything(&self) -> Everything {
        self.run(async {
            let mut all = Everything::new();
            for table in ["records", "names", "keys", "audit"] {
                for item in self.items(table).await {
                    let key = |name: &str| item[name].as_s().expect("a key").clone();
                    all.insert((table, format!("{} {}", key("pk"), key("sk"))), item);
                }
            }
            let s3 = &self.clients.s3;
            let versions = s3.list_object_versions().bucket(IMPORTS_BUCKET).send().await.expect("a list");
            assert_ne!(versions.is_truncated(), Some(true), "this test reads one page");
            let found = versions.versions().iter().map(|it| (it.key(), it.version_id(), it.last_modified()));
            let markers = versions.delete_markers().iter().map(|it| (it.key(), it.version_id(), it.last_modified()));
            for (key, version, came) in found.chain(markers) {
                let key = format!("{} {}", key.unwrap_or_default(), version.unwrap_or_default());
                all.insert(("versions", key), file(came.expect("a time").secs()));
            }
            let uploads = s3.list_multipart_uploads().bucket(IMPORTS_BUCKET).send().await.expect("a list");
            for upload in uploads.uploads() {
                let key = format!("{} {}", upload.key().unwrap_or_default(), upload.upload_id().unwrap_or_default());
                all.insert(("uploads", key), file(upload.initiated().expect("a time").secs()));
            }
            all
        })
    }

    fn certificate(&self, tenant: TenantId) -> Certificate {
        let permit = jobs::for_onboarding(&origin());
        self.run(async {
            let contract = self.store.contract(&permit, tenant).await.expect("a contract");
            assert_eq!(contract.record.state, ContractState::Purged);
            self.store.deletion_certificate(&permit, tenant).await.expect("a certificate").facts
        })
    }
}

/// The part of `all` that names one of these tenants in its key, or in what an index knows it by; and the rest.
fn parted(all: Everything, tenants: &[Person]) -> (Everything, Everything) {
    let ids: Vec<String> = tenants.iter().map(|person| person.tenant.to_string()).collect();
    all.into_iter().partition(|((_, key), item)| {
        let indexed = item.get("gsi1pk").and_then(|it| it.as_s().ok());
        ids.iter().any(|id| key.contains(id.as_str()) || indexed.is_some_and(|indexed| indexed.contains(id.as_str())))
    })
}

/// A file that came then: no import knows these, and so they go by themselves a week later.
fn file(came: i64) -> Item {
    Item::from([("expires_at".to_owned(), AttributeValue::N((came + 7 * 86_400).to_string()))])
}

/// When a thing goes by itself.
fn expires(item: &Item) -> Option<i64> {
    item.get("expires_at")?.as_n().ok()?.parse().ok()
}

/// Which of the things in `before` are not there any more, or are other than they were, although their time is not over.
fn lost<'a>(before: &'a Everything, after: &Everything, now: i64) -> Vec<&'a Place> {
    let lasting = before.iter().filter(|(_, item)| expires(item).is_none_or(|at| at > now));
    lasting.filter(|(place, item)| after.get(*place) != Some(item)).map(|(place, _)| place).collect()
}

/// How much of `of` there is, as the purge itself counts: with and without what goes by itself.
fn counted(of: &Everything, tenant: TenantId) -> [Counts; 2] {
    let prefix = [format!("T#{tenant}#"), format!("{tenant}/")];
    let count = |table: &str, all: bool| {
        let of_tenant = of
            .iter()
            .filter(|((place, key), _)| *place == table && prefix.iter().any(|prefix| key.starts_with(prefix)));
        of_tenant.filter(|((place, _), item)| all || *place == "versions" || expires(item).is_none()).count() as u64
    };
    [false, true].map(|all| Counts {
        records: count("records", all),
        names: count("names", all),
        objects: count("versions", all),
        uploads: count("uploads", true),
    })
}

#[test]
fn r17_wherever_a_purge_dies_the_next_one_leaves_nothing_of_the_tenant_and_everything_of_the_others() {
    let left = || prop::collection::vec(leaving(), 0..8);
    let going = prop_oneof![4 => prop::collection::vec(left(), 1), 1 => prop::collection::vec(left(), 2)];
    let case = (going, leaving(), prop::collection::vec(call(), 0..3));
    play_all(as_many_as("PURGES", 500), CASES_PER_STAGE, case, |stage, (going, staying, calls)| {
        stage.next_step();
        let companies: Vec<Person> = going.iter().map(|_| stage.company()).collect();
        for (company, leavings) in companies.iter().zip(&going) {
            leavings.iter().enumerate().for_each(|(nth, leaving)| stage.leave(company, nth, *leaving));
        }
        let operator = stage.operator();
        let dates = stage.terminate(&operator, &companies);
        stage.pass_until(dates.purge_on);
        let nth = usize::try_from(stage.seconds() / 60 % 90_000).expect("a number");
        stage.leave(&stage.administrator, nth, staying);
        let (theirs, others) = parted(stage.everything(), &companies);

        let mut late = 0;
        for call in &calls {
            stage.call(call);
            if call.late {
                late += 1;
                stage.run(async {
                    stage.strew(companies[0].tenant, "records", "CHECKUP#emp_late", &late.to_string()).await;
                    stage.put_object(&format!("{}/drop/employees/遅い.csv", companies[0].tenant), b"x").await;
                });
            }
        }
        let whole = Call { runs: vec![None], most_deletes: None, late: false };
        stage.pass_until(dates.purge_on + 1.day());
        let last = stage.call(&whole);
        prop_assert!(!last[0].to_string().contains("failed"), "{last:?}");

        let (rest, others_after) = parted(stage.everything(), &companies);
        // The contract with its code, and the purge with its certificate, are the provider's; the trail outlives them all.
        let kept = |(table, key): &Place| {
            let of_provider = |family: &&str| key.starts_with(&format!("T#platform#{family}#"));
            *table == "audit" || (*table == "records" && ["CONTRACT", "PURGE", "TENANTCODE"].iter().any(of_provider))
        };
        let left: Vec<_> = rest.keys().filter(|place| !kept(place)).collect();
        prop_assert!(left.is_empty(), "left: {left:?}");
        let lost_of_others = lost(&others, &others_after, stage.seconds());
        prop_assert!(lost_of_others.is_empty(), "of others: {lost_of_others:?}");
        let trail: Everything = theirs
            .iter()
            .filter(|((table, _), _)| *table == "audit")
            .map(|(place, item)| (place.clone(), item.clone()))
            .collect();
        let lost_of_trail = lost(&trail, &rest, stage.seconds());
        prop_assert!(lost_of_trail.is_empty(), "of the trail: {lost_of_trail:?}");
        for company in &companies {
            let certificate = stage.certificate(company.tenant);
            prop_assert_eq!(certificate.left, Counts::default());
            if late == 0 {
                let ([least, most], found) = (counted(&theirs, company.tenant), certificate.found);
                let within = |of: fn(Counts) -> u64| (of(least)..=of(most)).contains(&of(found));
                let all =
                    [|it: Counts| it.records, |it: Counts| it.names, |it: Counts| it.objects, |it: Counts| it.uploads];
                prop_assert!(all.into_iter().all(within), "{found:?} should be {least:?} to {most:?}");
            }
            let purposes: Vec<_> = certificate.keys.iter().map(|keys: &ShreddedKeys| keys.purpose.as_str()).collect();
            prop_assert_eq!(purposes, Purpose::of_tenants().map(Purpose::name).collect::<Vec<_>>());
        }
        Ok(())
    });
}
