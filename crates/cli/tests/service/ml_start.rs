//! The start of an ML server.

use crate::home::Home;
use crate::process::Launch;

/// Workers and probes find it while its models load; what it refuses is told all the same.
#[test]
fn a_strict_ml_server_listens_while_it_loads_and_ends_with_the_reason_when_a_model_is_refused() {
    let home = Home::new();
    let models = home.path("packages");
    std::fs::create_dir_all(models.join("broken")).unwrap();
    std::fs::write(models.join("broken/model.toml"), "name = 1").unwrap();
    let launch = Launch::new(&["ml"], &home.path(""), home.path("ml.log"))
        .env("ML_API_KEY", "a-key-of-the-tests-1")
        .env("ML_STRICT", "true")
        .env("DRISHTIKSHA_MODELS", models.to_string_lossy());
    let output = launch.command().output().expect("the program can be started");
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("ml       http://"), "{said}{complaint}");
    assert!(!output.status.success() && complaint.contains("cannot be used"), "{said}{complaint}");
}
