//! What the judges of pictures see: a still or a frame, with its faces found once for all of them.

use dk_domain::FaceBox;
use dk_media::Picture;

use crate::upright_face::FivePoints;

/// A still picture or one frame of a video.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub picture: Picture,
    /// Number in the stream; 0 for a still.
    pub index: u32,
    /// Presentation time; 0 for a still.
    pub time_ms: u64,
    /// Which run of consecutive frames it belongs to; `None` for a frame of the spread and for a still.
    pub window: Option<u32>,
    /// Faces, largest first; empty where no judge asked for them.
    pub faces: Vec<FoundFace>,
}

/// A face as the detector found it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FoundFace {
    /// Left edge in pixels.
    pub x: f32,
    /// Upper edge in pixels.
    pub y: f32,
    /// Width in pixels.
    pub width: f32,
    /// Height in pixels.
    pub height: f32,
    /// Sureness of the detector, 0 to 1.
    pub sureness: f32,
    /// Number of the person within the file.
    pub track: u32,
    /// Eyes, nose and corners of the mouth, where the finder gives them.
    pub points: Option<FivePoints>,
}

impl FoundFace {
    pub(crate) fn longer_side(&self) -> f32 {
        self.width.max(self.height)
    }

    /// Intersection over union.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let span = |a: f32, a_length: f32, b: f32, b_length: f32| {
            ((a + a_length).min(b + b_length) - a.max(b)).max(0.0)
        };
        let both =
            span(self.x, self.width, other.x, other.width) * span(self.y, self.height, other.y, other.height);
        let either = self.width * self.height + other.width * other.height - both;
        if either > 0.0 { both / either } else { 0.0 }
    }

    /// The box as shares of the picture, cut at its borders.
    pub(crate) fn as_shares(&self, picture: &Picture) -> FaceBox {
        let (width, height) = (picture.width_px as f32, picture.height_px as f32);
        let (left, top) = ((self.x / width).clamp(0.0, 1.0), (self.y / height).clamp(0.0, 1.0));
        let right = ((self.x + self.width) / width).clamp(left, 1.0);
        let bottom = ((self.y + self.height) / height).clamp(top, 1.0);
        FaceBox { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// The square around the middle of the face, `scale` times its longer side, as whole pixels: left, top
    /// and side. It may leave the picture.
    pub(crate) fn square(&self, scale: f32) -> (i64, i64, u32) {
        let side = (self.longer_side() * scale).max(1.0).round();
        let left = self.x + self.width / 2.0 - side / 2.0;
        let top = self.y + self.height / 2.0 - side / 2.0;
        (left.round() as i64, top.round() as i64, side as u32)
    }

    /// The box around its own middle, each side `scale` times as long, as whole pixels: left, top, width, height. It
    /// may leave the picture.
    pub(crate) fn scaled_box(&self, scale: f32) -> (i64, i64, u32, u32) {
        let (width, height) = ((self.width * scale).max(1.0).round(), (self.height * scale).max(1.0).round());
        let left = self.x + self.width / 2.0 - width / 2.0;
        let top = self.y + self.height / 2.0 - height / 2.0;
        (left.round() as i64, top.round() as i64, width as u32, height as u32)
    }
}

/// Gives faces of following frames the number of the person they most likely belong to.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    last: Vec<FoundFace>,
    next: u32,
}

/// Faces that overlap at least this much from one frame to the next are one person.
const SAME_FACE: f32 = 0.3;

impl Tracker {
    /// Numbers the faces of the next frame, best overlap first.
    pub(crate) fn number(&mut self, faces: &mut [FoundFace]) {
        let mut pairs: Vec<(usize, usize, f32)> = Vec::new();
        for (new, face) in faces.iter().enumerate() {
            for (old, known) in self.last.iter().enumerate() {
                pairs.push((new, old, face.overlap(known)));
            }
        }
        pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
        let mut matched: Vec<Option<usize>> = vec![None; faces.len()];
        for (new, old, overlap) in pairs {
            if overlap >= SAME_FACE && matched[new].is_none() && !matched.contains(&Some(old)) {
                matched[new] = Some(old);
            }
        }
        for (face, old) in faces.iter_mut().zip(&matched) {
            face.track = old.map_or(self.next, |old| self.last[old].track);
            self.next += u32::from(old.is_none());
        }
        // A person who was not seen for one frame is remembered where last seen.
        let kept: Vec<FoundFace> = self
            .last
            .iter()
            .enumerate()
            .filter(|(old, _)| !matched.contains(&Some(*old)))
            .map(|(_, f)| *f)
            .collect();
        self.last = faces.iter().copied().chain(kept).take(64).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, side: f32) -> FoundFace {
        FoundFace { x, y: 0.0, width: side, height: side, sureness: 1.0, track: 0, points: None }
    }

    #[test]
    fn a_person_keeps_the_number_through_movement_and_a_missed_frame() {
        let mut tracker = Tracker::default();
        let mut first = [face(0.0, 100.0), face(500.0, 80.0)];
        tracker.number(&mut first);
        let mut second = [face(520.0, 80.0)];
        tracker.number(&mut second);
        let mut third = [face(10.0, 100.0), face(900.0, 50.0)];
        tracker.number(&mut third);
        assert_eq!((first[0].track, first[1].track), (0, 1));
        assert_eq!(second[0].track, 1);
        assert_eq!((third[0].track, third[1].track), (0, 2));
    }

    #[test]
    fn a_box_over_the_border_is_cut_and_its_square_is_not() {
        let picture = Picture { width_px: 100, height_px: 50, rgb: vec![0; 15000] };
        let over = FoundFace { x: -10.0, width: 20.0, ..face(0.0, 100.0) };
        let shares = over.as_shares(&picture);
        assert_eq!((shares.x, shares.y, shares.height), (0.0, 0.0, 1.0));
        assert!((shares.width - 0.1).abs() < 1e-6);
        assert_eq!(over.square(1.0), (-50, 0, 100));
        assert_eq!(over.scaled_box(1.25), (-13, -13, 25, 125));
    }
}
