//! What wakes a job: changes of a table, messages of a queue, or the time.

use domain::time::Jst;
use serde::Deserialize;
use serde_json::Value;
use store::{Clock, Error};

/// What woke a job.
#[derive(Debug)]
pub enum Wake {
    /// Items changed: a batch of a table's stream, in the order of the changes.
    Changes(Vec<Change>),
    /// A queue has messages.
    Messages(Vec<Message>),
    /// It is time.
    Time(Schedule),
}

impl Wake {
    /// Reads the event as Lambda delivers it.
    pub fn of(event: Value, clock: &Clock) -> Result<Self, Error> {
        if event.pointer("/Records/0/eventSource").is_some_and(|source| source == "aws:sqs") {
            let batch: Batch<Message> = serde_json::from_value(event)?;
            return Ok(Self::Messages(batch.records));
        }
        if event.get("Records").is_some() {
            let batch: Batch<Change> = serde_json::from_value(event)?;
            return Ok(Self::Changes(batch.records));
        }
        Schedule::of(event, clock).map(Self::Time)
    }
}

#[derive(Debug, Deserialize)]
struct Batch<T> {
    #[serde(rename = "Records")]
    records: Vec<T>,
}

/// A message of a queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// What the queue knows it by.
    #[serde(rename = "messageId")]
    pub id: String,
    /// What was sent.
    pub body: String,
}

/// A change of an item: which one, and how. What the item holds is read from the table, where it may have changed again; only who watches over a table that never
/// changes looks at the images.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    #[serde(rename = "eventName")]
    kind: ChangeKind,
    #[serde(rename = "userIdentity", default)]
    identity: Option<Identity>,
    dynamodb: Changed,
}

/// How an item changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeKind {
    /// It is new.
    Insert,
    /// It is another than before.
    Modify,
    /// It is gone.
    Remove,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    keys: Keys,
    sequence_number: String,
    #[serde(rename = "ApproximateCreationDateTime", default)]
    at: f64,
    #[serde(default)]
    new_image: Value,
}

/// Who changed it, where that was the platform itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    principal_id: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Debug, Clone, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

impl Change {
    /// The item's partition key.
    #[must_use]
    pub fn pk(&self) -> &str {
        &self.dynamodb.keys.pk.s
    }

    /// The item's sort key.
    #[must_use]
    pub fn sk(&self) -> &str {
        &self.dynamodb.keys.sk.s
    }

    /// How the item changed.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// Whether the item is new.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.kind == ChangeKind::Insert
    }

    /// Whether it is gone because its time was over.
    #[must_use]
    pub fn is_expiry(&self) -> bool {
        let by_the_platform = |identity: &Identity| identity.principal_id == "dynamodb.amazonaws.com";
        self.kind == ChangeKind::Remove && self.identity.as_ref().is_some_and(by_the_platform)
    }

    /// When it changed, in whole seconds since the epoch.
    #[must_use]
    pub fn at_seconds(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970, which a double holds exactly")]
        let seconds = self.dynamodb.at as i64;
        seconds
    }

    /// The item as it is since the change, in the form of the stream; null where there is none.
    #[must_use]
    pub fn new_image(&self) -> &Value {
        &self.dynamodb.new_image
    }

    /// What the stream knows it by.
    #[must_use]
    pub fn sequence(&self) -> &str {
        &self.dynamodb.sequence_number
    }
}

/// A schedule's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The instant that the run goes by.
    pub at: Jst,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What a schedule sends: `EventBridge` Scheduler's own event, or an input that was written for it.
#[derive(Debug, Deserialize)]
struct Input {
    as_of: Option<Jst>,
    time: Option<Jst>,
    #[serde(default)]
    dry_run: bool,
}

impl Schedule {
    /// Reads the call. A deployed job goes by its own clock, or by an earlier `as_of`, which can only make it do less; a later one is refused, because it would
    /// bring the day of a purge forward. Where the clock can be moved, on a laptop, the call's `as_of` or `time` counts, whatever it says.
    pub fn of(event: Value, clock: &Clock) -> Result<Self, Error> {
        let Input { as_of, time, dry_run } = serde_json::from_value(event)?;
        let now = clock.now();
        let at = if clock.can_be_moved() { as_of.or(time) } else { as_of }.unwrap_or(now);
        if at > now && !clock.can_be_moved() {
            return Err(Error::Internal("a schedule's as_of lies in the future".to_owned()));
        }
        Ok(Self { at, dry_run })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployed() -> Clock {
        Clock::system()
    }

    fn laptop() -> Clock {
        Clock::moved_by(std::sync::Arc::default())
    }

    #[test]
    fn schedulers_own_event_and_a_written_one_are_understood() {
        let event = json!({"version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "1",
            "time": "2026-02-13T18:00:00Z", "region": "ap-northeast-1", "resources": [], "detail": "{}"});
        let schedule = Schedule::of(event, &laptop()).unwrap();
        assert_eq!(schedule.at.to_string(), "2026-02-14T03:00:00.000+09:00");
        assert!(!schedule.dry_run);
        let schedule =
            Schedule::of(json!({"as_of": "2026-02-14T03:00:00+09:00", "dry_run": true}), &deployed()).unwrap();
        assert_eq!((schedule.at.to_string().as_str(), schedule.dry_run), ("2026-02-14T03:00:00.000+09:00", true));
    }

    #[test]
    fn r17_nobody_brings_a_purge_forward_where_it_is_deployed() {
        let tomorrow = deployed().now().plus_seconds(86_400);
        let event = json!({"as_of": tomorrow});
        assert!(matches!(Schedule::of(event.clone(), &deployed()), Err(Error::Internal(_))));
        assert_eq!(Schedule::of(event, &laptop()).unwrap().at.epoch_seconds(), tomorrow.epoch_seconds());
        // What Scheduler says of itself does not count either.
        let late = Schedule::of(json!({"time": tomorrow}), &deployed()).unwrap();
        assert!(late.at < tomorrow);
    }

    #[test]
    fn a_streams_batch_is_read_by_keys_alone() {
        let event = json!({"Records": [{
            "eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "ap-northeast-1",
            "dynamodb": {"ApproximateCreationDateTime": 1_771_005_600, "Keys": {"pk": {"S": "T#a#OUTBOX#b"}, "sk": {"S": "MAIL"}},
                "NewImage": {"outbox_state": {"S": "pending"}}, "SequenceNumber": "000000000000000000007", "SizeBytes": 3,
                "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "eventSourceARN": "arn:aws:dynamodb:…"}]});
        let Wake::Changes(changes) = Wake::of(event, &deployed()).unwrap() else { panic!("it is a batch") };
        assert_eq!((changes[0].pk(), changes[0].sequence()), ("T#a#OUTBOX#b", "000000000000000000007"));
        assert!(changes[0].is_new());
        assert_eq!((changes[0].sk(), changes[0].at_seconds()), ("MAIL", 1_771_005_600));
    }

    #[test]
    fn r22_an_expiry_is_told_from_a_removal() {
        let change = |identity: Value| -> Change {
            let event = json!({"eventName": "REMOVE", "userIdentity": identity, "dynamodb": {"Keys": {"pk": {"S": "a"}, "sk": {"S": "b"}},
                "SequenceNumber": "1"}});
            serde_json::from_value(event).unwrap()
        };
        let expired = change(json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
        assert!(expired.is_expiry());
        assert!(!change(Value::Null).is_expiry(), "somebody deleted it");
        assert_eq!((expired.kind(), expired.new_image()), (ChangeKind::Remove, &Value::Null));
    }
}
