//! `backup-drill`: opens restored tables, and says whether they could take the live ones' place (R-16).
//!
//! ```text
//! Sunday 04:00: AWS Backup restores the newest generation of each table ──Restore Job State Change──▶ drill that table
//! after a restore by hand: {"restored": ["<table>", …]} ──▶ drill them all
//! ```
//!
//! It reads restored tables and nothing live, and changes nothing. What it opens it forgets: it answers with counts, and logs an error where a table is not sound, which
//! rings (infra/alarms.yaml). What was decided is in docs/decisions/0021-restore-drill.md.

use std::time::Instant;

use domain::{ids::PLATFORM, time::Jst};
use jobs::{Invocation, for_drill};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Drilled, Error, Store, logs::metrics};

/// The function's name.
const NAME: &str = "backup-drill";

/// What the job works with.
#[derive(Debug, Clone)]
pub struct BackupDrill {
    /// The data, and the keys of today.
    pub store: Store,
}

/// What wakes it: somebody by hand, or a restore that came to its end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Event {
    ByHand { restored: Vec<String> },
    Restored { time: Jst, detail: RestoreJob },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestoreJob {
    created_resource_arn: String,
    creation_date: Jst,
}

impl Event {
    /// The names of the restored tables, and how many seconds their restore took, where somebody measured it.
    fn restored(self) -> Result<(Vec<String>, Option<u64>), Error> {
        match self {
            Self::ByHand { restored } => Ok((restored, None)),
            Self::Restored { time, detail } => {
                let name = detail.created_resource_arn.split_once(":table/").map(|(_, name)| name.to_owned());
                let name = name.ok_or_else(|| Error::Internal("what was restored is no table".to_owned()))?;
                let seconds = time.epoch_millis().saturating_sub(detail.creation_date.epoch_millis()) / 1_000;
                Ok((vec![name], Some(seconds)))
            }
        }
    }
}

#[derive(Debug, Serialize)]
struct Answer {
    /// Whether every table is sound.
    sound: bool,
    /// How long the restore took.
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_seconds: Option<u64>,
    /// How long it took to look.
    drill_seconds: f64,
    tables: Vec<Drilled>,
}

/// Handles an event.
pub async fn handle(job: &BackupDrill, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let (restored, restore_seconds) = serde_json::from_value::<Event>(event)?.restored()?;
    let started = Instant::now();
    let permit = for_drill(PLATFORM, &invocation.origin);
    let mut tables = Vec::new();
    for name in restored {
        tables.push(job.store.drill(&permit, &name).await?);
    }
    let sound = !tables.is_empty() && tables.iter().all(Drilled::is_sound);
    let answer = Answer { sound, restore_seconds, drill_seconds: started.elapsed().as_secs_f64(), tables };
    tell(&answer);
    Ok(serde_json::to_value(answer)?)
}

/// One line per table, with metrics; an error where it is not sound.
fn tell(answer: &Answer) {
    for table in &answer.tables {
        let line = serde_json::to_string(table).unwrap_or_default();
        tracing::info!(
            target: "batch",
            function = NAME,
            drilled = line,
            items = table.items,
            unreadable = table.unreadable.values().sum::<u64>(),
            restore_seconds = answer.restore_seconds,
            drill_seconds = answer.drill_seconds,
            _aws = %metrics(&[
                ("items", "Count"), ("unreadable", "Count"), ("restore_seconds", "Seconds"), ("drill_seconds", "Seconds"),
            ]),
        );
        if !table.is_sound() {
            tracing::error!(
                function = NAME,
                drilled = line,
                "drill: a restored table could not take the live one's place"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r16_the_time_of_a_restore_is_from_its_beginning_to_its_end() {
        let event: Event = serde_json::from_str(include_str!("../../../../events/backup-drill.json")).unwrap();
        let (restored, seconds) = event.restored().unwrap();
        assert_eq!(restored, ["awsbackup-restore-test-0d2f5e1c"]);
        assert_eq!(seconds, Some(1_325));
    }

    #[test]
    fn tables_are_named_by_hand_as_well() {
        let event: Event = serde_json::from_value(json!({ "restored": ["ailes-restored-records"] })).unwrap();
        assert_eq!(event.restored().unwrap(), (vec!["ailes-restored-records".to_owned()], None));
    }
}
