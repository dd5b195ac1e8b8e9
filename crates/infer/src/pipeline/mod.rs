//! The closed list of ways to judge a file, one file each.

pub(crate) mod audio_visual;
mod audio_windows;
pub(crate) mod face_classifier;
pub(crate) mod frame_sequence;
pub(crate) mod image_classifier;
mod landmark_form;
pub(crate) mod provenance;
mod windows;

pub(crate) use audio_visual::{LipReader, LipSync};
pub(crate) use audio_windows::{AudioWindows, Heard, RATE_HZ};
pub(crate) use face_classifier::FaceClassifier;
pub(crate) use frame_sequence::FrameSequence;
pub(crate) use image_classifier::ImageClassifier;

use dk_domain::{FrameScore, Span, Track};

use crate::judge::Reading;

/// Frames whose probability stands out, each with half the way to its neighbours.
fn frame_spans(frames: &[FrameScore], track: Track, reading: &Reading) -> Vec<Span> {
    // A single frame has no neighbours, so nobody knows how long what it shows lasts.
    if frames.len() < 2 {
        return Vec::new();
    }
    let half_way = |a: u64, b: u64| u64::midpoint(a, b);
    frames
        .iter()
        .enumerate()
        .filter_map(|(at, frame)| {
            let probability = frame.probability.filter(|p| reading.stands_out(*p))?;
            let before = at.checked_sub(1).and_then(|i| frames.get(i));
            let start_ms = before.map_or(frame.time_ms, |other| half_way(other.time_ms, frame.time_ms));
            let end_ms =
                frames.get(at + 1).map_or(frame.time_ms, |other| half_way(frame.time_ms, other.time_ms));
            Some(Span { start_ms, end_ms, track, probability })
        })
        .collect()
}

/// Neighbouring spans are joined over a gap of one sampling step, so that one clean frame does not cut a
/// suspicious passage in two.
fn step_ms(frames: &[FrameScore]) -> u64 {
    match (frames.first(), frames.last()) {
        (Some(first), Some(last)) if frames.len() > 1 => {
            (last.time_ms - first.time_ms.min(last.time_ms)) / (frames.len() as u64 - 1)
        }
        _ => 0,
    }
}
