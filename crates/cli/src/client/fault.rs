//! Why a server did not do what it was asked, in words for people, with the way out.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use dk_app::ErrorCode;
use dk_wire::ErrorMessage;
use reqwest::StatusCode;

use super::address::Address;
use super::messages::Problem;
use crate::failure::Failure;

/// What went wrong between this program and a server.
#[derive(Debug)]
pub(super) enum Fault {
    /// No answer came.
    NoAnswer {
        /// What was tried and why it failed.
        why: String,
        /// The way out.
        hint: String,
        /// Whether another attempt may go better.
        may_pass: bool,
    },
    /// The server said no.
    Refused(Box<Refusal>),
    /// An answer that is none of a server of ours.
    Nonsense {
        /// What is wrong with it.
        why: String,
    },
    /// A file of this machine could not be read while it was sent.
    File(String),
}

/// A server's no.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) problem: Problem,
    pub(super) retry_after: Option<Duration>,
}

impl Fault {
    /// Reads the causes of a failed exchange.
    pub(super) fn of_exchange(error: &reqwest::Error, server: &Address) -> Self {
        let causes = causes(error);
        let innermost = causes.last().cloned().unwrap_or_else(|| error.to_string());
        let said = |part: &str| causes.iter().any(|cause| cause.contains(part));
        let (why, hint, may_pass) = if said("certificate") || said("Certificate") {
            let why = format!("the certificate of {server} is not accepted: {innermost}");
            (why, CERTIFICATE_HINT, false)
        } else if said("InvalidContentType") || said("corrupt message") || said("UnexpectedMessage") {
            (format!("{server} does not speak TLS"), "the address may have to begin with http://", false)
        } else if said("dns error") || said("failed to lookup address") {
            (format!("there is no machine of the name in {server}"), "check the address", true)
        } else if error.is_timeout() {
            (format!("{server} did not answer in time"), "try again later", true)
        } else if error.is_connect() {
            (format!("cannot connect to {server}: {innermost}"), CONNECT_HINT, true)
        } else if error.is_request() || error.is_body() || error.is_decode() {
            (format!("the connection to {server} was cut: {innermost}"), "try again", true)
        } else {
            (format!("the exchange with {server} failed: {innermost}"), "try again", true)
        };
        Self::NoAnswer { why, hint: hint.to_owned(), may_pass }
    }

    /// Whether the same request may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { may_pass, .. } => *may_pass,
            Self::Refused(refusal) => matches!(refusal.status.as_u16(), 408 | 425 | 429 | 502 | 503 | 504),
            Self::Nonsense { .. } | Self::File(_) => false,
        }
    }

    /// How long the server wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND)
    }

    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == StatusCode::UNAUTHORIZED)
    }

    /// The closed code of a refusal; empty where there is none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.problem.code,
            _ => "",
        }
    }

    /// Whether it concerns this one file and not every request that follows.
    pub(super) fn is_of_one_file(&self) -> bool {
        match self {
            Self::Refused(refusal) => {
                let everyone = matches!(refusal.status.as_u16(), 401 | 403 | 404 | 429);
                !everyone
                    && !matches!(self.code(), "unknown_model" | "validation_failed" | "malformed_request")
            }
            Self::File(_) => true,
            Self::NoAnswer { .. } | Self::Nonsense { .. } => false,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAnswer { hint, .. } => Some(hint.clone()),
            Self::Refused(refusal) => refusal.hint(),
            Self::Nonsense { .. } => {
                Some("check the address: a server of another kind or version may stand there".to_owned())
            }
            Self::File(_) => Some("check that the file is there and may be read".to_owned()),
        }
    }

    /// As what came of one file.
    pub(super) fn message(&self) -> ErrorMessage {
        let code = match self {
            Self::Refused(refusal) if !refusal.problem.code.is_empty() => refusal.problem.code.as_str(),
            Self::File(_) => ErrorCode::Io.as_str(),
            _ => ErrorCode::ServerUnavailable.as_str(),
        };
        ErrorMessage { code: code.to_owned(), message: self.to_string(), hint: self.hint() }
    }

    /// As the end of the command.
    pub(super) fn into_failure(self) -> Failure {
        let hint = self.hint().unwrap_or_else(|| "see the message above".to_owned());
        let ours = matches!(self.code(), "unknown_model" | "validation_failed");
        let error = anyhow::anyhow!("{self}");
        if ours { Failure::wrong_use(error, hint) } else { Failure::not_done(error, hint) }
    }
}

const CERTIFICATE_HINT: &str = "where the certificate comes from an authority of your own, name its file in \
    SSL_CERT_FILE; one that has ended or names another machine must be replaced on the server";
const CONNECT_HINT: &str = "check the address, and that the server runs there (`drishtiksha serve`)";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { why, .. } | Self::Nonsense { why } | Self::File(why) => f.write_str(why),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Refusal {
    fn hint(&self) -> Option<String> {
        let text = match (self.status.as_u16(), self.problem.code.as_str()) {
            (_, "wrong_credentials") => "check the address and the password",
            (401, _) => "the key is missing, has ended or was taken back: run `drishtiksha login`",
            (_, "password_change_required") => {
                "sign in at the server's web page and choose another password first"
            }
            (_, "read_only_key") => "use a key that may write: run `drishtiksha login`",
            (_, "unknown_model") => "leave --models out, or name models that the server has",
            (_, "run_not_ended") => "follow it with `drishtiksha watch ID`",
            (404, _) => "`drishtiksha runs` lists what is there",
            (429, _) => {
                let secs = self.retry_after.map(|wait| wait.as_secs().max(1));
                return Some(secs.map_or_else(
                    || "try again a little later".to_owned(),
                    |secs| format!("try again in {secs} seconds"),
                ));
            }
            (500.., _) => "try again later; whoever runs the server finds the cause by the request id",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = &self.problem;
        let title = if problem.title.is_empty() {
            format!("the server answered {}", self.status)
        } else {
            problem.title.clone()
        };
        match &problem.detail {
            Some(detail) => write!(f, "{detail}")?,
            None => write!(f, "{title}")?,
        }
        for field in &problem.errors {
            write!(f, "; {}: {}", field.field, field.message)?;
        }
        if !problem.request_id.is_empty() {
            write!(f, " (request {})", problem.request_id)?;
        }
        Ok(())
    }
}

/// The words of an error and of everything that caused it, outermost first.
fn causes(error: &dyn Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        all.push(error.to_string());
        cause = error.source();
    }
    all
}
