//! Frames of a video, picked by time, with exact time stamps, upright, in a bounded stream.
//!
//! First the packets are listed (no decoding), then [`plan`] chooses frames and the cheapest way to them, then
//! [`decode`] runs one ffmpeg after the other. Nothing here ever holds more than a few frames. Interlaced
//! frames stay as they are: mixing their fields would invent pixels.

mod decode;
mod filter;
mod plan;
mod stream;

use dk_app::StopToken;

pub use stream::Frames;

use crate::file::{MediaFile, Source};
use crate::probe::VideoStream;
use crate::{MediaError, Picture};

/// One frame of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which frame of the stream it is, counted from 0 in the order of showing.
    pub index: u32,
    /// When it is shown, on the clock of the file, whose start is 0.
    pub time_ms: u64,
    /// The pixels, upright, with square samples.
    pub picture: Picture,
    /// The run of consecutive frames that it belongs to; `None` for a frame that stands alone.
    pub window: Option<u32>,
}

/// Which frames are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramePlan {
    /// Up to so many frames spread over the whole length.
    pub spread: usize,
    /// So many are enough where they come much cheaper, that is, where only key frames need decoding.
    pub min_spread: usize,
    /// So many runs of consecutive frames, spread over the whole length.
    pub windows: usize,
    /// Length of a run in frames; a shorter video gives one shorter run.
    pub window_frames: usize,
    /// Frames are scaled down, never up, until the longer side is at most this.
    pub max_side_px: u32,
}

impl Default for FramePlan {
    fn default() -> Self {
        Self { spread: 32, min_spread: 8, windows: 0, window_frames: 0, max_side_px: 1280 }
    }
}

impl MediaFile {
    /// Begins to decode the frames that `plan` wants: first the spread ones by time, then run after run.
    pub fn frames(&self, plan: &FramePlan, stop: &StopToken) -> Result<Frames, MediaError> {
        let streams = self.streams().ok_or(MediaError::NoVideo)?;
        let video = streams.video.as_ref().ok_or(MediaError::NoVideo)?;
        // Missing tools are reported here, not by the first frame.
        self.source.tools.ffmpeg()?;
        let packets = self.packets(video, stop)?;
        let passes = plan::passes(&packets, plan, plan::Costs::of(video));
        let job = decode::Job {
            source: self.source.clone(),
            video: video.clone(),
            packets,
            start_secs: streams.start_secs,
            max_side_px: plan.max_side_px.max(1),
        };
        Ok(stream::start(job, passes, stop))
    }
}

/// The only frame of a coded picture, at full size.
pub(crate) fn one(source: &Source, video: &VideoStream, stop: &StopToken) -> Result<Picture, MediaError> {
    decode::still(source, video, stop)
}
