//! Logs: JSON lines on standard output, in Japan time, and nowhere else. What may stand in them: ids, names of things, counts. Never a name, a mail
//! address, a password, a token or a health value.
//!
//! A line with the field [`metrics`] made is in CloudWatch's embedded format: its counts and times become metrics without a call.

use serde_json::{Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, MakeWriter,
        format::{Format, Json, JsonFields, Writer},
        time::FormatTime,
    },
    registry::LookupSpan,
};

use crate::Clock;

/// The namespace of the service's metrics.
const NAMESPACE: &str = "AilesPlus";

/// Starts logging, once per process. The level is `RUST_LOG`'s, `info` if nobody says.
pub fn start(clock: Clock) {
    start_into(clock, std::io::stdout);
}

/// The same, to somewhere else: for tests that look at what is logged.
pub fn start_into<W>(clock: Clock, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logger = tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(Lines::new(clock))
        .with_env_filter(filter)
        .with_writer(writer);
    // A second start, in a process that runs several functions, finds that somebody logs already.
    let _ = logger.try_init();
}

/// What the field `_aws` of a line says that has `metrics`, each with its unit: fields of the same names hold their values. The function is the only
/// dimension; the tenant is never one.
#[must_use]
pub fn metrics(metrics: &[(&'static str, &'static str)]) -> String {
    let metrics: Vec<Value> = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    json!([{ "Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": metrics }]).to_string()
}

/// The form of a line.
struct Lines {
    json: Format<Json, JapanTime>,
    clock: Clock,
}

impl Lines {
    fn new(clock: Clock) -> Self {
        let json = tracing_subscriber::fmt::format()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_timer(JapanTime(clock.clone()));
        Self { json, clock }
    }

    /// The line with its metrics as CloudWatch reads them: an object with a time, where a field can only hold a text.
    fn with_metrics(&self, line: &str) -> Option<String> {
        let mut line: Value = serde_json::from_str(line).ok()?;
        let metrics: Value = serde_json::from_str(line.get("_aws")?.as_str()?).ok()?;
        line["_aws"] = json!({ "Timestamp": self.clock.now().epoch_millis(), "CloudWatchMetrics": metrics });
        Some(line.to_string())
    }
}

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        if event.fields().all(|field| field.name() != "_aws") {
            return self.json.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        match self.with_metrics(&line) {
            Some(line) => writeln!(writer, "{line}"),
            None => writer.write_str(&line),
        }
    }
}

struct JapanTime(Clock);

impl FormatTime for JapanTime {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", self.0.now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let logger = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(Lines::new(Clock::system()))
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(logger, log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
    }

    #[test]
    fn r22_r24_every_line_is_json_in_japan_time() {
        let lines = logged(|| tracing::info!(rows = 3, "done"));
        assert_eq!((&lines[0]["rows"], &lines[0]["message"]), (&json!(3), &json!("done")));
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with("+09:00"));
    }

    #[test]
    fn r23_a_line_with_metrics_is_in_cloudwatchs_embedded_format() {
        let lines = logged(|| {
            let _span = tracing::info_span!("invocation", request_id = "r-1").entered();
            tracing::info!(function = "f", faults = 1, _aws = %metrics(&[("faults", "Count")]));
        });
        let line = &lines[0];
        assert_eq!(line["faults"], 1);
        assert_eq!(line["span"]["request_id"], "r-1");
        assert!(line["_aws"]["Timestamp"].is_u64());
        let expected = json!([{ "Namespace": "AilesPlus", "Dimensions": [["function"]], "Metrics": [{ "Name": "faults", "Unit": "Count" }] }]);
        assert_eq!(line["_aws"]["CloudWatchMetrics"], expected);
    }
}
