use super::*;

/// Noise at the pace of syllables, from a seed; the same seed gives the same curve.
fn syllables(seed: u64, ticks: usize) -> Curve {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 16_777_216.0 - 0.5
    };
    Curve { first: 0, values: (0..ticks).map(|_| random()).collect() }.movements().0
}

fn mixed(curve: &Curve, noise: &Curve, share: f32) -> Curve {
    let values = curve.values.iter().zip(&noise.values).map(|(a, b)| share * a + (1.0 - share) * b);
    Curve { first: curve.first, values: values.collect() }
}

fn compare(ticks: usize, later: u64, own: bool) -> Agreement {
    let voice = syllables(1, ticks);
    let source = if own { voice.clone() } else { syllables(9, ticks) };
    let lips = mixed(&source, &syllables(2, ticks), 0.45);
    let motion = mixed(&source, &syllables(3, ticks), 0.45);
    let moved = Curve { first: 200 + later, values: voice.values };
    let here = |curve: Curve| Curve { first: 200, ..curve };
    let mut offsets = Offsets::new();
    offsets.add(&here(lips), &here(motion), &moved);
    offsets.conclude()
}

/// Ticks as the answer tells them.
fn ms(ticks: u64) -> i32 {
    i32::try_from(ticks * TICK_MS).unwrap()
}

#[test]
fn a_voice_in_place_is_in_sync_and_a_late_one_is_shifted_by_as_much() {
    for later in [0, 6] {
        let found = compare(1000, later, true);
        assert_eq!((found.says, found.offset_ms), (Says::InSync, ms(later)), "{found:?}");
        assert!(found.score() < 0.0);
    }
    for later in [30, 60, 100] {
        let found = compare(1000, later, true);
        assert_eq!((found.says, found.offset_ms), (Says::Shifted, ms(later)), "{found:?}");
        assert!(found.score() > 0.0);
    }
}

#[test]
fn another_voice_is_foreign_when_there_is_enough_of_it_and_unclear_before() {
    let long = compare(1600, 0, false);
    assert_eq!(long.says, Says::Foreign, "{long:?}");
    assert!(long.score() > 0.0);
    assert_eq!(compare(250, 0, false).says, Says::Unclear);
}

#[test]
fn stretches_that_hardly_overlap_say_nothing() {
    assert!(correlation(&syllables(1, 300), &Curve { first: 250, values: vec![1.0; 300] }, 0).is_none());
    assert_eq!(Offsets::new().conclude().says, Says::Unclear);
}
