//! Schedules by name → function: what `EventBridge` Scheduler sends, whenever somebody says that it is time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::function::{Deployed, InvocationError};
use crate::{ACCOUNT, REGION};

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: String,
    function: Deployed,
    input: Option<String>,
}

impl Schedule {
    /// A schedule that sends the default event.
    #[must_use]
    pub fn new(name: impl Into<String>, function: Deployed) -> Self {
        Self { name: name.into(), function, input: None }
    }

    /// Sends this JSON instead; `<aws.scheduler.scheduled-time>` and the other context attributes are filled in.
    #[must_use]
    pub fn input(self, input: impl Into<String>) -> Self {
        Self { input: Some(input.into()), ..self }
    }

    fn event(&self, at: Timestamp) -> Value {
        let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}", self.name);
        let time = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let id = Uuid::new_v4().to_string();
        match &self.input {
            Some(input) => {
                let filled = input
                    .replace("<aws.scheduler.schedule-arn>", &arn)
                    .replace("<aws.scheduler.scheduled-time>", &time)
                    .replace("<aws.scheduler.execution-id>", &id)
                    .replace("<aws.scheduler.attempt-number>", "1");
                serde_json::from_str(&filled).unwrap_or(Value::String(filled))
            }
            None => json!({
                "version": "0",
                "id": id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": ACCOUNT,
                "time": time,
                "region": REGION,
                "resources": [arn],
                // Text, not an object: that is how Scheduler sends it.
                "detail": "{}",
            }),
        }
    }
}

/// All schedules, by name.
#[derive(Clone, Debug, Default)]
pub struct Schedules(BTreeMap<String, Schedule>);

impl Schedules {
    /// Schedules to run on demand.
    #[must_use]
    pub fn new(schedules: impl IntoIterator<Item = Schedule>) -> Self {
        Self(schedules.into_iter().map(|schedule| (schedule.name.clone(), schedule)).collect())
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Runs one as if it were `at`; `None` when there is no such schedule.
    pub async fn run(&self, name: &str, at: Timestamp) -> Option<Result<Value, InvocationError>> {
        let schedule = self.0.get(name)?;
        Some(schedule.function.invoke(schedule.event(at)).await)
    }

    /// Invokes the function of one with an event of one's own; `None` when there is no such schedule.
    pub async fn invoke(&self, name: &str, event: Value) -> Option<Result<Value, InvocationError>> {
        Some(self.0.get(name)?.function.invoke(event).await)
    }
}
