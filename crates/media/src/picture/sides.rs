//! From whatever a decoder gives to eight-bit RGB.

use image::DynamicImage;

use super::Picture;

/// Leaves transparency out and scales deeper samples to eight bits. The colours under transparent pixels
/// are kept as they are stored, which is also what the publishers of picture models do.
pub(crate) fn drop_alpha(image: DynamicImage) -> Picture {
    let (width_px, height_px) = (image.width(), image.height());
    Picture { width_px, height_px, rgb: image.into_rgb8().into_raw() }
}
