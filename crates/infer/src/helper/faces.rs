//! Finds faces in a picture.

use dk_app::StopToken;
use dk_media::Picture;

use crate::engine::Tensor;
use crate::judge::Failure;
use crate::package::{FaceDecode, FaceDetectorRule, Filter};
use crate::picture_input::{crop, resize};
use crate::runner::Runner;
use crate::visual::FoundFace;

/// Most faces per picture that are judged; a crowd has more, and its largest faces are the clear ones.
const MAX_FACES: usize = 32;
const YUNET_STRIDES: [usize; 3] = [8, 16, 32];

pub(crate) struct FaceFinder {
    runner: Runner,
    rule: FaceDetectorRule,
}

impl FaceFinder {
    pub(crate) fn new(runner: Runner, rule: FaceDetectorRule) -> Self {
        Self { runner, rule }
    }

    /// Faces in pixels of the picture, largest first.
    pub(crate) fn find(&self, picture: &Picture, stop: &StopToken) -> Result<Vec<FoundFace>, Failure> {
        let longer = picture.width_px.max(picture.height_px);
        let scale = self.rule.side_px as f32 / longer as f32;
        let side = |length: u32| ((length as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(picture.width_px), side(picture.height_px));
        let small = resize(picture, width, height, Filter::Bilinear)?;
        let mut faces = match self.rule.decode {
            FaceDecode::Boxes => self.boxes(&small, stop)?,
            FaceDecode::Yunet => self.yunet(&small, stop)?,
        };
        let back_x = picture.width_px as f32 / width as f32;
        let back_y = picture.height_px as f32 / height as f32;
        for face in &mut faces {
            face.x *= back_x;
            face.width *= back_x;
            face.y *= back_y;
            face.height *= back_y;
            face.points = face.points.map(|points| points.map(|(x, y)| (x * back_x, y * back_y)));
        }
        let (width, height) = (picture.width_px as f32, picture.height_px as f32);
        // A box far larger than the picture is a slip of the net, and a crop of it would take all memory.
        faces.retain(|f| {
            f.x.is_finite() && f.y.is_finite() && f.width <= 2.0 * width && f.height <= 2.0 * height
        });
        let mut kept = keep_best(faces, self.rule.max_overlap);
        kept.sort_by(|a, b| (b.width * b.height).total_cmp(&(a.width * a.height)));
        kept.truncate(MAX_FACES);
        Ok(kept)
    }

    /// The picture in the upper left corner of a black square; boxes come back as shares of that square.
    fn boxes(&self, small: &Picture, stop: &StopToken) -> Result<Vec<FoundFace>, Failure> {
        let side = self.rule.side_px;
        let input = planes(&crop(small, 0, 0, side, side), [0, 1, 2]);
        let outputs = vec!["boxes".to_owned(), "scores".to_owned()];
        let answer = self.runner.whole(vec![("image".to_owned(), input)], outputs, stop)?;
        let [boxes, scores] = two(answer)?;
        let (boxes, scores) = (boxes.into_finite_floats()?, scores.into_finite_floats()?);
        let side = side as f32;
        let found = boxes.chunks_exact(4).zip(&scores).filter(|(_, score)| **score >= self.rule.min_score);
        Ok(found
            .map(|(b, score)| FoundFace {
                x: b[0] * side,
                y: b[1] * side,
                width: (b[2] - b[0]) * side,
                height: (b[3] - b[1]) * side,
                sureness: score.clamp(0.0, 1.0),
                track: 0,
                points: None,
            })
            .filter(|face| face.width > 1.0 && face.height > 1.0)
            .collect())
    }

    /// YuNet's answer: maps of class, object, box and points at three strides. Decoding as its publisher describes it
    /// (libfacedetection.train): score = sqrt(cls * obj), centre and points = (cell + offset) * stride, size = exp * stride.
    fn yunet(&self, small: &Picture, stop: &StopToken) -> Result<Vec<FoundFace>, Failure> {
        let up = |length: u32| length.div_ceil(32) * 32;
        let (width, height) = (up(small.width_px), up(small.height_px));
        let input = planes(&crop(small, 0, 0, width, height), [2, 1, 0]);
        let names = YUNET_STRIDES
            .iter()
            .flat_map(|s| ["cls", "obj", "bbox", "kps"].map(|n| format!("{n}_{s}")))
            .collect();
        let answer = self.runner.whole(vec![("input".to_owned(), input)], names, stop)?;
        let maps = answer.into_iter().map(Tensor::into_finite_floats).collect::<Result<Vec<_>, _>>()?;
        let mut faces = Vec::new();
        for (maps, stride) in maps.chunks_exact(4).zip(YUNET_STRIDES) {
            let columns = width as usize / stride;
            let places = maps[2].chunks_exact(4).zip(maps[3].chunks_exact(10));
            let cells = maps[0].iter().zip(&maps[1]).zip(places).enumerate();
            for (cell, ((class, object), (offset, points))) in cells {
                let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
                if score < self.rule.min_score {
                    continue;
                }
                let step = stride as f32;
                let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
                let (w, h) = (offset[2].exp() * step, offset[3].exp() * step);
                let (x, y) = ((column + offset[0]) * step - w / 2.0, (row + offset[1]) * step - h / 2.0);
                let point = |at: usize| ((column + points[2 * at]) * step, (row + points[2 * at + 1]) * step);
                let points = Some(std::array::from_fn(point));
                faces.push(FoundFace { x, y, width: w, height: h, sureness: score, track: 0, points });
            }
        }
        Ok(faces)
    }
}

fn two(answer: Vec<Tensor>) -> Result<[Tensor; 2], Failure> {
    answer
        .try_into()
        .map_err(|_| Failure::Broken("the face detector gave the wrong number of answers".to_owned()))
}

/// `[1, 3, height, width]`, 0 to 255, colours in the given order.
fn planes(picture: &Picture, order: [usize; 3]) -> Tensor {
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let values = order
        .iter()
        .flat_map(|&channel| picture.rgb.chunks_exact(3).map(move |rgb| f32::from(rgb[channel])))
        .collect();
    Tensor::F32(vec![1, 3, height, width], values)
}

/// Non-maximum suppression: of boxes that overlap, the surest stays.
fn keep_best(mut faces: Vec<FoundFace>, max_overlap: f32) -> Vec<FoundFace> {
    faces.sort_by(|a, b| b.sureness.total_cmp(&a.sureness));
    faces.truncate(1000);
    let mut kept: Vec<FoundFace> = Vec::new();
    for face in faces {
        if kept.iter().all(|other| other.overlap(&face) <= max_overlap) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_boxes_on_one_face_the_surest_stays_and_a_second_face_too() {
        let (side, track, points) = (10.0, 0, None);
        let face = |x, sureness| FoundFace { x, y: 0.0, width: side, height: side, sureness, track, points };
        let kept = keep_best(vec![face(0.0, 0.8), face(1.0, 0.9), face(30.0, 0.6)], 0.4);
        assert_eq!(kept.iter().map(|f| f.x).collect::<Vec<_>>(), [1.0, 30.0]);
    }
}
