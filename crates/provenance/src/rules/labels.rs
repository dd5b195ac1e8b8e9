//! Labels that standards and laws give generated media.

use dk_domain::{SourceType, Trace, TraceKind};
use serde_json::Value;

use super::{declaration, trace};
use crate::fields::Field;

pub(super) fn of(field: &Field) -> Option<Trace> {
    match field.key.as_str() {
        "Iptc4xmpExt:DigitalSourceType" | "Iptc4xmpExt:DigitalSourcefileType" => source_type(field),
        "photoshop:Credit" | "Credit"
            if matches!(field.text.as_str(), "Made with Google AI" | "Edited with Google AI") =>
        {
            Some(declaration("google-ai-credit", "Google AI", field))
        }
        "TC260:AIGC" | "AIGC" => aigc(field, serde_json::from_str(&field.text).ok()?),
        // Some write the label into the comment of EXIF, as an object of that name.
        "UserComment" | "comment" | "©cmt" if field.text.starts_with("{\"AIGC\"") => {
            let value: Value = serde_json::from_str(&field.text).ok()?;
            aigc(field, value.get("AIGC")?.clone())
        }
        _ => None,
    }
}

fn source_type(field: &Field) -> Option<Trace> {
    let found = SourceType::parse(&field.text)?;
    let kind = if found.is_synthetic() { TraceKind::Declaration } else { TraceKind::Hint };
    Some(trace("digital-source-type", kind, "", field, found.as_str()))
}

/// Label 1: made by AI; 2: may be; 3: the one who passes it on suspects it.
fn aigc(field: &Field, value: Value) -> Option<Trace> {
    // The standard's example has the object as text within text.
    let value = match value {
        Value::String(text) => serde_json::from_str(&text).ok()?,
        other => other,
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let label = match value.get("Label")? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let kind = match label.as_str() {
        "1" => TraceKind::Declaration,
        "2" | "3" => TraceKind::Hint,
        _ => return None,
    };
    Some(trace("tc260-aigc", kind, text("ContentProducer"), field, &field.text))
}
