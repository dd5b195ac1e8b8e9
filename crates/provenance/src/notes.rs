//! What a camera and programs noted of a file: shown to whoever asks, and deciding nothing, as anybody can write it.
//!
//! Coordinates and serial numbers are never told: a report that is passed on must not say where its author lives.

use dk_domain::{Note, NoteKind, Trace};

use crate::fields::{Field, excerpt};
use crate::rules::is_program;

/// Notes of one file.
const MAX_NOTES: usize = 40;
/// Characters of a note that are shown.
const MAX_CHARACTERS: usize = 200;

/// The notes by what they tell, without those that are told as traces, each text once.
pub(crate) fn of(fields: &[Field], traces: &[Trace]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for (kind, field) in fields.iter().filter_map(|field| Some((kind(&field.key)?, field))) {
        let says = if kind == NoteKind::Place { String::new() } else { excerpt(&field.text, MAX_CHARACTERS) };
        let note = Note { kind, place: field.stood(), says };
        let is_trace = traces.iter().any(|trace| trace.place == note.place);
        let is_told = notes.iter().any(|one| (one.kind, &one.says) == (kind, &note.says));
        if !is_trace && !is_told {
            notes.push(note);
        }
        if notes.len() == MAX_NOTES {
            break;
        }
    }
    notes.sort_by_key(|note| note.kind);
    notes
}

/// By the names of EXIF 3.0, XMP (ISO 16684-1), QuickTime, ID3v2, RIFF, Vorbis comments and PNG.
fn kind(key: &str) -> Option<NoteKind> {
    Some(match key {
        key if is_program(key) => NoteKind::Program,
        "MuxingApp" => NoteKind::Program,
        "Make" | "tiff:Make" | "©mak" | "com.apple.quicktime.make" => NoteKind::Maker,
        "Model" | "tiff:Model" | "©mod" | "com.apple.quicktime.model" => NoteKind::Model,
        "LensModel" => NoteKind::Lens,
        "DateTimeOriginal"
        | "exif:DateTimeOriginal"
        | "xmp:CreateDate"
        | "photoshop:DateCreated"
        | "©day"
        | "com.apple.quicktime.creationdate"
        | "ICRD"
        | "OriginationDate"
        | "TDRC"
        | "TYER"
        | "date"
        | "creation_time"
        | "Creation Time" => NoteKind::RecordedAt,
        "DateTime" | "xmp:ModifyDate" => NoteKind::ChangedAt,
        "GPSInfo" | "©xyz" | "com.apple.quicktime.location.ISO6709" | "exif:GPSLatitude" => NoteKind::Place,
        "Artist" | "artist" | "dc:creator" | "©ART" | "TPE1" | "IART" | "Author" | "Originator" => {
            NoteKind::Author
        }
        "Copyright" | "copyright" | "dc:rights" | "©cpy" | "TCOP" | "ICOP" => NoteKind::Copyright,
        "Title" | "title" | "dc:title" | "©nam" | "TIT2" | "INAM" => NoteKind::Title,
        "ImageDescription" | "Description" | "description" | "dc:description" | "©cmt" | "ICMT"
        | "Comment" | "comment" => NoteKind::Description,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, text: &str) -> Field {
        Field { place: "EXIF", key: key.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn notes_are_short_and_told_once_and_coordinates_never() {
        let long = "x".repeat(MAX_CHARACTERS + 1);
        let fields = [
            field("Model", "A camera"),
            field("tiff:Model", "A camera"),
            field("ImageDescription", &long),
            field("GPSInfo", "52.5, 13.4"),
            field("BodySerialNumber", "12345"),
        ];
        let notes = of(&fields, &[]);
        let said: Vec<_> = notes.iter().map(|note| (note.kind, note.says.chars().count())).collect();
        let told = [(NoteKind::Model, 8), (NoteKind::Place, 0), (NoteKind::Description, MAX_CHARACTERS + 1)];
        assert_eq!(said, told);
        assert_eq!(notes[0].place, "EXIF \"Model\"");
    }

    #[test]
    fn what_is_told_as_a_trace_is_no_note() {
        let fields = [field("Software", "GIMP 2.10")];
        assert_eq!(of(&fields, &[]).len(), 1);
        assert_eq!(of(&fields, &crate::rules::apply(&fields)), []);
    }

    #[test]
    fn a_file_full_of_notes_gives_a_few() {
        let fields: Vec<_> = (0..1000).map(|number| field("Artist", &number.to_string())).collect();
        assert_eq!(of(&fields, &[]).len(), MAX_NOTES);
    }
}
