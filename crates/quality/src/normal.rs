//! The scale of a DET curve.

/// The point below which a share `p` of the normal distribution lies; infinite at 0 and 1.
///
/// Source: P. J. Acklam's rational approximation, relative error below 1.15e-9.
pub fn probit(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p < LOW {
        return tail(p);
    }
    if p > 1.0 - LOW {
        return -tail(1.0 - p);
    }
    let q = p - 0.5;
    let r = q * q;
    poly(&A, r) * q / (poly(&B, r) * r + 1.0)
}

fn tail(p: f64) -> f64 {
    let q = (-2.0 * p.ln()).sqrt();
    poly(&C, q) / (poly(&D, q) * q + 1.0)
}

/// The first factor belongs to the highest power.
fn poly(factors: &[f64], x: f64) -> f64 {
    factors.iter().fold(0.0, |sum, factor| sum * x + factor)
}

const LOW: f64 = 0.024_25;
const A: [f64; 6] = [
    -3.969_683_028_665_376e1,
    2.209_460_984_245_205e2,
    -2.759_285_104_469_687e2,
    1.383_577_518_672_69e2,
    -3.066_479_806_614_716e1,
    2.506_628_277_459_239,
];
const B: [f64; 5] = [
    -5.447_609_879_822_406e1,
    1.615_858_368_580_409e2,
    -1.556_989_798_598_866e2,
    6.680_131_188_771_972e1,
    -1.328_068_155_288_572e1,
];
const C: [f64; 6] = [
    -7.784_894_002_430_293e-3,
    -3.223_964_580_411_365e-1,
    -2.400_758_277_161_838,
    -2.549_732_539_343_734,
    4.374_664_141_464_968,
    2.938_163_982_698_783,
];
const D: [f64; 4] =
    [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];

#[cfg(test)]
mod tests {
    use super::probit;

    #[test]
    fn the_points_are_those_of_the_tables() {
        // Python: statistics.NormalDist().inv_cdf(p)
        for (p, wanted) in [
            (0.001, -3.090_232_306_167_813_5),
            (0.01, -2.326_347_874_040_840_7),
            (0.25, -0.674_489_750_196_081_7),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_053_6),
            (0.999_9, 3.719_016_485_455_708_4),
        ] {
            assert!((probit(p) - wanted).abs() < 1e-7, "{p}: {}", probit(p));
        }
        assert!(probit(0.0).is_infinite() && probit(1.0).is_infinite() && probit(1.1).is_nan());
    }
}
