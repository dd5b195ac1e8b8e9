//! Nothing of the machine on which a file was written belongs in the source: no personal folder, no mirror
//! of a package registry. Folders that every system has, such as those under `/usr`, are fine.

use crate::repo::Repo;

/// Folders in which people and their programs keep their own things.
const PRIVATE_FOLDERS: &[&str] = &["/home/", concat!("/", "root/"), "/Users/", "/tmp/"];

/// Package clients know their registry; naming one ties everybody to it.
const REGISTRIES: &[&str] = &[
    concat!("python", "hosted.org"),
    concat!("pypi", ".org/simple"),
    concat!("registry.npm", "js.org"),
    concat!("index.", "crates.io"),
    concat!("deb.", "debian.org"),
    concat!("index", "-url"),
];

/// Lock files are written by the package clients themselves, and this file names what it looks for, in halves.
const EXEMPT: &[&str] = &["Cargo.lock", "package-lock.json", "xtask/src/names.rs"];

/// One line per private folder or registry address in a text file.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in repo.tracked() {
        if EXEMPT.iter().any(|name| path == *name || path.ends_with(&format!("/{name}"))) {
            continue;
        }
        let Some(text) = repo.text(path)? else { continue };
        for (number, line) in text.lines().enumerate() {
            faults.extend(fault(line).map(|why| format!("{path}:{}: {why}", number + 1)));
        }
    }
    Ok(faults)
}

fn fault(line: &str) -> Option<String> {
    if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
        return Some(format!("names the package registry {host}"));
    }
    let folder = PRIVATE_FOLDERS.iter().find(|folder| holds_path(line, folder))?;
    Some(format!("names a folder of one machine, {folder}…"))
}

/// True where the folder begins a path: nothing that could be its parent stands before it.
fn holds_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let is_name = |c: char| c.is_alphanumeric() || "._-~}*>)".contains(c);
        !before.is_some_and(is_name) && after.is_some_and(|c| c.is_alphanumeric() || "._-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_is_named_wherever_a_path_begins() {
        for line in ["see /home/ann/x", "\"/tmp/build\"", concat!("path=/", "root/.cache"), "(/Users/ann)"] {
            assert!(fault(line).is_some(), "{line}");
        }
    }

    #[test]
    fn folders_of_every_system_and_parts_of_other_paths_pass() {
        for line in
            ["/usr/lib", "/dev/null", "a/home/b", "$dir/tmp/x", "crates/work/src", "the folder /tmp/ itself"]
        {
            assert!(fault(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_registry_address_is_named() {
        assert!(fault(concat!("pip install --index", "-url somewhere")).is_some());
        assert!(fault("a Python package of PyPI").is_none());
    }
}
