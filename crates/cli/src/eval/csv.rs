//! Reads comma-separated values as RFC 4180 has them. Knows nothing of what stands in them.

/// Records of fields. `Err` carries the number of the line, from 1, in which a quoted field begins that has no end.
pub(super) fn records(text: &str) -> Result<Vec<Record>, usize> {
    let mut reader = Reader { chars: text.chars().peekable(), line: 1 };
    let mut records = Vec::new();
    while reader.chars.peek().is_some() {
        let line = reader.line;
        let fields = reader.record()?;
        if fields != [""] {
            records.push(Record { line, fields });
        }
    }
    Ok(records)
}

/// One record and the line in which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: usize,
    pub(super) fields: Vec<String>,
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn record(&mut self) -> Result<Vec<String>, usize> {
        let mut fields = Vec::new();
        let mut field = String::new();
        loop {
            match self.next() {
                Some('"') if field.is_empty() => field = self.quoted()?,
                Some(',') => fields.push(std::mem::take(&mut field)),
                Some('\r') if self.chars.peek() == Some(&'\n') => {}
                Some('\n') | None => {
                    fields.push(field);
                    return Ok(fields);
                }
                Some(c) => field.push(c),
            }
        }
    }

    fn quoted(&mut self) -> Result<String, usize> {
        let begin = self.line;
        let mut field = String::new();
        loop {
            match self.next() {
                Some('"') if self.chars.peek() == Some(&'"') => {
                    self.next();
                    field.push('"');
                }
                Some('"') => return Ok(field),
                Some(c) => field.push(c),
                None => return Err(begin),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Vec<String>> {
        records(text).unwrap().into_iter().map(|record| record.fields).collect()
    }

    #[test]
    fn commas_quotes_and_line_ends_are_read_as_spreadsheets_write_them() {
        assert_eq!(
            fields("path,label\r\n\"a, \"\"b\"\".png\",real\r\n\nc.png,\n"),
            [vec!["path", "label"], vec!["a, \"b\".png", "real"], vec!["c.png", ""]]
        );
        assert_eq!(fields("last,line"), [["last", "line"]]);
        assert_eq!(records("a\n\n\"two\nlines\",x\nb").unwrap()[2].line, 5);
    }

    #[test]
    fn a_quote_without_an_end_is_named_by_its_line() {
        assert_eq!(records("a,b\n\"c,d\n"), Err(2));
    }
}
