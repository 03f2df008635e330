//! Numbers as they are printed: order statistics, units, Markdown.

use std::time::Duration;

use local::counters::{Count, Snapshot};

use crate::Error;

/// Values of one thing that was measured many times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl FromIterator<Duration> for Sample {
    fn from_iter<I: IntoIterator<Item = Duration>>(values: I) -> Self {
        values.into_iter().map(|value| value.as_secs_f64()).collect()
    }
}

impl Sample {
    /// The value that this part of all values does not exceed; 0 of nothing.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of some hundred values"
    )]
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        let place = (self.0.len() as f64 * part).ceil() as usize;
        self.0.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their sum, shared out; 0 of nothing.
    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / f64::from(u32::try_from(self.0.len().max(1)).unwrap_or(u32::MAX))
    }

    /// The middle.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(0.5)
    }

    /// Where the middle half lies: first and third quartile.
    pub(crate) fn quartiles(&self) -> (f64, f64) {
        (self.percentile(0.25), self.percentile(0.75))
    }
}

/// Seconds in the unit that a reader wants: `1.4 µs`, `23 ms`.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{} µs", digits(s * 1e6)),
        s if s < 1.0 => format!("{} ms", digits(s * 1e3)),
        s => format!("{} s", digits(s)),
    }
}

/// Two significant digits behind the point at most: `0.42`, `3.1`, `25`.
pub(crate) fn digits(value: f64) -> String {
    match value {
        v if v < 1.0 => format!("{v:.2}"),
        v if v < 10.0 => format!("{v:.1}"),
        v => thousands(v),
    }
}

/// A whole number with its thousands set apart: `100,000`.
pub(crate) fn thousands(value: f64) -> String {
    let whole = format!("{value:.0}");
    let mut text = String::with_capacity(whole.len() + whole.len() / 3);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count per request: `2`, or `1.5` where requests differed; nothing for none.
pub(crate) fn count(value: f64) -> String {
    match value {
        v if v < 0.005 => String::new(),
        v if (v - v.round()).abs() < 0.005 => format!("{v:.0}"),
        v => format!("{v:.1}"),
    }
}

/// A table; the first column to the left, all others to the right.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let headings: Vec<String> = headings.iter().map(ToString::to_string).collect();
    let rule: Vec<String> =
        (0..headings.len()).map(|column| if column == 0 { "---" } else { "---:" }.to_owned()).collect();
    let body = rows.iter().map(|row| line(row));
    [line(&headings), line(&rule)].into_iter().chain(body).collect()
}

/// How much of something the local cloud counted between two moments, all operations together.
pub(crate) fn spent((before, after): (&Snapshot, &Snapshot), of: fn(&Count) -> f64) -> f64 {
    let total = |snapshot: &Snapshot| snapshot.values().map(of).sum::<f64>();
    total(after) - total(before)
}

/// On what, and when: a line above the tables.
pub(crate) fn machine(profile: &str) -> Result<String, Error> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor without a name", |(_, model)| model);
    let cores = std::thread::available_parallelism()?;
    let today = store::Clock::system().now().date();
    Ok(format!("{today}, {cores} cores of {model}, profile `{profile}`."))
}
