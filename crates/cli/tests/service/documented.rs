//! The examples of `docs/api.md`, run in their order against the real service. What stands below an example is what it must
//! print: JSON holds at least what is written, and `…` stands for anything.

use std::path::Path;
use std::process::{Command, Stdio};

use dk_testkit::node;
use serde_json::Value;

use crate::home::{Home, testdata};
use crate::people::{PASSWORD, Person};
use crate::process::Launch;

/// Stands before the output of each example.
const BEGIN: char = '\u{1e}';

/// A block of the page: its language and its text.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fences = page.split("\n```").collect::<Vec<_>>();
    let inside = fences.iter().skip(1).step_by(2);
    inside
        .filter_map(|block| block.split_once('\n'))
        .map(|(language, text)| Block { language, text })
        .collect()
}

/// Whether `found` holds all that `wanted` says. Of a list, each wanted element has one that fits.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            wanted.is_empty() == found.is_empty()
                && wanted.iter().all(|value| found.iter().any(|found| holds(found, value)))
        }
        (Value::String(found), Value::String(wanted)) => fits(found, wanted),
        _ => found == wanted,
    }
}

/// Whether a text is another one in which `…` stands for anything.
fn fits(found: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn a_text_fits_where_only_the_gaps_differ() {
    assert!(fits("/media/17/content", "/media/…/content") && fits("x", "…") && fits("dk_17", "dk_…"));
    assert!(!fits("/media/17", "/media/…/content") && !fits("xy", "x") && !fits("ab", "b…"));
}

/// All shell examples as one script, because later ones use what earlier ones got.
fn run(examples: &[&Block<'_>], service: &str, home: &Home) -> Vec<String> {
    let begin = |text: &str| format!("printf '{BEGIN}'\n{text}");
    let script: Vec<String> = examples.iter().map(|block| begin(block.text)).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_drishtiksha")).parent().expect("a folder");
    let path = std::env::var("PATH").expect("a PATH");
    let output = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &script.join("\n")])
        .env("SERVER", service)
        .env("EMAIL", "ada@example.org")
        .env("PASSWORD", PASSWORD)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("DRISHTIKSHA_HOME", home.path("client"))
        .current_dir(home.path(""))
        .output()
        .expect("bash can be run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.split(BEGIN).skip(1).map(|part| part.trim().to_owned()).collect()
}

#[tokio::test]
async fn the_examples_of_the_api_page_print_what_stands_below_them() {
    let home = Home::new();
    let service = Launch::new(&["serve"], &home.path(""), home.path("serve.log")).start();
    let base = service.url("api");
    let ada = Person::sign_up(&base, "ada").await;
    std::fs::copy(testdata("samples/machine-voice.wav"), home.path("machine-voice.wav")).expect("a copy");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md"));
    let page = page.expect("the page");
    let blocks = blocks(&page);
    let examples: Vec<&Block<'_>> = blocks.iter().filter(|block| block.language == "sh").collect();
    let mut printed = run(&examples, &base, &home).into_iter();
    let mut said = String::new();
    let mut compared = 0;
    for block in &blocks {
        match block.language {
            "sh" => said = printed.next().expect("an output for each example"),
            "json" => {
                let found: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("no JSON: {said}"));
                let wanted: Value = serde_json::from_str(block.text).expect("JSON on the page");
                assert!(holds(&found, &wanted), "the page says\n{}\nit prints\n{found:#}", block.text);
                compared += 1;
            }
            "text" => {
                assert!(fits(&said, block.text.trim()), "the page says\n{}\nit prints\n{said}", block.text);
                compared += 1;
            }
            _ => {}
        }
    }
    assert!(compared >= 10, "the page has other examples now");
    listens(&ada, &base, &home, blocks.iter().find(|block| block.language == "js").expect("an example"))
        .await;
}

/// The example that listens ends when it has heard of the end of a run.
async fn listens(ada: &Person, base: &str, home: &Home, example: &Block<'_>) {
    let path = home.path("listen.cjs");
    std::fs::write(&path, example.text).expect("a script");
    let mut command = node::script(&path).expect("Node's packages are installed");
    let command = command.env("SERVER", base).env("TOKEN", &ada.token).stdout(Stdio::piped());
    let mut child = command.spawn().expect("node can be run");
    // It may connect after the first of these has ended.
    while child.try_wait().expect("it is ours").is_none() {
        let medium = ada.upload(&testdata("samples/machine-voice.wav")).await;
        ada.ended(&medium).await;
    }
    let output = child.wait_with_output().expect("it has ended");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.ends_with("ANALYZED\n"), "{said}");
}
