//! Reads ffprobe's JSON. Every number in it comes from the file and is taken for a lie until checked.

use serde::Deserialize;

use super::turn::Turn;
use super::{AudioStream, Streams, VideoStream};
use crate::MediaError;
use crate::limits::Limits;

/// Seconds per tick of a stream's clock, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeBase {
    pub(crate) num: u32,
    pub(crate) den: u32,
}

impl TimeBase {
    /// Ticks in seconds.
    pub(crate) fn secs(self, ticks: i64) -> f64 {
        ticks as f64 * f64::from(self.num) / f64::from(self.den)
    }

    fn parse(text: &str) -> Option<Self> {
        let (num, den) = text.split_once('/')?;
        let (num, den) = (num.parse().ok()?, den.parse().ok()?);
        (num > 0 && den > 0).then_some(Self { num, den })
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    duration: Option<String>,
    start_time: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    codec_type: Option<String>,
    codec_name: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    pix_fmt: Option<String>,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    time_base: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    bits_per_raw_sample: Option<String>,
    color_transfer: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u16>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Deserialize, Default)]
struct Disposition {
    #[serde(default)]
    default: u8,
    #[serde(default)]
    attached_pic: u8,
    #[serde(default)]
    timed_thumbnails: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
    displaymatrix: Option<String>,
}

pub(crate) fn read(json: &[u8], format: &str, limits: &Limits) -> Result<Streams, MediaError> {
    let answer: Answer = serde_json::from_slice(json).map_err(|reason| MediaError::Damaged {
        format: format.to_owned(),
        detail: format!("ffprobe's answer cannot be read: {reason}"),
    })?;
    if answer.streams.len() > limits.max_streams {
        return Err(MediaError::TooManyStreams { streams: answer.streams.len(), limit: limits.max_streams });
    }
    let video =
        chosen(&answer.streams, "video").map(|stream| video_stream(stream, format, limits)).transpose()?;
    let audio = match (chosen(&answer.streams, "audio"), &video) {
        (None, _) => None,
        (Some(stream), None) => Some(audio_stream(stream, format)?),
        // Sound that cannot be decoded is no reason to leave the pictures unseen; who asks for it is told.
        (Some(stream), Some(_)) => {
            Some(audio_stream(stream, format).or_else(|_| unreadable_audio(stream, format))?)
        }
    };
    if video.is_none() && audio.is_none() {
        return Err(MediaError::NoStreams { format: format.to_owned() });
    }
    let lengths = answer.streams.iter().map(|stream| stream.duration.as_ref());
    let lengths = lengths.chain([answer.format.as_ref().and_then(|format| format.duration.as_ref())]);
    let longest_secs = lengths.filter_map(secs).fold(0.0, f64::max);
    let duration_ms = millis(longest_secs).filter(|&ms| ms > 0);
    check_length(duration_ms.unwrap_or_default(), limits)?;
    let start_secs =
        answer.format.as_ref().and_then(|format| secs(format.start_time.as_ref())).unwrap_or_default();
    Ok(Streams { video, audio, start_secs, duration_ms })
}

pub(super) fn check_length(duration_ms: u64, limits: &Limits) -> Result<(), MediaError> {
    if duration_ms > limits.max_duration_ms {
        return Err(MediaError::TooLong { duration_ms, limit_ms: limits.max_duration_ms });
    }
    Ok(())
}

/// The default stream of a kind, else the first. Cover art and thumbnails are no video.
fn chosen<'a>(streams: &'a [Stream], kind: &str) -> Option<&'a Stream> {
    let fits = |stream: &&Stream| {
        let still = stream.disposition.attached_pic != 0 || stream.disposition.timed_thumbnails != 0;
        stream.codec_type.as_deref() == Some(kind) && !still
    };
    let default = |stream: &&Stream| fits(stream) && stream.disposition.default != 0;
    streams.iter().find(default).or_else(|| streams.iter().find(fits))
}

fn video_stream(stream: &Stream, format: &str, limits: &Limits) -> Result<VideoStream, MediaError> {
    let codec = codec(stream, format)?;
    let (Some(width_px @ 1..), Some(height_px @ 1..)) = (stream.width, stream.height) else {
        let detail = "the size of the picture is unknown".to_owned();
        return Err(MediaError::Damaged { format: format.to_owned(), detail });
    };
    let turn = stream.side_data_list.iter().find_map(|side| {
        let by_matrix = side.displaymatrix.as_deref().and_then(Turn::from_matrix);
        by_matrix.or_else(|| side.rotation.map(Turn::from_rotation))
    });
    let video = VideoStream {
        index: stream.index,
        codec,
        width_px,
        height_px,
        sample_aspect: sample_aspect(stream.sample_aspect_ratio.as_deref()),
        turn: turn.unwrap_or_default(),
        fps: stream.avg_frame_rate.as_deref().and_then(ratio('/')).filter(|fps| *fps <= 1000.0),
        bit_depth: bit_depth(stream),
        high_range: matches!(stream.color_transfer.as_deref(), Some("smpte2084" | "arib-std-b67")),
        time_base: time_base(stream, format)?,
    };
    let (wide_px, high_px) = video.shown_px();
    limits.check_size(width_px, height_px)?;
    limits.check_size(wide_px, high_px)?;
    Ok(video)
}

fn audio_stream(stream: &Stream, format: &str) -> Result<AudioStream, MediaError> {
    let rate = stream.sample_rate.as_deref().and_then(|rate| rate.parse().ok());
    let (Some(sample_rate_hz @ 1..), Some(channels @ 1..)) = (rate, stream.channels) else {
        let detail = "the sample rate of the sound is unknown".to_owned();
        return Err(MediaError::Damaged { format: format.to_owned(), detail });
    };
    Ok(AudioStream {
        index: stream.index,
        codec: codec(stream, format)?,
        sample_rate_hz,
        channels,
        start_secs: secs(stream.start_time.as_ref()),
        time_base: time_base(stream, format)?,
    })
}

fn unreadable_audio(stream: &Stream, format: &str) -> Result<AudioStream, MediaError> {
    Ok(AudioStream {
        index: stream.index,
        codec: "unknown".to_owned(),
        sample_rate_hz: stream.sample_rate.as_deref().and_then(|rate| rate.parse().ok()).unwrap_or(0),
        channels: stream.channels.unwrap_or(0),
        start_secs: secs(stream.start_time.as_ref()),
        time_base: time_base(stream, format)?,
    })
}

fn codec(stream: &Stream, format: &str) -> Result<String, MediaError> {
    let known = stream.codec_name.clone().filter(|name| name != "unknown" && name != "none");
    known.ok_or_else(|| MediaError::Unsupported {
        format: format!("{format} with a codec that ffmpeg does not know"),
    })
}

fn time_base(stream: &Stream, format: &str) -> Result<TimeBase, MediaError> {
    stream.time_base.as_deref().and_then(TimeBase::parse).ok_or_else(|| MediaError::Damaged {
        format: format.to_owned(),
        detail: "a stream has no clock".to_owned(),
    })
}

/// A ratio that nobody uses on purpose is taken for square.
fn sample_aspect(text: Option<&str>) -> f64 {
    text.and_then(ratio(':')).filter(|aspect| (0.25..=4.0).contains(aspect)).unwrap_or(1.0)
}

fn ratio(sign: char) -> impl Fn(&str) -> Option<f64> {
    move |text| {
        let (top, bottom) = text.split_once(sign)?;
        let (top, bottom): (f64, f64) = (top.parse().ok()?, bottom.parse().ok()?);
        Some(top / bottom).filter(|ratio| ratio.is_finite() && *ratio > 0.0)
    }
}

fn bit_depth(stream: &Stream) -> u8 {
    let stated = stream.bits_per_raw_sample.as_deref().and_then(|bits| bits.parse().ok());
    let stated = stated.filter(|bits| (1..=32).contains(bits));
    // Pixel formats end in their depth and byte order: yuv420p10le, p010le, gbrp12be.
    let name = stream.pix_fmt.as_deref().unwrap_or_default();
    let name = name.strip_suffix("le").or_else(|| name.strip_suffix("be")).unwrap_or("");
    let by_name = [9, 10, 12, 14, 16].into_iter().find(|bits: &u8| name.ends_with(&bits.to_string()));
    stated.or(by_name).unwrap_or(8)
}

fn secs(text: Option<&String>) -> Option<f64> {
    text?.parse().ok().filter(|secs: &f64| secs.is_finite())
}

/// `None` below zero; what is absurdly long stays long enough to be refused.
pub(crate) fn millis(secs: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked for sign, and the cast saturates"
    )]
    (secs >= 0.0).then_some((secs * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Streams, MediaError> {
        read(json.as_bytes(), "mp4", &Limits::default())
    }

    const VIDEO: &str = r#"{"index":0,"codec_type":"video","codec_name":"h264","width":640,"height":480,
        "time_base":"1/90000","avg_frame_rate":"30/1"SIDE}"#;

    fn file(streams: &str, duration: &str) -> String {
        format!(r#"{{"streams":[{streams}],"format":{{"duration":"{duration}"}}}}"#)
    }

    #[test]
    fn numbers_out_of_this_world_do_no_harm() {
        for duration in ["-1", "nan", "inf", "1e308", "", "0"] {
            let result = parse(&file(&VIDEO.replace("SIDE", ""), duration));
            match duration {
                "1e308" => assert!(matches!(result, Err(MediaError::TooLong { .. }))),
                _ => assert_eq!(result.expect(duration).duration_ms, None, "{duration}"),
            }
        }
        let wide = VIDEO.replace("640", "4000000000").replace("SIDE", "");
        assert!(matches!(parse(&file(&wide, "1")), Err(MediaError::TooManyPixels { .. })));
        let clockless = VIDEO.replace("1/90000", "0/0").replace("SIDE", "");
        assert!(matches!(parse(&file(&clockless, "1")), Err(MediaError::Damaged { .. })));
        assert!(matches!(parse("{}"), Err(MediaError::NoStreams { .. })));
        assert!(matches!(parse("not json"), Err(MediaError::Damaged { .. })));
    }

    #[test]
    fn the_shown_size_follows_turn_and_sample_shape() {
        let side = r#","sample_aspect_ratio":"2:1","side_data_list":[{"rotation":-90}]"#;
        let streams = parse(&file(&VIDEO.replace("SIDE", side), "1")).expect("valid");
        assert_eq!(streams.video.expect("has video").shown_px(), (480, 1280));
    }

    #[test]
    fn cover_art_is_no_video() {
        let cover = VIDEO.replace("SIDE", r#","disposition":{"attached_pic":1}"#);
        assert!(matches!(parse(&file(&cover, "1")), Err(MediaError::NoStreams { .. })));
    }

    #[test]
    fn the_depth_is_read_from_the_pixel_format_where_it_is_not_stated() {
        let depth = |name: &str| {
            let side = format!(r#","pix_fmt":"{name}""#);
            parse(&file(&VIDEO.replace("SIDE", &side), "1"))
                .expect("valid")
                .video
                .expect("has video")
                .bit_depth
        };
        assert_eq!(["yuv420p", "yuv420p10le", "p010le", "gbrp12be", "nv12"].map(depth), [8, 10, 10, 12, 8]);
    }
}
