//! A picture as a JPEG, for reports.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use crate::Picture;

/// Good enough to look at, small enough to put many into one page.
const QUALITY: u8 = 80;

/// A picture that cannot be written as a JPEG: no pixels, or a side above 65,535.
#[derive(Debug, thiserror::Error)]
#[error("a picture of {width_px} x {height_px} pixels cannot be written as JPEG")]
pub struct JpegError {
    width_px: u32,
    height_px: u32,
}

impl Picture {
    /// The picture as a baseline JPEG.
    pub fn to_jpeg(&self) -> Result<Vec<u8>, JpegError> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .encode(&self.rgb, self.width_px, self.height_px, ExtendedColorType::Rgb8)
            .map_err(|_| JpegError { width_px: self.width_px, height_px: self.height_px })?;
        Ok(bytes)
    }
}
