//! Documents that name what does not exist mislead, so paths, links and make targets in them are checked.
//! Says nothing about whether the words around them are true.

use crate::repo::Repo;

/// One line per path, link or command that leads nowhere, and per test medium without a description.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let makefile = repo.text("Makefile")?.unwrap_or_default();
    let mut faults = Vec::new();
    for document in repo.tracked().filter(|path| path.rsplit('.').next() == Some("md")) {
        let text = repo.text(document)?.unwrap_or_default();
        for mention in mentions(&text) {
            let fault = match &mention.what {
                What::Link(target) => broken_link(repo, document, target),
                What::Code(code) => broken_code(repo, document, code, &makefile),
            };
            faults.extend(fault.map(|why| format!("{document}:{}: {why}", mention.line)));
        }
    }
    faults.extend(undescribed_media(repo)?);
    Ok(faults)
}

/// Something in a document that may lead somewhere.
struct Mention {
    line: usize,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    /// The target of `[text](target)`.
    Link(String),
    /// The content of `` `code` ``.
    Code(String),
}

/// Links and inline code, without what stands in fenced blocks.
fn mentions(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        if in_fence {
            continue;
        }
        let mut keep = |what| found.push(Mention { line: number + 1, what });
        for (at, piece) in line.split('`').enumerate() {
            if at % 2 == 1 {
                keep(What::Code(piece.to_owned()));
            } else {
                links(piece).for_each(|target| keep(What::Link(target.to_owned())));
            }
        }
    }
    found
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

fn broken_link(repo: &Repo, document: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    if path.contains("://") || path.starts_with("mailto:") || path.is_empty() {
        return None;
    }
    let known = resolve(document, path).is_some_and(|path| repo.knows(&path));
    (!known).then(|| format!("link to {target}, which is not there"))
}

fn broken_code(repo: &Repo, document: &str, code: &str, makefile: &str) -> Option<String> {
    if let Some(target) = code.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next()) {
        let known = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
        return (!known && !target.starts_with('-'))
            .then(|| format!("`make {target}` is no target of the Makefile"));
    }
    let path = code.trim_end_matches('/');
    let (top, _) = path.split_once('/')?;
    // An address within the service, such as `/api/docs`.
    if top.is_empty() {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    // A part in capitals stands for a name that the reader puts in.
    let placeholder = |part: &str| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase());
    if !path.chars().all(plain) || path.contains("...") || path.split('/').any(placeholder) {
        return None;
    }
    let beside = resolve(document, path);
    let top_beside = resolve(document, top).is_some_and(|top| repo.knows(&top));
    if !repo.knows(top) && !top_beside {
        return None;
    }
    let known = repo.knows(path) || beside.is_some_and(|path| repo.knows(&path)) || repo.ignores(code);
    (!known).then(|| format!("`{code}` is not there"))
}

/// A path as written in a document, seen from the root; `None` when it leads out of the repository.
fn resolve(document: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Media may be passed on only with their source and licence beside them.
fn undescribed_media(repo: &Repo) -> anyhow::Result<Vec<String>> {
    let described = repo.text("testdata/README.md")?.unwrap_or_default();
    let media = repo.tracked().filter_map(|path| path.strip_prefix("testdata/"));
    let unnamed = media.filter(|name| *name != "README.md" && !name.starts_with("golden/"));
    Ok(unnamed
        .filter(|name| !described.contains(&format!("`{name}`")))
        .map(|name| format!("testdata/{name} has no line in testdata/README.md"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_code_are_found_outside_of_fences_only() {
        let text = "see [map](a.md#top) and `docs/x.md`\n```\n`not/this` [nor](that)\n```\n";
        let found: Vec<_> = mentions(text).into_iter().map(|m| (m.line, m.what)).collect();
        assert_eq!(found, [(1, What::Link("a.md#top".into())), (1, What::Code("docs/x.md".into()))]);
    }

    #[test]
    fn a_path_in_a_document_may_be_written_from_the_root_or_from_its_folder() {
        let repo = Repo::open().unwrap();
        let code = |text| broken_code(&repo, "xtask/notes.md", text, "test: setup\n");
        assert_eq!(code("xtask/src/repo.rs"), None);
        assert_eq!(code("src/repo.rs"), None);
        assert!(code("xtask/src/nowhere.rs").is_some());
        assert!(code("src/nowhere.rs").is_some());
        // Looks like a path and is none of ours.
        assert_eq!(code("application/json"), None);
        assert_eq!(code("xtask/<name>/card.md"), None);
        assert_eq!(code("xtask/NAME/card.md"), None);
    }

    #[test]
    fn a_link_that_leads_nowhere_or_out_is_named() {
        let repo = Repo::open().unwrap();
        let link = |target| broken_link(&repo, "xtask/src/notes.md", target);
        assert_eq!(link("../Cargo.toml"), None);
        assert_eq!(link("https://example.org/x"), None);
        assert!(link("nowhere.md").is_some());
        assert!(link("../../../outside").is_some());
    }

    #[test]
    fn a_make_target_must_exist() {
        let repo = Repo::open().unwrap();
        let code = |text| broken_code(&repo, "README.md", text, "test: setup\n\techo\n");
        assert_eq!(code("make test"), None);
        assert!(code("make coffee").is_some());
        assert_eq!(code("make -C elsewhere all"), None);
    }
}
