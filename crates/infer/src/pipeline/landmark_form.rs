//! Landmarks of one face through a run of frames, in the form that sequence nets are trained on.
//!
//! LRNet (Sun et al., "Improving the Efficiency and Robustness of Deepfakes Detection through Precise
//! Geometric Features", CVPR 2021; the weights published since November 2022) reads points relative to the
//! middle of the face in each frame, in units of half the size of the face over the whole run. Its
//! authors also smooth the points by optical flow and a Kalman filter, which is not done here.

/// The size of a face is its largest extent times this.
const MARGIN: f32 = 1.2;
/// The middle stays where it was while it moves less than this, as the authors do against jitter.
const STILL_PX: f32 = std::f32::consts::SQRT_2;

/// One run of frames, each `x0, y0, x1, y1, …` in pixels, as values of about -1 to 1. `None` for a run whose
/// points all fall together, which no face does.
pub(super) fn normalise(run: &[Vec<f32>]) -> Option<Vec<Vec<f32>>> {
    let boxes: Vec<Extent> = run.iter().map(|points| Extent::of(points)).collect();
    let mean_side = boxes.iter().map(Extent::longer).sum::<f32>() / run.len().max(1) as f32;
    let half = mean_side * MARGIN / 2.0;
    if half < 1.0 {
        return None;
    }
    let mut middle: Option<(f32, f32)> = None;
    let frames = run.iter().zip(&boxes).map(|(points, extent)| {
        let now = extent.middle();
        let kept = middle.filter(|old| (old.0 - now.0).hypot(old.1 - now.1) < STILL_PX).unwrap_or(now);
        middle = Some(kept);
        points.chunks_exact(2).flat_map(|p| [(p[0] - kept.0) / half, (p[1] - kept.1) / half]).collect()
    });
    Some(frames.collect())
}

/// Differences from one frame to the next, one fewer than frames.
pub(super) fn differences(frames: &[Vec<f32>]) -> Vec<Vec<f32>> {
    frames.windows(2).map(|pair| pair[1].iter().zip(&pair[0]).map(|(b, a)| b - a).collect()).collect()
}

/// The box round all points.
struct Extent {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Extent {
    fn of(points: &[f32]) -> Self {
        let none = Self { left: f32::MAX, top: f32::MAX, right: f32::MIN, bottom: f32::MIN };
        points.chunks_exact(2).fold(none, |e, p| Self {
            left: e.left.min(p[0]),
            top: e.top.min(p[1]),
            right: e.right.max(p[0]),
            bottom: e.bottom.max(p[1]),
        })
    }

    fn longer(&self) -> f32 {
        (self.right - self.left).max(self.bottom - self.top)
    }

    fn middle(&self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(at: f32, scale: f32) -> Vec<f32> {
        (0..68).flat_map(|i| [at + scale * ((i * 7) % 50) as f32, scale * ((i * 3) % 40) as f32]).collect()
    }

    #[test]
    fn where_and_how_large_the_face_is_changes_nothing() {
        let near = normalise(&[face(0.0, 4.0), face(400.0, 4.0)]).unwrap();
        let far = normalise(&[face(900.0, 1.0), face(1000.0, 1.0)]).unwrap();
        for (a, b) in near.concat().iter().zip(far.concat()) {
            assert!((a - b).abs() < 1e-4);
            assert!(a.abs() <= 1.0);
        }
    }

    #[test]
    fn a_trembling_box_does_not_move_the_middle() {
        let run = normalise(&[face(0.0, 4.0), face(1.0, 4.0)]).unwrap();
        assert!(run[1][0] > run[0][0], "the movement is still in the points");
    }

    #[test]
    fn points_that_fall_together_are_no_face() {
        assert!(normalise(&[vec![5.0; 136]]).is_none());
        assert!(normalise(&[]).is_none());
    }
}
