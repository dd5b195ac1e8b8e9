//! The open watermark of Stable Diffusion, SDXL and FLUX.1: a fixed text of bits, written into the colour of the picture
//! by the method `dwtDct` of the package invisible-watermark (ShieldMnt, MIT). Read by code of our own after that
//! method: a Haar transform of the U channel, then of every 4×4 block the largest coefficient but the first, modulo 36.
//!
//! How sure: under chance each bit agrees with probability 1/2, so `k` of `n` bits agree with probability
//! `sum(i = k..n) C(n, i) / 2^n`. The thresholds below make that 5.0e-8 for each text of 48 bits and 1.4e-7 for the one of 136 bits,
//! 2.4e-7 for all three together. Cropping, scaling and strong compression remove the mark.

use dk_domain::{Trace, TraceKind};

/// A smaller picture has too few blocks; a larger one does not come from these generators as it is.
const MIN_SIDE_PX: usize = 256;
/// Pixels of the largest picture that is looked at.
pub const MAX_PIXELS: u64 = 8_500_000;
const SCALE: f32 = 36.0;

/// A known text.
struct Mark {
    generator: &'static str,
    source: &'static str,
    bits: &'static [u8],
    count: usize,
    /// So many bits must agree.
    agree: usize,
}

const MARKS: [Mark; 3] = [
    Mark {
        generator: "Stable Diffusion 1 or 2",
        source: "CompVis/stable-diffusion, scripts/txt2img.py: the text StableDiffusionV1",
        bits: b"StableDiffusionV1",
        count: 136,
        agree: 98,
    },
    Mark {
        generator: "Stable Diffusion XL",
        source: "Stability-AI/generative-models and huggingface/diffusers: 48 bits 0xB3EC907BB19E",
        bits: &[0xB3, 0xEC, 0x90, 0x7B, 0xB1, 0x9E],
        count: 48,
        agree: 42,
    },
    Mark {
        generator: "FLUX.1",
        source: "black-forest-labs/flux, src/flux/util.py: 48 bits 0x2AFE879CF52E",
        bits: &[0x2A, 0xFE, 0x87, 0x9C, 0xF5, 0x2E],
        count: 48,
        agree: 42,
    },
];

impl Mark {
    fn bit(&self, index: usize) -> bool {
        self.bits[index / 8] >> (7 - index % 8) & 1 == 1
    }
}

/// How many bits of each known text a picture shows: name of the generator, bits that agree, bits of the text. For
/// measuring; [`find`] applies the thresholds. `rgb` has three bytes per pixel, row by row.
pub fn agreement(rgb: &[u8], width_px: usize, height_px: usize) -> Vec<(&'static str, usize, usize)> {
    let votes = votes(rgb, width_px, height_px);
    if votes.is_empty() {
        return Vec::new();
    }
    MARKS.iter().map(|mark| (mark.generator, agreeing(mark, &votes), mark.count)).collect()
}

/// The mark that a picture carries.
pub fn find(rgb: &[u8], width_px: usize, height_px: usize) -> Option<Trace> {
    let votes = votes(rgb, width_px, height_px);
    let mark = MARKS.iter().find(|mark| !votes.is_empty() && agreeing(mark, &votes) >= mark.agree)?;
    let agree = agreeing(mark, &votes);
    Some(Trace {
        kind: TraceKind::Declaration,
        rule: "dwt-dct-watermark".to_owned(),
        generator: mark.generator.to_owned(),
        place: "invisible watermark in the colours".to_owned(),
        says: format!("{agree} of {} bits agree ({})", mark.count, mark.source),
    })
}

fn agreeing(mark: &Mark, votes: &[bool]) -> usize {
    let mut ones = vec![0u32; mark.count];
    let mut all = vec![0u32; mark.count];
    for (number, vote) in votes.iter().enumerate() {
        all[number % mark.count] += 1;
        ones[number % mark.count] += u32::from(*vote);
    }
    // The package takes the mean times 255 above 127, which is a share above 127/255.
    let read = |index: usize| f64::from(ones[index]) * 255.0 > 127.0 * f64::from(all[index].max(1));
    (0..mark.count).filter(|&index| all[index] > 0 && read(index) == mark.bit(index)).count()
}

/// One vote per block, in the order in which the bits were written; empty where the picture is too small or too large.
fn votes(rgb: &[u8], width_px: usize, height_px: usize) -> Vec<bool> {
    let pixels = width_px.saturating_mul(height_px);
    let fits = width_px >= MIN_SIDE_PX && height_px >= MIN_SIDE_PX && pixels as u64 <= MAX_PIXELS;
    if !fits || pixels.checked_mul(3) != Some(rgb.len()) {
        return Vec::new();
    }
    // The transform covers a multiple of four pixels, of which blocks of 4×4 coefficients are whole ones.
    let (columns, rows) = (width_px / 4 * 4 / 2 / 4, height_px / 4 * 4 / 2 / 4);
    let mut votes = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            votes.push(vote(rgb, width_px, column * 8, row * 8));
        }
    }
    votes
}

/// The vote of the block of 8×8 pixels at a place.
fn vote(rgb: &[u8], width_px: usize, left: usize, top: usize) -> bool {
    let mut largest = 0.0;
    for index in 1..16 {
        let (x, y) = (left + index % 4 * 2, top + index / 4 * 2);
        let at = |dx: usize, dy: usize| blue_difference(rgb, ((y + dy) * width_px + x + dx) * 3);
        let value = f32::from(at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 2.0;
        if value > largest {
            largest = value;
        }
    }
    largest % SCALE > SCALE / 2.0
}

/// U of OpenCV's conversion: fixed point with 14 bits, rounded (imgproc, color_yuv).
fn blue_difference(rgb: &[u8], at: usize) -> u16 {
    let [red, green, blue] = [0, 1, 2].map(|channel| i32::from(rgb[at + channel]));
    let luma = (red * 4899 + green * 9617 + blue * 1868 + (1 << 13)) >> 14;
    let u = ((blue - luma) * 8061 + (128 << 14) + (1 << 13)) >> 14;
    u.clamp(0, 255) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(n: u32, k: u32) -> f64 {
        (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product()
    }

    #[test]
    fn chance_reaches_the_thresholds_less_than_once_in_a_million() {
        let tail = |mark: &Mark| {
            let n = mark.count as u32;
            (mark.agree as u32..=n).map(|k| choose(n, k)).sum::<f64>() / 2f64.powi(n.cast_signed())
        };
        let all: f64 = MARKS.iter().map(tail).sum();
        assert!(all < 1e-6, "{all}");
        assert!(all > 2.3e-7 && all < 2.5e-7, "the documentation says 2.4e-7, it is {all}");
    }

    #[test]
    fn pictures_that_are_too_small_or_lie_about_their_size_are_silent() {
        assert!(find(&[0; 3], 1, 1).is_none());
        assert!(find(&[0; 10], 512, 512).is_none());
        assert!(agreement(&[], usize::MAX, 2).is_empty());
    }

    #[test]
    fn an_even_picture_agrees_with_no_text() {
        for value in [0, 77, 128, 255] {
            assert!(find(&vec![value; 256 * 256 * 3], 256, 256).is_none(), "{value}");
        }
    }
}
