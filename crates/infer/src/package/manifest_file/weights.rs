//! Where weights are and where they come from.

use std::ops::RangeInclusive;

use super::sections::{ArchiveSection, HubSection, SourceSection, WeightsSection};
use super::{file_name, parsed, wrong};
use crate::package::manifest::{Archive, HubFile, ManifestError, Registry, Source, WeightsFile};

impl WeightsSection {
    pub(super) fn check(self) -> Result<WeightsFile, ManifestError> {
        let source = self.source.map(SourceSection::check).transpose()?;
        Ok(WeightsFile {
            file: file_name("weights.file", &self.file)?,
            sha256: parsed("weights.sha256", &self.sha256)?,
            bytes: self.bytes,
            source,
        })
    }
}

impl SourceSection {
    fn check(self) -> Result<Source, ManifestError> {
        match self {
            Self::Pypi(archive) => archive.check(Registry::Pypi),
            Self::Npm(archive) => archive.check(Registry::Npm),
            Self::Hub(file) => file.check(),
            Self::None { instructions } => Ok(Source::ByHand(instructions)),
        }
    }
}

impl ArchiveSection {
    fn check(self, registry: Registry) -> Result<Source, ManifestError> {
        for (key, word) in [("package", &self.package), ("version", &self.version)] {
            let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '/');
            if word.is_empty() || word.starts_with('-') || !word.chars().all(ok) {
                let key = format!("weights.source.{key}");
                return Err(wrong(&key, "holds characters that no registry allows"));
            }
        }
        let sha256 = parsed("weights.source.archive_sha256", &self.archive_sha256)?;
        let (package, version, member) = (self.package, self.version, self.member);
        Ok(Source::Archive(Archive { registry, package, version, sha256, member }))
    }
}

impl HubSection {
    fn check(self) -> Result<Source, ManifestError> {
        // Both become part of an address.
        let is_path = |path: &str, parts: RangeInclusive<usize>| {
            let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            parts.contains(&path.split('/').count())
                && path
                    .split('/')
                    .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(ok))
        };
        if !is_path(&self.repository, 2..=2) {
            return Err(wrong(
                "weights.source.repository",
                "must be an owner and a name with a slash between",
            ));
        }
        if !is_path(&self.member, 1..=8) {
            return Err(wrong("weights.source.member", "must be a plain path inside the repository"));
        }
        let is_commit = self.revision.len() == 40 && self.revision.chars().all(|c| c.is_ascii_hexdigit());
        if !is_commit {
            return Err(wrong("weights.source.revision", "must be a commit of 40 hexadecimal digits"));
        }
        let (repository, revision, member) = (self.repository, self.revision, self.member);
        Ok(Source::Hub(HubFile { repository, revision, member }))
    }
}
