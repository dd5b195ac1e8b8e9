//! `golden.json`: cases that prove something, or an error.
#![no_main]

use dk_infer::package::Golden;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(golden) = Golden::parse(text) else { return };
    assert!(!golden.cases.is_empty());
    assert!(golden.cases.iter().all(|case| case.tolerance > 0.0 && case.tolerance.is_finite()));
});
