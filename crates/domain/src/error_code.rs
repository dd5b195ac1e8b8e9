//! Kinds of error that people and programs see.

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// Kinds of error, a closed list and part of the outside contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code in messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

impl std::str::FromStr for ErrorCode {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, Self::ALL, Self::as_str)
    }
}

error_codes! {
    /// The file holds no byte.
    EmptyFile = "empty_file";
    /// The content is no picture, video or sound that we accept.
    UnsupportedMedia = "unsupported_media";
    /// The content refers to other files or addresses, such as a playlist.
    RefusedFormat = "refused_format";
    /// The content is of an accepted type and cannot be read.
    UnreadableMedia = "unreadable_media";
    /// More bytes than allowed.
    FileTooLarge = "file_too_large";
    /// More pixels than allowed.
    TooManyPixels = "too_many_pixels";
    /// Longer than allowed.
    TooLong = "too_long";
    /// No length, or length zero.
    NoDuration = "no_duration";
    /// More streams than allowed.
    TooManyStreams = "too_many_streams";
    /// Neither picture nor sound inside.
    NoStreams = "no_streams";
    /// A program that is needed is not installed.
    ToolMissing = "tool_missing";
    /// The time limit was reached.
    TimedOut = "timed_out";
    /// A memory or output limit was reached.
    LimitReached = "limit_reached";
    /// Somebody asked to stop.
    Stopped = "stopped";
    /// The system refused to read or write.
    Io = "io";
    /// A model was asked for that is not there or not usable.
    ModelUnavailable = "model_unavailable";
    /// A model ended with an error.
    ModelFailed = "model_failed";
    /// The process that worked on it ended in the middle, more often than is put up with.
    WorkerLost = "worker_lost";
    /// The stored file is gone or was changed.
    FileMissing = "file_missing";
    /// No server that has the model could be reached, or every one was busy.
    ServerUnavailable = "server_unavailable";
}

impl ErrorCode {
    /// Whether the same request may succeed later without a change to the file.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::TimedOut
                | Self::LimitReached
                | Self::Stopped
                | Self::Io
                | Self::ModelUnavailable
                | Self::WorkerLost
                | Self::ServerUnavailable
        )
    }
}
