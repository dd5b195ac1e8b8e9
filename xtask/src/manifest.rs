//! What the manifests say: which crate depends on what, and who owns an outside crate.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use toml::{Table, Value};

/// One line of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependency {
    /// Name of the package, not of a local alias.
    pub(crate) package: String,
    /// False where the crate names a version of its own.
    pub(crate) from_workspace: bool,
}

/// All dependencies of one manifest: ordinary ones, those of tests and of build scripts, on every platform.
pub(crate) fn dependencies(manifest: &str) -> anyhow::Result<BTreeSet<Dependency>> {
    let manifest: Table = manifest.parse().context("is not TOML")?;
    let mut tables = vec![&manifest];
    if let Some(Value::Table(targets)) = manifest.get("target") {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let mut found = BTreeSet::new();
    for table in tables {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(Value::Table(section)) = table.get(section) else { continue };
            found.extend(section.iter().map(|(name, value)| dependency(name, value)));
        }
    }
    Ok(found)
}

fn dependency(name: &str, value: &Value) -> Dependency {
    let field = |key| value.as_table().and_then(|table| table.get(key));
    Dependency {
        package: field("package").and_then(Value::as_str).unwrap_or(name).to_owned(),
        from_workspace: field("workspace").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// Who may use an outside crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owners {
    /// Any room.
    Everyone,
    /// These rooms, or `xtask`.
    Rooms(BTreeSet<String>),
}

/// Reads the owners from the comments of the workspace manifest. A comment stands above the crates it is
/// about and reads `# ROOM: reason`, `# ROOM, ROOM: reason; ROOM: reason`, `# every room…: reason` or
/// `# tests only`. A crate below no comment is not in the answer.
pub(crate) fn owners(workspace_manifest: &str) -> BTreeMap<String, Owners> {
    let mut owners = BTreeMap::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut above_was_comment = false;
    let lines =
        workspace_manifest.lines().skip_while(|line| line.trim() != "[workspace.dependencies]").skip(1);
    for line in lines.map(str::trim).take_while(|line| !line.starts_with('[')) {
        if let Some(text) = line.strip_prefix('#') {
            if !above_was_comment {
                comment.clear();
            }
            comment.push(text.trim());
        } else if line.is_empty() {
            comment.clear();
        } else if let Some((name, _)) = line.split_once('=')
            && let Some(who) = parse_owners(&comment.join(" "))
        {
            owners.insert(name.trim().to_owned(), who);
        }
        above_was_comment = line.starts_with('#');
    }
    owners
}

fn parse_owners(comment: &str) -> Option<Owners> {
    if comment.starts_with("every room") || comment.starts_with("tests only") {
        return Some(Owners::Everyone);
    }
    let mut rooms = BTreeSet::new();
    for part in comment.split(';') {
        let Some((names, _reason)) = part.split_once(':') else { continue };
        rooms.extend(names.split(',').map(|name| name.trim().to_owned()));
    }
    (!rooms.is_empty()).then_some(Owners::Rooms(rooms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_tests_builds_and_platforms_are_seen_and_aliases_are_looked_through() {
        let manifest = r#"
            [dependencies]
            a.workspace = true
            [dev-dependencies]
            alias = { package = "b", version = "1" }
            [target.'cfg(unix)'.build-dependencies]
            c = "2"
        "#;
        let found: Vec<_> =
            dependencies(manifest).unwrap().into_iter().map(|d| (d.package, d.from_workspace)).collect();
        assert_eq!(found, [("a".into(), true), ("b".into(), false), ("c".into(), false)]);
    }

    #[test]
    fn owners_are_read_from_the_comment_above() {
        let manifest = "[workspace.dependencies]\n# media: pictures; infer: weights\nx = 1\ny = 2\n\
                        # cli, xtask: errors\nz = 3\n# every room that talks\nw = 4\n\n# tests only\nt = 5\n\nlost = 6\n";
        let owners = owners(manifest);
        let rooms = |names: &[&str]| Owners::Rooms(names.iter().map(|n| (*n).to_owned()).collect());
        assert_eq!(owners["x"], rooms(&["infer", "media"]));
        assert_eq!(owners["y"], rooms(&["infer", "media"]));
        assert_eq!(owners["z"], rooms(&["cli", "xtask"]));
        assert_eq!((&owners["w"], &owners["t"]), (&Owners::Everyone, &Owners::Everyone));
        assert!(!owners.contains_key("lost"));
    }
}
