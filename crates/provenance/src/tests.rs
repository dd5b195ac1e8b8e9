//! Whole files, made here byte by byte, and bytes that are no files.

use std::io::{Cursor, Write as _};

use dk_domain::TraceKind;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::*;

const SETTINGS: &str = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 99, Size: 512x512";
const SYNTHETIC: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

fn look(bytes: &[u8]) -> Inspection {
    inspect(&mut Cursor::new(bytes))
}

/// The rule that found something, and where.
fn first(bytes: &[u8]) -> (String, String) {
    let found = look(bytes).origin;
    let trace = found.traces.into_iter().next().unwrap_or_else(|| panic!("nothing was found"));
    assert_eq!(trace.kind, TraceKind::Declaration);
    (trace.rule, trace.place)
}

fn xmp() -> Vec<u8> {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <r:Description xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' e:DigitalSourceType='{SYNTHETIC}'/>\
         </r:RDF></x:xmpmeta>"
    )
    .into_bytes()
}

/// A TIFF with one EXIF directory and in it a comment in UTF-16.
fn exif(big_text: bool) -> Vec<u8> {
    let units: Vec<u16> = SETTINGS.encode_utf16().collect();
    let text: Vec<u8> =
        units.iter().flat_map(|u| if big_text { u.to_be_bytes() } else { u.to_le_bytes() }).collect();
    let comment = [&b"UNICODE\0"[..], &text].concat();
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let mut directory = |tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(1u16.to_le_bytes());
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
        tiff.extend(0u32.to_le_bytes());
    };
    directory(0x8769, 4, 1, 26);
    directory(0x9286, 7, comment.len() as u32, 44);
    [tiff, comment].concat()
}

fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, payload) in chunks {
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(*kind);
        bytes.extend(payload);
        bytes.extend([0; 4]);
    }
    bytes
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn png_text_is_read_plain_and_packed_and_international() {
    let plain = [b"parameters\0", SETTINGS.as_bytes()].concat();
    assert_eq!(first(&png(&[(b"tEXt", plain)])).1, "PNG tEXt \"parameters\"");
    let zipped = [b"parameters\0\0".to_vec(), packed(SETTINGS.as_bytes())].concat();
    assert_eq!(first(&png(&[(b"zTXt", zipped)])).1, "PNG zTXt \"parameters\"");
    let international = [b"parameters\0\x01\0\0\0".to_vec(), packed(SETTINGS.as_bytes())].concat();
    assert_eq!(first(&png(&[(b"iTXt", international)])).1, "PNG iTXt \"parameters\"");
    let packet = [b"XML:com.adobe.xmp\0\0\0\0\0".to_vec(), xmp()].concat();
    assert_eq!(first(&png(&[(b"iTXt", packet)])).0, "digital-source-type");
    assert_eq!(first(&png(&[(b"eXIf", exif(true))])).1, "EXIF \"UserComment\"");
    assert!(look(&png(&[(b"caBX", vec![0; 9])])).has_credentials);
}

#[test]
fn a_text_that_inflates_without_end_is_left_out_and_said() {
    let bomb = packed(&vec![b' '; 64 << 20]);
    let many: Vec<_> =
        (0..4).map(|_| (b"zTXt", [b"parameters\0\0".to_vec(), bomb.clone()].concat())).collect();
    let found = look(&png(&many)).origin;
    assert!(found.cut && found.traces.is_empty());
}

fn jpeg(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    for (marker, payload) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend((payload.len() as u16 + 2).to_be_bytes());
        bytes.extend(payload);
    }
    bytes.extend(b"\xff\xda\0\x02");
    bytes
}

#[test]
fn jpeg_segments_are_read() {
    let with = |marker: u8, parts: &[&[u8]]| jpeg(&[(marker, parts.concat())]);
    for big in [false, true] {
        assert_eq!(first(&with(0xE1, &[b"Exif\0\0", &exif(big)])).0, "sd-webui-parameters");
    }
    assert_eq!(first(&with(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", &xmp()])).0, "digital-source-type");
    assert_eq!(first(&with(0xFE, &[SETTINGS.as_bytes()])).1, "JPEG comment");
    let credit = b"\x1c\x02\x6e\0\x13Made with Google AI";
    let resources = [&b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x18"[..], credit].concat();
    assert_eq!(first(&with(0xED, &[&resources])).1, "IPTC \"Credit\"");
    assert!(look(&with(0xEB, &[b"JP\0\x01\0\0\0\x01\0\0\0\x20jumb"])).has_credentials);
}

/// A TIFF of texts in one directory, in the order of little ends.
fn tiff_of(texts: &[(u16, &str)]) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend((texts.len() as u16).to_le_bytes());
    let mut values = Vec::new();
    let values_at = tiff.len() + texts.len() * 12 + 4;
    for (tag, text) in texts {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(2u16.to_le_bytes());
        tiff.extend((text.len() as u32).to_le_bytes());
        tiff.extend(((values_at + values.len()) as u32).to_le_bytes());
        values.extend(text.bytes());
    }
    tiff.extend([0; 4]);
    [tiff, values].concat()
}

#[test]
fn what_a_camera_noted_is_told_but_not_where_it_was() {
    let texts = [
        (0x010F, "Maker of cameras"),
        (0x0110, "Camera 7"),
        (0x8825, "52.5, 13.4"),
        (0x9003, "2026:11:29 10:00:00"),
        (0xA431, "serial number 12345"),
        (0xA434, "Lens 50 mm"),
    ];
    let found = look(&jpeg(&[(0xE1, [&b"Exif\0\0"[..], &tiff_of(&texts)].concat())]));
    let told: Vec<_> =
        found.origin.notes.iter().map(|note| (note.kind.as_str(), note.says.as_str())).collect();
    let expected = [
        ("maker", "Maker of cameras"),
        ("model", "Camera 7"),
        ("lens", "Lens 50 mm"),
        ("recorded_at", "2026:11:29 10:00:00"),
        ("place", ""),
    ];
    assert_eq!(told, expected);
    assert!(found.origin.is_silent() && !found.origin.is_empty());
}

#[test]
fn extended_xmp_is_put_together() {
    let packet = xmp();
    let part = |from: usize, to: usize| {
        let mut payload = b"http://ns.adobe.com/xmp/extension/\0".to_vec();
        payload.extend([b'0'; 32]);
        payload.extend((packet.len() as u32).to_be_bytes());
        payload.extend((from as u32).to_be_bytes());
        payload.extend(&packet[from..to]);
        (0xE1, payload)
    };
    assert_eq!(first(&jpeg(&[part(0, 50), part(50, packet.len())])).0, "digital-source-type");
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what is written as bytes is a reference")]
fn chunks(kind: &[u8; 4], parts: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = kind.to_vec();
    for (name, payload) in parts {
        body.extend(*name);
        body.extend((payload.len() as u32).to_le_bytes());
        body.extend(payload);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
}

const SUNO: &str = "made with suno; created=x; id=116d34f4-b3d5-48b8-9334-011b1dd1df00";

fn wave() -> Vec<u8> {
    let info = [b"INFOICMT", &(SUNO.len() as u32).to_le_bytes()[..], SUNO.as_bytes()].concat();
    chunks(b"WAVE", &[(b"LIST", info)])
}

#[test]
fn riff_chunks_are_read() {
    assert_eq!(first(&chunks(b"WEBP", &[(b"EXIF", exif(true))])).0, "sd-webui-parameters");
    assert_eq!(first(&chunks(b"WEBP", &[(b"XMP ", xmp())])).0, "digital-source-type");
    assert_eq!(first(&wave()).1, "RIFF INFO \"ICMT\"");
    assert!(look(&chunks(b"WAVE", &[(b"C2PA", vec![1])])).has_credentials);
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what is written as bytes is a reference")]
fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
}

const GRAPH: &str = r#"{"3":{"inputs":{},"class_type":"KSampler"}}"#;
const OF_XMP: &[u8; 16] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const OF_C2PA: &[u8; 16] = b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";

fn mp4(boxes: &[u8]) -> Vec<u8> {
    [boxed(b"ftyp", &[b"isomiso2"]), boxes.to_vec()].concat()
}

fn item(text: &str) -> Vec<u8> {
    boxed(b"data", &[b"\0\0\0\x01\0\0\0\0", text.as_bytes()])
}

fn user_data(meta: &[&[u8]]) -> Vec<u8> {
    mp4(&boxed(b"moov", &[&boxed(b"udta", &[&boxed(b"meta", meta)])]))
}

/// Tags by the number of a key.
fn keyed_mp4() -> Vec<u8> {
    let keys = boxed(b"keys", &[&[0; 4], &1u32.to_be_bytes(), &boxed(b"mdta", &[b"prompt"])]);
    let items = boxed(b"ilst", &[&boxed(&1u32.to_be_bytes(), &[&item(GRAPH)])]);
    user_data(&[&boxed(b"hdlr", &[&[0; 25]]), &keys, &items])
}

#[test]
fn boxes_of_mp4_are_read() {
    let comment = boxed(b"ilst", &[&boxed(b"\xa9cmt", &[&item(&format!(r#"{{"prompt":{GRAPH}}}"#))])]);
    let named = user_data(&[&[0; 4], &boxed(b"hdlr", &[&[0; 25]]), &comment]);
    assert_eq!(first(&named).1, "MP4 tag \"©cmt\"");
    assert_eq!(first(&keyed_mp4()).1, "MP4 tag \"prompt\"");
    assert_eq!(first(&mp4(&boxed(b"uuid", &[OF_XMP, &xmp()]))).0, "digital-source-type");
    assert!(look(&mp4(&boxed(b"uuid", &[OF_C2PA, b"x"]))).has_credentials);
}

fn avif() -> Vec<u8> {
    let entry = boxed(b"infe", &[b"\x02\0\0\0\0\x01\0\0mime\0application/rdf+xml\0"]);
    let iinf = boxed(b"iinf", &[&[0; 4], &1u16.to_be_bytes(), &entry]);
    let packet = xmp();
    let build = |at: u32| {
        let place = [at.to_be_bytes(), (packet.len() as u32).to_be_bytes()].concat();
        let iloc = boxed(b"iloc", &[b"\0\0\0\0\x44\0\0\x01\0\x01\0\0\0\x01", &place]);
        let meta = boxed(b"meta", &[&[0; 4], &boxed(b"hdlr", &[&[0; 25]]), &iinf, &iloc]);
        [boxed(b"ftyp", &[b"avifmif1"]), meta].concat()
    };
    [build(build(0).len() as u32), packet.clone()].concat()
}

#[test]
fn items_of_avif_are_read() {
    assert_eq!(first(&avif()).0, "digital-source-type");
}

fn mp3() -> Vec<u8> {
    let text = [b"\x03eng\0", SUNO.as_bytes()].concat();
    let frame = [b"COMM".to_vec(), (text.len() as u32).to_be_bytes().to_vec(), vec![0; 2], text].concat();
    let size = [0, 0, (frame.len() >> 7) as u8, (frame.len() & 0x7f) as u8];
    [b"ID3\x03\0\0".to_vec(), size.to_vec(), frame].concat()
}

fn comments() -> Vec<u8> {
    let line = format!("DESCRIPTION={SUNO}");
    [b"\0\0\0\0\x01\0\0\0", &(line.len() as u32).to_le_bytes()[..], line.as_bytes()].concat()
}

fn flac() -> Vec<u8> {
    let comments = comments();
    [b"fLaC\x84", &(comments.len() as u32).to_be_bytes()[1..], &comments].concat()
}

fn ogg() -> Vec<u8> {
    let page =
        |body: &[u8]| [b"OggS".to_vec(), vec![0; 22], vec![1, body.len() as u8], body.to_vec()].concat();
    [page(b"OpusHead"), page(&[b"OpusTags".to_vec(), comments()].concat())].concat()
}

#[test]
fn tags_of_sound_are_read() {
    assert_eq!(first(&mp3()).1, "ID3 \"COMM\"");
    assert_eq!(first(&flac()).1, "FLAC comment \"description\"");
    assert_eq!(first(&ogg()).1, "Ogg comment \"description\"");
}

fn matroska() -> Vec<u8> {
    let element =
        |id: &[u8], body: &[u8]| [id, &[0x40 | (body.len() >> 8) as u8, body.len() as u8], body].concat();
    let simple = [element(b"\x45\xa3", b"PROMPT"), element(b"\x44\x87", GRAPH.as_bytes())].concat();
    let tags = element(b"\x12\x54\xc3\x67", &element(b"\x73\x73", &element(b"\x67\xc8", &simple)));
    [element(b"\x1a\x45\xdf\xa3", b""), element(b"\x18\x53\x80\x67", &tags)].concat()
}

#[test]
fn tags_of_matroska_are_read() {
    assert_eq!(first(&matroska()).1, "Matroska tag \"prompt\"");
}

#[test]
fn boxes_and_tags_within_each_other_have_a_limit() {
    let mut deep = Vec::new();
    for _ in 0..500 {
        deep = boxed(b"moov", &[&deep]);
    }
    assert!(look(&[boxed(b"ftyp", &[b"isom"]), deep].concat()).origin.cut);
}

#[test]
fn sizes_that_lie_are_survived() {
    // A list that is shorter than its name.
    look(b"RIFF\x20\0\0\0WAVELIST\0\0\0\0INFOICMT\x04\0\0\0text");
    // A box that ends before the identifier which follows it.
    look(&[mp4(&boxed(b"uuid", &[])), OF_XMP.to_vec(), vec![0; 8]].concat());
    // A tag that ends within the head of the name inside it.
    look(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x90\x12\x54\xc3\x67\x82\x45\xa3\x84name");
}

/// Begins of files, so that random bytes get past the first check.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let heads: Vec<&[u8]> = vec![
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\x40zTXt",
        b"\xff\xd8\xff\xe1\0\x80Exif\0\0II*\0\x08\0\0\0",
        b"\xff\xd8\xff\xed\0\x80Photoshop 3.0\08BIM\x04\x04",
        b"RIFF\0\0\0\0WEBPEXIF\x80\0\0\0II*\0\x08\0\0\0",
        b"RIFF\0\0\0\0WAVELIST\x80\0\0\0INFO",
        b"\0\0\0\x0cftypisom\0\0\0\0moov",
        b"\0\0\0\x0cftypavif\0\0\x01\0meta\0\0\0\0",
        b"ID3\x03\0\0\0\0\x02\0COMM",
        b"ID3\x04\0\0\0\0\x02\0TXXX",
        b"fLaC\x84\0\0\x80",
        b"OggS",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
    ];
    (prop::sample::select(heads), prop::collection::vec(any::<u8>(), 0..600))
        .prop_map(|(head, tail)| [head.to_vec(), tail].concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_declare_anything(bytes in any_file()) {
        prop_assert!(!look(&bytes).origin.declares_ai());
    }

    #[test]
    fn a_good_file_with_some_wrong_bytes_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let plain = [b"parameters\0", SETTINGS.as_bytes()].concat();
        let files = [
            png(&[(b"tEXt", plain), (b"eXIf", exif(true))]),
            jpeg(&[(0xE1, [&b"Exif\0\0"[..], &exif(false)].concat())]),
            chunks(b"WEBP", &[(b"EXIF", exif(true)), (b"XMP ", xmp())]),
            wave(), keyed_mp4(), mp4(&boxed(b"uuid", &[OF_XMP, &xmp()])), avif(), mp3(), flac(), ogg(), matroska(),
        ];
        for mut file in files {
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            look(&file);
        }
    }

    #[test]
    fn no_answer_of_the_validator_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(credentials::read(&bytes).is_none_or(|found| !found.signed_capture));
    }
}
