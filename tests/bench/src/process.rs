//! What Linux knows of processes and threads: CPU time and memory.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use crate::Error;

/// CPU time of each thread of a process so far.
#[derive(Clone, Debug)]
pub(crate) struct CpuTime(HashMap<String, u64>);

impl CpuTime {
    /// Of another process. Exact while it waits, a few milliseconds behind while it runs.
    pub(crate) fn of(process: u32) -> Result<Self, Error> {
        let mut threads = HashMap::new();
        for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
            let thread = thread?;
            // A thread that ended meanwhile has nothing to say.
            if let Ok(nanoseconds) = nanoseconds(&thread.path()) {
                threads.insert(thread.file_name().to_string_lossy().into_owned(), nanoseconds);
            }
        }
        Ok(Self(threads))
    }

    /// What was used since `before`, by threads that are still there.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let used = |(thread, now): (&String, &u64)| now.saturating_sub(before.0.get(thread).copied().unwrap_or(0));
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// CPU time of this thread so far: what others do on the same core is not in it.
pub(crate) fn own_cpu_time() -> Result<Duration, Error> {
    // The kernel adds up when a thread gives up its core.
    std::thread::yield_now();
    Ok(Duration::from_nanos(nanoseconds(Path::new("/proc/thread-self"))?))
}

fn nanoseconds(thread: &Path) -> Result<u64, Error> {
    let text = std::fs::read_to_string(thread.join("schedstat"))?;
    Ok(text.split_whitespace().next().ok_or("schedstat is empty")?.parse()?)
}

/// The most memory that a process has had so far, in bytes (`VmHWM`).
pub(crate) fn peak_memory(process: u32) -> Result<u64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
