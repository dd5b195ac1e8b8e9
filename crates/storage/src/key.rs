//! Keys of stored files: `media/videos/ab/<sha256>-<media id>`. A key is made from the content and the medium, and
//! read strictly, so that no text from outside ever becomes a path.

use std::fmt;

use dk_app::ports::StorageError;
use dk_domain::{MediaId, MediaKind, Sha256};

use crate::fault::failed;

/// The folder of all keys.
pub(crate) const MEDIA: &str = "media";

/// Names one stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kind: MediaKind,
    pub(crate) sha256: Sha256,
    pub(crate) id: MediaId,
}

/// A text that is no key of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no key of a stored file")]
struct NoKey(String);

impl Key {
    /// Reads a key; `None` for anything that [`Key`] would not have written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (folder, name) = text.strip_prefix(MEDIA)?.strip_prefix('/')?.split_once('/')?;
        let kind = MediaKind::ALL.into_iter().find(|kind| folder_of(*kind) == folder)?;
        let (sha256, id) = name.split_once('/')?.1.split_once('-')?;
        let key = Self { kind, sha256: sha256.parse().ok()?, id: id.parse().ok()? };
        // One spelling, and the right folder for the checksum.
        (key.to_string() == text).then_some(key)
    }

    /// As [`Key::read`]; a text that is no key is a fault of the caller, never a file that is not there.
    pub(crate) fn require(text: &str, tried: &'static str) -> Result<Self, StorageError> {
        Self::read(text).ok_or_else(|| failed(tried)(NoKey(text.chars().take(200).collect())))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sha256 = self.sha256.to_string();
        write!(f, "{MEDIA}/{}/{}/{sha256}-{}", folder_of(self.kind), &sha256[..2], self.id)
    }
}

/// The folder for files of a kind.
pub(crate) fn folder_of(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "images",
        MediaKind::Video => "videos",
        MediaKind::Audio => "audios",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11";

    #[test]
    fn a_key_reads_what_it_writes() {
        for kind in MediaKind::ALL {
            let key = Key { kind, sha256: [0xab; 32].into(), id: ID.parse().unwrap() };
            assert_eq!(Key::read(&key.to_string()), Some(key));
        }
        let key = Key { kind: MediaKind::Video, sha256: [0xab; 32].into(), id: ID.parse().unwrap() };
        assert_eq!(key.to_string(), format!("media/videos/ab/{}-{ID}", "ab".repeat(32)));
    }

    #[test]
    fn no_other_text_is_a_key() {
        let sha256 = "ab".repeat(32);
        for text in [
            String::new(),
            "media".into(),
            "../etc/passwd".into(),
            format!("media/videos/ab/../ab/{sha256}-{ID}"),
            format!("media/videos/../{sha256}-{ID}"),
            format!("media/videos/ac/{sha256}-{ID}"),
            format!("media/films/ab/{sha256}-{ID}"),
            format!("media/videos/ab/{sha256}-{ID}.mp4"),
            format!("media/videos/ab/{sha256}"),
            format!("media/videos/AB/{}-{ID}", "AB".repeat(32)),
            format!("/media/videos/ab/{sha256}-{ID}"),
            format!("media/videos/ab/{sha256}-{}", ID.to_uppercase()),
            format!("media/videos/ab/é{}-{ID}", "ab".repeat(31)),
        ] {
            assert_eq!(Key::read(&text), None, "{text:?} was taken");
        }
    }
}
