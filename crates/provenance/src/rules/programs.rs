//! Programs that a file went through. They decide nothing: a photograph that was developed is no fake.

use dk_domain::{Trace, TraceKind};

use super::trace;
use crate::fields::Field;

/// Programs for editing, by the begin of their name.
const EDITORS: [&str; 20] = [
    "Adobe Photoshop",
    "Adobe Lightroom",
    "Adobe Premiere",
    "Adobe After Effects",
    "Adobe Firefly",
    "Affinity Photo",
    "Canva",
    "CapCut",
    "Capture One",
    "DaVinci Resolve",
    "FaceApp",
    "GIMP",
    "Luminar",
    "Meitu",
    "Photoshop",
    "PicsArt",
    "Pixelmator",
    "Remini",
    "Snapseed",
    "Topaz",
];

/// Programs and libraries for conversion.
const ENCODERS: [&str; 4] = ["Lavf", "Lavc", "HandBrake", "LAME"];

/// Whether this is a place where programs leave their name.
pub(crate) fn is_program(key: &str) -> bool {
    matches!(
        key,
        "Software"
            | "xmp:CreatorTool"
            | "OriginatingProgram"
            | "ISFT"
            | "TSSE"
            | "TENC"
            | "©too"
            | "©swr"
            | "encoder"
            | "vendor"
            | "WritingApp"
            | "com.apple.quicktime.software"
    )
}

pub(super) fn of(field: &Field) -> Option<Trace> {
    if !is_program(&field.key) {
        return None;
    }
    let begins = |names: &[&'static str]| names.iter().any(|name| field.text.starts_with(name));
    let name = match () {
        () if begins(&EDITORS) => "program",
        () if begins(&ENCODERS) => "encoder",
        () => return None,
    };
    Some(trace(name, TraceKind::Hint, &field.text, field, &field.text))
}
