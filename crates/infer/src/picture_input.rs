//! From a picture to the tensor that a net expects: resize, crop, colour order, scaling.

use dk_media::Picture;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeError, ResizeOptions, Resizer};

use crate::engine::Tensor;
use crate::package::{Colour, Filter, Layout, PictureRule, Resize};

/// A region of a picture in whole pixels, inside its borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// Why a picture could not be brought to size.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResizePictureError {
    #[error("a picture of {0}x{1} pixels cannot be resized")]
    Buffer(u32, u32),
    #[error("cannot resize a picture")]
    Resize(#[from] ResizeError),
}

/// Resizes in the two-pass 8-bit arithmetic that Pillow uses; keeps the picture as it is where nothing
/// changes.
pub(crate) fn resize(
    picture: &Picture,
    width: u32,
    height: u32,
    filter: Filter,
) -> Result<Picture, ResizePictureError> {
    if (picture.width_px, picture.height_px) == (width, height) {
        return Ok(picture.clone());
    }
    let wrong = |_| ResizePictureError::Buffer(picture.width_px, picture.height_px);
    let source =
        ImageRef::new(picture.width_px, picture.height_px, &picture.rgb, PixelType::U8x3).map_err(wrong)?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let filter = match filter {
        Filter::Bicubic => FilterType::CatmullRom,
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Lanczos => FilterType::Lanczos3,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut target, &options)?;
    Ok(Picture { width_px: width, height_px: height, rgb: target.into_vec() })
}

/// Cuts a region out. A region that leaves the picture is filled up with black.
pub(crate) fn crop(picture: &Picture, left: i64, top: i64, width: u32, height: u32) -> Picture {
    let mut rgb = vec![0; width as usize * height as usize * 3];
    let (picture_width, picture_height) = (i64::from(picture.width_px), i64::from(picture.height_px));
    let first = left.max(0);
    let last = (left + i64::from(width)).min(picture_width);
    if first < last {
        for row in 0..i64::from(height) {
            let y = top + row;
            if !(0..picture_height).contains(&y) {
                continue;
            }
            let from = index(y * picture_width + first);
            let to = index(row * i64::from(width) + first - left);
            let length = index(last - first);
            rgb[to..to + length].copy_from_slice(&picture.rgb[from..from + length]);
        }
    }
    Picture { width_px: width, height_px: height, rgb }
}

/// Byte offset of a pixel. Offsets inside a picture are never negative and fit.
fn index(pixel: i64) -> usize {
    usize::try_from(pixel * 3).unwrap_or(0)
}

/// The tensor of one picture, of shape `[1, …]`.
pub(crate) fn tensor(picture: &Picture, rule: &PictureRule) -> Result<Tensor, ResizePictureError> {
    let fitted = match rule.resize {
        Resize::Stretch => resize(picture, rule.width_px, rule.height_px, rule.filter)?,
        Resize::Crop => {
            let left = middle(picture.width_px, rule.width_px);
            let top = middle(picture.height_px, rule.height_px);
            crop(picture, left, top, rule.width_px, rule.height_px)
        }
        Resize::ShortSideCrop => {
            let middle = middle_of_thin(picture);
            let picture = middle.as_ref().unwrap_or(picture);
            let (width, height) = short_side_size(picture, rule);
            let whole = resize(picture, width, height, rule.filter)?;
            let left = (i64::from(width) - i64::from(rule.width_px)) / 2;
            let top = (i64::from(height) - i64::from(rule.height_px)) / 2;
            crop(&whole, left, top, rule.width_px, rule.height_px)
        }
    };
    Ok(fill(&fitted, rule))
}

/// Where a cut of a length begins, as torchvision's `CenterCrop` has it: halves go to the even number, and of black around
/// a smaller picture the odd row goes behind it.
fn middle(length: u32, cut: u32) -> i64 {
    let (length, cut) = (i64::from(length), i64::from(cut));
    if length < cut { -((cut - length) / 2) } else { ((length - cut) as f64 / 2.0).round_ties_even() as i64 }
}

/// Beyond this ratio of the sides only the middle is resized: nothing else is kept afterwards, and a thin
/// picture would become a huge one.
const MAX_RATIO: u32 = 8;

fn middle_of_thin(picture: &Picture) -> Option<Picture> {
    let (width, height) = (picture.width_px, picture.height_px);
    let longest = width.min(height).saturating_mul(MAX_RATIO);
    let (keep_x, keep_y) = (width.min(longest), height.min(longest));
    let thin = (keep_x, keep_y) != (width, height);
    let (left, top) = (i64::from((width - keep_x) / 2), i64::from((height - keep_y) / 2));
    thin.then(|| crop(picture, left, top, keep_x, keep_y))
}

/// The size at which the shorter side fits, halves rounded to even as Python does.
fn short_side_size(picture: &Picture, rule: &PictureRule) -> (u32, u32) {
    let (width, height) = (f64::from(picture.width_px), f64::from(picture.height_px));
    let scale = (f64::from(rule.width_px) / width).max(f64::from(rule.height_px) / height);
    let side = |length: f64, least: u32| ((length * scale).round_ties_even() as u32).max(least);
    (side(width, rule.width_px), side(height, rule.height_px))
}

fn fill(picture: &Picture, rule: &PictureRule) -> Tensor {
    let pixels = picture.width_px as usize * picture.height_px as usize;
    let mut values = vec![0.0; pixels * 3];
    let source = match rule.colour {
        Colour::Rgb => [0, 1, 2],
        Colour::Bgr => [2, 1, 0],
    };
    for (pixel, rgb) in picture.rgb.chunks_exact(3).enumerate() {
        for channel in 0..3 {
            let value =
                (f32::from(rgb[source[channel]]) * rule.scale - rule.mean[channel]) / rule.std[channel];
            let at = match rule.layout {
                Layout::Nchw => channel * pixels + pixel,
                Layout::Nhwc => pixel * 3 + channel,
            };
            values[at] = value;
        }
    }
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let shape = match rule.layout {
        Layout::Nchw => vec![1, 3, height, width],
        Layout::Nhwc => vec![1, height, width, 3],
    };
    Tensor::F32(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: u32, height: u32) -> Picture {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7])).collect();
        Picture { width_px: width, height_px: height, rgb }
    }

    #[test]
    fn a_crop_beyond_the_border_is_black_there_and_right_inside() {
        let cut = crop(&gradient(4, 4), -1, 3, 3, 2);
        assert_eq!(cut.rgb[0..3], [0, 0, 0]);
        assert_eq!(cut.rgb[3..9], [0, 3, 7, 1, 3, 7]);
        assert_eq!(cut.rgb[9..], [0; 9]);
        assert_eq!(crop(&gradient(4, 4), 10, 10, 2, 2).rgb, [0; 12]);
    }

    #[test]
    fn of_a_thin_picture_only_the_middle_is_resized() {
        let middle = middle_of_thin(&gradient(200, 2)).unwrap();
        assert_eq!((middle.width_px, middle.height_px), (16, 2));
        assert_eq!(middle.rgb[0], 92);
        assert!(middle_of_thin(&gradient(16, 2)).is_none());
    }

    #[test]
    fn a_cut_without_resizing_begins_where_the_publishers_code_begins() {
        // (length, cut, first row) of torchvision.transforms.functional.center_crop.
        for (length, cut, first) in [
            (10, 4, 3),
            (7, 4, 2),
            (9, 4, 2),
            (11, 4, 4),
            (13, 4, 4),
            (4, 4, 0),
            (3, 4, 0),
            (1, 4, -1),
            (2, 5, -1),
        ] {
            assert_eq!(middle(length, cut), first, "{cut} of {length}");
        }
        let rule = PictureRule { resize: Resize::Crop, ..rule(4, 2) };
        let cut = tensor(&gradient(7, 1), &rule).unwrap();
        // Two rows for a picture of one: the second is black.
        assert_eq!(cut.as_floats().unwrap()[..8], [2., 3., 4., 5., 0., 0., 0., 0.]);
    }

    fn rule(width_px: u32, height_px: u32) -> PictureRule {
        PictureRule {
            width_px,
            height_px,
            resize: Resize::ShortSideCrop,
            filter: Filter::Bicubic,
            colour: Colour::Rgb,
            layout: Layout::Nchw,
            scale: 1.0,
            mean: [0.0; 3],
            std: [1.0; 3],
        }
    }

    #[test]
    fn the_middle_is_kept_and_colours_and_axes_follow_the_rule() {
        let mut rule = PictureRule { colour: Colour::Bgr, ..rule(2, 2) };
        let planes = tensor(&gradient(6, 2), &rule).unwrap();
        assert_eq!(planes.shape(), [1, 3, 2, 2]);
        assert_eq!(planes.as_floats().unwrap(), [7., 7., 7., 7., 0., 0., 1., 1., 2., 3., 2., 3.]);
        rule.layout = Layout::Nhwc;
        rule.colour = Colour::Rgb;
        let rows = tensor(&gradient(6, 2), &rule).unwrap();
        assert_eq!(rows.as_floats().unwrap()[..6], [2., 0., 7., 3., 0., 7.]);
    }
}
