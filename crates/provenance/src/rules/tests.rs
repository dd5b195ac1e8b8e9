//! Every rule by examples: what it finds, and what only looks alike.

use super::*;

fn field(place: &'static str, key: &str, text: &str) -> Field {
    Field { place, key: key.to_owned(), text: text.to_owned() }
}

fn found(fields: &[Field]) -> Vec<(String, TraceKind)> {
    apply(fields).into_iter().map(|trace| (trace.rule, trace.kind)).collect()
}

fn one(place: &'static str, key: &str, text: &str) -> Option<(String, TraceKind)> {
    found(&[field(place, key, text)]).into_iter().next()
}

const SETTINGS: &str = "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 99, Size: 512x512, Model hash: abc, Version: v1.9.0";
const PROMPT: &str = r#"{"3":{"inputs":{"seed":1,"is_changed":[NaN]},"class_type":"KSampler"},"4":{"inputs":{},"class_type":"SaveImage"}}"#;
const WORKFLOW: &str = r#"{"last_node_id":2,"nodes":[{"id":1,"type":"KSampler"}],"links":[],"version":0.4}"#;
const ONLY_RESIZES: &str = r#"{"1":{"inputs":{"image":"a.jpg"},"class_type":"LoadImage"},"2":{"inputs":{},"class_type":"SaveImage"}}"#;

#[test]
fn settings_of_generators_declare_ai() {
    let aigc = r#"{"Label":"1","ContentProducer":"someone","ProduceID":"7"}"#;
    let invoke = r#"{"app_version":"4.2","generation_mode":"txt2img","model":{}}"#;
    let job = "a red fox --v 6.0 Job ID: 0b5eb0d0-7f4f-4a2f-9a0a-7d4f0b8f7e11";
    let suno = "made with suno; created=2025-10-08T16:20:02Z; id=116d34f4-b3d5-48b8-9334-011b1dd1df00";
    for (place, key, text, rule) in [
        ("PNG tEXt", "parameters", SETTINGS, "sd-webui-parameters"),
        ("EXIF", "UserComment", SETTINGS, "sd-webui-parameters"),
        ("PNG tEXt", "prompt", PROMPT, "comfyui-prompt"),
        ("EXIF", "Model", &format!("prompt:{PROMPT}"), "comfyui-prompt"),
        ("MP4 tag", "©cmt", &format!(r#"{{"prompt":{PROMPT},"workflow":{WORKFLOW}}}"#), "comfyui-prompt"),
        ("Matroska tag", "workflow", WORKFLOW, "comfyui-workflow"),
        ("PNG tEXt", "invokeai_metadata", invoke, "invokeai-metadata"),
        ("PNG tEXt", "Dream", "\"a cat\" -s 50 -S 12345 -W 512 -H 512", "invokeai-metadata"),
        ("PNG tEXt", "fooocus_scheme", "fooocus", "fooocus-parameters"),
        ("PNG tEXt", "parameters", r#"{"prompt":"x","version":"Fooocus v2.5.0"}"#, "fooocus-parameters"),
        ("PNG tEXt", "parameters", r#"{"sui_image_params":{"prompt":"x"}}"#, "swarmui-parameters"),
        ("PNG tEXt", "Description", job, "midjourney-description"),
        ("XMP", "TC260:AIGC", aigc, "tc260-aigc"),
        ("ID3", "COMM", suno, "suno-comment"),
        ("ID3", "comment", suno, "suno-comment"),
        ("XMP", "photoshop:Credit", "Made with Google AI", "google-ai-credit"),
        (
            "XMP",
            "Iptc4xmpExt:DigitalSourceType",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "digital-source-type",
        ),
    ] {
        assert_eq!(one(place, key, text), Some((rule.to_owned(), TraceKind::Declaration)), "{place} {key}");
    }
}

#[test]
fn two_notes_that_belong_together_declare_ai() {
    let novel = [
        field("PNG tEXt", "Software", "NovelAI"),
        field("PNG tEXt", "Comment", r#"{"prompt":"x","steps":28,"sampler":"k_euler","seed":1}"#),
    ];
    assert_eq!(found(&novel), [("novelai-comment".to_owned(), TraceKind::Declaration)]);
    assert!(found(&novel[1..]).is_empty());
    let flux =
        [field("EXIF", "Make", "Black Forest Labs"), field("EXIF", "Software", "AI generated;txt2img;flux")];
    assert_eq!(found(&flux), [("flux-exif".to_owned(), TraceKind::Declaration)]);
    assert!(found(&flux[1..]).is_empty());
    let draw = [
        field("XMP", "xmp:CreatorTool", "Draw Things"),
        field("XMP", "exif:UserComment", r#"{"c":"x","sampler":"DPM++","seed":1,"steps":20}"#),
    ];
    assert_eq!(found(&draw), [("draw-things".to_owned(), TraceKind::Declaration)]);
    let easy = [
        field("PNG tEXt", "use_stable_diffusion_model", "sd-v1-5"),
        field("PNG tEXt", "num_inference_steps", "25"),
    ];
    assert_eq!(found(&easy), [("easy-diffusion".to_owned(), TraceKind::Declaration)]);
}

#[test]
fn words_without_their_structure_are_no_trace() {
    for (place, key, text) in [
        ("EXIF", "ImageDescription", "A painting in the style of Midjourney, made with Stable Diffusion"),
        ("XMP", "dc:description", SETTINGS),
        ("XMP", "dc:description", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"),
        ("XMP", "Iptc4xmpExt:DigitalSourceType", "http://example.org/trainedAlgorithmicMedia"),
        ("XMP", "photoshop:Credit", "Photo of a sign that says Made with Google AI"),
        ("PNG tEXt", "parameters", "Steps: up the stairs, then left"),
        ("PNG tEXt", "parameters", "{\"iso\": 100}"),
        ("PNG tEXt", "prompt", "{}"),
        ("PNG tEXt", "prompt", "a cat"),
        ("PNG tEXt", "workflow", r#"{"nodes":[],"links":[]}"#),
        ("PNG tEXt", "Description", "Minutes of the meeting. Job ID: 12345"),
        ("PNG tEXt", "Software", "NovelAI"),
        ("PNG tEXt", "Comment", r#"{"prompt":"what do you see?","sampler":"cloth"}"#),
        ("ID3", "COMM", "made with suno and love"),
        ("XMP", "TC260:AIGC", r#"{"Label":"0"}"#),
        ("EXIF", "Software", "GNU Emacs"),
        ("EXIF", "Make", "Canon"),
    ] {
        assert_eq!(one(place, key, text), None, "{place} {key} {text}");
    }
}

#[test]
fn what_decides_nothing_is_a_hint() {
    let two = r#"{"Label":"2","ContentProducer":"someone"}"#;
    let enhanced = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";
    for (place, key, text, rule) in [
        ("EXIF", "Software", "Adobe Photoshop 25.0 (Windows)", "program"),
        ("MP4 tag", "©too", "Lavf60.3.100", "encoder"),
        ("PNG tEXt", "prompt", ONLY_RESIZES, "comfyui-graph"),
        ("XMP", "TC260:AIGC", two, "tc260-aigc"),
        ("XMP", "Iptc4xmpExt:DigitalSourceType", enhanced, "digital-source-type"),
    ] {
        assert_eq!(one(place, key, text), Some((rule.to_owned(), TraceKind::Hint)), "{place} {key}");
    }
}

#[test]
fn declarations_come_first_and_a_rule_speaks_once_per_place() {
    let same = [
        field("EXIF", "Software", "GIMP 2.10"),
        field("PNG tEXt", "parameters", SETTINGS),
        field("PNG tEXt", "parameters", SETTINGS),
    ];
    let rules: Vec<String> = found(&same).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["sd-webui-parameters", "program"]);
}

#[test]
fn every_rule_has_a_name_of_its_own_and_a_source() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|rule| !rule.source.is_empty() && !rule.looks_for.is_empty()));
}

#[test]
fn the_card_tells_of_every_rule_and_its_source() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/file-origin/1.0.0/card.md");
    let card = std::fs::read_to_string(path).unwrap();
    for rule in RULES {
        let row = format!("| `{}` | {} | {} | {} |", rule.name, rule.kind, rule.looks_for, rule.source);
        assert!(card.contains(&row), "the card lacks the row\n{row}");
    }
}
