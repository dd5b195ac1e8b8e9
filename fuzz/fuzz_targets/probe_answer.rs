//! What ffprobe says about a container; every number in it comes from the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dk_media::fuzzing::probe_answer(bytes);
});
