//! Sends a large file by the protocol tus 1.0.0: what was cut goes on where the server's count stands.

use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::fault::Fault;
use super::messages::Medium;
use super::send::{Sending, counted};

/// Longest wait for an answer to a request without bytes of the file.
const ANSWER: Duration = Duration::from_secs(30);
const UPLOADS: &str = "/uploads";

/// One large file on its way.
pub(super) struct Parts<'a> {
    sending: &'a Sending<'a>,
    total: u64,
    /// Below `/api/v1`, once it was begun.
    path: Option<String>,
    /// Bytes that the server had when it was last asked, and when before that.
    offset: u64,
    offset_before: u64,
}

/// Where an upload stands, and what it has become.
struct Standing {
    offset: u64,
    media: Option<String>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(sending: &'a Sending<'a>, total: u64) -> Self {
        Self { sending, total, path: None, offset: 0, offset_before: 0 }
    }

    /// Sends what the server has not. `None` after a stop; what was sent then is given up by the server after a day.
    pub(super) async fn attempt(&mut self) -> Result<Option<Medium>, Fault> {
        let before = match self.path.clone() {
            Some(path) => self.look(&path).await?.map(|standing| (path, standing)),
            None => None,
        };
        let (path, standing) = match before {
            Some(before) => before,
            None => (self.begin().await?, Standing { offset: 0, media: None }),
        };
        self.path = Some(path.clone());
        self.offset = standing.offset;
        let media = match standing.media {
            Some(media) => media,
            None => match self.append(&path).await? {
                Some(media) => media,
                None => return Ok(None),
            },
        };
        self.sending.server.get(&format!("/media/{media}")).await.map(Some)
    }

    /// Whether an attempt that ended like this is worth another one, where another request would not be.
    pub(super) fn may_go_on(&self, fault: &Fault) -> bool {
        self.path.is_some() && (fault.code() == "wrong_offset" || fault.is_not_found())
    }

    /// Whether the server is one that takes whole files only.
    pub(super) fn are_unknown(&self, fault: &Fault) -> bool {
        self.path.is_none() && (fault.is_not_found() || fault.code() == "method_not_allowed")
    }

    /// Whether the server has more than when this was asked before.
    pub(super) fn got_further(&mut self) -> bool {
        let further = self.offset > self.offset_before;
        self.offset_before = self.offset;
        further
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.sending.server.request(method, path).header("Tus-Resumable", "1.0.0")
    }

    async fn begin(&self) -> Result<String, Fault> {
        let request = self
            .request(Method::POST, UPLOADS)
            .timeout(ANSWER)
            .header("Upload-Length", self.total)
            .header("Upload-Metadata", self.sending.wishes.metadata(self.sending.name));
        let answer = self.sending.server.send(request).await?;
        let id = text(answer.headers(), "location").and_then(|path| path.rsplit('/').next());
        // Made into a path here, so that a server cannot send the file and the key somewhere else.
        let id = id.filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'));
        let id = id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| self.nonsense("does not say where the upload is"))?;
        Ok(format!("{UPLOADS}/{id}"))
    }

    /// `None` when the server does not know it any more.
    async fn look(&self, path: &str) -> Result<Option<Standing>, Fault> {
        match self.sending.server.send(self.request(Method::HEAD, path).timeout(ANSWER)).await {
            Ok(answer) => self.standing(answer.headers()).map(Some),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Sends everything from where the upload stands; the id of the medium that it becomes.
    async fn append(&self, path: &str) -> Result<Option<String>, Fault> {
        let (mut file, total) = self.sending.open().await?;
        if total != self.total {
            return Err(Fault::File(format!("{} changed while it was sent", self.sending.path.display())));
        }
        let sought = file.seek(SeekFrom::Start(self.offset)).await;
        sought.map_err(|error| self.sending.cannot_read(&error))?;
        let rest = total.saturating_sub(self.offset);
        let sent = Arc::new(AtomicU64::new(self.offset));
        let request = self
            .request(Method::PATCH, path)
            .header("Upload-Offset", self.offset)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Content-Length", rest)
            .body(counted(file.take(rest), &sent));
        let exchange = async {
            let answer = self.sending.server.send(request).await?;
            self.standing(answer.headers())
        };
        let Some(standing) = self.sending.watch(exchange, &sent, total).await? else { return Ok(None) };
        standing.media.map(Some).ok_or_else(|| self.nonsense("has every byte and no medium"))
    }

    fn standing(&self, headers: &HeaderMap) -> Result<Standing, Fault> {
        let offset = text(headers, "upload-offset").and_then(|offset| offset.parse().ok());
        let offset = offset.filter(|offset| *offset <= self.total);
        let offset = offset.ok_or_else(|| self.nonsense("does not say how much it has"))?;
        Ok(Standing { offset, media: text(headers, "media-id").map(ToOwned::to_owned) })
    }

    fn nonsense(&self, what: &str) -> Fault {
        Fault::Nonsense { why: format!("{} {what}", self.sending.server.address()) }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
