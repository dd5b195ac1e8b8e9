//! XMP (ISO 16684-1): simple properties of known namespaces, as attributes or elements. A packet with a document type
//! is passed over whole, so that no entity is ever defined; depth and number of elements are limited.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::fields::{Fields, MAX_TEXT_BYTES};

const MAX_DEPTH: usize = 64;
const MAX_EVENTS: usize = 20_000;

/// Namespaces by address, with the prefix that people know.
const NAMESPACES: [(&str, &str); 8] = [
    ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt"),
    ("http://ns.adobe.com/photoshop/1.0/", "photoshop"),
    ("http://ns.adobe.com/xap/1.0/", "xmp"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://ns.adobe.com/exif/1.0/", "exif"),
    ("http://ns.adobe.com/tiff/1.0/", "tiff"),
    ("http://ns.adobe.com/xmp/1.0/DynamicMedia/", "xmpDM"),
    ("http://www.tc260.org.cn/ns/AIGC/1.0/", "TC260"),
];

/// Reads one packet. What comes before a fault in it counts.
pub(crate) fn read(bytes: &[u8], fields: &mut Fields) {
    if bytes.len() > MAX_TEXT_BYTES {
        fields.cut = true;
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let mut reader = NsReader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    let mut open: Vec<Option<String>> = Vec::new();
    let mut value = String::new();
    for _ in 0..MAX_EVENTS {
        let Ok(event) = reader.read_event() else { return };
        match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    fields.cut = true;
                    return;
                }
                attributes(&reader, &start, fields);
                open.push(element(&reader, &start));
                value.clear();
            }
            Event::Empty(start) => attributes(&reader, &start, fields),
            Event::Text(text) => value.push_str(&text.decode().unwrap_or_default()),
            Event::CData(text) => value.push_str(&text.decode().unwrap_or_default()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(character)) => value.push(character),
                _ => value.push_str(predefined(&name.decode().unwrap_or_default())),
            },
            Event::End(_) => {
                // A list holds its values in elements of its own; they belong to the property around them.
                if let Some(key) = open.iter().rev().find_map(Option::as_ref)
                    && !value.trim().is_empty()
                {
                    fields.add("XMP", key.clone(), value.as_str());
                }
                value.clear();
                open.pop();
            }
            Event::DocType(_) => {
                fields.cut = true;
                return;
            }
            Event::Eof => return,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    fields.cut = true;
}

/// The five references that every XML has; any other one means nothing here.
fn predefined(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

fn known(namespace: &ResolveResult<'_>, local: &[u8]) -> Option<String> {
    let ResolveResult::Bound(namespace) = namespace else { return None };
    let (_, prefix) = NAMESPACES.iter().find(|(address, _)| address.as_bytes() == namespace.0)?;
    let local = std::str::from_utf8(local).ok().filter(|local| local.len() <= 80)?;
    Some(format!("{prefix}:{local}"))
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Option<String> {
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    known(&namespace, local.as_ref())
}

fn attributes(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, fields: &mut Fields) {
    let own = element(reader, start);
    for attribute in start.attributes().with_checks(false).take(256).flatten() {
        let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { continue };
        // A property whose value is an address may stand in `rdf:resource` of its element.
        if let (b"rdf:resource", Some(key)) = (attribute.key.as_ref(), &own) {
            fields.add("XMP", key.clone(), value.as_ref());
            continue;
        }
        let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
        if let Some(key) = known(&namespace, local.as_ref()) {
            fields.add("XMP", key, value.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(xmp: &str) -> (Vec<(String, String)>, bool) {
        let mut fields = Fields::default();
        read(xmp.as_bytes(), &mut fields);
        (fields.all.into_iter().map(|field| (field.key, field.text)).collect(), fields.cut)
    }

    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    const EXT: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

    #[test]
    fn a_property_is_read_as_attribute_as_element_and_in_a_list() {
        let (found, cut) = keys(&format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='{RDF}'><r:Description xmlns:e='{EXT}' e:DigitalSourceType='a'>\
             <e:DigitalSourceType>b&amp;&#99;</e:DigitalSourceType><d:creator xmlns:d='http://purl.org/dc/elements/1.1/'>\
             <r:Seq><r:li>one</r:li><r:li>two</r:li></r:Seq></d:creator></r:Description></r:RDF></x:xmpmeta>"
        ));
        let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let source = "Iptc4xmpExt:DigitalSourceType";
        assert_eq!(found, [(source, "a"), (source, "b&c"), ("dc:creator", "one"), ("dc:creator", "two")]);
        assert!(!cut);
    }

    #[test]
    fn a_prefix_without_its_namespace_means_nothing() {
        let (found, _) =
            keys("<a xmlns:Iptc4xmpExt='http://example.org/' Iptc4xmpExt:DigitalSourceType='a'/>");
        assert!(found.is_empty());
    }

    #[test]
    fn entities_are_never_expanded() {
        let bomb = format!(
            "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;&l;'>]><a xmlns:e='{EXT}'><e:X>&m;</e:X></a>"
        );
        assert_eq!(keys(&bomb), (vec![], true));
        let undefined = format!("<a xmlns:e='{EXT}'><e:X>1&m;2</e:X></a>");
        assert_eq!(keys(&undefined).0, [("Iptc4xmpExt:X".to_owned(), "12".to_owned())]);
    }

    #[test]
    fn depth_and_length_have_limits() {
        assert!(keys(&"<a>".repeat(1000)).1);
        assert!(keys(&"<a/>".repeat(MAX_EVENTS + 1)).1);
    }
}
