//! What a mouth does from frame to frame: how far it is open, how its inside looks, and how much of it moves. The
//! face is turned upright and set to one size by eyes and nose, so that a moving head is no moving mouth.

use dk_media::Picture;

use crate::similarity::{Point, Similarity};

/// The place of the mouth in units of half the distance of the eyes, from the middle between them.
const LEFT: f32 = -0.82;
const RIGHT: f32 = 0.82;
const TOP: f32 = 1.44;
const BOTTOM: f32 = 3.02;
const COLUMNS: usize = 36;
const ROWS: usize = 38;
/// The lips and what is between them, without cheeks and chin.
const INNER_COLUMNS: std::ops::Range<usize> = 8..28;
const INNER_ROWS: std::ops::Range<usize> = 4..34;
/// Where the tip of the nose lies under the eyes, in the same unit.
const NOSE_Y: f32 = 1.05;

/// One look at a mouth.
#[derive(Debug, Clone)]
pub(super) struct Mouth {
    /// Distance of the inner edges of the lips in pixels of the picture.
    pub opening: f32,
    /// Length of the nose in pixels, which is the size of the face.
    pub nose: f32,
    /// How unlike the pixels between the lips are: teeth and the dark inside against closed lips.
    pub contrast: f32,
    /// The same of the whole place, cheeks included: the light.
    pub spread: f32,
    /// Grey values between the lips, without the mean of the whole place.
    inner: Vec<f32>,
}

impl Mouth {
    /// `points` are the 68 landmarks as `x0, y0, x1, y1, …`. `None` where they fall together.
    pub(super) fn look(picture: &Picture, points: &[f32]) -> Option<Self> {
        let at = |i: usize| (points[2 * i], points[2 * i + 1]);
        let distance = |a: usize, b: usize| (at(a).0 - at(b).0).hypot(at(a).1 - at(b).1);
        let place = place(middle(points, 36..42), middle(points, 42..48), middle(points, 30..36))?;
        let mut grey = Vec::with_capacity(ROWS * COLUMNS);
        for row in 0..ROWS {
            let y = TOP + (BOTTOM - TOP) * row as f32 / (ROWS - 1) as f32;
            for column in 0..COLUMNS {
                let x = LEFT + (RIGHT - LEFT) * column as f32 / (COLUMNS - 1) as f32;
                grey.push(grey_at(picture, place.apply((x, y))));
            }
        }
        let (mean, spread) = mean_and_deviation(&grey);
        let inner: Vec<f32> = INNER_ROWS
            .flat_map(|row| grey[row * COLUMNS..][INNER_COLUMNS].iter().map(move |value| value - mean))
            .collect();
        Some(Self {
            opening: (distance(61, 67) + distance(62, 66) + distance(63, 65)) / 3.0,
            nose: distance(27, 33),
            contrast: mean_and_deviation(&inner).1,
            spread,
            inner,
        })
    }

    /// How much changed between two looks, in grey values.
    pub(super) fn moved_since(&self, before: &Self) -> f32 {
        let sum: f32 = self.inner.iter().zip(&before.inner).map(|(a, b)| (a - b).abs()).sum();
        sum / self.inner.len() as f32
    }
}

/// From places relative to the face to places on the picture. `None` where eyes and nose fall together.
fn place(left_eye: Point, right_eye: Point, nose: Point) -> Option<Similarity> {
    let ideal = [(-1.0, 0.0), (1.0, 0.0), (0.0, NOSE_Y)];
    Similarity::of(&ideal, &[left_eye, right_eye, nose]).filter(|place| place.scale() >= 1.0)
}

fn middle(points: &[f32], of: std::ops::Range<usize>) -> Point {
    let count = of.len() as f32;
    let sum = of.fold((0.0, 0.0), |s, i| (s.0 + points[2 * i], s.1 + points[2 * i + 1]));
    (sum.0 / count, sum.1 / count)
}

fn mean_and_deviation(values: &[f32]) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count;
    (mean, square.sqrt())
}

/// Luma between four pixels; outside the picture that of its edge.
fn grey_at(picture: &Picture, (x, y): Point) -> f32 {
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let inside = |v: f32, side: usize| v.clamp(0.0, (side - 1) as f32);
    let (x, y) = (inside(x, width), inside(y, height));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the picture")]
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let grey = |column: usize, row: usize| {
        let at = (row * width + column) * 3;
        let rgb = &picture.rgb[at..at + 3];
        0.299 * f32::from(rgb[0]) + 0.587 * f32::from(rgb[1]) + 0.114 * f32::from(rgb[2])
    };
    let (right_share, bottom_share) = (x - left as f32, y - top as f32);
    let upper = grey(left, top) * (1.0 - right_share) + grey(right, top) * right_share;
    let lower = grey(left, bottom) * (1.0 - right_share) + grey(right, bottom) * right_share;
    upper * (1.0 - bottom_share) + lower * bottom_share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_and_moved_face_has_its_mouth_in_the_turned_place() {
        let turn = |x: f32, y: f32| (100.0 + 30.0 * x - 10.0 * y, 80.0 + 10.0 * x + 30.0 * y);
        let place = place(turn(-1.0, 0.0), turn(1.0, 0.0), turn(0.0, NOSE_Y)).unwrap();
        let (found, wanted) = (place.apply((0.3, 2.0)), turn(0.3, 2.0));
        assert!((found.0 - wanted.0).abs() < 1e-3 && (found.1 - wanted.1).abs() < 1e-3);
        assert!(super::place((5.0, 5.0), (5.2, 5.0), (5.1, 5.1)).is_none());
    }

    #[test]
    fn a_picture_gives_its_edge_outside_and_mixes_between_pixels() {
        let picture = Picture { width_px: 2, height_px: 1, rgb: vec![0, 0, 0, 200, 200, 200] };
        assert!((grey_at(&picture, (0.5, 0.0)) - 100.0).abs() < 0.01);
        assert!((grey_at(&picture, (9.0, -4.0)) - 200.0).abs() < 0.01);
        assert!(grey_at(&picture, (-1.0, 7.0)).abs() < 0.01);
    }
}
