//! Answers in the words of the port. What a stranger reads names no path and no address of ours.

use dk_domain::{ErrorCode, ModelName};

use super::Found;
use crate::ports::AskError;
use crate::{DetectError, Detection};

/// Longest message that is passed on.
const MAX_CHARS: usize = 300;

/// What a look says for one model; `None` where the model did not look.
pub(super) fn judged(detection: &Detection, model: &ModelName) -> Option<Result<Found, AskError>> {
    if let Some(finding) = detection.findings.iter().find(|finding| finding.model.name == *model) {
        return Some(Ok((detection.facts.clone(), finding.clone())));
    }
    let failure = detection.failures.iter().find(|failure| failure.model == *model)?;
    Some(Err(error(failure.code, Some(&failure.message))))
}

/// The file could not be judged.
pub(super) fn refused(why: &DetectError) -> AskError {
    error(why.code, Some(&why.to_string()))
}

/// The detector panicked.
pub(super) fn panicked() -> AskError {
    error(ErrorCode::ModelFailed, None)
}

/// Somebody asked to stop.
pub(super) fn stopped() -> AskError {
    error(ErrorCode::Stopped, None)
}

/// The file is not the one that was meant.
pub(super) fn changed() -> AskError {
    error(ErrorCode::FileMissing, None)
}

/// The model has nothing to say of such a file.
pub(super) fn unread(model: &ModelName) -> AskError {
    let message = format!("{model} is not available for this kind of file");
    AskError { code: ErrorCode::ModelUnavailable, message }
}

fn error(code: ErrorCode, said: Option<&str>) -> AskError {
    let said = said.map(str::trim).filter(|said| is_harmless(said));
    AskError { code, message: said.unwrap_or_else(|| sentence(code)).to_owned() }
}

/// One short line without anything that could be a path or an address.
fn is_harmless(said: &str) -> bool {
    let suspect = |c: char| c == '/' || c == '\\' || c.is_control();
    !said.is_empty() && said.chars().count() <= MAX_CHARS && !said.contains(suspect)
}

/// What can always be said.
fn sentence(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::EmptyFile => "the file is empty",
        ErrorCode::UnsupportedMedia => "the content is no picture, video or sound that is accepted",
        ErrorCode::RefusedFormat => "this kind of file is not analysed",
        ErrorCode::UnreadableMedia => "the file cannot be read",
        ErrorCode::FileTooLarge => "the file has more bytes than allowed",
        ErrorCode::TooManyPixels => "the file has more pixels than allowed",
        ErrorCode::TooLong => "the file lasts longer than allowed",
        ErrorCode::NoDuration => "the file lasts no time",
        ErrorCode::TooManyStreams => "the file holds more streams than allowed",
        ErrorCode::NoStreams => "the file holds neither picture nor sound",
        ErrorCode::ToolMissing => "a program that is needed to read the file is not installed",
        ErrorCode::TimedOut => "the time limit was reached",
        ErrorCode::LimitReached => "a limit on memory or output was reached",
        ErrorCode::Stopped => "the analysis was stopped",
        ErrorCode::Io => "the system refused to read or write",
        ErrorCode::ModelUnavailable => "the model cannot be used now",
        ErrorCode::ModelFailed => "the model ended with an error",
        ErrorCode::WorkerLost => "the process that worked on it ended in the middle",
        ErrorCode::FileMissing => "the stored file is gone or was changed",
        ErrorCode::ServerUnavailable => "no server could take the file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_a_path_or_a_second_line_is_replaced_by_a_plain_sentence() {
        for bad in ["cannot open /srv/blobs/abc", "C:\\x", "two\nlines", "", &"x".repeat(301)] {
            assert_eq!(error(ErrorCode::Io, Some(bad)).message, "the system refused to read or write");
        }
        assert_eq!(error(ErrorCode::TooLong, Some("it lasts at least 9 s")).message, "it lasts at least 9 s");
    }
}
