//! A data folder of a test's own, with the libraries and weights of the checkout.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Gone after the test.
pub(crate) struct Home {
    root: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { root: tempfile::tempdir().expect("a temporary folder") };
        for shared in ["lib", "weights"] {
            let from = checkout_home().join(shared);
            if from.exists() {
                std::os::unix::fs::symlink(from, home.path(shared)).expect("a link in the test's own folder");
            }
        }
        home
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// Files below a folder of this home, for telling whether something was left behind.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// Where `make setup` and `make weights` put things.
pub(crate) fn checkout_home() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("DRISHTIKSHA_HOME")
        .map_or_else(|| checkout.join(".drishtiksha"), |home| checkout.join(home))
}

/// A file that comes with the repository.
pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}
