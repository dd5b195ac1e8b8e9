//! One small picture of what is to be seen in a file, for lists and players.

use dk_app::StopToken;
use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::file::Inside;
use crate::{FramePlan, MediaError, MediaFile, Picture};

/// The first of five frames at the middles of equal parts is that at a tenth of the length: a beginning is often black.
const SPREAD: usize = 5;

impl MediaFile {
    /// What is to be seen, upright, its longer side at most `max_side_px`: a picture itself, or a frame near a tenth of
    /// the length. `None` for a sound.
    pub fn thumbnail(&self, max_side_px: u32, stop: &StopToken) -> Result<Option<Picture>, MediaError> {
        if let Inside::Picture(_) | Inside::CodedPicture(_) = &self.inside {
            return self.picture(stop).map(|picture| Some(shrunk(picture, max_side_px)));
        }
        if self.facts.video.is_none() {
            return Ok(None);
        }
        let plan =
            FramePlan { spread: SPREAD, min_spread: SPREAD, windows: 0, window_frames: 0, max_side_px };
        // The others are not waited for: the decoder ends with the stream.
        let first = self.frames(&plan, stop)?.next().transpose()?;
        Ok(first.map(|frame| frame.picture))
    }
}

/// Scales a picture down, never up.
fn shrunk(picture: Picture, max_side_px: u32) -> Picture {
    let (width, height) = (picture.width_px, picture.height_px);
    let longest = width.max(height);
    if longest <= max_side_px {
        return picture;
    }
    let side = |side: u32| {
        let scaled = u64::from(side) * u64::from(max_side_px) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(max_side_px).max(1)
    };
    // Pixels that are as many as the sides say: the buffer always fits.
    let Some(whole) = RgbImage::from_raw(width, height, picture.rgb) else {
        return Picture { width_px: 0, height_px: 0, rgb: Vec::new() };
    };
    // A quick coarse step first: a filter over a hundred million pixels would take seconds.
    let (width, height) = (side(width), side(height));
    let coarse =
        if longest / 4 > max_side_px { imageops::thumbnail(&whole, width * 2, height * 2) } else { whole };
    let small = imageops::resize(&coarse, width, height, FilterType::Triangle);
    Picture { width_px: width, height_px: height, rgb: small.into_raw() }
}
