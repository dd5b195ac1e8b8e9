//! The closed error code of each cause, as the outside contract has it.

use dk_app::ErrorCode;

use crate::MediaError;

impl MediaError {
    /// The code in messages.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::EmptyFile,
            Self::NotAFile { .. } | Self::NotMedia { .. } | Self::Unsupported { .. } => {
                ErrorCode::UnsupportedMedia
            }
            Self::Refused { .. } => ErrorCode::RefusedFormat,
            Self::TooLarge { .. } => ErrorCode::FileTooLarge,
            Self::TooManyPixels { .. } | Self::SideTooLong { .. } => ErrorCode::TooManyPixels,
            Self::TooLong { .. } | Self::TooManyFrames { .. } => ErrorCode::TooLong,
            Self::NoDuration => ErrorCode::NoDuration,
            Self::TooManyStreams { .. } => ErrorCode::TooManyStreams,
            Self::NoStreams { .. } | Self::NoVideo | Self::NoSound | Self::NoPicture => ErrorCode::NoStreams,
            Self::Truncated { .. } | Self::Damaged { .. } => ErrorCode::UnreadableMedia,
            Self::MissingTool { .. } | Self::Tool { .. } => ErrorCode::ToolMissing,
            Self::TimedOut { .. } => ErrorCode::TimedOut,
            Self::OutOfMemory { .. } | Self::TooMuchOutput { .. } => ErrorCode::LimitReached,
            Self::Stopped => ErrorCode::Stopped,
            Self::Changed | Self::Io { .. } => ErrorCode::Io,
        }
    }
}
