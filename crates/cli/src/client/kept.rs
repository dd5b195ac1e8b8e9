//! What `login` keeps: server and key in `client.toml` in the data folder, for nobody else to read.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// A key that no log and no error shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(super) struct Key(String);

impl Key {
    /// Keys are plain visible characters; anything else is a slip of the hand.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if !text.is_empty() && text.len() <= 512 && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        let error = anyhow::anyhow!("this is no API key");
        Err(Failure::wrong_use(
            error,
            "a key is one line of letters, digits and signs, as the server showed it",
        ))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A server and the key for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Its address.
    pub(super) server: String,
    /// The key.
    pub(super) api_key: Key,
    /// The key's id, where `login` made the key, so that `logout` can take it back.
    pub(super) api_key_id: Option<String>,
    /// Whether the address may be plain http.
    #[serde(default)]
    pub(super) allow_http: bool,
}

fn path(home: &Path) -> PathBuf {
    home.join("client.toml")
}

impl Kept {
    /// What was kept, if anything.
    pub(super) fn read(home: &Path) -> Result<Option<Self>, Failure> {
        let path = path(home);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &path, error)),
        };
        // The parser's words would show the line, and with it the key.
        let kept = toml::from_str(&text).map_err(|_| {
            let error = anyhow::anyhow!("cannot understand {}", path.display());
            Failure::not_done(error, "remove the file and run `drishtiksha login` again")
        })?;
        Ok(Some(kept))
    }

    /// Writes beside and renames, so that a cut leaves the old file or the new one. Returns the file's place.
    pub(super) fn write(&self, home: &Path) -> Result<PathBuf, Failure> {
        let path = path(home);
        let draft = home.join(format!("client.toml.{}", std::process::id()));
        let written = fs::create_dir_all(home).and_then(|()| {
            // A draft of a run that was cut is of no use.
            let _ = fs::remove_file(&draft);
            let mut file = private(&draft)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&draft);
            return Err(cannot("write", &path, error));
        }
        Ok(path)
    }

    /// Forgets server and key.
    pub(super) fn remove(home: &Path) -> Result<(), Failure> {
        let path = path(home);
        fs::remove_file(&path).map_err(|error| cannot("remove", &path, error))
    }

    /// None of the texts holds a quotation mark, a backslash or a control character: address, key and id were
    /// parsed.
    fn text(&self) -> String {
        let id = self.api_key_id.as_ref().map_or(String::new(), |id| format!("api_key_id = \"{id}\"\n"));
        format!(
            "# Written by `drishtiksha login`. Whoever has the key can act for the account.\n\
             server = \"{}\"\napi_key = \"{}\"\n{id}allow_http = {}\n",
            self.server,
            self.api_key.reveal(),
            self.allow_http
        )
    }
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn cannot(verb: &str, path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::new(error).context(format!("cannot {verb} {}", path.display()));
    Failure::not_done(error, "check the space and the rights of the data folder (`drishtiksha config show`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_nobody_else_can_read_it() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Kept::read(home.path()).unwrap(), None);
        let kept = Kept {
            server: "https://a.example".into(),
            api_key: Key::parse(" dk_abc-123\n").unwrap(),
            api_key_id: Some("0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11".into()),
            allow_http: false,
        };
        let place = kept.write(home.path()).unwrap();
        let again = Kept { api_key_id: None, allow_http: true, ..kept.clone() };
        again.write(home.path()).unwrap();
        assert_eq!(Kept::read(home.path()).unwrap(), Some(again));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
        }
        Kept::remove(home.path()).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
        assert!(!format!("{kept:?}").contains("dk_abc"));
    }

    #[test]
    fn a_file_that_was_spoilt_does_not_show_its_key() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("client.toml"), "api_key = \"dk_secret\" oops").unwrap();
        let failure = Kept::read(home.path()).unwrap_err();
        assert!(!format!("{failure:?}").contains("dk_secret"));
        assert!(Key::parse("two words").is_err() && Key::parse("").is_err() && Key::parse("a\"b").is_err());
    }
}
