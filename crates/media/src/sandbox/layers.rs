//! Which walls stand around a child on this machine, and putting them up. Never opens the untrusted file.

use std::fmt;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, setrlimit};

/// How much of a layer the kernel enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// All that was asked for.
    Full,
    /// An older kernel enforces a part.
    Partial,
    /// Nothing.
    None,
}

/// The walls around a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Memory, processor time, open files, no file written (resource limits, every Unix).
    pub limits: bool,
    /// Only named files are readable (Landlock, Linux 5.13 or later).
    pub files: Enforcement,
    /// No socket, no new process, no tracing (seccomp, Linux).
    pub calls: bool,
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |on: bool| if on { "yes" } else { "no" };
        let files = match self.files {
            Enforcement::Full => "yes",
            Enforcement::Partial => "partly",
            Enforcement::None => "no",
        };
        write!(f, "limits={} files={files} calls={}", yes(self.limits), yes(self.calls))
    }
}

impl Layers {
    /// Reads what [`Layers`] prints.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value =
            |name: &str| text.split_whitespace().find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let files = match value("files")? {
            "yes" => Enforcement::Full,
            "partly" => Enforcement::Partial,
            _ => Enforcement::None,
        };
        Some(Self { limits: value("limits")? == "yes", files, calls: value("calls")? == "yes" })
    }
}

/// What the launcher is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_secs: u64,
    pub(crate) open_files: u64,
    /// Files and folders that may be read besides the system's libraries.
    pub(crate) readable: Vec<PathBuf>,
    /// The program; it may be read and executed.
    pub(crate) program: PathBuf,
}

/// Lowers the rights of this process for good, and of every program that it becomes.
pub(crate) fn apply(rights: &Rights) -> Layers {
    let limits = limit(rights);
    let (files, calls) = wall(rights);
    Layers { limits, files, calls }
}

fn limit(rights: &Rights) -> bool {
    let set = |resource, most: u64| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    };
    // All are tried even when one fails.
    let done = [
        set(Resource::Core, 0),
        set(Resource::Fsize, 0),
        set(Resource::Nofile, rights.open_files),
        set(Resource::Cpu, rights.cpu_secs),
        // macOS knows the name of this limit but refuses most values; the others still hold there.
        set(Resource::As, rights.memory_bytes) || cfg!(target_os = "macos"),
    ];
    done.iter().all(|&ok| ok)
}

#[cfg(target_os = "linux")]
fn wall(rights: &Rights) -> (Enforcement, bool) {
    (super::linux::restrict_files(rights), super::linux::restrict_calls())
}

#[cfg(not(target_os = "linux"))]
fn wall(_rights: &Rights) -> (Enforcement, bool) {
    (Enforcement::None, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_as_they_are_printed() {
        for files in [Enforcement::Full, Enforcement::Partial, Enforcement::None] {
            for flag in [true, false] {
                let layers = Layers { limits: flag, files, calls: !flag };
                assert_eq!(Layers::parse(&layers.to_string()), Some(layers));
            }
        }
        assert_eq!(Layers::parse("something else"), None);
    }
}
