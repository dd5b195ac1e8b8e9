//! Takes bytes of an upload in, cut into parts that are stored one after another: what is lost when a server dies, or
//! a client, is less than one of them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use dk_app::ports::{PartialUpload, Staged};
use dk_app::service::{KeepPart, finish_upload, keep_part};
use dk_domain::MediaId;
use futures_util::StreamExt as _;
use tracing::Instrument as _;

use crate::app::App;
use crate::problem::{Code, Problem};

/// When to try again where there are too many at once.
const SOON: Duration = Duration::from_secs(2);

/// Where an upload stands, and what it has become.
pub(super) type TakenIn = (PartialUpload, Option<MediaId>);

/// Takes in what comes, up to the end of the file, and then turns the upload into a medium. Goes on when the client
/// has gone, with what has come so far.
pub(super) async fn take_in(app: &App, upload: PartialUpload, body: Body) -> Result<TakenIn, Problem> {
    let app = app.clone();
    let work = async move {
        let busy = |_| Problem::new(Code::Busy).retry_after(SOON);
        let _permit = Arc::clone(&app.uploads).try_acquire_owned().map_err(busy)?;
        let too_many = || Problem::new(Code::RateLimited).retry_after(SOON);
        let _own = app.begin_upload(upload.asked.user_id).ok_or_else(too_many)?;
        let received = tokio::time::timeout(app.config.upload_longest, receive(&app, upload, body)).await;
        let upload = received.map_err(|_| Problem::new(Code::RequestTimeout))??;
        if upload.missing_bytes() > 0 {
            return Ok((upload, None));
        }
        let media = finish_upload(&app.ports, &upload).await?;
        tracing::info!(media.id = %media, bytes = upload.offset_bytes, "upload accepted");
        Ok((upload, Some(media)))
    };
    let ended = tokio::spawn(work.in_current_span()).await;
    ended.map_err(|error| Problem::inner(Code::Internal, error))?
}

async fn receive(app: &App, mut upload: PartialUpload, body: Body) -> Result<PartialUpload, Problem> {
    let mut pieces = Pieces { app, stream: body.into_data_stream(), rest: Bytes::new() };
    while upload.missing_bytes() > 0 {
        let room = upload.missing_bytes().min(app.config.part_bytes);
        let (staged, end) = receive_part(app, &mut pieces, room).await?;
        if staged.bytes > 0 {
            upload = match keep_part(&app.ports, &upload, staged).await? {
                KeepPart::Kept(upload) => *upload,
                KeepPart::Moved(_) => {
                    let detail = "other bytes came to the same place";
                    return Err(Problem::new(Code::WrongOffset).detail(detail));
                }
                KeepPart::Gone => return Err(Problem::new(Code::NotFound)),
            };
        }
        if let Some(end) = end {
            return end.map(|()| upload);
        }
    }
    match pieces.next(1).await? {
        None => Ok(upload),
        Some(_) => Err(too_much(&upload)),
    }
}

/// More bytes than the file was said to have.
pub(super) fn too_much(upload: &PartialUpload) -> Problem {
    let length = upload.asked.length_bytes;
    Problem::new(Code::TooLarge).detail(format!("the file was said to have {length} bytes"))
}

/// One part, of at most `room` bytes, and how the body ended if it did.
async fn receive_part(
    app: &App,
    pieces: &mut Pieces<'_>,
    room: u64,
) -> Result<(Staged, Option<Result<(), Problem>>), Problem> {
    let mut incoming = app.ports.storage.receive().await?;
    let counter = metrics::counter!("upload_bytes_total");
    let mut end = None;
    while end.is_none() && incoming.len() < room {
        match pieces.next(room - incoming.len()).await {
            Ok(Some(bytes)) => {
                counter.increment(bytes.len() as u64);
                incoming.write(bytes).await?;
            }
            Ok(None) => end = Some(Ok(())),
            // What came before the cut is as good as any.
            Err(problem) => end = Some(Err(problem)),
        }
    }
    Ok((incoming.finish().await?, end))
}

/// A body, in pieces that are as small as they must be.
struct Pieces<'a> {
    app: &'a App,
    stream: BodyDataStream,
    rest: Bytes,
}

impl Pieces<'_> {
    /// The next piece, of at most `most` bytes, unless the client stands still or has gone.
    async fn next(&mut self, most: u64) -> Result<Option<Bytes>, Problem> {
        while self.rest.is_empty() {
            let next = tokio::time::timeout(self.app.config.upload_idle, self.stream.next()).await;
            self.rest = match next {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(error))) => {
                    return Err(Problem::new(Code::MalformedRequest).detail(error.to_string()));
                }
                Ok(None) => return Ok(None),
                Err(_) => return Err(Problem::new(Code::RequestTimeout)),
            };
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.rest.len());
        Ok(Some(self.rest.split_to(most)))
    }
}
