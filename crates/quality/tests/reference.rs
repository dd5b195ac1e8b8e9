//! The same numbers as scikit-learn 1.9.1, for cases that both make from the same formula. The wanted numbers were
//! written down by `python3 reference.py`, beside this file.

use dk_quality::{Case, Measures, measures};

/// A linear congruential generator, in `steps` steps so that there are ties.
fn cases(n: u64, steps: u64) -> Vec<Case> {
    let mut state = 12_345u64;
    (0..n)
        .map(|i| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            let noise = ((state >> 8) % steps) as f64 / steps as f64;
            let synthetic = i % 5 < 2;
            let score = (0.01 + 0.7 * noise + if synthetic { 0.25 } else { 0.0 }).min(0.98);
            Case { score, synthetic }
        })
        .collect()
}

#[track_caller]
fn same(found: Option<Measures<f64>>, wanted: Measures<f64>) {
    let found = found.map_or([f64::NAN; 8], Measures::into_array);
    for (number, (found, wanted)) in found.into_iter().zip(wanted.into_array()).enumerate() {
        assert!(
            wanted.is_nan() || (found - wanted).abs() < 1e-12,
            "number {number}: {found} is not {wanted}"
        );
    }
}

#[test]
fn without_ties() {
    same(
        measures(&cases(200, 100_000)),
        Measures {
            auc: 0.807_916_666_666_666_6,
            equal_error_rate: 0.308_333_333_333_333_35,
            recall_at_1: 0.35,
            recall_at_5: 0.35,
            balanced_accuracy: 0.679_166_666_666_666_7,
            calibration_error: 0.105_858_589_999_999_97,
            brier: 0.175_460_555_156_459_97,
            cllr: 0.754_608_575_369_838_2,
        },
    );
}

/// scikit-learn cuts its bins through ties, which makes them depend on the order of the files; that number is left out.
#[test]
fn with_ties() {
    same(
        measures(&cases(200, 12)),
        Measures {
            auc: 0.810_624_999_999_999_9,
            equal_error_rate: 0.300_000_000_000_000_04,
            recall_at_1: 0.437_5,
            recall_at_5: 0.525,
            balanced_accuracy: 0.687_5,
            calibration_error: f64::NAN,
            brier: 0.175_577_5,
            cllr: 0.763_672_322_471_907_3,
        },
    );
}
