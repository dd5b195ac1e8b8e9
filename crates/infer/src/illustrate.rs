//! Small pictures and a loudness curve for a report.

use dk_app::Thumbnail;
use dk_media::Picture;

use crate::package::Filter;
use crate::picture_input::resize;

const MAX_SIDE_PX: u32 = 480;
const PEAKS: u64 = 400;

/// A small JPEG of a picture; none where it cannot be made, because a report without it is still right.
pub(crate) fn thumbnail(picture: &Picture, time_ms: Option<u64>) -> Option<Thumbnail> {
    let longer = picture.width_px.max(picture.height_px);
    let scale = f64::from(MAX_SIDE_PX.min(longer)) / f64::from(longer);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let small = resize(picture, side(picture.width_px), side(picture.height_px), Filter::Bilinear).ok()?;
    let jpeg = small.to_jpeg().ok()?;
    Some(Thumbnail { time_ms, width_px: small.width_px, height_px: small.height_px, jpeg })
}

/// The loudest sample of each of a few hundred equal parts.
pub(crate) struct Peaks {
    samples_each: usize,
    in_part: usize,
    parts: Vec<f32>,
}

impl Peaks {
    pub(crate) fn new(duration_ms: Option<u64>) -> Self {
        let samples = duration_ms.unwrap_or(60_000) * 16;
        Self {
            samples_each: usize::try_from(samples.div_ceil(PEAKS)).unwrap_or(1).max(1),
            in_part: 0,
            parts: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, samples: &[f32]) {
        for sample in samples {
            if self.in_part == 0 {
                self.parts.push(0.0);
            }
            if let Some(last) = self.parts.last_mut() {
                *last = last.max(sample.abs()).min(1.0);
            }
            self.in_part = (self.in_part + 1) % self.samples_each;
        }
    }

    /// A file that is longer than it said has more parts; neighbours are joined.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        while self.parts.len() as u64 > 2 * PEAKS {
            self.parts = self.parts.chunks(2).map(|pair| pair.iter().copied().fold(0.0, f32::max)).collect();
        }
        self.parts
    }
}
