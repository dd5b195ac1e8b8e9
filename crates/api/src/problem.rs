//! The one place where errors become answers: RFC 9457 problems with a code from a closed list.
//!
//! A handler returns a [`Problem`]; it travels through the layers as an extension of an empty response, and the
//! outermost layer writes the body (it knows the request id) and logs the cause of an inner fault, once.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::ErrorCode;
use dk_app::account::{
    ChangePasswordError, CreateKeyError, EditPersonError, LogInError, RefreshError, SetUpError, SignUpError,
};
use dk_app::ports::{InspectError, PasswordError, QueueError, StorageError, StoreError};
use dk_app::service::{AcceptError, BeginError, FinishError, KeepPartError, RerunError, RetryError};

use crate::messages::{FieldProblem, ProblemBody};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong, a closed list and part of the outside contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
            /// The uploaded file is not what we accept; the word is that of the inspection.
            Media(ErrorCode),
        }

        impl Code {
            /// Every code but those of [`Code::Media`].
            pub(crate) const PLAIN: &'static [Self] = &[$(Self::$name,)*];

            /// The word in answers.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* Self::Media(code) => code.as_str() }
            }

            /// The HTTP status.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* Self::Media(code) => media_status(code) }
            }

            /// The same short sentence whenever this happens.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* Self::Media(_) => "The file is not accepted" }
            }
        }
    };
}

codes! {
    /// Not JSON, not multipart, a bad parameter.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request cannot be read";
    /// No credential, or one that is not worth anything (any more).
    Unauthorized = "unauthorized", UNAUTHORIZED, "Signing in is needed";
    /// Address or password.
    WrongCredentials = "wrong_credentials", UNAUTHORIZED, "The address or the password is wrong";
    /// The refresh token is of no open session.
    SessionEnded = "session_ended", UNAUTHORIZED, "The session has ended";
    /// The role does not allow it.
    Forbidden = "forbidden", FORBIDDEN, "This is not allowed";
    /// A key that may only look.
    ReadOnlyKey = "read_only_key", FORBIDDEN, "This key may only read";
    /// Only a person who is signed in may do it.
    KeyNotAllowed = "key_not_allowed", FORBIDDEN, "An API key cannot do this";
    /// A page of another origin.
    CrossOrigin = "cross_origin", FORBIDDEN, "Requests from this origin are refused";
    /// Only an operator makes accounts.
    SignUpClosed = "sign_up_closed", FORBIDDEN, "Sign-up is closed";
    /// Somebody else chose the password; nothing else is possible before it was changed.
    PasswordChangeRequired = "password_change_required", FORBIDDEN, "The password must be changed first";
    /// Not the secret that the server printed at its start.
    WrongSecret = "wrong_secret", FORBIDDEN, "The secret is wrong";
    /// The current password, when it is to be changed.
    WrongPassword = "wrong_password", FORBIDDEN, "The current password is wrong";
    /// Not there, or not the caller's.
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    /// A sound, or a file of which no small picture can be made.
    NoThumbnail = "no_thumbnail", NOT_FOUND, "There is no small picture of this medium";
    /// The path is known, the method is not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This method is not offered here";
    /// The body came too slowly.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request came too slowly";
    /// Taken address.
    EmailTaken = "email_taken", CONFLICT, "An account with this address exists already";
    /// The first account exists.
    AlreadySetUp = "already_set_up", CONFLICT, "This installation is set up already";
    /// One run at a time.
    RunUnderWay = "run_under_way", CONFLICT, "A run of this medium is under way";
    /// Nobody would be left.
    LastAdmin = "last_admin", CONFLICT, "This is the last active administrator";
    /// As many keys as allowed.
    TooManyKeys = "too_many_keys", CONFLICT, "There are too many keys";
    /// A dead letter without a purpose.
    NothingToRetry = "nothing_to_retry", CONFLICT, "There is nothing left to retry";
    /// A run without an end has no report.
    RunNotEnded = "run_not_ended", CONFLICT, "The run has not ended";
    /// Bytes that do not follow on those that are there.
    WrongOffset = "wrong_offset", CONFLICT, "The upload does not end there";
    /// As many unfinished uploads as allowed.
    TooManyUploads = "too_many_uploads", CONFLICT, "There are too many unfinished uploads";
    /// As many parts of one upload as allowed.
    TooManyParts = "too_many_parts", CONFLICT, "The upload is in too many parts";
    /// A version of the protocol for uploads that is not spoken here.
    OtherTus = "other_tus", PRECONDITION_FAILED, "This version of tus is not spoken here";
    /// A body over its limit.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The request is too large";
    /// Not JSON where JSON is wanted, not multipart where that is.
    UnsupportedContentType = "unsupported_content_type", UNSUPPORTED_MEDIA_TYPE, "This content type is not taken here";
    /// A range outside of the file.
    RangeNotSatisfiable = "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "The range lies outside of the file";
    /// Fields that are missing, unknown or wrong.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "Some fields are wrong";
    /// A name for a request that was another one.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "This Idempotency-Key came with another request";
    /// A model that no server has.
    UnknownModel = "unknown_model", UNPROCESSABLE_ENTITY, "There is no such model";
    /// Too often.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// A fault of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
    /// Something that we need does not answer.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service is not available now";
    /// It took too long.
    TimedOut = "took_too_long", SERVICE_UNAVAILABLE, "The request took too long";
    /// As many uploads as this server takes at once.
    Busy = "busy", SERVICE_UNAVAILABLE, "The server is busy";
    /// No room for files.
    StorageFull = "storage_full", INSUFFICIENT_STORAGE, "There is no room left for files";
}

impl Code {
    /// Every code of an inspection that reaches a client.
    pub(crate) fn media() -> impl Iterator<Item = Self> {
        let client = |code: &Self| !code.status().is_server_error();
        ErrorCode::ALL.iter().map(|code| Self::Media(*code)).filter(client)
    }
}

/// Which status an inspection's refusal has.
fn media_status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::UnsupportedMedia | ErrorCode::RefusedFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::EmptyFile
        | ErrorCode::UnreadableMedia
        | ErrorCode::TooManyPixels
        | ErrorCode::TooLong
        | ErrorCode::NoDuration
        | ErrorCode::TooManyStreams
        | ErrorCode::NoStreams
        | ErrorCode::TimedOut
        | ErrorCode::LimitReached => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

type Cause = Arc<dyn Error + Send + Sync>;

/// Why a request is not answered as wished.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: Option<String>,
    fields: Vec<FieldProblem>,
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

impl Problem {
    /// A problem that its title says all about.
    pub(crate) fn new(code: Code) -> Self {
        Self(Box::new(Inner { code, detail: None, fields: Vec::new(), retry_after: None, cause: None }))
    }

    /// Adds what is particular this time; never private data, never an inner fault.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds when to try again.
    pub(crate) fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// An inner fault: the client sees a code and the request id, the log sees the cause.
    pub(crate) fn inner(code: Code, cause: impl Error + Send + Sync + 'static) -> Self {
        let mut problem = Self::new(code);
        problem.0.cause = Some(Arc::new(cause));
        problem
    }

    /// Wrong fields.
    pub(crate) fn fields(fields: Vec<FieldProblem>) -> Self {
        let mut problem = Self::new(Code::ValidationFailed);
        problem.0.fields = fields;
        problem
    }

    /// One wrong field.
    pub(crate) fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem::new(field, code, message)])
    }

    /// The problem behind a status that some layer answered with.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let found = Code::PLAIN.iter().copied().find(|code| code.status() == status);
        Self::new(match found {
            Some(code) => code,
            None if status.is_server_error() => Code::Internal,
            None => Code::MalformedRequest,
        })
    }

    /// What went wrong.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The inner fault, where there is one.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }

    /// The body.
    pub(crate) fn body(&self, request_id: &str) -> ProblemBody {
        let code = self.0.code;
        ProblemBody {
            r#type: format!("/api/docs#{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            detail: self.0.detail.clone(),
            code: code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            errors: self.0.fields.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        if let Some(after) = self.0.retry_after {
            // Rounded up: half a second later is too early.
            let secs = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs.max(1)));
        }
        if self.0.code.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// When to ask again for something that does not answer.
const SOON: Duration = Duration::from_secs(5);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.may_pass() {
            Self::inner(Code::Unavailable, error).retry_after(SOON)
        } else {
            Self::inner(Code::Internal, error)
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::inner(Code::StorageFull, error),
            StorageError::Failed { .. } => Self::inner(Code::Unavailable, error).retry_after(SOON),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        Self::inner(Code::Unavailable, error).retry_after(SOON)
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy { retry_after } => Self::new(Code::Busy).retry_after(retry_after),
            PasswordError::Failed { .. } => Self::inner(Code::Internal, error),
        }
    }
}

impl From<InspectError> for Problem {
    fn from(error: InspectError) -> Self {
        let code = Code::Media(error.code);
        if code.status().is_server_error() {
            return Self::inner(Code::Internal, error);
        }
        let detail = match &error.hint {
            Some(hint) => format!("{}; {hint}", error.message),
            None => error.message.clone(),
        };
        Self::new(code).detail(detail)
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Inspect(error) => error.into(),
            AcceptError::Storage(error) => error.into(),
            AcceptError::Store(error) => error.into(),
            AcceptError::KeyTaken => Self::new(Code::IdempotencyKeyReused),
            AcceptError::UnknownModel { .. } => Self::new(Code::UnknownModel).detail(error.to_string()),
            AcceptError::Gone => Self::new(Code::NotFound),
        }
    }
}

impl From<BeginError> for Problem {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::TooMany { .. } => Self::new(Code::TooManyUploads).detail(error.to_string()),
            BeginError::UnknownModel { .. } => Self::new(Code::UnknownModel).detail(error.to_string()),
            BeginError::Store(error) => error.into(),
        }
    }
}

impl From<KeepPartError> for Problem {
    fn from(error: KeepPartError) -> Self {
        match error {
            KeepPartError::TooMany { .. } => Self::new(Code::TooManyParts).detail(error.to_string()),
            KeepPartError::Storage(error) => error.into(),
            KeepPartError::Store(error) => error.into(),
        }
    }
}

impl From<FinishError> for Problem {
    fn from(error: FinishError) -> Self {
        match error {
            FinishError::Storage(error) => error.into(),
            FinishError::Store(error) => error.into(),
            FinishError::Accept(error) => error.into(),
        }
    }
}

impl From<RerunError> for Problem {
    fn from(error: RerunError) -> Self {
        match error {
            RerunError::NoMedia => Self::new(Code::NotFound),
            RerunError::KeyTaken => Self::new(Code::IdempotencyKeyReused),
            RerunError::UnderWay => Self::new(Code::RunUnderWay),
            RerunError::Store(error) => error.into(),
            RerunError::UnknownModel { .. } => Self::new(Code::UnknownModel).detail(error.to_string()),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::Queue(error) => error.into(),
            RetryError::Store(error) => error.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Closed => Self::new(Code::SignUpClosed),
            SignUpError::TooMany { retry_after } => Self::new(Code::RateLimited).retry_after(retry_after),
            SignUpError::EmailTaken => Self::new(Code::EmailTaken),
            SignUpError::Store(error) => error.into(),
            SignUpError::Password(error) => error.into(),
        }
    }
}

impl From<SetUpError> for Problem {
    fn from(error: SetUpError) -> Self {
        match error {
            SetUpError::AlreadySetUp => Self::new(Code::AlreadySetUp),
            SetUpError::WrongSecret => Self::new(Code::WrongSecret),
            SetUpError::TooMany { retry_after } => Self::new(Code::RateLimited).retry_after(retry_after),
            SetUpError::Store(error) => error.into(),
            SetUpError::Password(error) => error.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::TooMany { retry_after } => Self::new(Code::RateLimited).retry_after(retry_after),
            LogInError::Wrong => Self::new(Code::WrongCredentials),
            LogInError::Store(error) => error.into(),
            LogInError::Password(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Ended => Self::new(Code::SessionEnded),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Wrong => Self::new(Code::WrongPassword),
            ChangePasswordError::Same => Self::field("newPassword", "invalid", error.to_string()),
            ChangePasswordError::TooMany { retry_after } => {
                Self::new(Code::RateLimited).retry_after(retry_after)
            }
            ChangePasswordError::Store(error) => error.into(),
            ChangePasswordError::Password(error) => error.into(),
        }
    }
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::Expired => Self::field("expiresAt", "invalid", error.to_string()),
            CreateKeyError::TooMany { .. } => Self::new(Code::TooManyKeys).detail(error.to_string()),
            CreateKeyError::Store(error) => error.into(),
        }
    }
}

impl From<EditPersonError> for Problem {
    fn from(error: EditPersonError) -> Self {
        match error {
            EditPersonError::LastAdmin => Self::new(Code::LastAdmin),
            EditPersonError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_may_come_back_is_no_fault_of_ours_and_its_words_stay_inside() {
        let source = || "10.0.0.7 refused".into();
        let away = Problem::from(StoreError::Unavailable { tried: "read a run", source: source() });
        let broken = Problem::from(StoreError::Refused { tried: "read a run", source: source() });
        assert_eq!((away.code(), broken.code()), (Code::Unavailable, Code::Internal));
        for problem in [away, broken] {
            let body = serde_json::to_string(&problem.body("id")).unwrap();
            assert!(!body.contains("10.0.0.7") && !body.contains("read a run"), "{body}");
            assert!(problem.cause().is_some());
        }
    }

    #[test]
    fn every_code_is_its_own() {
        let mut words: Vec<_> = Code::PLAIN.iter().copied().chain(Code::media()).map(Code::as_str).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
