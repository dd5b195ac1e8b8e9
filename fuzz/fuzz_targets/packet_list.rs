//! The list of packets of a stream, from which the frames to decode are chosen.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = dk_media::fuzzing::packet_list(text);
});
