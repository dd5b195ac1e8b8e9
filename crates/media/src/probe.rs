//! What ffprobe says about a container, checked against the limits before anything is decoded.

mod answer;
mod packets;
mod turn;

use dk_app::StopToken;

use crate::error::MediaError;
use crate::file::Source;
use crate::tools::{blame, input_options, tool_error};

pub(crate) use answer::{TimeBase, millis, read as read_answer};
pub(crate) use packets::{Packets, Stamp};
pub(crate) use turn::Turn;

/// The streams that are judged, and the clock that they share.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    /// The video stream that is judged.
    pub(crate) video: Option<VideoStream>,
    /// The sound that is judged.
    pub(crate) audio: Option<AudioStream>,
    /// The time at which the file begins, in seconds on the file's own clock.
    pub(crate) start_secs: f64,
    /// The length that the file states.
    pub(crate) duration_ms: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct VideoStream {
    pub(crate) index: u32,
    pub(crate) codec: String,
    /// As stored.
    pub(crate) width_px: u32,
    /// As stored.
    pub(crate) height_px: u32,
    /// Width over height of one sample.
    pub(crate) sample_aspect: f64,
    pub(crate) turn: Turn,
    pub(crate) fps: Option<f64>,
    pub(crate) bit_depth: u8,
    /// The light is coded for high dynamic range (PQ or HLG).
    pub(crate) high_range: bool,
    pub(crate) time_base: TimeBase,
}

#[derive(Debug, Clone)]
pub(crate) struct AudioStream {
    pub(crate) index: u32,
    pub(crate) codec: String,
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: u16,
    pub(crate) start_secs: Option<f64>,
    pub(crate) time_base: TimeBase,
}

impl VideoStream {
    /// Size as shown: samples made square, then turned.
    pub(crate) fn shown_px(&self) -> (u32, u32) {
        let wide = f64::from(self.width_px) * self.sample_aspect;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float to integer cast saturates"
        )]
        let width_px = (wide.round() as u32).max(1);
        if self.turn.swaps_sides() { (self.height_px, width_px) } else { (width_px, self.height_px) }
    }
}

const ENTRIES: &str = "format=duration,start_time\
    :stream=index,codec_type,codec_name,width,height,pix_fmt,sample_aspect_ratio,avg_frame_rate,time_base,\
    start_time,duration,bits_per_raw_sample,color_transfer,sample_rate,channels\
    :stream_disposition=default,attached_pic,timed_thumbnails\
    :stream_side_data=rotation,displaymatrix";

/// Asks ffprobe once; the answer is bounded and holds no tag of the file.
pub(crate) fn probe(source: &Source, stop: &StopToken) -> Result<Streams, MediaError> {
    let mut args = vec!["-v".into(), "error".into()];
    args.extend(input_options(source.container.demuxer));
    args.extend(["-show_entries", ENTRIES, "-of", "json=compact=1", "-i"].map(Into::into));
    args.push(source.input());
    let output = source
        .tools
        .ffprobe()?
        .args(args)
        .limits(source.limits.probing())
        .stdin_file(source.reopen()?)
        .run(stop)
        .map_err(|error| tool_error("ffprobe", error))?;
    if !output.success {
        return Err(blame(source.container.name, &output, &source.limits));
    }
    answer::read(&output.stdout, source.container.name, &source.limits)
}
