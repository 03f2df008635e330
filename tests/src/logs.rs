//! Watches every log line of the test run for things that must stand in none (R-21, R-22): names, mail addresses,
//! passwords, tokens, health values.

use std::io;
use std::sync::{Mutex, Once, PoisonError};

use aho_corasick::AhoCorasick;
use tracing_subscriber::fmt::MakeWriter;

/// What is looked for, what was found, and how much was looked at.
static WATCH: Mutex<Watch> = Mutex::new(Watch {
    planted: Vec::new(),
    machine: None,
    found: Vec::new(),
    errors: Vec::new(),
    requests: Vec::new(),
    lines: 0,
});

struct Watch {
    planted: Vec<String>,
    /// Rebuilt when something was planted since.
    machine: Option<AhoCorasick>,
    found: Vec<String>,
    errors: Vec<String>,
    requests: Vec<String>,
    lines: u64,
}

/// Short ones would be found by chance, in ids and times.
const SHORTEST: usize = 6;

/// What a line of an error holds.
const ERROR: &[u8] = br#""level":"ERROR""#;

/// What the line of a request holds.
const REQUEST: &[u8] = br#""target":"request""#;

/// Says what must stand in no log from now on.
pub fn plant<S: AsRef<str>>(markers: impl IntoIterator<Item = S>) {
    let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    for marker in markers {
        let marker = marker.as_ref();
        assert!(marker.len() >= SHORTEST, "{marker:?} would be found by chance");
        if !watch.planted.iter().any(|planted| planted == marker) {
            watch.planted.push(marker.to_owned());
            watch.machine = None;
        }
    }
}

/// How many lines were looked at so far.
#[must_use]
pub fn lines() -> u64 {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner).lines
}

/// The error among the lines so far that says `what`, for the alarms that lines raise (R-23).
#[must_use]
pub fn error(what: &str) -> Option<String> {
    let watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    watch.errors.iter().find(|line| line.contains(what)).cloned()
}

/// The line of the request with this id.
#[must_use]
pub fn request(id: &str) -> Option<String> {
    let watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    watch.requests.iter().find(|line| line.contains(id)).cloned()
}

/// Starts watching: everything that the functions would write to standard output comes here instead.
pub(crate) fn watch() {
    static START: Once = Once::new();
    START.call_once(|| store::logs::start_into(store::Clock::system(), Watcher));
}

/// Fails when something planted stood in a log line so far.
pub(crate) fn nothing_leaked() {
    let found = WATCH.lock().unwrap_or_else(PoisonError::into_inner).found.clone();
    assert!(found.is_empty(), "R-21: these stood in the logs: {found:#?}");
}

#[derive(Clone, Copy)]
struct Watcher;

impl MakeWriter<'_> for Watcher {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl io::Write for Watcher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
        let Watch { planted, machine, found, errors, requests, lines } = &mut *watch;
        *lines += 1;
        for (kept, sign) in [(errors, ERROR), (requests, REQUEST)] {
            if bytes.windows(sign.len()).any(|part| part == sign) {
                kept.push(String::from_utf8_lossy(bytes).into_owned());
            }
        }
        let machine = machine.get_or_insert_with(|| AhoCorasick::new(&*planted).expect("markers"));
        if let Some(hit) = machine.find(bytes) {
            found.push(format!("{:?} in {}", planted[hit.pattern()], String::from_utf8_lossy(bytes)));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
