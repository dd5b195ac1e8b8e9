//! Pictures are changed in pure Rust, from their upright pixels.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder as _, ImageResult, RgbImage};

use super::ChangeError;
use crate::Picture;

/// A smaller picture is none.
const LEAST_SIDE_PX: u32 = 8;

/// Cropped first, then scaled, then saved.
#[derive(Debug)]
pub(super) struct Steps {
    /// Share of each side that stays, from the middle.
    pub(super) keep: f64,
    pub(super) scale: Scale,
    pub(super) save: Save,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Scale {
    No,
    /// Both sides by this.
    By(f64),
    /// The longer side to this where it is longer.
    Longest(u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Save {
    /// With this quality, 1 to 100.
    Jpeg(u8),
    Png,
}

impl Steps {
    pub(super) fn apply(&self, picture: Picture) -> Result<Vec<u8>, ChangeError> {
        let (width_px, height_px) = (picture.width_px, picture.height_px);
        let too_small = || ChangeError::TooSmall { width_px, height_px };
        // Pixels that are as many as the sides say: the buffer always fits.
        let mut pixels = RgbImage::from_raw(width_px, height_px, picture.rgb).ok_or_else(too_small)?;
        if self.keep < 1.0 {
            let (width, height) = (by(width_px, self.keep), by(height_px, self.keep));
            pixels =
                imageops::crop_imm(&pixels, (width_px - width) / 2, (height_px - height) / 2, width, height)
                    .to_image();
        }
        let factor = match self.scale {
            Scale::No => 1.0,
            Scale::By(factor) => factor,
            Scale::Longest(most) => (f64::from(most) / f64::from(width_px.max(height_px))).min(1.0),
        };
        let (width, height) = (by(pixels.width(), factor), by(pixels.height(), factor));
        if width.min(height) < LEAST_SIDE_PX {
            return Err(too_small());
        }
        if factor < 1.0 {
            pixels = imageops::resize(&pixels, width, height, FilterType::CatmullRom);
        }
        self.save.encode(&pixels).map_err(|error| ChangeError::Encoder { said: error.to_string() })
    }
}

fn by(side: u32, factor: f64) -> u32 {
    ((f64::from(side) * factor).round() as u32).max(1)
}

impl Save {
    fn encode(self, pixels: &RgbImage) -> ImageResult<Vec<u8>> {
        let mut bytes = Vec::new();
        let (width, height) = pixels.dimensions();
        match self {
            Self::Jpeg(quality) => JpegEncoder::new_with_quality(&mut bytes, quality).write_image(
                pixels,
                width,
                height,
                ExtendedColorType::Rgb8,
            )?,
            Self::Png => {
                PngEncoder::new(&mut bytes).write_image(pixels, width, height, ExtendedColorType::Rgb8)?;
            }
        }
        Ok(bytes)
    }
}
