//! The answer of the validator of Content Credentials, in which every text comes from the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(found) = dk_provenance::credentials::read(bytes) else { return };
    assert!(found.manifests.len() <= dk_provenance::credentials::MAX_MANIFESTS);
});
