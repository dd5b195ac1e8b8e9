//! Landmarks of one face through time, in the form that sequence nets are trained on.
//!
//! LRNet (Sun et al., "Improving the Efficiency and Robustness of Deepfakes Detection through Precise
//! Geometric Features", CVPR 2021) reads points that are freed from the movement of the head in the frame:
//! each face is moved, turned and scaled so that its eyes lie on fixed places.

use crate::helper::LANDMARK_VALUES;

/// Where the middle of the left and the right eye lie afterwards, in a square of side 1.
const EYES: [(f32, f32); 2] = [(0.35, 0.4), (0.65, 0.4)];
/// iBUG numbers of the points round the eye on the left and on the right side of the picture.
const LEFT_EYE: std::ops::Range<usize> = 36..42;
const RIGHT_EYE: std::ops::Range<usize> = 42..48;

/// Moves, turns and scales 68 points so that the eyes lie on fixed places. `None` for points whose eyes
/// fall together, which no face has.
pub(super) fn align(points: &[f32]) -> Option<Vec<f32>> {
    if points.len() != LANDMARK_VALUES {
        return None;
    }
    let middle = |range: std::ops::Range<usize>| {
        let count = range.len() as f32;
        let sum = range.fold((0.0, 0.0), |sum, i| (sum.0 + points[2 * i], sum.1 + points[2 * i + 1]));
        (sum.0 / count, sum.1 / count)
    };
    let (left, right) = (middle(LEFT_EYE), middle(RIGHT_EYE));
    let (dx, dy) = (right.0 - left.0, right.1 - left.1);
    let squared = dx * dx + dy * dy;
    if squared < 1.0 {
        return None;
    }
    // A turn with scale is a complex factor: (wanted eye distance) / (eye distance).
    let wanted = EYES[1].0 - EYES[0].0;
    let (cos, sin) = (wanted * dx / squared, -wanted * dy / squared);
    let turned = points.chunks_exact(2).flat_map(|p| {
        let (x, y) = (p[0] - left.0, p[1] - left.1);
        [x * cos - y * sin + EYES[0].0, x * sin + y * cos + EYES[0].1]
    });
    Some(turned.collect())
}

/// Differences from one frame to the next, one fewer than frames.
pub(super) fn differences(frames: &[Vec<f32>]) -> Vec<Vec<f32>> {
    frames.windows(2).map(|pair| pair[1].iter().zip(&pair[0]).map(|(b, a)| b - a).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_face_moved_turned_and_scaled_gives_the_same_points() {
        let face: Vec<f32> =
            (0..68).flat_map(|i| [(i as f32 * 7.3) % 50.0, (i as f32 * 3.1) % 40.0]).collect();
        let (sin, cos) = 0.4f32.sin_cos();
        let moved: Vec<f32> = face
            .chunks_exact(2)
            .flat_map(|p| [3.0 * (p[0] * cos - p[1] * sin) + 100.0, 3.0 * (p[0] * sin + p[1] * cos) - 20.0])
            .collect();
        let (a, b) = (align(&face).unwrap(), align(&moved).unwrap());
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-3));
        let eye = LEFT_EYE.map(|i| a[2 * i]).sum::<f32>() / 6.0;
        assert!((eye - EYES[0].0).abs() < 1e-4);
        assert!(align(&[5.0; 136]).is_none());
    }
}
