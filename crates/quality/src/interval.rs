//! A share with its interval, and a number with its interval.

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of files with its 95 % interval by Wilson's method, which holds for few files and near 0 and 1 too.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Files that count.
    pub hits: usize,
    /// All files.
    pub n: usize,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Rate {
    /// `None` for no files; more hits than files count as all.
    pub fn new(hits: usize, n: usize) -> Option<Self> {
        if n == 0 {
            return None;
        }
        let hits = hits.min(n);
        let (files, share) = (n as f64, hits as f64 / n as f64);
        let scale = 1.0 + Z * Z / files;
        let middle = (share + Z * Z / (2.0 * files)) / scale;
        let half = Z * (share * (1.0 - share) / files + Z * Z / (4.0 * files * files)).sqrt() / scale;
        // Rounding must not move an end past the share itself.
        let low = if hits == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if hits == n { 1.0 } else { (middle + half).min(1.0) };
        Some(Self { hits, n, low, high })
    }

    /// The share itself.
    pub fn share(self) -> f64 {
        self.hits as f64 / self.n as f64
    }
}

/// A number with its 95 % interval by drawing again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// On the files as they are.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The interval that holds the middle 95 % of what was drawn; the value alone where nothing was.
    pub(crate) fn from_drawn(value: f64, mut drawn: Vec<f64>) -> Self {
        drawn.sort_by(f64::total_cmp);
        let at = |share| percentile(&drawn, share).unwrap_or(value);
        Self { value, low: at(0.025), high: at(0.975) }
    }
}

/// On straight lines between the sorted values.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)? as f64);
    let (below, above) = (*sorted.get(place.floor() as usize)?, *sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intervals_are_those_that_are_published() {
        // Brown, Cai and DasGupta 2001 and the usual tables: none of 10, 5 of 10, 81 of 263.
        for (hits, n, low, high) in [
            (0, 10, 0.0, 0.277_5),
            (5, 10, 0.236_6, 0.763_4),
            (81, 263, 0.255_3, 0.366_2),
            (10, 10, 0.722_5, 1.0),
        ] {
            let rate = Rate::new(hits, n).unwrap();
            assert!((rate.low - low).abs() < 1e-4 && (rate.high - high).abs() < 1e-4, "{rate:?}");
        }
        assert_eq!(Rate::new(0, 0), None);
    }

    #[test]
    fn an_interval_holds_its_share_for_every_count() {
        for n in 1..60 {
            for hits in 0..=n {
                let rate = Rate::new(hits, n).unwrap();
                assert!(rate.low <= rate.share() && rate.share() <= rate.high, "{rate:?}");
            }
        }
    }

    #[test]
    fn percentiles_lie_between_their_neighbours() {
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 0.25), Some(1.5));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
