//! Finds 68 points in a face, in the order of the iBUG 300-W annotation.

use dk_app::StopToken;
use dk_media::Picture;

use crate::engine::Tensor;
use crate::judge::Failure;
use crate::package::Filter;
use crate::picture_input::{crop, resize};
use crate::runner::Runner;
use crate::visual::FoundFace;

/// 68 points of two coordinates.
pub(crate) const LANDMARK_VALUES: usize = 136;
const SIDE_PX: u32 = 112;

pub(crate) struct LandmarkFinder {
    runner: Runner,
}

impl LandmarkFinder {
    pub(crate) fn new(runner: Runner) -> Self {
        Self { runner }
    }

    /// `x0, y0, x1, y1, …` in pixels of the picture.
    pub(crate) fn find(
        &self,
        picture: &Picture,
        face: &FoundFace,
        stop: &StopToken,
    ) -> Result<Vec<f32>, Failure> {
        let (left, top, side) = face.square(1.0);
        let small = resize(&crop(picture, left, top, side, side), SIDE_PX, SIDE_PX, Filter::Bilinear)?;
        let values =
            (0..3).flat_map(|c| small.rgb.chunks_exact(3).map(move |rgb| f32::from(rgb[c]))).collect();
        let input = Tensor::F32(vec![1, 3, SIDE_PX as usize, SIDE_PX as usize], values);
        let answer = self.runner.rows("face", "points", vec![input], stop)?;
        let points =
            answer.into_iter().next().ok_or_else(|| Failure::Broken("no landmarks came back".to_owned()))?;
        let points = points.into_finite_floats()?;
        if points.len() != LANDMARK_VALUES {
            return Err(Failure::Broken(format!("{} landmark values came back, expected 136", points.len())));
        }
        let (left, top, side) = (left as f32, top as f32, side as f32);
        Ok(points.chunks_exact(2).flat_map(|p| [left + p[0] * side, top + p[1] * side]).collect())
    }
}
