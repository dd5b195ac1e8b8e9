//! Finds out what an uploaded file is, with the room that reads media.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use dk_app::ports::{Content, InspectError, Inspector};
use dk_app::{ErrorCode, StopToken, Thumbnail};
use dk_domain::{MediaFacts, MediaKind};
use dk_infer::package::VideoRule;
use dk_media::{FramePlan, Limits, MediaError, MediaFile, Picture, Tools, mime};

/// The longer side of a small picture.
const THUMBNAIL_PX: u32 = 320;
/// The frames that packages look at unless their manifests say otherwise, so that faces lie on the frames of a report.
const STRIP: FramePlan = FramePlan {
    spread: VideoRule::USUAL.spread,
    min_spread: VideoRule::USUAL.min_spread,
    windows: 0,
    window_frames: 0,
    max_side_px: THUMBNAIL_PX,
};

/// Looks at files in this process; what is dangerous happens in limited children.
pub(crate) struct MediaInspector {
    tools: Tools,
    limits: Limits,
    /// Files that may be looked at now; each may need a child with memory of its own.
    free: Mutex<usize>,
    freed: Condvar,
}

impl MediaInspector {
    /// As many files at a time as the machine has cores.
    pub(crate) fn new(tools: Tools, limits: Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { tools, limits, free: Mutex::new(cores), freed: Condvar::new() }
    }

    fn turn(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}

/// Gives the turn to the next one when dropped.
struct Turn<'a>(&'a MediaInspector);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

impl Inspector for MediaInspector {
    fn inspect(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<(MediaFacts, String), InspectError> {
        let _turn = self.turn();
        let file = MediaFile::open_known(path, known, &self.tools, &self.limits, stop);
        let file = file.map_err(|fault| error(&fault))?;
        let mime = mime(&file.facts).to_owned();
        Ok((file.facts, mime))
    }

    fn thumbnail(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<Option<Vec<u8>>, InspectError> {
        let _turn = self.turn();
        let file = MediaFile::open_known(path, known, &self.tools, &self.limits, stop);
        let picture =
            file.and_then(|file| file.thumbnail(THUMBNAIL_PX, stop)).map_err(|fault| error(&fault))?;
        Ok(picture.map(|picture| small(&picture, None)).transpose()?.map(|thumbnail| thumbnail.jpeg))
    }

    fn illustrate(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<Vec<Thumbnail>, InspectError> {
        let _turn = self.turn();
        let read = |fault: MediaError| error(&fault);
        let file = MediaFile::open_known(path, known, &self.tools, &self.limits, stop).map_err(read)?;
        if file.facts.kind != MediaKind::Video {
            let picture = file.thumbnail(THUMBNAIL_PX, stop).map_err(read)?;
            return picture.iter().map(|picture| small(picture, None)).collect();
        }
        let frames = file.frames(&STRIP, stop).map_err(read)?;
        frames
            .map(|frame| frame.map_err(read).and_then(|frame| small(&frame.picture, Some(frame.time_ms))))
            .collect()
    }
}

fn small(picture: &Picture, time_ms: Option<u64>) -> Result<Thumbnail, InspectError> {
    let jpeg = picture.to_jpeg().map_err(|fault| InspectError {
        code: ErrorCode::UnreadableMedia,
        message: fault.to_string(),
        hint: None,
    })?;
    Ok(Thumbnail { time_ms, width_px: picture.width_px, height_px: picture.height_px, jpeg })
}

/// Words for whoever sent the file: the path of our copy says nothing to them.
fn error(error: &MediaError) -> InspectError {
    let message = match error {
        MediaError::Io { source, .. } => {
            tracing::error!(%error, cause = %source, "an uploaded file could not be read back");
            "the stored copy of the file could not be read".to_owned()
        }
        other => other.to_string(),
    };
    InspectError { code: error.code(), hint: error.hint(), message }
}
