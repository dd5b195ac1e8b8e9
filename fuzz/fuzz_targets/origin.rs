//! Containers and texts in which generators leave notes.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = dk_provenance::inspect(&mut Cursor::new(bytes)).origin;
    assert!(found.traces.len() <= 24);
    assert!(found.traces.iter().all(|trace| trace.says.chars().count() <= 161));
});
