//! Keys of stored files: `media/videos/ab/<sha256>-<media id>`, the small picture of it in `media/thumbnails`, and
//! `parts/<id>`, beside them the one file `installation`. A key is made from the content and the medium, and read strictly, so that no text from outside ever
//! becomes a path.

use std::fmt;

use dk_app::ports::StorageError;
use dk_domain::{MediaId, MediaKind, Sha256};
use uuid::Uuid;

use crate::fault::failed;

/// The folder of all keys that belong to a medium.
pub(crate) const MEDIA: &str = "media";
/// The folder of small pictures, within that.
pub(crate) const THUMBNAILS: &str = "thumbnails";
/// The folder of parts of uploads that go on later.
pub(crate) const PARTS: &str = "parts";

/// The file that says whose files these are.
pub(crate) const MARK: &str = "installation";

/// Names one stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// The file of a medium.
    Medium { kind: MediaKind, sha256: Sha256, id: MediaId },
    /// The small picture of a medium; the checksum is that of the medium's file.
    Thumbnail { sha256: Sha256, id: MediaId },
    /// A part of an upload.
    Part(Uuid),
    /// The mark of the installation; not to be asked for by its name.
    Mark,
}

/// A text that is no key of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no key of a stored file")]
struct NoKey(String);

impl Key {
    pub(crate) fn medium(kind: MediaKind, sha256: Sha256, id: MediaId) -> Self {
        Self::Medium { kind, sha256, id }
    }

    /// Reads a key; `None` for anything that [`Key`] would not have written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (root, rest) = text.split_once('/')?;
        let key = match root {
            MEDIA => {
                let (folder, name) = rest.split_once('/')?;
                let (sha256, id) = name.split_once('/')?.1.split_once('-')?;
                let (sha256, id) = (sha256.parse().ok()?, id.parse().ok()?);
                if folder == THUMBNAILS {
                    Self::Thumbnail { sha256, id }
                } else {
                    let kind = MediaKind::ALL.into_iter().find(|kind| folder_of(*kind) == folder)?;
                    Self::Medium { kind, sha256, id }
                }
            }
            PARTS => Self::Part(rest.parse().ok()?),
            _ => return None,
        };
        // One spelling, and the right folder for the checksum.
        (key.to_string() == text).then_some(key)
    }

    /// As [`Key::read`]; a text that is no key is a fault of the caller, never a file that is not there.
    pub(crate) fn require(text: &str, tried: &'static str) -> Result<Self, StorageError> {
        Self::read(text).ok_or_else(|| no_key(text, tried))
    }

    /// The checksum in the key of a medium's file.
    pub(crate) fn require_medium(text: &str, tried: &'static str) -> Result<Sha256, StorageError> {
        match Self::read(text) {
            Some(Self::Medium { sha256, .. }) => Ok(sha256),
            _ => Err(no_key(text, tried)),
        }
    }

    /// The key of the small picture of a medium's file.
    pub(crate) fn require_thumbnail(of: &str, tried: &'static str) -> Result<Self, StorageError> {
        Self::read(of).and_then(Self::thumbnail).ok_or_else(|| no_key(of, tried))
    }

    /// The key of a part.
    pub(crate) fn require_part(text: &str, tried: &'static str) -> Result<Self, StorageError> {
        Self::read(text).filter(|key| matches!(key, Self::Part(_))).ok_or_else(|| no_key(text, tried))
    }

    /// Where the small picture of this file is; nothing else has one.
    pub(crate) fn thumbnail(self) -> Option<Self> {
        match self {
            Self::Medium { sha256, id, .. } => Some(Self::Thumbnail { sha256, id }),
            Self::Thumbnail { .. } | Self::Part(_) | Self::Mark => None,
        }
    }

    /// To which medium it belongs.
    pub(crate) fn media_id(self) -> Option<MediaId> {
        match self {
            Self::Medium { id, .. } | Self::Thumbnail { id, .. } => Some(id),
            Self::Part(_) | Self::Mark => None,
        }
    }
}

fn no_key(text: &str, tried: &'static str) -> StorageError {
    failed(tried)(NoKey(text.chars().take(200).collect()))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (folder, sha256, id) = match self {
            Self::Medium { kind, sha256, id } => (folder_of(*kind), sha256.to_string(), id),
            Self::Thumbnail { sha256, id } => (THUMBNAILS, sha256.to_string(), id),
            Self::Part(id) => return write!(f, "{PARTS}/{id}"),
            Self::Mark => return f.write_str(MARK),
        };
        write!(f, "{MEDIA}/{folder}/{}/{sha256}-{id}", &sha256[..2])
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
            let key = Key::medium(kind, [0xab; 32].into(), ID.parse().unwrap());
            assert_eq!(Key::read(&key.to_string()), Some(key));
            let thumbnail = key.thumbnail().unwrap();
            assert_eq!(Key::read(&thumbnail.to_string()), Some(thumbnail));
            assert_eq!(thumbnail.media_id(), key.media_id());
        }
        let key = Key::medium(MediaKind::Video, [0xab; 32].into(), ID.parse().unwrap());
        assert_eq!(key.to_string(), format!("media/videos/ab/{}-{ID}", "ab".repeat(32)));
        let part = Key::Part(ID.parse().unwrap());
        assert_eq!((part.to_string(), Key::read(&part.to_string())), (format!("parts/{ID}"), Some(part)));
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
            format!("parts/{}", ID.to_uppercase()),
            format!("parts/{}", ID.replace('-', "")),
            format!("parts/../parts/{ID}"),
            "parts/".into(),
            MARK.into(),
        ] {
            assert_eq!(Key::read(&text), None, "{text:?} was taken");
        }
    }
}
