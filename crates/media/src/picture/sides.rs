//! From whatever a decoder gives to eight-bit RGB.

use image::DynamicImage;

use super::Picture;

/// Lays transparent pixels on white and scales deeper samples to eight bits.
pub(crate) fn drop_alpha(image: DynamicImage) -> Picture {
    let (width_px, height_px) = (image.width(), image.height());
    let rgb = if image.color().has_alpha() {
        let rgba = image.into_rgba8().into_raw();
        rgba.chunks_exact(4)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]].map(|c| on_white(c, pixel[3])))
            .collect()
    } else {
        image.into_rgb8().into_raw()
    };
    Picture { width_px, height_px, rgb }
}

fn on_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    let mixed = (sample * alpha + 255 * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_is_white_and_opaque_is_itself() {
        assert_eq!([on_white(9, 0), on_white(9, 255), on_white(0, 128)], [255, 9, 127]);
    }
}
