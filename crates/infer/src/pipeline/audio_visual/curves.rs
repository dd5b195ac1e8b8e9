//! Curves over time on one clock of 10 ms, and what is kept of them: movements as fast as syllables.

/// Length of a tick.
pub(super) const TICK_MS: u64 = 10;
/// Faster than this is noise of the measurement: about 9 changes a second.
const FINE_TICKS: f32 = 1.5;
/// Slower than this is no speech, but a smile, a turned head, a louder sentence: about 1.5 changes a second.
const COARSE_TICKS: f32 = 10.0;

/// Values from tick `first` on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub first: u64,
    pub values: Vec<f32>,
}

impl Curve {
    /// Values in between on straight lines. `points` are time in ms and value, in order of time.
    pub(super) fn through(points: &[(f32, f32)]) -> Self {
        let (Some(start), Some(end)) = (points.first(), points.last()) else {
            return Self { first: 0, values: Vec::new() };
        };
        let tick_ms = TICK_MS as f32;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are not negative")]
        let (first, last) = ((start.0 / tick_ms).ceil() as u64, (end.0 / tick_ms).floor() as u64);
        let mut after = 1;
        let values = (first..=last).map(|tick| {
            let time = tick as f32 * tick_ms;
            while after + 1 < points.len() && points[after].0 < time {
                after += 1;
            }
            let (a, b) = (points[after - 1], points[after.min(points.len() - 1)]);
            let share = if b.0 > a.0 { ((time - a.0) / (b.0 - a.0)).clamp(0.0, 1.0) } else { 0.0 };
            a.1 + (b.1 - a.1) * share
        });
        Self { first, values: values.collect() }
    }

    /// What is neither too fast nor too slow, in units of its own deviation; and that deviation.
    pub(super) fn movements(&self) -> (Self, f32) {
        let (fine, coarse) = (smooth(&self.values, FINE_TICKS), smooth(&self.values, COARSE_TICKS));
        let band: Vec<f32> = fine.iter().zip(&coarse).map(|(a, b)| a - b).collect();
        let deviation = (band.iter().map(|v| v * v).sum::<f32>() / band.len().max(1) as f32).sqrt();
        let values = band.iter().map(|v| v / (deviation + 1e-9)).collect();
        (Self { first: self.first, values }, deviation)
    }

    /// The sum where both are.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let first = self.first.max(other.first);
        let from = |curve: &Self| usize::try_from(first - curve.first).unwrap_or(usize::MAX);
        let (a, b) = (self.values.iter().skip(from(self)), other.values.iter().skip(from(other)));
        Self { first, values: a.zip(b).map(|(a, b)| a + b).collect() }
    }

    /// The mean over every `ticks` ticks, with the time of its middle in ms.
    pub(super) fn every(&self, ticks: usize) -> impl Iterator<Item = (u64, f32)> {
        let half = ticks as u64 / 2;
        self.values.chunks_exact(ticks).zip(0u64..).map(move |(part, n)| {
            let time_ms = (self.first + n * ticks as u64 + half) * TICK_MS;
            (time_ms, part.iter().sum::<f32>() / ticks as f32)
        })
    }
}

/// A bell over the values; ends are held.
fn smooth(values: &[f32], deviation: f32) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen")]
    let reach = (4.0 * deviation).ceil() as usize;
    let bell: Vec<f32> =
        (0..=2 * reach).map(|i| (-0.5 * ((i as f32 - reach as f32) / deviation).powi(2)).exp()).collect();
    let sum: f32 = bell.iter().sum();
    let last = values.len().saturating_sub(1);
    let at = |middle: usize, i: usize| values[(middle + i).saturating_sub(reach).min(last)];
    (0..values.len())
        .map(|middle| bell.iter().enumerate().map(|(i, weight)| weight * at(middle, i)).sum::<f32>() / sum)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_through_its_points() {
        let curve = Curve::through(&[(12.0, 0.0), (52.0, 4.0), (72.0, 4.0)]);
        assert_eq!(curve.first, 2);
        let wanted = [0.8, 1.8, 2.8, 3.8, 4.0, 4.0];
        assert_eq!(curve.values.len(), wanted.len());
        assert!(curve.values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(Curve::through(&[]).values.is_empty());
        assert_eq!(Curve::through(&[(20.0, 7.0)]).values, [7.0]);
    }

    #[test]
    fn syllables_stay_and_drift_and_tremble_go() {
        let wave = |hz: f32| {
            let value = |i: u16| (f32::from(i) * 0.01 * hz * std::f32::consts::TAU).sin();
            Curve { first: 0, values: (0..600).map(value).collect() }
        };
        let kept = |hz| wave(hz).movements().1 / 0.707;
        assert!(kept(4.0) > 0.7, "{}", kept(4.0));
        assert!(kept(0.3) < 0.1, "{}", kept(0.3));
        assert!(kept(30.0) < 0.1, "{}", kept(30.0));
    }

    #[test]
    fn curves_are_added_where_both_are() {
        let (a, b) = (Curve { first: 3, values: vec![1.0; 5] }, Curve { first: 5, values: vec![2.0; 9] });
        assert_eq!(a.plus(&b), Curve { first: 5, values: vec![3.0; 3] });
        assert_eq!(b.plus(&a), a.plus(&b));
    }
}
