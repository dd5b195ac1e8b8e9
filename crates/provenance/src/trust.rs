//! Whose signatures are trusted: the trust list of the C2PA as it comes with this program, and what replaces it.
//! Its source, date and licence stand beside the files, in `trust/README.md`.

use std::path::Path;

/// The day as of which the bundled lists are.
pub const AS_OF: &str = "2026-10-08";

/// A list of certificates inside this program.
#[derive(Debug)]
pub struct List {
    /// Its name at the publisher. A file of this name that the operator trusts takes its place.
    pub file: &'static str,
    /// The certificates.
    pub pem: &'static str,
}

/// Those who may sign, and those who stamp the time.
pub static LISTS: [List; 2] = [
    List { file: "C2PA-TRUST-LIST.pem", pem: include_str!("../trust/C2PA-TRUST-LIST.pem") },
    List { file: "C2PA-TSA-TRUST-LIST.pem", pem: include_str!("../trust/C2PA-TSA-TRUST-LIST.pem") },
];

/// The bundled lists that no file of the operator's replaces.
pub fn bundled<P: AsRef<Path>>(files: &[P]) -> impl Iterator<Item = &'static List> {
    let is_replaced = |list: &List| {
        files.iter().any(|file| file.as_ref().file_name().is_some_and(|name| name == list.file))
    };
    LISTS.iter().filter(move |list| !is_replaced(list))
}

/// How many certificates a text in PEM holds.
pub fn certificates(pem: &str) -> usize {
    pem.lines().filter(|line| *line == "-----BEGIN CERTIFICATE-----").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_those_that_their_page_describes() {
        let counts: Vec<usize> = LISTS.iter().map(|list| certificates(list.pem)).collect();
        assert_eq!(counts, [28, 21]);
        assert!(include_str!("../trust/README.md").contains(&format!("| as of | {AS_OF} |")));
    }

    #[test]
    fn a_file_of_the_same_name_takes_the_place_of_a_list() {
        let left = |files: &[&str]| bundled(files).map(|list| list.file).collect::<Vec<_>>();
        assert_eq!(left(&["trust/mine.pem"]), ["C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"]);
        assert_eq!(left(&["trust/C2PA-TRUST-LIST.pem"]), ["C2PA-TSA-TRUST-LIST.pem"]);
        assert_eq!(left(&["C2PA-TSA-TRUST-LIST.pem", "a/C2PA-TRUST-LIST.pem"]), [""; 0]);
    }
}
