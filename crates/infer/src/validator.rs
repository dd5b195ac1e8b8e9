//! Validates Content Credentials in a limited child, because the parser of a manifest store is large and reads what
//! a stranger wrote. The file reaches the child as its stdin; certificates by their paths.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use dk_app::StopToken;
use dk_domain::Credentials;
use dk_media::{Launcher, MediaFile, mime, sandbox};
use dk_provenance::{credentials, trust};

/// Files of trusted certificates, and the size of one.
const MAX_ANCHOR_FILES: usize = 64;
const MAX_ANCHOR_BYTES: u64 = 4 << 20;

/// How credentials are validated, and whom to trust.
#[derive(Debug, Clone)]
pub struct Validator {
    /// How this program starts itself to drop its rights.
    pub launcher: Launcher,
    /// The hidden words that make this program call [`validate_in_child`].
    pub words: Vec<OsString>,
    /// Folders, or single files, with certificates in PEM that are trusted besides the bundled lists. A file with the name
    /// of such a list replaces it.
    pub trust: Vec<PathBuf>,
    /// Limits of the child.
    pub limits: sandbox::ChildLimits,
}

impl Validator {
    /// Limits that any honest file keeps.
    pub fn limits() -> sandbox::ChildLimits {
        sandbox::ChildLimits {
            memory_bytes: 2 << 30,
            cpu_secs: 20,
            wall_secs: 30,
            output_bytes: credentials::MAX_ANSWER_BYTES as u64,
            ..sandbox::ChildLimits::default()
        }
    }

    /// The files of certificates that are trusted now.
    pub fn anchors(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.trust.iter().flat_map(|place| pem_files(place)).collect();
        files.truncate(MAX_ANCHOR_FILES);
        files
    }

    /// Who is trusted now, for people.
    pub fn trusted_in_words(&self) -> String {
        let own = self.anchors();
        let count: usize = trust::bundled(&own).map(|list| trust::certificates(list.pem)).sum();
        let bundled = match count {
            0 => "the bundled C2PA trust lists are replaced".to_owned(),
            count => format!("{count} certificates of the C2PA trust lists as of {}", trust::AS_OF),
        };
        format!("{bundled}, {} files of your own", own.len())
    }

    /// What validation says. A child that fails or is ended by a limit means that nothing can be believed.
    pub(crate) fn validate(&self, file: &MediaFile, stop: &StopToken) -> Credentials {
        let content = match file.reopen() {
            Ok(content) => content,
            Err(error) => return credentials::unreadable(&error.to_string()),
        };
        let anchors = self.anchors();
        let mut command = sandbox::Command::new(&self.launcher, &self.launcher.program)
            .args(&self.words)
            .args([OsString::from(mime(&file.facts))])
            .args(anchors.iter().map(|path| path.as_os_str()))
            .limits(self.limits.clone())
            .stdin_file(content);
        for path in &anchors {
            command = command.readable(path);
        }
        match command.run(stop) {
            Ok(output) if output.success => credentials::read(&output.stdout)
                .unwrap_or_else(|| credentials::unreadable("the validator gave no answer")),
            Ok(output) => {
                let why = output.stderr.lines().rev().find(|line| !line.trim().is_empty());
                tracing::debug!(why, signal = output.signal, "credentials could not be validated");
                credentials::unreadable(why.unwrap_or("the validator ended early"))
            }
            Err(error) => credentials::unreadable(&error.to_string()),
        }
    }
}

/// A file itself, or the files `*.pem` of a folder, in order of name.
fn pem_files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let mut files: Vec<PathBuf> = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pem") && path.is_file())
        .collect();
    files.sort();
    files
}

/// What the child does: `MIME [anchors…]`, the file on stdin, the answer on stdout.
pub fn validate_in_child(args: &[OsString]) -> Result<(), String> {
    let [mime, anchors @ ..] = args else { return Err("expected: MIME [anchors]".to_owned()) };
    let mut trusted: String = trust::bundled(anchors).map(|list| list.pem).collect();
    for path in anchors {
        let file = File::open(path).map_err(|error| format!("cannot open certificates: {error}"))?;
        file.take(MAX_ANCHOR_BYTES)
            .read_to_string(&mut trusted)
            .map_err(|error| format!("cannot read certificates: {error}"))?;
        trusted.push('\n');
    }
    let stdin = std::io::stdin().as_fd().try_clone_to_owned();
    let file = File::from(stdin.map_err(|error| format!("cannot read the file: {error}"))?);
    let anchors = Some(trusted.as_str()).filter(|text| !text.trim().is_empty());
    let answer = credentials::validate(file, &mime.to_string_lossy(), anchors)
        .map_err(|error| dk_app::in_one_line(&error))?;
    std::io::stdout().write_all(answer.as_bytes()).map_err(|error| format!("cannot answer: {error}"))
}
