//! What a file says of its own origin: traces that software left in it, and signed Content Credentials.
//!
//! All text in here was written by whoever made the file. It is bounded by whoever reads it and is never trusted.

use crate::words::words;

/// Everything that was found. Empty where a file is silent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Traces, declarations first, each with the place where it stood.
    pub traces: Vec<Trace>,
    /// Content Credentials (C2PA), where the file carries any.
    pub credentials: Option<Credentials>,
    /// What else its camera and programs noted. Decides nothing.
    pub notes: Vec<Note>,
    /// True where the file holds more than was read, because a limit was reached.
    pub cut: bool,
}

words! {
    /// How much follows from a trace.
    TraceKind {
        /// The file declares that AI made or altered it.
        Declaration = "declaration",
        /// Software that the file went through; decides nothing.
        Hint = "hint",
    }

    /// What a note tells.
    NoteKind {
        /// Who made the camera.
        Maker = "maker",
        /// The camera.
        Model = "model",
        /// Its lens.
        Lens = "lens",
        /// A program that recorded, changed or stored the file.
        Program = "program",
        /// When it was recorded.
        RecordedAt = "recorded_at",
        /// When it was last changed.
        ChangedAt = "changed_at",
        /// That there are coordinates; they themselves are never told.
        Place = "place",
        /// Who made the content.
        Author = "author",
        /// Whose it is.
        Copyright = "copyright",
        /// Its title.
        Title = "title",
        /// What is to be seen or heard.
        Description = "description",
    }

    /// What the validation of Content Credentials came to (C2PA specification 2.2, section 14.3).
    CredentialState {
        /// Damaged, changed after signing, belonging to other content, or signed with a certificate that had expired.
        Invalid = "invalid",
        /// The signature fits the content; nobody vouches for the signer.
        Valid = "valid",
        /// As valid, and the signer's certificate leads to a trusted authority.
        Trusted = "trusted",
    }
}

impl CredentialState {
    /// One sentence for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Invalid => {
                "The credentials do not fit this content, are damaged, or their certificate had expired, so nothing follows from what they say."
            }
            Self::Valid => {
                "The content is as it was signed, but the signer is on no list of trusted authorities: anybody could have signed it."
            }
            Self::Trusted => {
                "The content is as it was signed, and the signer's certificate comes from a trusted authority."
            }
        }
    }
}

/// One trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// How much follows from it.
    pub kind: TraceKind,
    /// Name of the rule that found it, such as `sd-webui-parameters`.
    pub rule: String,
    /// The generator or program, as far as the trace tells.
    pub generator: String,
    /// Where it stood, such as `PNG tEXt "parameters"`.
    pub place: String,
    /// A short excerpt of what it says.
    pub says: String,
}

/// Something that a camera or a program noted. Anybody can write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it tells.
    pub kind: NoteKind,
    /// Where it stood, such as `EXIF "Model"`.
    pub place: String,
    /// An excerpt of what it says; empty for coordinates.
    pub says: String,
}

impl NoteKind {
    /// A few words for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Maker => "camera made by",
            Self::Model => "camera",
            Self::Lens => "lens",
            Self::Program => "program",
            Self::RecordedAt => "recorded",
            Self::ChangedAt => "changed",
            Self::Place => "coordinates, not shown",
            Self::Author => "author",
            Self::Copyright => "copyright",
            Self::Title => "title",
            Self::Description => "description",
        }
    }
}

/// What kind of source a file or an edit declares (IPTC digital source type, by its last part).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceType(String);

impl SourceType {
    /// By the term itself or by its address in the vocabularies of IPTC and C2PA.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let term = match text.rsplit_once('/') {
            None => text,
            Some((path, term)) => {
                let known = ["cv.iptc.org/newscodes/digitalsourcetype", "c2pa.org/digitalsourcetype"];
                let path = path.trim_start_matches("https://").trim_start_matches("http://");
                known.contains(&path).then_some(term)?
            }
        };
        let plain = !term.is_empty() && term.len() <= 64 && term.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then(|| Self(term.to_owned()))
    }

    /// The term, such as `trainedAlgorithmicMedia`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says that a program made the media or a part of it, instead of a person or a lens.
    pub fn is_synthetic(&self) -> bool {
        matches!(
            self.as_str(),
            "trainedAlgorithmicMedia"
                | "compositeWithTrainedAlgorithmicMedia"
                | "algorithmicMedia"
                | "compositeSynthetic"
                | "trainedAlgorithmicData"
        )
    }

    /// Whether it says that a camera or a microphone recorded it.
    pub fn is_capture(&self) -> bool {
        matches!(self.as_str(), "digitalCapture" | "computationalCapture")
    }
}

/// Content Credentials of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What validation came to.
    pub state: CredentialState,
    /// What was found wrong, as codes of the C2PA specification.
    pub problems: Vec<String>,
    /// The manifests, the active one first, then those of its ingredients, as they were found.
    pub manifests: Vec<Manifest>,
    /// True where a manifest in force, or one that its content was made from, declares AI.
    pub declares_ai: bool,
    /// True where a trusted camera signed the recording and nothing was done to it since.
    pub signed_capture: bool,
}

/// One manifest: who did what to the content at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its label within the file.
    pub label: String,
    /// The program that made it.
    pub generator: String,
    /// Title of the content at that time.
    pub title: String,
    /// The organisation that its certificate names.
    pub issuer: String,
    /// When it was signed, as it says.
    pub signed_at: String,
    /// What was done.
    pub actions: Vec<ManifestAction>,
    /// What it was made from.
    pub ingredients: Vec<Ingredient>,
    /// Who claims to be behind it (CAWG); kept apart, because it is another statement than the signature.
    pub identities: Vec<Identity>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestAction {
    /// Such as `c2pa.created`.
    pub action: String,
    /// The program that did it.
    pub software: String,
    /// The kind of source that came of it.
    pub source_type: Option<SourceType>,
}

/// Something that the content was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingredient {
    /// Its title.
    pub title: String,
    /// `parentOf`, `componentOf` or `inputTo`.
    pub relationship: String,
    /// Label of its own manifest, where it had one.
    pub manifest: Option<String>,
}

/// A claim of identity (CAWG identity assertion). It is shown and not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Label of the assertion.
    pub label: String,
    /// How it is meant to be proven.
    pub kind: String,
}

impl Origin {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.is_silent() && self.notes.is_empty()
    }

    /// Whether nothing tells where it comes from: what a camera or a program notes does not.
    pub fn is_silent(&self) -> bool {
        self.traces.is_empty() && self.credentials.is_none()
    }

    /// Whether the file declares that AI made or altered it, by a trace or by credentials that are not invalid.
    pub fn declares_ai(&self) -> bool {
        self.traces.iter().any(|trace| trace.kind == TraceKind::Declaration)
            || self.credentials.as_ref().is_some_and(|credentials| credentials.declares_ai)
    }

    /// Whether a trusted camera signed it, and nothing in it speaks of AI.
    pub fn is_signed_capture(&self) -> bool {
        self.credentials.as_ref().is_some_and(|credentials| credentials.signed_capture) && !self.declares_ai()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_type_is_known_by_its_term_and_by_the_two_vocabularies_only() {
        let parse = |text: &str| SourceType::parse(text).map(|found| found.as_str().to_owned());
        let whole = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
        assert_eq!(parse(whole).unwrap(), "trainedAlgorithmicMedia");
        assert_eq!(parse("digitalCapture").unwrap(), "digitalCapture");
        assert_eq!(
            parse("https://c2pa.org/digitalsourcetype/trainedAlgorithmicData").unwrap(),
            "trainedAlgorithmicData"
        );
        assert_eq!(parse("http://example.org/trainedAlgorithmicMedia"), None);
        assert_eq!(parse("made with trainedAlgorithmicMedia"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn media_of_an_algorithm_are_synthetic_and_a_scan_is_neither_that_nor_a_capture() {
        let of = |term: &str| SourceType::parse(term).unwrap();
        assert!(of("compositeWithTrainedAlgorithmicMedia").is_synthetic());
        assert!(!of("algorithmicallyEnhanced").is_synthetic());
        assert!(of("digitalCapture").is_capture() && !of("digitalCapture").is_synthetic());
        assert!(!of("print").is_capture() && !of("print").is_synthetic());
    }
}
