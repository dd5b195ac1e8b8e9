//! Pieces of text with the place where they stood: what every container reader gives and every rule reads.

/// One text is never longer.
pub(crate) const MAX_TEXT_BYTES: usize = 8 << 20;
/// Pieces of text in one file.
const MAX_FIELDS: usize = 1024;
/// All texts of one file together.
const MAX_TOTAL_BYTES: usize = 24 << 20;

/// One piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// The kind of place, such as `PNG tEXt` or `XMP`.
    pub(crate) place: &'static str,
    /// Its name there, such as `parameters` or `Iptc4xmpExt:DigitalSourceType`.
    pub(crate) key: String,
    /// The text.
    pub(crate) text: String,
}

impl Field {
    /// The place for people.
    pub(crate) fn stood(&self) -> String {
        match self.key.as_str() {
            "" => self.place.to_owned(),
            key => format!("{} \"{}\"", self.place, excerpt(key, 60)),
        }
    }
}

/// What was gathered from one file.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) all: Vec<Field>,
    pub(crate) has_credentials: bool,
    pub(crate) cut: bool,
    total: usize,
}

impl Fields {
    pub(crate) fn add(&mut self, place: &'static str, key: impl Into<String>, text: impl Into<String>) {
        let (key, text) = (key.into(), text.into());
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return;
        }
        let size = key.len() + text.len();
        if text.len() > MAX_TEXT_BYTES || self.all.len() >= MAX_FIELDS || self.total + size > MAX_TOTAL_BYTES
        {
            self.cut = true;
            return;
        }
        self.total += size;
        self.all.push(Field { place, key, text: text.to_owned() });
    }
}

/// The beginning of a text on one line, without control characters, at most `most` characters.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    // What is not shown need not be looked at.
    let start: String = text.chars().take(most * 4).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_short() {
        assert_eq!(excerpt("a\n\tb\0 c", 20), "a b c");
        assert_eq!(excerpt(&"é".repeat(30), 5), "ééééé…");
    }

    #[test]
    fn too_much_text_is_left_out_and_said() {
        let mut fields = Fields::default();
        fields.add("here", "", "x".repeat(MAX_TEXT_BYTES + 1));
        assert!(fields.cut && fields.all.is_empty());
        let mut fields = Fields::default();
        (0..=MAX_FIELDS).for_each(|_| fields.add("here", "", "x"));
        assert!(fields.cut && fields.all.len() == MAX_FIELDS);
    }
}
