//! Names and checksums: what is accepted is written as it was read.
#![no_main]

use dk_domain::{Family, ModelName, Sha256};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(name) = text.parse::<ModelName>() {
        assert_eq!(name.as_str(), text);
        assert!(!text.contains(['/', '.', '\\']), "a name is one folder");
    }
    if let Ok(family) = text.parse::<Family>() {
        assert_eq!(family.as_str(), text);
    }
    if let Ok(sum) = text.parse::<Sha256>() {
        assert_eq!(sum.to_string(), text.to_ascii_lowercase());
    }
});
