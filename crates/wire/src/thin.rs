//! Keeps a payload small whatever the length of the file.

/// Most frames or windows in a payload; with at most this many it stays far below 256 KiB.
pub const MAX_SERIES: usize = 600;

/// At most [`MAX_SERIES`] items. Of each group of neighbours the one with the highest value stays, because
/// a peak is what people look for. Says whether anything was left out.
pub(crate) fn thin<T: Clone>(items: &[T], value: impl Fn(&T) -> f64) -> (Vec<T>, bool) {
    if items.len() <= MAX_SERIES {
        return (items.to_vec(), false);
    }
    let group = items.len().div_ceil(MAX_SERIES);
    let highest = |group: &[T]| group.iter().max_by(|a, b| value(a).total_cmp(&value(b))).cloned();
    (items.chunks(group).filter_map(highest).collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_is_thinned_and_its_peak_stays() {
        let mut series = vec![0.1; 20_000];
        series[12_345] = 0.9;
        let (thinned, left_out) = thin(&series, |v| *v);
        assert!(left_out && thinned.len() <= MAX_SERIES);
        assert!(thinned.contains(&0.9));
        assert_eq!(thin(&[1.0, 2.0], |v| *v), (vec![1.0, 2.0], false));
    }
}
