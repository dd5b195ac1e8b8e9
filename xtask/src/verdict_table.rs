//! The examples in `docs/verdict.md` are the table that the tests of the verdict rule run. This keeps the
//! two in step: the same names, in the same order, with the same answers.

use anyhow::{Context, ensure};

use crate::repo::Repo;

const TESTS: &str = "crates/domain/src/verdict/tests.rs";
const DOCUMENT: &str = "docs/verdict.md";

/// One line per example that is in one place only, or ends differently.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let tests = repo.text(TESTS)?.with_context(|| format!("{TESTS} is not text"))?;
    let document = repo.text(DOCUMENT)?.with_context(|| format!("{DOCUMENT} is not text"))?;
    let (tested, written) = (tested(&tests), written(&document));
    ensure!(!tested.is_empty(), "no examples found in {TESTS}: has the table another shape now?");
    if tested == written {
        return Ok(vec![]);
    }
    let only = |here: &[Example], there: &[Example], place: &str| -> Vec<String> {
        let lonely = here.iter().filter(|example| !there.contains(example));
        lonely.map(|(name, answer)| format!("only in {place}: {name} -> {answer}")).collect()
    };
    let mut faults = only(&tested, &written, TESTS);
    faults.extend(only(&written, &tested, DOCUMENT));
    if faults.is_empty() {
        faults.push(format!("{TESTS} and {DOCUMENT} list the examples in another order"));
    }
    Ok(faults)
}

/// The name of an example and the answer, as messages write it.
type Example = (String, String);

/// Rows of the form `("name", vec![…], Answer)`, on one line or on several.
fn tested(source: &str) -> Vec<Example> {
    let starts = source.match_indices("vec![");
    starts
        .filter_map(|(at, start)| {
            let name = source[..at].trim_end().strip_suffix("\",")?.rsplit('"').next()?;
            let list = &source[at + start.len()..];
            let answer = list[end_of_list(list)? + 1..].trim_start().strip_prefix(',')?.trim_start();
            let answer: String = answer.chars().take_while(|c| c.is_alphanumeric()).collect();
            (!answer.is_empty()).then(|| (name.to_owned(), as_in_messages(&answer)))
        })
        .collect()
}

/// Where the bracket closes that was opened just before the text.
fn end_of_list(text: &str) -> Option<usize> {
    let mut open = 1;
    text.char_indices().find_map(|(at, c)| {
        open += i32::from(c == '[') - i32::from(c == ']');
        (open == 0).then_some(at)
    })
}

/// Rows of the form `| name | … | ANSWER |` whose answer is one of the four.
fn written(document: &str) -> Vec<Example> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let (name, rest) = row.split_once(" | ")?;
        let answer = rest.rsplit(" | ").next()?.trim_matches('`');
        let is_answer = ["FAKE", "REAL", "INCONCLUSIVE", "NOT_APPLICABLE"].contains(&answer);
        is_answer.then(|| (name.to_owned(), answer.to_owned()))
    })
    .collect()
}

/// `NotApplicable` as `NOT_APPLICABLE`.
fn as_in_messages(variant: &str) -> String {
    let mut words = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(letter.to_uppercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read_the_same_way() {
        let source =
            "(\n  \"nobody could look\",\n  vec![cannot(\"face\", Reason::NoFace)],\n  NotApplicable,\n),";
        let document =
            "| example | verdict |\n|---|---|\n| nobody could look | no face | `NOT_APPLICABLE` |\n";
        assert_eq!(tested(source), written(document));
        assert_eq!(tested(source).len(), 1);
    }
}
