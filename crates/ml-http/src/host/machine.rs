//! What the system tells of this process and its machine. Where it tells nothing, nothing is said.

use std::fs;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::message::{CpuStats, DeviceStats, MemoryStats};

/// Ticks of processor time in a second, as `/proc` counts them on every architecture that we build for.
pub const TICKS_PER_SEC: u64 = 100;
/// Shortest stretch over which a share of processor time means something.
const MIN_STRETCH: Duration = Duration::from_secs(1);

/// What this process computes on.
pub(super) fn device() -> DeviceStats {
    static NAME: OnceLock<Option<String>> = OnceLock::new();
    let name = NAME.get_or_init(|| fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu_name(&text)));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    DeviceStats { kind: "cpu".to_owned(), name: name.clone(), threads }
}

fn cpu_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Memory of this process and of the machine.
pub(super) fn memory() -> MemoryStats {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let machine = read("/proc/meminfo");
    MemoryStats {
        rss_bytes: kib(&read("/proc/self/status"), "VmRSS:"),
        total_bytes: kib(&machine, "MemTotal:"),
        available_bytes: kib(&machine, "MemAvailable:"),
    }
}

/// A line such as `VmRSS:   1234 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// Processor time of this process since its start.
fn cpu_secs() -> Option<f64> {
    cpu_ticks().map(|ticks| ticks as f64 / TICKS_PER_SEC as f64)
}

/// The same in ticks, of all threads together.
pub fn cpu_ticks() -> Option<u64> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// User and system time. The second field, a name in brackets, may itself hold spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

/// Remembers the last reading, so that a share can be told.
pub(super) struct Processor {
    read_at: Instant,
    secs: Option<f64>,
    percent: Option<f64>,
}

impl Processor {
    pub(super) fn new(now: Instant) -> Self {
        Self { read_at: now, secs: cpu_secs(), percent: None }
    }

    pub(super) fn read(&mut self, now: Instant) -> CpuStats {
        let secs = cpu_secs();
        let stretch = now.saturating_duration_since(self.read_at);
        if stretch >= MIN_STRETCH
            && let (Some(before), Some(after)) = (self.secs, secs)
        {
            self.percent = Some((after - before) / stretch.as_secs_f64() * 100.0);
            (self.read_at, self.secs) = (now, secs);
        }
        CpuStats { seconds: secs, percent: self.percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_writes_is_read_and_what_it_does_not_write_is_left_out() {
        assert_eq!(kib("Name:\tx\nVmRSS:\t   2048 kB\n", "VmRSS:"), Some(2_097_152));
        assert_eq!(kib("", "VmRSS:"), None);
        let stat = "7 (a) b c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7 nothing"), None);
        assert_eq!(cpu_name("processor: 0\nmodel name\t: Some CPU @ 2 GHz\n").unwrap(), "Some CPU @ 2 GHz");
    }
}
