//! The repository as git sees it. Changes nothing in it but files that are made from others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// A checkout and its files, as paths with `/` from the root.
pub(crate) struct Repo {
    root: PathBuf,
    tracked: BTreeSet<String>,
    known: BTreeSet<String>,
}

impl Repo {
    /// Opens the checkout that this program was built in.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the root")?.to_owned();
        let tracked = list(&root, &["ls-files", "-z"])?;
        let mut known = list(&root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let folders: Vec<String> = known.iter().flat_map(|file| folders_above(file)).collect();
        known.extend(folders);
        Ok(Self { root, tracked, known })
    }

    /// Files under version control that are on the disk.
    pub(crate) fn tracked(&self) -> impl Iterator<Item = &str> {
        self.tracked.iter().map(String::as_str).filter(|file| self.root.join(file).is_file())
    }

    /// True for a file or a folder that is in the repository or about to be added, not for an ignored one.
    pub(crate) fn knows(&self, path: &str) -> bool {
        path.is_empty() || self.known.contains(path)
    }

    /// True for what a rule in a `.gitignore` names: things that commands make here.
    pub(crate) fn ignores(&self, path: &str) -> bool {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.root).args(["check-ignore", "--quiet", "--", path]);
        git.status().is_ok_and(|status| status.success())
    }

    /// The text of a file; `None` when it is not UTF-8.
    pub(crate) fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        let bytes = std::fs::read(self.root.join(path)).with_context(|| format!("cannot read {path}"))?;
        Ok(String::from_utf8(bytes).ok())
    }

    /// Writes a file that is made from others.
    pub(crate) fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        std::fs::write(self.root.join(path), text).with_context(|| format!("cannot write {path}"))
    }
}

fn list(root: &Path, arguments: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let output =
        Command::new("git").arg("-C").arg(root).args(arguments).output().context("cannot run git")?;
    ensure!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn folders_above(file: &str) -> Vec<String> {
    file.match_indices('/').map(|(at, _)| file[..at].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_file_are_known_from_the_top_down() {
        assert_eq!(folders_above("a/b/c.txt"), ["a", "a/b"]);
        assert!(folders_above("c.txt").is_empty());
    }

    #[test]
    fn built_files_are_not_part_of_the_repository() {
        let repo = Repo::open().unwrap();
        assert!(repo.knows("xtask/src") && repo.knows("xtask/src/repo.rs"));
        assert!(!repo.knows("target") && repo.ignores("target/"));
        assert!(!repo.ignores("xtask/src/repo.rs"));
    }
}
