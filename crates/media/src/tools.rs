//! Where ffmpeg and ffprobe are, and how they are always called: one input, named by descriptor, one
//! demuxer, one protocol. Knows nothing about what they answer.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use dk_app::StopToken;

use crate::MediaError;
use crate::limits::Limits;
use crate::sandbox::{ChildError, ChildLimits, Command, Launcher, Layers, Output};

/// The outside programs of this room.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Puts every child behind walls.
    pub launcher: Launcher,
    /// Absolute path of ffmpeg, where there is one.
    pub ffmpeg: Option<PathBuf>,
    /// Absolute path of ffprobe, where there is one.
    pub ffprobe: Option<PathBuf>,
    /// Decoding threads of one child.
    pub threads: usize,
}

/// One tool on this machine.
#[derive(Debug)]
pub struct ToolVersion {
    /// `ffmpeg` or `ffprobe`.
    pub name: &'static str,
    /// Where it is.
    pub path: Option<PathBuf>,
    /// First line of what it says about itself.
    pub version: Result<String, MediaError>,
}

/// More threads than this only cost memory at the sizes that are allowed.
const MOST_THREADS: usize = 8;

impl Tools {
    /// Looks for the programs where `DRISHTIKSHA_FFMPEG` and `DRISHTIKSHA_FFPROBE` say, else in `PATH`.
    /// Their absence is an error only when one is needed; pictures need none.
    pub fn find(launcher: Launcher) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            launcher,
            ffmpeg: find("DRISHTIKSHA_FFMPEG", "ffmpeg"),
            ffprobe: find("DRISHTIKSHA_FFPROBE", "ffprobe"),
            threads: cores.min(MOST_THREADS),
        }
    }

    /// What both programs say about themselves.
    pub fn versions(&self) -> Vec<ToolVersion> {
        [("ffmpeg", &self.ffmpeg), ("ffprobe", &self.ffprobe)]
            .into_iter()
            .map(|(name, path)| ToolVersion {
                name,
                path: path.clone(),
                version: self.version(name, path.as_deref()),
            })
            .collect()
    }

    /// Which walls stand around children on this machine, found out by putting them up once.
    pub fn layers(&self) -> Result<Layers, MediaError> {
        let mut launcher = self.launcher.clone();
        launcher.args.push("--report".into());
        let name = "the launcher of children";
        let output = Command::new(&launcher, &launcher.program)
            .run(&StopToken::new())
            .map_err(|source| MediaError::Tool { name, source })?;
        Layers::parse(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| {
            let source = std::io::Error::other(format!("unexpected answer: {}", output.stderr.trim()));
            MediaError::Tool { name, source: ChildError::Io { source } }
        })
    }

    fn version(&self, name: &'static str, path: Option<&Path>) -> Result<String, MediaError> {
        let path = path.ok_or(MediaError::MissingTool { name })?;
        let output = Command::new(&self.launcher, path)
            .args(["-version"])
            .limits(ChildLimits { output_bytes: 64 << 10, ..ChildLimits::default() })
            .run(&StopToken::new())
            .map_err(|error| tool_error(name, error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.lines().next() {
            Some(line) if output.success => Ok(line.to_owned()),
            _ => Err(MediaError::Tool { name, source: ended_badly(&output) }),
        }
    }

    pub(crate) fn ffprobe(&self) -> Result<Command, MediaError> {
        let path = self.ffprobe.as_ref().ok_or(MediaError::MissingTool { name: "ffprobe" })?;
        Ok(Command::new(&self.launcher, path))
    }

    pub(crate) fn ffmpeg(&self) -> Result<Command, MediaError> {
        let path = self.ffmpeg.as_ref().ok_or(MediaError::MissingTool { name: "ffmpeg" })?;
        // Fewer arenas keep the address space near what is really used.
        Ok(Command::new(&self.launcher, path).env("MALLOC_ARENA_MAX", "2"))
    }
}

fn find(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(told) = std::env::var_os(variable).filter(|told| !told.is_empty()) {
        // A wrong one is not replaced by another in silence; it is reported when it is needed.
        return std::path::absolute(told).ok();
    }
    in_path(&std::env::var_os("PATH")?, name)
}

fn in_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|p| p.is_file())
}

/// The arguments that stand before the name of the input, for both programs.
pub(crate) fn input_options(demuxer: &str) -> Vec<OsString> {
    ["-hide_banner", "-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer]
        .map(OsString::from)
        .to_vec()
}

/// What a failed child means for the file.
pub(crate) fn tool_error(name: &'static str, error: ChildError) -> MediaError {
    match error {
        ChildError::Stopped => MediaError::Stopped,
        ChildError::TimedOut { limit_secs } => MediaError::TimedOut { limit_secs },
        ChildError::TooMuchOutput { limit_bytes } => MediaError::TooMuchOutput { limit_bytes },
        source => MediaError::Tool { name, source },
    }
}

fn ended_badly(output: &Output) -> ChildError {
    let said = output.stderr.lines().next().unwrap_or("it said nothing");
    ChildError::Io { source: std::io::Error::other(said.to_owned()) }
}

/// What a child that ended badly means for the file: out of its limits, cut off, or damaged.
pub(crate) fn blame(format: &str, output: &Output, limits: &Limits) -> MediaError {
    let format = format.to_owned();
    // SIGKILL comes from the limit on processor time here; our own is told apart earlier.
    if matches!(output.signal, Some(9 | 24)) {
        return MediaError::TimedOut { limit_secs: limits.child_cpu_secs };
    }
    if let Some(signal) = output.signal {
        return MediaError::Damaged {
            format,
            detail: format!("the decoder crashed on it (signal {signal})"),
        };
    }
    let said = |words: &[&str]| words.iter().any(|words| output.stderr.contains(words));
    if said(&["Cannot allocate memory", "error while loading shared libraries"]) {
        return MediaError::OutOfMemory { limit_bytes: limits.child_memory_bytes };
    }
    let detail = first_complaint(&output.stderr);
    if said(&["moov atom not found", "End of file", "partial file", "truncated", "Truncat"]) {
        return MediaError::Truncated { format, detail };
    }
    if said(&[
        "Decoder (codec",
        "Unknown decoder",
        "No decoder",
        "not currently supported",
        "Unknown encryption",
    ]) {
        return MediaError::Unsupported { format: format!("{format} ({detail})") };
    }
    MediaError::Damaged { format, detail }
}

/// The first line of stderr without the part that names a piece of ffmpeg and an address in its memory.
fn first_complaint(stderr: &str) -> String {
    let line =
        stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("the decoder gave no reason");
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest,
        None => line,
    };
    line.replace(crate::sandbox::STDIN, "the file")
        .replace("file:the file: ", "")
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stderr: &str, signal: Option<i32>) -> Output {
        Output { stdout: Vec::new(), stderr: stderr.to_owned(), success: false, code: Some(1), signal }
    }

    #[test]
    fn each_bad_end_has_its_own_meaning() {
        let limits = Limits::default();
        let blame = |stderr: &str, signal| blame("mp4", &output(stderr, signal), &limits);
        assert!(matches!(blame("", Some(9)), MediaError::TimedOut { .. }));
        assert!(matches!(blame("", Some(11)), MediaError::Damaged { .. }));
        assert!(matches!(blame("x: Cannot allocate memory", None), MediaError::OutOfMemory { .. }));
        assert!(matches!(blame("[mov @ 0x1] moov atom not found", None), MediaError::Truncated { .. }));
        assert!(matches!(blame("whatever", None), MediaError::Damaged { .. }));
    }

    #[test]
    fn a_complaint_names_no_memory_and_no_descriptor() {
        let said = format!("[mov,mp4 @ 0x55] bad atom\nfile:{}: Invalid data", crate::sandbox::STDIN);
        assert_eq!(first_complaint(&said), "bad atom");
        let said = format!("file:{}: Invalid data", crate::sandbox::STDIN);
        assert_eq!(first_complaint(&said), "Invalid data");
    }

    #[test]
    fn relative_parts_of_the_path_are_passed_over() {
        assert_eq!(in_path(OsStr::new(".:bin:"), "ffmpeg"), None);
    }
}
