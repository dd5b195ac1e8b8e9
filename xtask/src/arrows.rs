//! The arrow test: a room depends on lower rooms only, and every outside crate has an owner.
//! Dependencies of tests count like all others, because a test that reaches up ties the rooms together too.

use std::collections::BTreeMap;

use crate::manifest::{Dependency, Owners, dependencies, owners};
use crate::repo::Repo;

/// Which rooms a room may see. The map for people is in `docs/architecture.md`.
pub(crate) const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("app", &["domain"]),
    ("quality", &[]),
    ("wire", &["domain", "quality"]),
    ("media", &["domain", "app"]),
    ("provenance", &["domain"]),
    ("infer", &["domain", "app", "media", "provenance"]),
    ("contract", &["domain", "app"]),
    ("testkit", &[]),
    ("sql", &["domain", "app", "wire", "contract", "testkit"]),
    ("redis", &["domain", "app", "wire", "contract", "testkit"]),
    ("storage", &["domain", "app", "contract", "testkit"]),
    ("report", &["domain", "app", "wire", "quality"]),
    ("ml-http", &["domain", "app", "wire", "testkit"]),
    ("api", &["domain", "app", "wire", "report", "testkit"]),
    ("worker", &["domain", "app", "wire", "testkit"]),
    (
        "cli",
        &[
            "domain",
            "app",
            "wire",
            "media",
            "provenance",
            "infer",
            "sql",
            "redis",
            "storage",
            "quality",
            "report",
            "ml-http",
            "api",
            "worker",
            "testkit",
        ],
    ),
    ("xtask", &[]),
];

/// One line per arrow that points the wrong way and per outside crate in the wrong room.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let owners = owners(&repo.text("Cargo.toml")?.unwrap_or_default());
    let mut faults = Vec::new();
    for path in repo.tracked() {
        let Some(room) = room_of(path) else { continue };
        let manifest = repo.text(path)?.unwrap_or_default();
        for dependency in dependencies(&manifest)? {
            faults.extend(fault(room, &dependency, &owners).map(|why| format!("{path}: {why}")));
        }
    }
    Ok(faults)
}

fn room_of(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/Cargo.toml")?;
    if folder == "xtask" {
        Some(folder)
    } else {
        folder.strip_prefix("crates/").filter(|room| !room.contains('/'))
    }
}

fn fault(room: &str, dependency: &Dependency, owners: &BTreeMap<String, Owners>) -> Option<String> {
    let name = &dependency.package;
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == room) else {
        return Some(format!(
            "{room} is not on the map: add it to xtask/src/arrows.rs and docs/architecture.md"
        ));
    };
    if let Some(other) = name.strip_prefix("dk-") {
        return (!allowed.contains(&other)).then(|| format!("{room} must not see {other}"));
    }
    if !dependency.from_workspace {
        return Some(format!("{name} has a version of its own: name it in the workspace manifest"));
    }
    match owners.get(name) {
        None => Some(format!("{name} has no owner: say `# ROOM: reason` above it in the workspace manifest")),
        Some(Owners::Rooms(rooms)) if !rooms.contains(room) => {
            let rooms: Vec<_> = rooms.iter().map(String::as_str).collect();
            Some(format!("{name} belongs to {}", rooms.join(" and ")))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(room: &str, package: &str, from_workspace: bool) -> Option<String> {
        let owners = BTreeMap::from([
            ("image".to_owned(), Owners::Rooms(["media".to_owned()].into())),
            ("tracing".to_owned(), Owners::Everyone),
        ]);
        fault(room, &Dependency { package: package.to_owned(), from_workspace }, &owners)
    }

    #[test]
    fn arrows_point_down_and_never_sideways_or_up() {
        assert_eq!(fault_of("infer", "dk-media", true), None);
        assert_eq!(fault_of("domain", "dk-app", true).unwrap(), "domain must not see app");
        assert_eq!(fault_of("app", "dk-wire", true).unwrap(), "app must not see wire");
        assert_eq!(fault_of("media", "dk-infer", true).unwrap(), "media must not see infer");
    }

    #[test]
    fn an_outside_crate_is_used_by_its_owner_with_the_version_of_the_workspace() {
        assert_eq!(fault_of("media", "image", true), None);
        assert_eq!(fault_of("domain", "tracing", true), None);
        assert_eq!(fault_of("cli", "image", true).unwrap(), "image belongs to media");
        assert!(fault_of("media", "image", false).unwrap().contains("version of its own"));
        assert!(fault_of("cli", "stranger", true).unwrap().contains("has no owner"));
    }

    #[test]
    fn a_room_that_is_not_on_the_map_is_named() {
        assert!(fault_of("attic", "tracing", true).unwrap().contains("attic is not on the map"));
        assert_eq!(room_of("crates/attic/Cargo.toml"), Some("attic"));
        assert_eq!(room_of("training/tool/Cargo.toml"), None);
    }
}
