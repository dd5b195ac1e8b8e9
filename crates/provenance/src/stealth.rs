//! The copy of its settings that NovelAI, and extensions of Stable Diffusion WebUI, hide in the transparency of a PNG, so
//! that it outlives the removal of notes: the lowest bit of each pixel's opacity, column by column, says a name, a
//! length in bits, and a text, packed with gzip where the name says so.
//!
//! After NovelAI/novelai-image-metadata (nai_meta.py) and ashen-sensored/sd_webui_stealth_pnginfo. The name has 120 bits, so
//! chance does not write it.

use std::io::Read;

use dk_domain::Trace;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::fields::{Fields, MAX_TEXT_BYTES};
use crate::rules;

const PLACE: &str = "transparency of the picture";
const PLAIN: &[u8] = b"stealth_pnginfo";
const PACKED: &[u8] = b"stealth_pngcomp";

/// Traces in the opacity of each pixel, given row by row.
pub fn find(opacity: &[u8], width_px: usize, height_px: usize) -> Vec<Trace> {
    if width_px.checked_mul(height_px) != Some(opacity.len()) || opacity.is_empty() {
        return Vec::new();
    }
    let mut bits = Bits { opacity, width_px, height_px, next: 0 };
    let Some(text) = read(&mut bits) else { return Vec::new() };
    let mut fields = Fields::default();
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(map)) => {
            let texts = map.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
            texts.for_each(|(key, value)| fields.add(PLACE, key, value));
        }
        _ => fields.add(PLACE, "parameters", text),
    }
    rules::apply(&fields.all)
}

fn read(bits: &mut Bits<'_>) -> Option<String> {
    let name = bits.bytes(PLAIN.len())?;
    let is_packed = match name.as_slice() {
        PLAIN => false,
        PACKED => true,
        _ => return None,
    };
    let length: [u8; 4] = bits.bytes(4)?.try_into().ok()?;
    let length = u32::from_be_bytes(length) as usize / 8;
    let text = bits.bytes(length)?;
    if !is_packed {
        return String::from_utf8(text).ok();
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(text.as_slice()).take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut unpacked).ok()?;
    (unpacked.len() <= MAX_TEXT_BYTES).then(|| String::from_utf8(unpacked).ok())?
}

/// The lowest bits, column by column.
struct Bits<'a> {
    opacity: &'a [u8],
    width_px: usize,
    height_px: usize,
    next: usize,
}

impl Bits<'_> {
    /// The next bytes, high bit first; `None` where the picture has fewer.
    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let end = self.next.checked_add(count.checked_mul(8)?)?;
        if end > self.opacity.len() || count > MAX_TEXT_BYTES {
            return None;
        }
        let bit = |at: usize| self.opacity[at % self.height_px * self.width_px + at / self.height_px] & 1;
        let byte = |at: usize| (0..8).fold(0, |byte, place| byte << 1 | bit(at + place));
        let bytes = (self.next..end).step_by(8).map(byte).collect();
        self.next = end;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use dk_domain::TraceKind;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const NOVELAI: &str = r#"{"Software":"NovelAI","Source":"NovelAI Diffusion V4","Comment":"{\"prompt\": \"a fox\", \"sampler\": \"k_euler\", \"steps\": 28, \"seed\": 1}"}"#;

    /// Writes as NovelAI does: into an opaque picture, column by column.
    fn hidden(name: &[u8], length_bits: usize, text: &[u8], width_px: usize, height_px: usize) -> Vec<u8> {
        let all = [name, &(length_bits as u32).to_be_bytes(), text].concat();
        let mut opacity = vec![254; width_px * height_px];
        for at in 0..all.len() * 8 {
            let bit = all[at / 8] >> (7 - at % 8) & 1;
            opacity[at % height_px * width_px + at / height_px] = 0b1111_1110 | bit;
        }
        opacity
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn settings_that_were_hidden_are_read_by_the_ordinary_rules() {
        let gzip = packed(NOVELAI.as_bytes());
        let found = find(&hidden(PACKED, gzip.len() * 8, &gzip, 64, 48), 64, 48);
        assert_eq!((found[0].rule.as_str(), found[0].kind), ("novelai-comment", TraceKind::Declaration));
        assert!(found[0].place.starts_with(PLACE), "{}", found[0].place);
        let webui = b"a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 99, Size: 512x512";
        let found = find(&hidden(PLAIN, webui.len() * 8, webui, 37, 53), 37, 53);
        assert_eq!(found[0].rule, "sd-webui-parameters");
    }

    #[test]
    fn what_is_cut_off_too_long_or_not_there_is_silent() {
        let gzip = packed(NOVELAI.as_bytes());
        let whole = hidden(PACKED, gzip.len() * 8, &gzip, 64, 48);
        assert!(find(&whole[..64 * 40], 64, 40).is_empty());
        assert!(find(&whole, 64, 47).is_empty() && find(&[], 0, 0).is_empty());
        assert!(find(&hidden(PACKED, u32::MAX as usize, &gzip, 64, 48), 64, 48).is_empty());
        assert!(find(&vec![255; 64 * 48], 64, 48).is_empty());
        // 9 MiB of zeros in a few bytes.
        let bomb = packed(&vec![0; MAX_TEXT_BYTES + (1 << 20)]);
        let side = 300;
        assert!(find(&hidden(PACKED, bomb.len() * 8, &bomb, side, side), side, side).is_empty());
    }

    proptest! {
        #[test]
        fn no_opacity_is_too_strange(opacity in proptest::collection::vec(any::<u8>(), 0..400), width_px in 0_usize..40) {
            let height_px = opacity.len() / width_px.max(1);
            find(&opacity[..width_px * height_px], width_px, height_px);
        }
    }
}
