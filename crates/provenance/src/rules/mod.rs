//! The rules: which text in which place declares that AI made a file, and which only names a program.
//!
//! A rule wants the right place *and* the right structure. A caption that mentions a generator, a keyword or a file name
//! is no trace. Every rule is listed in [`RULES`] with its public source.

mod generators;
mod graph;
mod labels;
mod programs;

pub(crate) use programs::is_program;

use dk_domain::{Trace, TraceKind};

use crate::fields::{Field, excerpt};

/// What is published of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name in findings.
    pub name: &'static str,
    /// What follows from it at most.
    pub kind: TraceKind,
    /// What it looks for.
    pub looks_for: &'static str,
    /// Where that is documented, or the code that writes it.
    pub source: &'static str,
}

const D: TraceKind = TraceKind::Declaration;
const H: TraceKind = TraceKind::Hint;

const fn rule(name: &'static str, kind: TraceKind, looks_for: &'static str, source: &'static str) -> Rule {
    Rule { name, kind, looks_for, source }
}

/// Every rule there is.
pub const RULES: &[Rule] = &[
    rule(
        "sd-webui-parameters",
        D,
        "`parameters` (PNG) or UserComment (EXIF) with a line of steps, sampler or size, and seed",
        "AUTOMATIC1111/stable-diffusion-webui, create_infotext in modules/processing.py; written alike by Forge, SD.Next and others",
    ),
    rule(
        "comfyui-prompt",
        D,
        "a graph of nodes with `class_type` and `inputs`, one of which is a sampler",
        "comfyanonymous/ComfyUI, SaveImage and SaveAnimatedWEBP; Kosinkadink/ComfyUI-VideoHelperSuite for video",
    ),
    rule(
        "comfyui-workflow",
        D,
        "a workflow with `nodes` and `links`, one of whose nodes is a sampler",
        "comfyanonymous/ComfyUI, SaveImage; Comfy-Org/workflow JSON schema",
    ),
    rule("comfyui-graph", H, "a graph or workflow of ComfyUI without a sampler", "as comfyui-prompt"),
    rule(
        "invokeai-metadata",
        D,
        "`invokeai_metadata`, `sd-metadata` or `Dream` with generation settings",
        "invoke-ai/InvokeAI, docs: image metadata",
    ),
    rule(
        "novelai-comment",
        D,
        "`Software` NovelAI beside a `Comment` with prompt and sampler",
        "docs.novelai.net: image metadata; NovelAI/novelai-image-metadata",
    ),
    rule(
        "fooocus-parameters",
        D,
        "`fooocus_scheme`, or `parameters` whose version is Fooocus",
        "lllyasviel/Fooocus, modules/meta_parser.py",
    ),
    rule(
        "swarmui-parameters",
        D,
        "`parameters` or UserComment with `sui_image_params`",
        "mcmonkeyprojects/SwarmUI, docs: image metadata format",
    ),
    rule(
        "easy-diffusion",
        D,
        "`use_stable_diffusion_model` beside `num_inference_steps`",
        "easydiffusion/easydiffusion, ui/easydiffusion/utils/save_utils.py",
    ),
    rule(
        "draw-things",
        D,
        "the creator tool Draw Things beside a comment with sampler and seed",
        "wiki.drawthings.ai; receyuki/stable-diffusion-prompt-reader",
    ),
    rule(
        "midjourney-description",
        D,
        "`Description` that ends with the identifier of a job",
        "docs.midjourney.com: downloaded images carry prompt and job ID",
    ),
    rule(
        "flux-exif",
        D,
        "EXIF Software `AI generated;…` beside the maker Black Forest Labs",
        "black-forest-labs/flux, src/flux/util.py (save_image)",
    ),
    rule(
        "digital-source-type",
        D,
        "IPTC digital source type in XMP; terms of algorithms declare AI, others are shown",
        "IPTC Photo Metadata Standard 2023.1; cv.iptc.org/newscodes/digitalsourcetype",
    ),
    rule(
        "google-ai-credit",
        D,
        "the credit line Made with Google AI or Edited with Google AI, and nothing else in it",
        "Google Photos help: AI information of photos; IPTC Credit Line",
    ),
    rule(
        "tc260-aigc",
        D,
        "the label of generated content that China prescribes; 1 declares, 2 and 3 are shown",
        "GB 45438-2025, TC260-PG-20258A",
    ),
    rule(
        "suno-comment",
        D,
        "the comment `made with suno` with date and identifier",
        "observed in files of suno.com, quoted in public repositories; Suno documents no tag",
    ),
    rule(
        "dwt-dct-watermark",
        D,
        "the invisible watermark of Stable Diffusion, SDXL or FLUX.1 in the pixels",
        "ShieldMnt/invisible-watermark (dwtDct); CompVis/stable-diffusion; Stability-AI/generative-models; black-forest-labs/flux",
    ),
    rule(
        "program",
        H,
        "the program that last wrote the file, where it is one for editing",
        "EXIF 2.32, XMP part 1, ID3",
    ),
    rule("encoder", H, "the encoder of video or sound, where it is one for conversion", "FFmpeg, HandBrake"),
];

/// Most traces of one file.
const MAX_TRACES: usize = 24;

/// Applies every rule: declarations first, each rule at most once per place.
pub(crate) fn apply(fields: &[Field]) -> Vec<Trace> {
    let mut traces = Vec::new();
    let all = All(fields);
    for field in fields {
        traces.extend(generators::of(field, &all));
        traces.extend(labels::of(field));
        traces.extend(programs::of(field));
    }
    let mut kept: Vec<Trace> = Vec::new();
    traces.sort_by_key(|trace| trace.kind);
    for trace in traces {
        if kept.len() < MAX_TRACES && !kept.iter().any(|k| k.rule == trace.rule && k.place == trace.place) {
            kept.push(trace);
        }
    }
    kept
}

/// All fields, for rules that want two of them together.
struct All<'a>(&'a [Field]);

impl All<'_> {
    /// Whether some field of this key passes a test.
    fn any(&self, key: &str, test: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|field| field.key == key && test(&field.text))
    }
}

fn trace(name: &str, kind: TraceKind, generator: &str, field: &Field, says: &str) -> Trace {
    debug_assert!(RULES.iter().any(|rule| rule.name == name), "{name} is not listed");
    Trace {
        kind,
        rule: name.to_owned(),
        generator: excerpt(generator, 80),
        place: field.stood(),
        says: excerpt(says, 160),
    }
}

fn declaration(name: &str, generator: &str, field: &Field) -> Trace {
    trace(name, D, generator, field, &field.text)
}

#[cfg(test)]
mod tests;
