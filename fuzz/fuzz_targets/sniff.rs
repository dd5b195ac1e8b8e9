//! The type of a file by its first bytes, tags that are skipped included.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dk_media::fuzzing::sniff(bytes);
});
