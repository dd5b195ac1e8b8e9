//! What is asserted of every hostile file, whatever is wrong with it.

use std::ffi::OsStr;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Home, text};

/// One hostile input and what must be said of it.
pub(crate) struct Hostile {
    /// As it is given on the command line.
    pub(crate) file: PathBuf,
    /// The closed code in JSON.
    pub(crate) code: &'static str,
    /// Part of the one line that a person reads.
    pub(crate) words: &'static str,
}

impl Hostile {
    pub(crate) fn new(file: impl Into<PathBuf>, code: &'static str, words: &'static str) -> Self {
        Self { file: file.into(), code, words }
    }

    /// Exit code 3, the code in JSON, and one line with the cause for people; nothing else.
    #[track_caller]
    pub(crate) fn is_refused_in(&self, home: &Home) {
        let name = self.file.display();
        let json = home.analyze_json([&self.file]);
        json.is_orderly();
        assert_eq!((json.code, json.stderr.as_str()), (Some(3), ""), "{name}: {json:?}");
        let error = json.document()["error"].clone();
        assert_eq!(error["code"], self.code, "{name}: {error}");
        assert!(text(&error["message"]).contains(self.words), "{name}: {error}");
        let shown = home.run([OsStr::new("analyze"), OsStr::new("--"), self.file.as_os_str()]);
        shown.is_orderly();
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(3), ""), "{name}: {shown:?}");
        let [line] = shown.error_lines()[..] else { panic!("{name}: not one error line: {shown:?}") };
        assert!(line.contains(self.words), "{name}: {line}");
    }
}

/// Many files in one run: each is judged or refused with one of the codes for files, in its place.
#[track_caller]
pub(crate) fn each_is_judged_or_refused(home: &Home, files: &[PathBuf]) -> Vec<Value> {
    const CODES: [&str; 7] = [
        "too_long",
        "empty_file",
        "unsupported_media",
        "unreadable_media",
        "no_duration",
        "no_streams",
        "too_many_pixels",
    ];
    let outcome = home.analyze_json(files);
    outcome.is_orderly();
    let documents = outcome.documents();
    assert_eq!(documents.len(), files.len(), "{outcome:?}");
    for (document, file) in documents.iter().zip(files) {
        assert_eq!(text(&document["file"]), file.to_string_lossy());
        if let Some(code) = document["error"]["code"].as_str() {
            assert!(CODES.contains(&code), "{document}");
            assert!(!text(&document["error"]["message"]).is_empty());
        } else {
            assert!(document["verdict"]["prediction"].is_string(), "{document}");
        }
    }
    documents
}

/// Places at which a file is cut off: after its first bytes, at every eighth, and just before its end.
pub(crate) fn cuts(length: usize) -> Vec<usize> {
    let mut cuts = vec![1, 4, 9, 20, 100];
    cuts.extend((1..8).map(|part| length * part / 8));
    cuts.extend([length.saturating_sub(12), length - 1]);
    cuts.retain(|cut| *cut < length);
    cuts
}
