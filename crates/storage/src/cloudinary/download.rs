//! Downloads from Cloudinary, which go on where they were cut off.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use dk_app::ports::ByteStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use super::READ;
use super::calls::{Account, Refusal, accepted};
use crate::fault::failed;
use crate::key::Key;

/// A download under way.
pub(super) struct Download {
    account: Arc<Account>,
    address: String,
    /// Whether only a part is wanted, from the start or since a cut.
    partial: bool,
    /// The byte that comes next, and the one after the last; the end of a whole file is known from the first answer.
    next: u64,
    end: Option<u64>,
    /// Cuts since the last byte that came.
    cuts: u32,
}

impl Download {
    pub(super) fn new(account: Arc<Account>, key: Key, range: Option<&Range<u64>>) -> Self {
        let address = account.signed_address(key);
        let (next, end) = range.map_or((0, None), |range| (range.start, Some(range.end)));
        Self { account, address, partial: range.is_some(), next, end, cuts: 0 }
    }

    /// The bytes; `None` when there is no such file.
    pub(super) async fn begin(mut self) -> Result<Option<ByteStream>, Refusal> {
        let response = match self.account.insist(|| self.ask()).await {
            Err(Refusal::Answer { status: StatusCode::NOT_FOUND, .. }) => return Ok(None),
            answer => answer?,
        };
        if self.end.is_none() {
            self.end = response.content_length();
        }
        let pieces = stream::try_unfold((self, response), |(mut download, response)| async move {
            let (piece, response) = download.piece(response).await?;
            Ok(piece.map(|piece| (piece, (download, response))))
        });
        Ok(Some(pieces.map_err(failed::<Refusal>(READ)).boxed()))
    }

    /// Asks for what has not come yet.
    async fn ask(&self) -> Result<Response, Refusal> {
        let mut request = self.account.http().get(&self.address);
        if self.partial {
            let last = self.end.map(|end| (end - 1).to_string()).unwrap_or_default();
            request = request.header(RANGE, format!("bytes={}-{last}", self.next));
        }
        let response = accepted(request.send().await?).await?;
        if self.partial && !self.is_wanted(&response) {
            return Err(Refusal::Strange("it delivers another range than the one that was asked for".into()));
        }
        Ok(response)
    }

    fn is_wanted(&self, response: &Response) -> bool {
        let said = response.headers().get(CONTENT_RANGE).and_then(|text| text.to_str().ok());
        let Some((first, rest)) =
            said.and_then(|text| text.strip_prefix("bytes ")).and_then(|text| text.split_once('-'))
        else {
            return false;
        };
        let last = rest.split_once('/').and_then(|(last, _)| last.parse::<u64>().ok());
        response.status() == StatusCode::PARTIAL_CONTENT
            && first.parse() == Ok(self.next)
            && self.end.is_none_or(|end| last == Some(end - 1))
    }

    /// The next bytes, asked for again after a cut; `None` at the end.
    async fn piece(&mut self, mut response: Response) -> Result<(Option<Bytes>, Response), Refusal> {
        loop {
            let cut = match response.chunk().await {
                Ok(Some(piece)) => {
                    self.next += piece.len() as u64;
                    self.cuts = 0;
                    return Ok((Some(piece), response));
                }
                Ok(None) if self.end.is_none_or(|end| self.next >= end) => return Ok((None, response)),
                Ok(None) => Refusal::Strange("the file ended early".into()),
                Err(cause) => cause.into(),
            };
            self.cuts += 1;
            if self.cuts >= self.account.options().patience.attempts {
                return Err(cut);
            }
            tracing::info!(cause = %cut, at = self.next, "a download was cut off; going on from there");
            tokio::time::sleep(self.account.options().patience.pause_after(self.cuts)).await;
            self.partial = true;
            response = self.account.insist(|| self.ask()).await?;
        }
    }
}
