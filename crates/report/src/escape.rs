//! Foreign text on its way into the page: names, codecs, messages, cards. Whatever a file or a package says
//! goes through [`text`]; nothing of it ever becomes markup, a line break or a change of direction.

use std::fmt::{self, Display, Formatter, Write};

/// Shows `raw` as text, in an element or inside a quoted attribute.
pub(super) fn text(raw: &str) -> impl Display + '_ {
    Text(raw)
}

struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\0'..='\x1f' => f.write_char(control_picture(c)),
            '\x7f' => f.write_char('\u{2421}'),
            _ if is_unseen(c) => write!(f, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c)),
            _ => f.write_char(c),
        })
    }
}

/// The little picture that Unicode has for each control character: `␊` for a line feed.
fn control_picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
}

/// Characters that cannot be seen and change how the rest is read: C1 controls, marks and overrides of
/// direction, separators, fillers, tags. The joiners U+200C and U+200D stay, because words of Indic and
/// Persian scripts are written with them.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn markup_in_a_name_is_text_in_elements_and_in_attributes() {
        let shown = text("<img src=x onerror='a()'>&\".jpg").to_string();
        assert_eq!(shown, "&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;.jpg");
        assert_eq!(text("</title><script>").to_string(), "&lt;/title&gt;&lt;script&gt;");
    }

    #[test]
    fn line_breaks_and_control_characters_are_seen() {
        assert_eq!(text("a\nb\r\tc\0d\x7fe\x1b[31m").to_string(), "a␊b␍␉c␀d␡e␛[31m");
        assert_eq!(text("a\u{85}b\u{2028}c").to_string(), "a⟨U+0085⟩b⟨U+2028⟩c");
    }

    #[test]
    fn characters_that_turn_or_hide_text_are_seen() {
        assert_eq!(text("invoice\u{202e}gpj.exe").to_string(), "invoice⟨U+202E⟩gpj.exe");
        assert_eq!(text("a\u{2066}b\u{200b}c\u{feff}").to_string(), "a⟨U+2066⟩b⟨U+200B⟩c⟨U+FEFF⟩");
    }

    #[test]
    fn names_in_other_scripts_stay_as_they_are() {
        for name in ["दृष्टिक्षा.mp4", "می‌خواهم.ogg", "写真.png", "👩‍🚀.webp"]
        {
            assert_eq!(text(name).to_string(), name);
        }
    }
}
