//! The page that tells how to add a model package is followed to the letter.

use std::path::Path;
use std::process::Command;

use crate::support::Home;

#[test]
fn whoever_follows_the_page_has_a_package_that_is_taken_and_counts() {
    let home = Home::new();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_drishtiksha")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("python3")
        .arg(checkout.join("scripts/walkthrough"))
        .arg("--in")
        .arg(home.path("scratch"))
        .arg(checkout.join("docs/develop/add-a-model-package.md"))
        .env("CHECKOUT", &checkout)
        .env("DRISHTIKSHA_HOME", home.path("data"))
        .env("PATH", path)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
