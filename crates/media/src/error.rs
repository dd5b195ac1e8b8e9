//! Everything that can be wrong with a file or with reading it, one variant for each cause.

use std::io;
use std::path::PathBuf;

use crate::sandbox::ChildError;

/// Why a kind of file is refused although ffmpeg could open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It only names other files or addresses, which nobody follows here.
    PointsElsewhere,
    /// It holds words, not pictures or sound.
    OnlyText,
    /// It holds drawing commands, not the light that a camera or a generator put there.
    Drawing,
}

/// Why a file cannot be read. The path is known to the caller and is named only where it is not the file itself.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A folder, a pipe, a device.
    #[error("this is a {found}, not a file")]
    NotAFile {
        /// What it is in one word.
        found: &'static str,
    },
    /// The content is none that is known.
    #[error("the content is neither picture, video nor sound: {found}")]
    NotMedia {
        /// What it looks like.
        found: String,
    },
    /// A known kind of file that is never opened.
    #[error("a {format} is not analysed")]
    Refused {
        /// Name of the kind.
        format: &'static str,
        /// The reason.
        why: Why,
    },
    /// A real picture or container, but one that cannot be decoded here.
    #[error("{format} cannot be decoded here")]
    Unsupported {
        /// Name of format or codec.
        format: String,
    },
    /// More bytes than allowed.
    #[error("the file has {bytes} bytes, the limit is {limit_bytes}")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// More pixels than allowed.
    #[error("{width_px} x {height_px} pixels are more than the limit of {limit_pixels}")]
    TooManyPixels {
        /// Width as stored.
        width_px: u32,
        /// Height as stored.
        height_px: u32,
        /// What is allowed.
        limit_pixels: u64,
    },
    /// A picture so long and thin that nothing useful is on it.
    #[error("one side has {side_px} pixels, the limit is {limit_px}")]
    SideTooLong {
        /// The longer side.
        side_px: u32,
        /// What is allowed.
        limit_px: u32,
    },
    /// Longer than allowed.
    #[error("it lasts at least {} s, the limit is {} s", duration_ms / 1000, limit_ms / 1000)]
    TooLong {
        /// Length as far as it is known.
        duration_ms: u64,
        /// What is allowed.
        limit_ms: u64,
    },
    /// No length is written in the file and none can be measured.
    #[error("the file lasts no time: no picture or sound has a time stamp")]
    NoDuration,
    /// More streams than allowed.
    #[error("the file holds {streams} streams, the limit is {limit}")]
    TooManyStreams {
        /// How many there are.
        streams: usize,
        /// What is allowed.
        limit: usize,
    },
    /// More frames than allowed.
    #[error("the video holds more than {limit} frames")]
    TooManyFrames {
        /// What is allowed.
        limit: usize,
    },
    /// A container with neither picture nor sound in it.
    #[error("the {format} file holds neither video nor sound")]
    NoStreams {
        /// Name of the container.
        format: String,
    },
    /// Frames were asked of something without frames.
    #[error("the file has no video")]
    NoVideo,
    /// Sound was asked of something without sound.
    #[error("the file has no sound track")]
    NoSound,
    /// A picture was asked of something that is no picture.
    #[error("the file is not a picture")]
    NoPicture,
    /// The file ends before its content does.
    #[error("the {format} file is cut off: {detail}")]
    Truncated {
        /// Name of the format.
        format: String,
        /// What the decoder said.
        detail: String,
    },
    /// The file says what it is, but the content does not hold.
    #[error("the {format} file is damaged: {detail}")]
    Damaged {
        /// Name of the format.
        format: String,
        /// What the decoder said.
        detail: String,
    },
    /// The file is another one than the one that was opened.
    #[error("the file changed while it was read")]
    Changed,
    /// ffmpeg or ffprobe is not there.
    #[error("{name} is not installed")]
    MissingTool {
        /// Name of the program.
        name: &'static str,
    },
    /// ffmpeg or ffprobe is there and cannot be started.
    #[error("cannot run {name}")]
    Tool {
        /// Name of the program.
        name: &'static str,
        /// What happened.
        #[source]
        source: ChildError,
    },
    /// A child took longer than allowed.
    #[error("reading the file took longer than {limit_secs} s")]
    TimedOut {
        /// What is allowed.
        limit_secs: u64,
    },
    /// A child or a decoder wanted more memory than allowed.
    #[error("decoding the file needs more than {limit_bytes} bytes of memory")]
    OutOfMemory {
        /// What is allowed.
        limit_bytes: u64,
    },
    /// A child printed more than allowed.
    #[error("the description of the file is longer than {limit_bytes} bytes")]
    TooMuchOutput {
        /// What is allowed.
        limit_bytes: u64,
    },
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
    /// The operating system refused.
    #[error("cannot read {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl MediaError {
    /// The way out, where there is one that is worth saying.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAFile { found: "folder" } => "name the files in it, or ask for folders to be searched",
            Self::NotAFile { .. } => "copy its content into a file first",
            Self::NotMedia { .. } => {
                "the type is decided by the content, not by the name; give a picture, a video or a sound file"
            }
            Self::Refused { why: Why::PointsElsewhere, .. } => "download what it names and give that file",
            Self::Refused { why: Why::OnlyText, .. } => "give the video that it belongs to",
            Self::Refused { why: Why::Drawing, .. } => "export it as PNG",
            Self::Unsupported { .. } => {
                "convert it to PNG, JPEG, MP4 or WAV, or install an ffmpeg that knows the format"
            }
            Self::TooLarge { .. } | Self::TooLong { .. } | Self::TooManyFrames { .. } => {
                "cut out the part in question, or raise the limit"
            }
            Self::TooManyPixels { .. } | Self::SideTooLong { .. } => {
                "crop or scale it down, or raise the limit"
            }
            Self::NoDuration | Self::TooManyStreams { .. } | Self::TooMuchOutput { .. } => {
                "copy the streams in question into a new file: ffmpeg -i FILE -map 0:v:0 -map 0:a:0? -c copy NEW.mkv"
            }
            Self::Truncated { .. } => "fetch the file again; the download or copy did not finish",
            Self::Damaged { .. } => "fetch the file again, or open it in an editor and save it anew",
            Self::Changed => "wait until the file is written completely, then try again",
            Self::MissingTool { .. } => {
                "install ffmpeg (apt install ffmpeg, dnf install ffmpeg-free, brew install ffmpeg), or name it in DRISHTIKSHA_FFMPEG and DRISHTIKSHA_FFPROBE"
            }
            Self::Tool { .. } => "see whether `ffmpeg -version` and `ffprobe -version` work",
            Self::TimedOut { .. } | Self::OutOfMemory { .. } => "raise the limit if you trust the file",
            Self::Empty
            | Self::NoStreams { .. }
            | Self::NoVideo
            | Self::NoSound
            | Self::NoPicture
            | Self::Stopped
            | Self::Io { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
