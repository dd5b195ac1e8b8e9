//! The drawing of the rooms, made from the list of arrows that are allowed. Rooms that serve tests only are left out, and
//! so are arrows that follow from others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Context;

use crate::arrows::ALLOWED;
use crate::repo::Repo;

const DRAWING: &str = "docs/diagrams/rooms.mmd";
const FOR_TESTS: &[&str] = &["contract", "testkit", "xtask"];

/// One line when the drawing is old. With `UPDATE_DIAGRAMS` in the environment it is written anew first.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let made = drawn()?;
    if std::env::var_os("UPDATE_DIAGRAMS").is_some() {
        repo.write(DRAWING, &made)?;
    }
    let committed = repo.text(DRAWING).ok().flatten().unwrap_or_default();
    if committed == made {
        return Ok(vec![]);
    }
    Ok(vec![format!("{DRAWING} is old: UPDATE_DIAGRAMS=1 cargo xtask diagrams, then make diagrams")])
}

type Arrows = BTreeMap<&'static str, BTreeSet<&'static str>>;

fn drawn() -> anyhow::Result<String> {
    let serves = |room: &&str| !FOR_TESTS.contains(room);
    let arrows: Arrows = ALLOWED
        .iter()
        .filter(|(room, _)| serves(room))
        .map(|(room, sees)| (*room, sees.iter().copied().filter(|room| serves(room)).collect()))
        .collect();
    let mut floors: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for room in arrows.keys() {
        floors.entry(floor(&arrows, room)?).or_default().push(room);
    }
    let mut text = String::from(
        "flowchart TB\n  accTitle: The rooms and the one direction of arrows\n  accDescr: A room sees lower rooms only. \
         Arrows that follow from others are left out.\n",
    );
    for (number, rooms) in floors.iter().rev() {
        writeln!(text, "  subgraph floor{number} [\" \"]\n    direction LR")?;
        for room in rooms {
            writeln!(text, "    {}[\"{room}\"]", node(room))?;
        }
        text.push_str("  end\n");
    }
    for (room, sees) in &arrows {
        for to in sees.iter().filter(|to| !follows(&arrows, sees, to)) {
            writeln!(text, "  {} --> {}", node(room), node(to))?;
        }
    }
    Ok(text)
}

/// The longest way down.
fn floor(arrows: &Arrows, room: &str) -> anyhow::Result<usize> {
    let sees = arrows.get(room).with_context(|| format!("{room} is seen and not in the list of arrows"))?;
    let below = sees.iter().map(|below| floor(arrows, below)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(below.into_iter().max().map_or(0, |floor| floor + 1))
}

/// Whether `to` is reached through another room that is seen.
fn follows(arrows: &Arrows, sees: &BTreeSet<&str>, to: &str) -> bool {
    sees.iter().filter(|by| **by != to).filter_map(|by| arrows.get(by)).any(|of| of.contains(to))
}

/// A name that the language of diagrams takes.
fn node(room: &str) -> String {
    format!("room_{}", room.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_follow_from_the_arrows_and_so_do_arrows_that_are_left_out() {
        let arrows = Arrows::from([
            ("low", BTreeSet::new()),
            ("middle", BTreeSet::from(["low"])),
            ("high", BTreeSet::from(["low", "middle"])),
        ]);
        assert_eq!(floor(&arrows, "high").unwrap(), 2);
        assert!(follows(&arrows, &arrows["high"], "low"));
        assert!(!follows(&arrows, &arrows["high"], "middle"));
        assert!(floor(&Arrows::from([("a", BTreeSet::from(["gone"]))]), "a").is_err());
    }
}
