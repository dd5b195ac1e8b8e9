//! Calls of Cloudinary: addresses, signatures, answers, and trying again what may pass.

use reqwest::multipart::Form;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{resource_type, signing};
use crate::key::Key;
use crate::options::CloudinaryOptions;

/// Who asks, and how.
pub(super) struct Account {
    options: CloudinaryOptions,
    http: Client,
}

/// Why Cloudinary did not do something. Holds no address, since an address may carry a signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It cannot be reached, or the connection was cut.
    #[error("Cloudinary cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It answered with an error.
    #[error("Cloudinary answered {status}: {message}")]
    Answer {
        /// Status of the answer.
        status: StatusCode,
        /// Its own words.
        message: String,
    },
    /// A file on this machine cannot be read.
    #[error("the file to store cannot be read")]
    File(#[from] std::io::Error),
    /// It answered something that makes no sense here.
    #[error("Cloudinary answered strangely: {0}")]
    Strange(String),
}

impl From<reqwest::Error> for Refusal {
    fn from(cause: reqwest::Error) -> Self {
        Self::Unreachable(cause.without_url())
    }
}

impl Refusal {
    /// Whether the same call may succeed later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(cause) => !cause.is_builder(),
            // 420 is how Cloudinary says that too many calls were made.
            Self::Answer { status, .. } => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 420 | 429)
            }
            Self::File(_) | Self::Strange(_) => false,
        }
    }
}

/// How Cloudinary words an error.
#[derive(Deserialize)]
struct Worded {
    error: Words,
}

#[derive(Deserialize)]
struct Words {
    message: String,
}

impl Account {
    pub(super) fn new(options: CloudinaryOptions) -> reqwest::Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("drishtiksha/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.patience.connect)
            .read_timeout(options.patience.stall)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { options, http })
    }

    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// How long to wait and how often to try.
    pub(super) fn options(&self) -> &CloudinaryOptions {
        &self.options
    }

    /// Address of a call.
    pub(super) fn api(&self, call: &str) -> String {
        format!("{}/v1_1/{}/{call}", self.options.api_base.trim_end_matches('/'), self.options.cloud_name)
    }

    /// A call of the programming interface for administrators.
    pub(super) fn administer(&self, call: &str) -> RequestBuilder {
        self.http
            .get(self.api(call))
            .basic_auth(&self.options.api_key, Some(self.options.api_secret.reveal()))
    }

    /// Parameters with the key and the signature, as a form.
    pub(super) fn signed(&self, parameters: &[(&'static str, &str)]) -> Form {
        let signature = signing::of_call(parameters, self.options.api_secret.reveal());
        parameters
            .iter()
            .fold(Form::new(), |form, (name, value)| form.text(*name, (*value).to_owned()))
            .text("api_key", self.options.api_key.clone())
            .text("signature", signature)
    }

    /// Address of a file that delivers nothing, as it has no signature.
    pub(super) fn plain_address(&self, key: Key) -> String {
        self.address(key, "")
    }

    /// Address that delivers a file. It works for ever: it never leaves this crate.
    pub(super) fn signed_address(&self, key: Key) -> String {
        let signature = signing::of_address(&key.to_string(), self.options.api_secret.reveal());
        self.address(key, &format!("s--{signature}--/"))
    }

    /// Without a transformation and without the ending of a format, Cloudinary delivers the bytes that were stored.
    /// The version stands there because a public id with folders needs one.
    fn address(&self, key: Key, signature: &str) -> String {
        let base = self.options.delivery_base.trim_end_matches('/');
        let (cloud, kind) = (&self.options.cloud_name, resource_type(key));
        format!("{base}/{cloud}/{kind}/authenticated/{signature}v1/{key}")
    }

    /// Sends one request and reads its JSON.
    pub(super) async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Refusal> {
        let response = accepted(request.send().await?).await?;
        let text = response.bytes().await?;
        serde_json::from_slice(&text).map_err(|cause| Refusal::Strange(cause.to_string()))
    }

    /// Tries a call until it succeeds, cannot succeed, or was tried often enough.
    pub(super) async fn insist<T, F>(&self, call: impl Fn() -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, Refusal>>,
    {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(cause) if cause.may_pass() && attempt < self.options.patience.attempts => {
                    tracing::info!(%cause, attempt, "Cloudinary did not answer; trying again");
                    tokio::time::sleep(self.options.patience.pause_after(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// The answer itself unless it is an error.
pub(super) async fn accepted(response: Response) -> Result<Response, Refusal> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // Delivery words its errors in a header, the programming interface in JSON.
    let header = response.headers().get("x-cld-error").and_then(|text| text.to_str().ok()).map(str::to_owned);
    let message = match header {
        Some(message) => message,
        None => match serde_json::from_slice::<Worded>(&response.bytes().await?) {
            Ok(worded) => worded.error.message,
            Err(_) => "no reason given".to_owned(),
        },
    };
    Err(Refusal::Answer { status, message })
}
