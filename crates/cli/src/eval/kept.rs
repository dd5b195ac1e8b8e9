//! What models said of files, kept by the file's checksum, so that no file is judged twice by the same model. A model is
//! the same when version, weights and engine are.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dk_app::Report;
use dk_domain::{MediaKind, Outcome, Sha256};
use dk_wire::{JudgeMessage, VoteMessage};
use serde::{Deserialize, Serialize};

/// Name and version of the form.
const SCHEMA: &str = "drishtiksha.judged/1";

/// All that is kept of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptFile {
    schema: String,
    /// image, video or audio.
    pub media_type: String,
    /// By name of the model.
    pub answers: BTreeMap<String, Answer>,
}

/// What one model said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    version: String,
    sha256: String,
    engine: String,
    /// Raw.
    pub score: Option<f64>,
    /// Null where it failed, and where it does not read this kind of media.
    pub vote: Option<VoteMessage>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl KeptFile {
    pub(crate) fn new(kind: MediaKind) -> Self {
        Self { schema: SCHEMA.to_owned(), media_type: kind.as_str().to_owned(), answers: BTreeMap::new() }
    }

    /// Those of `judges` that have not looked yet.
    pub(crate) fn missing<'a>(kept: Option<&Self>, judges: &'a [JudgeMessage]) -> Vec<&'a JudgeMessage> {
        let looked = |judge: &JudgeMessage| {
            kept.and_then(|kept| kept.answers.get(&judge.name)).is_some_and(|answer| answer.is_of(judge))
        };
        judges.iter().filter(|judge| !looked(judge)).collect()
    }

    /// Adds what `asked` said, or that they had nothing to say to this kind.
    pub(crate) fn add(&mut self, report: &Report, asked: &[&JudgeMessage]) {
        for judge in asked {
            let finding = report.findings.iter().find(|finding| finding.model.name.as_str() == judge.name);
            let failure = report.failures.iter().find(|failure| failure.model.as_str() == judge.name);
            let score = finding.and_then(|finding| match &finding.outcome {
                Outcome::Answer(opinion) => Some(opinion.score.get()),
                Outcome::NotApplicable(_) => None,
            });
            let answer = Answer {
                version: judge.version.clone(),
                sha256: judge.sha256.clone(),
                engine: judge.engine.clone(),
                score,
                vote: finding.map(|finding| VoteMessage::from(&finding.vote())),
                failure: failure.map(|failure| failure.message.clone()),
            };
            self.answers.insert(judge.name.clone(), answer);
        }
    }
}

impl Answer {
    fn is_of(&self, judge: &JudgeMessage) -> bool {
        self.version == judge.version && self.sha256 == judge.sha256 && self.engine == judge.engine
    }
}

/// The folder of kept answers.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
}

impl Keeper {
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// What is kept; something unreadable counts as nothing and is written anew.
    pub(crate) fn get(&self, sha256: Sha256, copy: Option<&str>) -> Option<KeptFile> {
        let text = fs::read_to_string(self.path(sha256, copy)).ok()?;
        let kept: KeptFile = serde_json::from_str(&text).ok()?;
        (kept.schema == SCHEMA && kept.kind().is_some()).then_some(kept)
    }

    /// Either the whole answer gets its name or nothing does.
    pub(crate) fn put(&self, sha256: Sha256, copy: Option<&str>, kept: &KeptFile) -> io::Result<()> {
        let path = self.path(sha256, copy);
        let part = path.with_extension(format!("{}.part", std::process::id()));
        write_whole(&part, &path, serde_json::to_string(kept).map_err(io::Error::other)?.as_bytes())
    }

    /// `copy` names a changed copy of the file.
    fn path(&self, sha256: Sha256, copy: Option<&str>) -> PathBuf {
        let copy = copy.map(|copy| format!("-{copy}")).unwrap_or_default();
        self.folder.join(format!("{sha256}{copy}.json"))
    }
}

impl KeptFile {
    pub(crate) fn kind(&self) -> Option<MediaKind> {
        MediaKind::ALL.into_iter().find(|kind| kind.as_str() == self.media_type)
    }
}

/// Writes beside the place and moves there.
pub(crate) fn write_whole(part: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = fs::write(part, bytes).and_then(|()| fs::rename(part, path));
    if written.is_err() {
        // What remains of the part is of no use and may already be gone; the first error is the one to report.
        let _ = fs::remove_file(part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(version: &str) -> JudgeMessage {
        let word = |word: &str| word.to_owned();
        JudgeMessage {
            name: word("m"),
            version: word(version),
            sha256: word("00"),
            engine: word("rten"),
            title: word("M"),
            weight: word("weak"),
        }
    }

    #[test]
    fn an_answer_counts_for_its_own_version_of_the_model_only() {
        let mut kept = KeptFile::new(MediaKind::Image);
        let old = judge("1.0.0");
        assert_eq!(KeptFile::missing(None, std::slice::from_ref(&old)).len(), 1);
        let answer = Answer {
            version: old.version.clone(),
            sha256: old.sha256.clone(),
            engine: old.engine.clone(),
            score: Some(0.1 + 0.2),
            vote: None,
            failure: None,
        };
        kept.answers.insert(old.name.clone(), answer);
        assert!(KeptFile::missing(Some(&kept), &[old]).is_empty());
        assert_eq!(KeptFile::missing(Some(&kept), &[judge("1.0.1")]).len(), 1);
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::open(folder.path().join("judged")).unwrap();
        let sum: Sha256 = "0".repeat(64).parse().unwrap();
        keeper.put(sum, None, &kept).unwrap();
        assert_eq!((keeper.get(sum, None), keeper.get(sum, Some("jpeg"))), (Some(kept), None));
        fs::write(keeper.path(sum, None), "half a fi").unwrap();
        assert_eq!(keeper.get(sum, None), None, "what was cut off is judged again");
    }
}
