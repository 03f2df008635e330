//! what each function may do is what it does, and nothing else (docs/security/rights.md).
//!
//! The local cloud holds every function to its role, as the templates have it, so that whatever the end-to-end tests do was allowed. The other half is here:
//! `tests/data/rights.txt` is what they made use of, and a power that no line of it shows must say why it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jobs::Invocation;
use local::cloud::iam::{Iam, Right};
use operator_setup::OperatorSetup;
use tests::{World, run};

/// What the end-to-end tests made use of.
const USED: &str = include_str!("../../data/rights.txt");

/// What to do where a list is not what it should be.
const RECORD: &str = "run the tests that use it with RIGHTS_LOG=/tmp/rights.log, then `LC_ALL=C sort -u /tmp/rights.log tests/data/rights.txt -o tests/data/rights.txt`";

/// Powers that no test uses, by what they begin with, and why they are there all the same.
const UNUSED: &[(&str, &str)] = &[
    ("StorePolicy s3:ListBucket", "without it S3 answers 403 for what is not in the ledger, and nothing opens"),
    ("attachments s3:ListBucket", "without it S3 answers 403 for a file that has not come"),
    ("csv-import s3:ListBucket", "without it S3 answers 403 for a file whose time is over"),
    ("imports s3:ListBucket", "without it S3 answers 403 for a file whose time is over"),
    (
        "backup-drill Scan arn:aws:dynamodb:ap-northeast-1:000000000000:table/awsbackup",
        "AWS Backup names what it restores",
    ),
    ("backup-drill kms:Decrypt", "it opens every purpose, and not every one has sealed something yet"),
    ("drop ", "a session in this role is held to its own policy, which is narrower"),
    ("mail-delivery ses:SendEmail arn:aws:ses:ap-northeast-1:000000000000:configuration-set/", "a laptop has none"),
    ("retention-purge s3:AbortMultipartUpload", "an upload that a customer began and never ended"),
];

/// Powers that came with functions whose tests have not been recorded since. It only gets shorter.
const PENDING: &str = include_str!("../../data/rights-pending.txt");

/// The functions that may open names, and what for. The key's own policy must list the same.
const NAMES: [(&str, &str); 18] = [
    ("accounts", "shows who holds an account"),
    ("backup-drill", "opens a sample of what was restored"),
    ("checkups", "a clinic is told who comes"),
    ("contracts", "a contract's first administrator has a name"),
    ("csv-import", "employees and accounts come with names"),
    ("documents", "a card says whose it is"),
    ("employees", "shows and finds people"),
    ("export-writer", "a customer's export, and evidence for a court, say whose they are"),
    ("identity-reseal", "seals names with the key of the stress check that outlives the rest"),
    ("interviews", "a report names the physician who gave it, a note its author"),
    ("kiosk", "shows people their own name, masked, before they answer"),
    ("mail-delivery", "addresses mails"),
    ("me", "shows people their own name"),
    ("me-export", "tells people what is held about them"),
    ("operator-setup", "operators have names"),
    ("passwords", "a link belongs to a mail address"),
    ("work-fitness", "an opinion names the physician who gave it"),
    ("reports", "says who is behind a figure"),
];

fn rights() -> BTreeSet<Right> {
    Iam::deployed(None, true).expect("the templates should be understood").rights()
}

/// What a right comes to: whose it is, which power, over what. Operations that give the same power over the same thing are not told apart: who may read an item by
/// its key learns nothing more by reading it in a batch or by a condition on it.
fn power(right: &Right) -> Option<String> {
    let Right { holder, action, resource, narrowed, .. } = right;
    let power = match action.trim_start_matches("dynamodb:") {
        "GetItem" | "BatchGetItem" | "ConditionCheckItem" => "read",
        "PutItem" | "UpdateItem" => "write",
        "DeleteItem" | "BatchWriteItem" => "delete",
        other => other,
    };
    // An index can be queried and nothing else, whatever a statement says of it.
    let void = resource.contains("/index/") && power != "Query";
    (!void && !is_the_platforms(right)).then(|| format!("{holder} {power} {resource} {narrowed}"))
}

/// What Lambda, the event sources and the scheduler do with a role before and after a function's code runs, and what services do for it under their keys.
fn is_the_platforms(right: &Right) -> bool {
    right.action.starts_with("logs:")
        || right.narrowed.ends_with(".amazonaws.com")
        || right.holder == "schedules"
        || ["Stream", "Streams", "DeadLetters"].contains(&right.sid.as_str())
        || right.sid == "Queue" && right.action != "sqs:SendMessage"
}

/// Making a key belongs to using it: the first use of all makes it (docs/decisions/0002-envelope-format.md), whoever comes first.
fn makes_a_key(power: &str) -> Option<String> {
    let used = power.replace(" write KeysTable ", " Query KeysTable ");
    let used = used.replace(" kms:GenerateDataKeyWithoutPlaintext ", " kms:Decrypt ");
    (used != power).then_some(used)
}

fn used() -> BTreeSet<String> {
    let rights = rights();
    USED.lines().filter_map(|line| power(rights.iter().find(|right| right.to_string() == line)?)).collect()
}

fn power_of_all() -> BTreeSet<String> {
    rights().iter().filter_map(power).collect()
}

#[test]
fn r26_every_power_is_made_use_of() {
    let used = used();
    let unused: BTreeSet<String> = power_of_all()
        .into_iter()
        .filter(|power| !used.contains(power) && !makes_a_key(power).is_some_and(|key| used.contains(&key)))
        .filter(|power| !UNUSED.iter().any(|(begin, _)| power.starts_with(begin)))
        .filter(|power| !PENDING.lines().any(|pending| pending == power))
        .collect();
    let unused: Vec<String> = unused.into_iter().collect();
    assert!(unused.is_empty(), "nothing makes use of these: take them away, or {RECORD}:\n{}", unused.join("\n"));
}

#[test]
fn r26_what_was_made_use_of_is_still_allowed() {
    let rights: BTreeSet<String> = rights().iter().map(ToString::to_string).collect();
    let stale: Vec<&str> = USED.lines().filter(|used| !rights.contains(*used)).collect();
    assert!(
        stale.is_empty(),
        "no policy says this any more: take the lines out of tests/data/rights.txt:\n{}",
        stale.join("\n")
    );
    let used = used();
    for (begin, why) in UNUSED {
        let known: Vec<String> = power_of_all().into_iter().filter(|power| power.starts_with(begin)).collect();
        let idle = known.iter().any(|power| !used.contains(power));
        assert!(idle, "{begin} ({why}) is gone, or is used by now: take it out of the list");
    }
}

#[test]
fn r13_r26_only_functions_that_show_or_match_people_have_a_way_to_names() {
    let mut ways: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for right in rights() {
        let opens = right.action.starts_with("kms:") && !right.narrowed.ends_with(".amazonaws.com");
        let way = match right.resource.as_str() {
            "NamesKey" if opens => "key",
            "NamesKey" => "at rest",
            "NamesTable" => "table",
            _ => continue,
        };
        ways.entry(right.holder).or_default().insert(way.to_owned());
    }
    // The purge deletes names and cannot read one: it has no key.
    let purge = ways.remove("retention-purge").expect("the purge deletes names");
    assert!(!purge.contains("key"), "the purge opens no name");
    let named: BTreeSet<&str> = NAMES.iter().map(|(function, _)| *function).collect();
    let found: BTreeSet<&str> = ways.keys().map(String::as_str).collect();
    assert_eq!(found, named, "a way to names must be in NAMES, with what it is for");
    for (function, ways) in &ways {
        assert_eq!(
            ways.len(),
            3,
            "{function} has {ways:?}: the table, its key at rest and the key of names belong together"
        );
    }
}

#[test]
fn r16_the_drill_may_open_what_every_purpose_seals_but_not_sign_or_make_macs() {
    let rights = rights();
    let drills = rights.iter().filter(|right| right.holder == "backup-drill" && right.action == "kms:Decrypt");
    let opens: BTreeSet<&str> =
        drills.map(|right| right.narrowed.as_str()).filter(|purpose| !purpose.ends_with(".amazonaws.com")).collect();
    let never = ["token-signing", "certificate-signing", "audit-mac"];
    let sealed: BTreeSet<&str> = vault::Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
    let sealed: BTreeSet<&str> = sealed.into_iter().filter(|purpose| !never.contains(purpose)).collect();
    assert_eq!(opens, sealed, "a purpose that it may not open fails the drill of a whole table");
}

#[test]
fn r14_whoever_reaches_a_table_reaches_the_key_that_it_lies_under_through_dynamodb_alone() {
    // Lambda opens a function's own settings in the function's role, held to that function by the encryption context.
    for right in rights().iter().filter(|right| right.action.starts_with("kms:") && right.sid != "OwnSettings") {
        assert_ne!(right.narrowed, "-", "{right}: a key is used for a purpose, or through a service");
        if ["KeysKey", "AuditKey", "FilesKey", "OperationsKey"].contains(&right.resource.as_str()) {
            assert!(right.narrowed.ends_with(".amazonaws.com"), "{right}: this key is for what lies in a service");
        }
    }
}

#[test]
fn r26_no_right_is_wider_than_it_must_be() {
    let wide: Vec<String> = rights()
        .iter()
        .filter(|right| {
            let whole_service = right.action.contains('*') && !right.narrowed.ends_with(".amazonaws.com");
            let everything = right.resource == "*" && right.action != "dynamodb:ListStreams";
            let any_item = right.action.starts_with("dynamodb:")
                && right.narrowed == "-"
                && !right.sid.starts_with("Stream")
                // A scan has no first key. The purge alone scans what is live, and can open nothing of it; the drill scans what was restored.
                && !["dynamodb:Scan", "dynamodb:DescribeTable"].contains(&right.action.as_str());
            whole_service || everything || any_item
        })
        .map(ToString::to_string)
        .collect();
    assert!(wide.is_empty(), "narrow these, or say here why they must be so wide:\n{}", wide.join("\n"));
    let scans: BTreeSet<_> = rights().into_iter().filter(|right| right.action == "dynamodb:Scan").collect();
    let of_live: BTreeSet<_> =
        scans.iter().filter(|right| !right.resource.contains("restore")).map(|right| right.holder.as_str()).collect();
    assert_eq!(of_live, BTreeSet::from(["retention-purge"]), "nobody else scans what is live");
}

#[test]
fn r21_r22_no_role_changes_the_trail_or_deletes_logs() {
    for right in rights() {
        if right.resource.starts_with("AuditTable") {
            let reads = ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"]
                .contains(&right.action.as_str());
            assert!(right.action == "dynamodb:PutItem" || reads, "{right}: the trail is put and read, never changed");
        }
        if right.action.starts_with("logs:") {
            let writes = ["logs:CreateLogStream", "logs:PutLogEvents"].contains(&right.action.as_str());
            assert!(writes, "{right}: logs are written, never deleted");
        }
    }
}

#[test]
fn r26_r32_the_role_that_makes_operators_does_to_make_them() {
    run(async {
        let world = World::own().await;
        let service = world.service();
        let clients = service.clients().of_function(service.cloud(), "operator-setup");
        let job = OperatorSetup { store: clients.store(service.store().clock().clone()).unwrap() };
        // Those of the example are there already.
        let event = include_str!("../../../events/operator-setup.json").replace("operator", "clerk").replacen(
            "clerks",
            "operators",
            1,
        );
        let event = serde_json::from_str(&event).unwrap();
        let invocation = Invocation::new("by-hand".to_owned(), Duration::from_secs(30));
        let answer = operator_setup::handle(&job, event, invocation).await.expect("the role should do");
        let made = answer["operators"].as_array().unwrap();
        assert!(made.len() == 2 && made[0]["initial_password"].is_string(), "two operators should be made");
    });
}
