//! What is known of a file before any model has looked at it.

use std::fmt;

use crate::Sha256;

/// What a file is, decided by its content and its streams, never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaKind {
    /// One still picture (of an animation, its first frame).
    Image,
    /// Moving pictures, with or without sound.
    Video,
    /// Sound alone; cover art does not make it a video.
    Audio,
}

impl MediaKind {
    /// All kinds, in the order in which they are listed to people.
    pub const ALL: [Self; 3] = [Self::Image, Self::Video, Self::Audio];

    /// The name used in manifests, messages and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

impl std::str::FromStr for MediaKind {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a file is and holds.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaFacts {
    /// Picture, video or sound.
    pub kind: MediaKind,
    /// Short name of the container or picture format, such as `mp4`, `jpeg`, `wav`.
    pub format: String,
    /// Size of the file.
    pub bytes: u64,
    /// Checksum of the whole file.
    pub sha256: Sha256,
    /// Length in milliseconds; `None` for a picture.
    pub duration_ms: Option<u64>,
    /// Present for [`MediaKind::Image`].
    pub image: Option<ImageFacts>,
    /// Present for [`MediaKind::Video`].
    pub video: Option<VideoFacts>,
    /// Present where there is a sound track.
    pub audio: Option<AudioFacts>,
}

/// A still picture as it is shown, that is, after its orientation has been applied.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFacts {
    /// Width in pixels, upright.
    pub width_px: u32,
    /// Height in pixels, upright.
    pub height_px: u32,
    /// True where the file holds more than one picture; only the first is judged.
    pub animated: bool,
    /// What the camera or program wrote about the orientation.
    pub exif: Exif,
}

/// The part of EXIF that decides how a picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exif {
    /// EXIF orientation 1 to 8; `None` where the file names none.
    pub orientation: Option<u8>,
}

/// The video stream that is judged: the default one, or else the first.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoFacts {
    /// Codec name as ffmpeg writes it, such as `h264`.
    pub codec: String,
    /// Width in pixels as shown, after rotation.
    pub width_px: u32,
    /// Height in pixels as shown, after rotation.
    pub height_px: u32,
    /// Average frames per second; `None` where the file does not tell.
    pub fps: Option<f64>,
    /// Clockwise turn, in degrees, that the file asks a player to apply: 0, 90, 180 or 270.
    pub rotation_deg: u16,
    /// Bits per colour sample, 8 for most files, 10 or 12 for high dynamic range.
    pub bit_depth: u8,
}

/// The sound track that is judged: the default one, or else the first.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioFacts {
    /// Codec name as ffmpeg writes it, such as `aac`.
    pub codec: String,
    /// Samples per second in the file.
    pub sample_rate_hz: u32,
    /// Channels in the file.
    pub channels: u16,
}
