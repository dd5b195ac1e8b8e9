//! Uploads to Cloudinary: one call for a small file, chunks in order for a larger one. A chunk is read from the disk
//! while it is sent, and only the chunk that failed is sent again.

use std::io::SeekFrom;

use dk_app::ports::{Ambient, Staged};
use reqwest::Body;
use reqwest::multipart::Part;
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::calls::{Account, Refusal};
use super::resource_type;
use crate::key::Key;

/// Every chunk but the last must be larger than 5 MB.
const CHUNK: u64 = 6_000_000;
/// Bytes that are read from the disk at once.
const PIECE: usize = 64 * 1024;

/// Answer to a chunk: what is stored comes with the last one.
#[derive(Deserialize)]
struct Answer {
    public_id: Option<String>,
    bytes: Option<u64>,
}

/// One upload.
struct Upload<'a> {
    account: &'a Account,
    staged: &'a Staged,
    url: String,
    /// Tells chunks of this upload from those of others.
    id: String,
    public_id: String,
    timestamp: String,
}

/// Stores a whole file under its key.
pub(super) async fn upload(
    account: &Account,
    ambient: &dyn Ambient,
    staged: &Staged,
    key: Key,
) -> Result<(), Refusal> {
    let upload = Upload {
        account,
        staged,
        url: account.api(&format!("{}/upload", resource_type(key))),
        id: ambient.id().to_string(),
        public_id: key.to_string(),
        timestamp: ambient.now().unix_timestamp().to_string(),
    };
    let mut answer = upload.send(0).await?;
    for chunk in 1..staged.bytes.div_ceil(CHUNK) {
        answer = upload.send(chunk).await?;
    }
    let public_id = &*upload.public_id;
    if answer.public_id.as_deref() == Some(public_id) && answer.bytes == Some(staged.bytes) {
        return Ok(());
    }
    let (stored, bytes) = (answer.public_id.unwrap_or_default(), answer.bytes.unwrap_or_default());
    Err(Refusal::Strange(format!(
        "{} bytes were sent as {public_id}, and it stored {bytes} as {stored}",
        staged.bytes
    )))
}

impl Upload<'_> {
    async fn send(&self, chunk: u64) -> Result<Answer, Refusal> {
        self.account.insist(|| self.try_to_send(chunk)).await
    }

    async fn try_to_send(&self, chunk: u64) -> Result<Answer, Refusal> {
        let total = self.staged.bytes;
        let start = chunk * CHUNK;
        let length = CHUNK.min(total - start);
        let mut file = File::open(self.staged.path()).await?;
        file.seek(SeekFrom::Start(start)).await?;
        let bytes = ReaderStream::with_capacity(file.take(length), PIECE);
        let named =
            [("public_id", &*self.public_id), ("timestamp", &*self.timestamp), ("type", "authenticated")];
        // A name is demanded; it is never the one a client gave.
        let part = Part::stream_with_length(Body::wrap_stream(bytes), length).file_name("media");
        let mut request =
            self.account.http().post(&self.url).multipart(self.account.signed(&named).part("file", part));
        if total > CHUNK {
            request = request
                .header("X-Unique-Upload-Id", &self.id)
                .header("Content-Range", format!("bytes {start}-{}/{total}", start + length - 1));
        }
        self.account.answer(request).await
    }
}
