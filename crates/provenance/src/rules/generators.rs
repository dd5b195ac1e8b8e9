//! Notes that generators leave: their settings, graphs and names.

use dk_domain::{Trace, TraceKind};
use serde_json::Value;

use super::graph::{Graph, json, of as graph_of};
use super::{All, declaration, trace};
use crate::fields::Field;

const COMFY: &str = "ComfyUI";

pub(super) fn of(field: &Field, all: &All<'_>) -> Option<Trace> {
    let value = json(body(&field.text));
    value.as_ref().and_then(|value| from_json(field, value, all)).or_else(|| from_text(field, all))
}

/// ComfyUI puts a graph into EXIF behind its name.
fn body(text: &str) -> &str {
    ["prompt:", "workflow:", "Prompt:", "Workflow:"]
        .iter()
        .find_map(|name| text.strip_prefix(name))
        .map_or(text, str::trim_start)
}

/// Places in which programs write settings of their own: named text, comments, tags.
fn is_settings(field: &Field) -> bool {
    matches!(field.key.as_str(), "parameters" | "UserComment" | "exif:UserComment" | "Comment" | "comment")
        || field.place == "JPEG comment"
}

fn from_json(field: &Field, value: &Value, all: &All<'_>) -> Option<Trace> {
    let has = |key: &str| value.get(key).is_some_and(|inner| !inner.is_null());
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match field.key.as_str() {
        "invokeai_metadata"
            if has("generation_mode") || has("positive_prompt") || (has("app_version") && has("model")) =>
        {
            return Some(declaration("invokeai-metadata", "InvokeAI", field));
        }
        "sd-metadata" if text("app_id").contains("InvokeAI") || value.pointer("/image/prompt").is_some() => {
            return Some(declaration("invokeai-metadata", "InvokeAI", field));
        }
        "Comment" if has("prompt") && has("sampler") && all.any("Software", |text| text == "NovelAI") => {
            return Some(declaration("novelai-comment", "NovelAI", field));
        }
        "exif:UserComment"
            if has("sampler") && has("seed") && all.any("xmp:CreatorTool", |text| text == "Draw Things") =>
        {
            return Some(declaration("draw-things", "Draw Things", field));
        }
        _ => {}
    }
    if is_settings(field) {
        if text("version").starts_with("Fooocus") || text("Version").starts_with("Fooocus") {
            return Some(declaration("fooocus-parameters", "Fooocus", field));
        }
        if value.get("sui_image_params").is_some_and(Value::is_object) {
            return Some(declaration("swarmui-parameters", "SwarmUI", field));
        }
    }
    comfy(field, value)
}

/// A graph on its own, or graphs by name as tools for video write them into one comment.
fn comfy(field: &Field, value: &Value) -> Option<Trace> {
    let inner = ["prompt", "workflow"].iter().filter_map(|key| match value.get(key)? {
        Value::String(text) => json(text).and_then(|graph| graph_of(&graph)),
        graph => graph_of(graph),
    });
    let graph = graph_of(value).into_iter().chain(inner).max_by_key(|graph| match graph {
        Graph::Prompt { samples } => (*samples, true),
        Graph::Workflow { samples } => (*samples, false),
    })?;
    Some(match graph {
        Graph::Prompt { samples: true } => declaration("comfyui-prompt", COMFY, field),
        Graph::Workflow { samples: true } => declaration("comfyui-workflow", COMFY, field),
        _ => trace("comfyui-graph", TraceKind::Hint, COMFY, field, &field.text),
    })
}

fn from_text(field: &Field, all: &All<'_>) -> Option<Trace> {
    let text = field.text.as_str();
    match field.key.as_str() {
        "fooocus_scheme" if matches!(text, "fooocus" | "a1111") => {
            Some(declaration("fooocus-parameters", "Fooocus", field))
        }
        "Dream" if text.contains(" -s") && text.contains(" -S") => {
            Some(declaration("invokeai-metadata", "InvokeAI", field))
        }
        "use_stable_diffusion_model" if all.any("num_inference_steps", |steps| number(steps).is_some()) => {
            Some(declaration("easy-diffusion", "Easy Diffusion", field))
        }
        "Description" if ends_with_job(text) => {
            Some(declaration("midjourney-description", "Midjourney", field))
        }
        "Software"
            if text.starts_with("AI generated;") && all.any("Make", |make| make == "Black Forest Labs") =>
        {
            Some(declaration("flux-exif", "FLUX (Black Forest Labs)", field))
        }
        _ if is_comment(field) && suno(text) => Some(declaration("suno-comment", "Suno", field)),
        _ if is_settings(field) => webui(text).then(|| {
            let line = text.lines().rev().find(|line| settings_line(line)).unwrap_or(text);
            trace("sd-webui-parameters", TraceKind::Declaration, webui_name(line), field, line)
        }),
        _ => None,
    }
}

fn webui(text: &str) -> bool {
    text.lines().any(settings_line)
}

/// `Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512`, with more behind it.
fn settings_line(line: &str) -> bool {
    let Some(rest) = line.trim().strip_prefix("Steps: ") else { return false };
    let mut parts = rest.split(", ");
    if parts.next().and_then(number).is_none() {
        return false;
    }
    let (mut seed, mut how) = (false, false);
    for part in parts {
        match part.split_once(": ") {
            Some(("Seed", value)) => seed |= number(value).is_some(),
            Some(("Sampler" | "CFG scale" | "Size", _)) => how = true,
            _ => {}
        }
    }
    seed && how
}

fn webui_name(line: &str) -> &'static str {
    let version = line.split(", ").find_map(|part| part.strip_prefix("Version: ")).unwrap_or_default();
    match version {
        v if v.starts_with("ComfyUI") => COMFY,
        v if v.starts_with("Fooocus") => "Fooocus",
        v if v.starts_with('f') || v.starts_with("neo") => "Stable Diffusion WebUI Forge",
        _ => "Stable Diffusion WebUI, or a program that writes the same note",
    }
}

fn number(text: &str) -> Option<u64> {
    (text.len() <= 20).then(|| text.trim().parse().ok()).flatten()
}

/// `… Job ID: 8-4-4-4-12 hexadecimal digits`, and nothing after it.
fn ends_with_job(text: &str) -> bool {
    text.rsplit_once("Job ID: ").is_some_and(|(_, id)| is_uuid(id.trim()))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_comment(field: &Field) -> bool {
    matches!(field.key.as_str(), "COMM" | "©cmt" | "ICMT" | "comment" | "description")
}

/// `made with suno; created=…; id=…`, also of its studio.
fn suno(text: &str) -> bool {
    let mut parts = text.split("; ");
    parts.next().is_some_and(|first| first == "made with suno" || first == "made with suno studio")
        && parts.any(|part| part.strip_prefix("id=").is_some_and(|id| is_uuid(id.trim())))
}
