//! The page that lists every setting; `docs/configuration.md` is this text, and a test compares the two.

use std::fmt::Write as _;

use super::table::SETTINGS;

const HEAD: &str = "# Settings

This page is what `drishtiksha config reference` prints. A value comes from the environment variable, else from `config.toml` in the data folder (or the file
that `--config` names), where `server.port` is the key `port` in the table `[server]`, else it is the default. Secrets may also stand in a file that
the variable with `_FILE` at its end names. A wrong value stops the start and names the setting. `drishtiksha config show` prints what is in force.

The data folder itself is `DRISHTIKSHA_HOME`.

| Setting | Variable | Default | Allowed |
|---|---|---|---|
";

/// The page.
pub(crate) fn reference() -> String {
    let mut page = HEAD.to_owned();
    for setting in SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let file = if setting.secret { format!(" or `{}_FILE`", setting.env) } else { String::new() };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | `{}`{file} | {default} | {} |",
            setting.key, setting.env, setting.allowed
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_page_of_settings_is_the_one_that_is_printed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        let page = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            page,
            super::reference(),
            "renew it: drishtiksha config reference > docs/configuration.md"
        );
    }
}
