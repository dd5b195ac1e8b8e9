//! What `scripts/setup` promises: it names what is missing, and it never replaces a file.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/setup")
}

fn lines_on_stderr(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect()
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(program)).find(|file| file.is_file())
}

/// A folder with these programs of this machine and no others.
fn only(programs: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for program in programs {
        symlink(find(program).unwrap(), folder.path().join(program)).unwrap();
    }
    folder
}

#[test]
fn every_missing_prerequisite_is_named_with_the_way_to_get_it() {
    let programs = only(&["bash", "dirname", "git", "make"]);
    // A folder of its own, because the script also finds the Node.js that it has put into the usual one.
    let output = Command::new(script())
        .env("PATH", programs.path())
        .env("DRISHTIKSHA_HOME", programs.path())
        .output()
        .unwrap();
    let lines = lines_on_stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{lines:?}");
    for missing in ["C linker", "cargo", "Python 3", "Node.js"] {
        let at = lines.iter().position(|line| line.starts_with("setup: ") && line.contains(missing));
        let at = at.unwrap_or_else(|| panic!("{missing} is not named in {lines:?}"));
        assert!(lines[at + 1].starts_with("hint: "), "{lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("git is missing")), "{lines:?}");
}

#[test]
fn a_library_that_is_not_the_right_one_is_refused_and_kept() {
    // The script comes to the library only after these, and a test must not make it install any.
    for needed in ["git", "make", "cc", "cargo", "python3", "node", "ffmpeg", "ffprobe"] {
        if find(needed).is_none() {
            println!("skipped: {needed} is not installed");
            return;
        }
    }
    let file = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64" | "aarch64") => "libonnxruntime.so.1.31.1",
        ("macos", "aarch64") => "libonnxruntime.1.31.1.dylib",
        (system, machine) => {
            println!("skipped: there is no library for {system} on {machine}");
            return;
        }
    };
    let home = tempfile::tempdir().unwrap();
    let library = home.path().join("lib").join(file);
    fs::create_dir(home.path().join("lib")).unwrap();
    fs::write(&library, "somebody's own").unwrap();
    let output = Command::new(script()).env("DRISHTIKSHA_HOME", home.path()).output().unwrap();
    let lines = lines_on_stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("is not the library of version")), "{lines:?}");
    assert_eq!(fs::read_to_string(&library).unwrap(), "somebody's own");
}
