use super::*;
use crate::pipeline::audio_visual::Moment;
use crate::pipeline::audio_visual::agreement::Says;

/// Vectors of four numbers from a seed, with nothing in common from one to the next.
fn vectors(seed: u64, count: usize) -> Vec<Vec<f32>> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        10.0 * ((state >> 40) as f32 / 16_777_216.0 - 0.5)
    };
    (0..count).map(|_| (0..4).map(|_| random()).collect()).collect()
}

/// Faces that move as a voice does which is heard `later` frames after them.
fn compare(rows: usize, later: usize, own: bool) -> Agreement {
    let voices = vectors(1, rows + 2 * REACH);
    let source = if own { voices.clone() } else { vectors(2, rows + 2 * REACH) };
    let faces = source[REACH + later..][..rows].to_vec();
    let mut distances = Distances::default();
    distances.add(&Vectors { faces, voices: voices.into_iter().map(Some).collect() });
    distances.conclude()
}

#[test]
fn a_voice_is_in_sync_shifted_or_foreign_as_far_as_there_is_enough_of_it() {
    for (later, offset_ms) in [(0, 0), (3, 120)] {
        let found = compare(120, later, true);
        assert_eq!((found.says, found.offset_ms), (Says::InSync, offset_ms), "{found:?}");
        assert!(found.score() < 0.0);
    }
    let found = compare(120, 10, true);
    assert_eq!((found.says, found.offset_ms), (Says::Shifted, 400), "{found:?}");
    assert!(found.score() > 0.0);
    let found = compare(120, 0, false);
    assert_eq!(found.says, Says::Foreign, "{found:?}");
    assert_eq!(compare(40, 0, false).says, Says::Unclear, "less than 2 s");
}

#[test]
fn sound_that_is_not_there_is_left_out() {
    let voices = vectors(1, 120 + 2 * REACH);
    let faces = voices[REACH..][..120].to_vec();
    let mut distances = Distances::default();
    let voices = voices.into_iter().enumerate().map(|(at, voice)| (at >= 20).then_some(voice)).collect();
    distances.add(&Vectors { faces, voices });
    assert_eq!((distances.rows[0], distances.rows[REACH], distances.rows[2 * REACH]), (100, 115, 120));
    assert_eq!(distances.conclude().says, Says::InSync);
    let sound = Sound { first: 1000, samples: &vectors(3, 500).concat() };
    assert_eq!(sound.round(100, 400), Some(&sound.samples[400..800]), "1600 - 1000 - 200");
    assert_eq!(sound.round(70, 400), None);
    assert_eq!(sound.round(180, 400), None);
}

#[test]
fn frames_of_any_pace_become_25_a_second() {
    let run = |times: &[u64]| Run {
        moments: times
            .iter()
            .map(|&time_ms| Moment {
                time_ms,
                opening: 0.0,
                nose: 1.0,
                contrast: 0.0,
                spread: 1.0,
                motion: None,
            })
            .collect(),
        faces: Vec::new(),
    };
    assert_eq!(steady(&run(&[80, 120, 160, 200])), [0, 1, 2, 3]);
    assert_eq!(steady(&run(&[0, 17, 33, 50, 67, 83, 100, 117, 133])), [0, 2, 5, 7]);
    assert_eq!(steady(&run(&[0, 100, 140])), [0, 0, 1, 2]);
    assert!(steady(&Run::default()).len() <= 1);
}

#[test]
fn a_face_is_cut_lower_and_wider_than_its_box_and_fed_frame_by_frame() {
    let rgb: Vec<u8> = (0..100u8).flat_map(|y| (0..100u8).flat_map(move |x| [x, y, 9])).collect();
    let picture = Picture { width_px: 100, height_px: 100, rgb };
    let face =
        FoundFace { x: 40.0, y: 30.0, width: 16.0, height: 20.0, sureness: 1.0, track: 0, points: None };
    let cut = cut(&picture, &face, 28).unwrap();
    // 28 pixels round 48 and 44.
    assert_eq!(cut.rgb[..3], [34, 30, 9]);
    let faces = [1, 2].map(|n| Picture { width_px: 1, height_px: 1, rgb: vec![n, 10 * n, 100 * n] });
    let run = Run { moments: Vec::new(), faces: faces.to_vec() };
    let Tensor::F32(shape, values) = batch(&run, &[&[0, 1, 1, 0, 0]], 1) else { panic!("no floats") };
    assert_eq!(shape, [1, 3, 5, 1, 1]);
    let planes = [1.0, 10.0, 100.0].map(|v| [v, 2.0 * v, 2.0 * v, v, v]);
    assert_eq!(values, planes.concat());
}
