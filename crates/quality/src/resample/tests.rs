use super::*;
use proptest::prelude::*;

fn draw(score: f64, synthetic: bool, stratum: usize, group: usize) -> Draw {
    Draw { case: Case { score, synthetic }, stratum, group }
}

/// 60 real files and 60 synthetic ones that score somewhat higher, each a group of its own.
fn overlapping() -> Vec<Draw> {
    let mut random = Random(5);
    let mut share = move || random.next() as f64 / u64::MAX as f64;
    (0..120).map(|n| draw((share() + if n < 60 { 0.0 } else { 0.5 }) / 1.5, n >= 60, 0, n)).collect()
}

const ROUNDS: Rounds = Rounds { rounds: 400, seed: 1 };

#[test]
fn splitmix_gives_the_numbers_of_its_authors() {
    // The reference implementation from seed 1234567.
    let mut random = Random(1_234_567);
    assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
}

#[test]
fn the_same_seed_gives_the_same_interval_and_another_nearly_the_same() {
    let draws = overlapping();
    let first = bootstrap(&draws, ROUNDS).unwrap();
    assert_eq!(bootstrap(&draws, ROUNDS).unwrap(), first);
    let alone = estimate(&draws, ROUNDS, |cases| Some(crate::Ranking::new(cases)?.auc()));
    assert_eq!(alone.unwrap(), first.auc, "one measure alone is drawn like all together");
    let other = bootstrap(&draws, Rounds { seed: 2, ..ROUNDS }).unwrap();
    assert!((first.auc.low - other.auc.low).abs() < 0.02 && first != other);
}

#[test]
fn the_width_is_that_of_the_formula() {
    // Hanley and McNeil 1982 for this AUC and 60 files of each class.
    let auc = bootstrap(&overlapping(), ROUNDS).unwrap().auc;
    let (a, n) = (auc.value, 60.0);
    let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
    let error = ((a * (1.0 - a) + (n - 1.0) * (q1 - a * a) + (n - 1.0) * (q2 - a * a)) / (n * n)).sqrt();
    let width = auc.high - auc.low;
    assert!((width / (2.0 * 1.96 * error) - 1.0).abs() < 0.25, "{width} against {}", 2.0 * 1.96 * error);
}

#[test]
fn files_of_one_group_are_one_witness() {
    let single = overlapping();
    let tripled: Vec<Draw> = single.iter().flat_map(|draw| [*draw; 3]).collect();
    let apart: Vec<Draw> = tripled.iter().enumerate().map(|(n, d)| Draw { group: n, ..*d }).collect();
    let width = |draws: &[Draw]| {
        let auc = bootstrap(draws, ROUNDS).unwrap().auc;
        auc.high - auc.low
    };
    assert!((width(&tripled) - width(&single)).abs() < 0.01, "three copies in one group tell no more");
    assert!(width(&apart) < width(&single) * 0.75, "and would if they were taken for three witnesses");
}

#[test]
fn one_class_has_no_measures() {
    assert_eq!(bootstrap(&[draw(0.1, true, 0, 0), draw(0.9, true, 0, 1)], ROUNDS), None);
}

#[test]
fn halves_have_both_classes_and_change_with_the_seed() {
    let draws = overlapping();
    let split = halves(&draws, 3);
    for synthetic in [false, true] {
        let own = draws.iter().zip(&split).filter(|(d, _)| d.case.synthetic == synthetic);
        assert_eq!(own.filter(|(_, half)| **half == Half::Choose).count(), 30);
    }
    assert_eq!(split, halves(&draws, 3));
    assert_ne!(split, halves(&draws, 4));
}

proptest! {
    #[test]
    fn a_group_is_never_torn_apart(
        raw in proptest::collection::vec((any::<bool>(), 0usize..3, 0usize..9), 0..60), seed in any::<u64>(),
    ) {
        let draws: Vec<Draw> = raw.iter().map(|&(synthetic, stratum, group)| draw(0.5, synthetic, stratum, group)).collect();
        let split = halves(&draws, seed);
        for (a, half) in draws.iter().zip(&split) {
            for (b, other) in draws.iter().zip(&split) {
                prop_assert!(a.group != b.group || half == other);
            }
        }
    }

    #[test]
    fn a_draw_has_every_stratum_in_both_classes(
        raw in proptest::collection::vec((any::<bool>(), 0usize..3, 0usize..9), 1..60), seed in any::<u64>(),
    ) {
        let draws: Vec<Draw> = raw.iter().map(|&(synthetic, stratum, group)| draw(0.5, synthetic, stratum, group)).collect();
        let again = draw_again(&strata(&draws), &mut Random(seed));
        for synthetic in [false, true] {
            let had = draws.iter().any(|draw| draw.case.synthetic == synthetic);
            prop_assert_eq!(had, again.iter().any(|case| case.synthetic == synthetic));
        }
    }
}
