//! Chores of this repository, as `cargo xtask NAME`. Each chore is also a test, so `make test` runs them all.
//! Nothing here is part of the program that is shipped.

mod arrows;
mod diagrams;
mod docs;
mod manifest;
mod names;
mod repo;
mod verdict_table;

use std::process::ExitCode;

use repo::Repo;

/// One chore: its name, what it checks, and the check. A check returns one line per fault.
struct Chore {
    name: &'static str,
    about: &'static str,
    check: fn(&Repo) -> anyhow::Result<Vec<String>>,
}

const CHORES: &[Chore] = &[
    Chore {
        name: "arrows",
        about: "rooms depend downwards only, outside crates have owners",
        check: arrows::check,
    },
    Chore {
        name: "diagrams",
        about: "the drawing of the rooms is that of the list of arrows",
        check: diagrams::check,
    },
    Chore { name: "docs", about: "paths, links and commands in documents exist", check: docs::check },
    Chore { name: "names", about: "no path or address of one machine in the source", check: names::check },
    Chore {
        name: "verdict",
        about: "the examples of the verdict rule are those of its tests",
        check: verdict_table::check,
    },
];

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line for developers")]
fn main() -> anyhow::Result<ExitCode> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !CHORES.iter().any(|chore| chore.name == **name)) {
        eprintln!("there is no chore {unknown:?}; without a name all of these run:");
        for chore in CHORES {
            eprintln!("  {:<8} {}", chore.name, chore.about);
        }
        return Ok(ExitCode::from(2));
    }
    let repo = Repo::open()?;
    let mut found_faults = false;
    for chore in CHORES.iter().filter(|chore| wanted.is_empty() || wanted.iter().any(|w| w == chore.name)) {
        let faults = (chore.check)(&repo)?;
        found_faults |= !faults.is_empty();
        println!("{:<8} {}", chore.name, if faults.is_empty() { "ok" } else { "has faults:" });
        for fault in faults {
            println!("  {fault}");
        }
    }
    Ok(ExitCode::from(u8::from(found_faults)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chore_passes_on_this_repository() {
        let repo = Repo::open().unwrap();
        for chore in CHORES {
            let faults = (chore.check)(&repo).unwrap();
            assert!(faults.is_empty(), "cargo xtask {}:\n{}", chore.name, faults.join("\n"));
        }
    }
}
