//! Requests that nobody thought of, made from the OpenAPI document.

use std::path::PathBuf;
use std::process::Command;

use crate::home::Home;
use crate::people::Person;
use crate::process::Launch;

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Installed by the set-up of tests.
fn schemathesis() -> Option<PathBuf> {
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home = std::env::var_os("DRISHTIKSHA_HOME")
        .map_or_else(|| checkout.join(".drishtiksha"), |h| checkout.join(h));
    Some(home.join("venv/bin/schemathesis")).filter(|path| path.exists())
}

#[tokio::test]
async fn no_request_made_from_the_document_breaks_the_service_or_gets_an_undocumented_answer() {
    let Some(program) = schemathesis() else {
        println!("skipped: schemathesis is not installed; run scripts/setup tests");
        return;
    };
    let home = Home::new();
    let service = Launch::new(&["serve"], &home.path(""), home.path("serve.log")).start();
    let base = service.url("api");
    let password = service.word_after("password: ").expect("a printed password");
    let admin = Person::first_admin(&base, &password).await;
    // Bytes of a file by another name.
    let hooks = home.path("hooks.py");
    let alias = "import schemathesis\n\
        schemathesis.serializer.alias('application/offset+octet-stream', 'application/octet-stream')\n";
    std::fs::write(&hooks, alias).expect("a file for the hooks");
    let of_admin = format!("Authorization: Bearer {}", admin.token);
    // These end the very session that asks; they are asked without one below.
    let session = "/auth/(logout|refresh|login|signup|profile/password)";
    for arguments in [
        ["--header", &of_admin, "--exclude-path-regex", session],
        ["--header", "Origin: http://elsewhere.example", "--include-path-regex", session],
    ] {
        let output = Command::new(&program)
            .args(["run", &format!("{base}/api/openapi.json"), "--url", &base])
            .args(arguments)
            .args(["--checks", CHECKS, "--max-examples", "12", "--seed", "1"])
            .args(["--phases", "examples,coverage,fuzzing"])
            .env("SCHEMATHESIS_HOOKS", &hooks)
            .current_dir(home.path(""))
            .output()
            .expect("schemathesis can be run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", service.told());
    }
}
