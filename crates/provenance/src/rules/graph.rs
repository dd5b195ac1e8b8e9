//! Graphs of ComfyUI: as they run (`prompt`) and as they were drawn (`workflow`). Whether a graph made anything new is
//! told by its nodes: without a sampler it may only have resized a photograph.

use std::borrow::Cow;

use serde_json::Value;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Graph {
    /// Nodes as they run.
    Prompt {
        /// Whether one of them samples.
        samples: bool,
    },
    /// Nodes as they were drawn.
    Workflow {
        /// Whether one of them samples.
        samples: bool,
    },
}

/// JSON as Python writes it: with `NaN` and `Infinity`, which ComfyUI's graphs hold.
pub(super) fn json(text: &str) -> Option<Value> {
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&without_nan(text)).ok())
}

fn without_nan(text: &str) -> Cow<'_, str> {
    let mut plain = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !inside
            && let Some(after) = ["NaN", "-Infinity", "Infinity"].iter().find_map(|w| rest.strip_prefix(w))
        {
            plain.push_str("null");
            rest = after;
            continue;
        }
        match first {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        plain.push(first);
        rest = &rest[first.len_utf8()..];
    }
    plain.into()
}

pub(super) fn of(value: &Value) -> Option<Graph> {
    let map = value.as_object()?;
    if let (Some(nodes), Some(_)) = (map.get("nodes").and_then(Value::as_array), map.get("links")) {
        let kinds = nodes.iter().map(|node| node.get("type").and_then(Value::as_str));
        let kinds: Vec<&str> = kinds.collect::<Option<_>>()?;
        return (!kinds.is_empty()).then(|| Graph::Workflow { samples: kinds.iter().any(|k| samples(k)) });
    }
    let kinds = map.values().map(|node| {
        node.get("inputs").and_then(Value::as_object)?;
        node.get("class_type").and_then(Value::as_str)
    });
    let kinds: Vec<&str> = kinds.collect::<Option<_>>()?;
    (!kinds.is_empty()).then(|| Graph::Prompt { samples: kinds.iter().any(|k| samples(k)) })
}

/// `KSampler`, `SamplerCustomAdvanced`, `WanVideoSampler` and so on; helpers such as `KSamplerSelect` come with one.
fn samples(kind: &str) -> bool {
    kind.contains("Sampler")
}
