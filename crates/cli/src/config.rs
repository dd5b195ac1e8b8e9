//! Every setting: environment first, then the configuration file, then the default. Checked before any work.

mod database;
mod hub;
mod reference;
mod service;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dk_infer::engine::{EngineChoice, EngineKind};

use crate::failure::Failure;
use crate::style::say;
pub(crate) use database::DatabaseChoice;
pub(crate) use hub::Hub;
pub(crate) use reference::reference;
pub(crate) use service::{Port, ServiceConfig, StorageChoice};
use table::{SETTINGS, Setting};

/// ffmpeg counts pixels in 32 bits.
const MAX_MEGAPIXELS: u64 = 2000;

/// The settings in force.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub home: PathBuf,
    pub model_folders: Vec<PathBuf>,
    pub hub: Hub,
    /// Certificates that are trusted besides those in the data folder.
    pub trust: Vec<PathBuf>,
    pub engine: EngineChoice,
    pub library: Option<PathBuf>,
    /// Threads of one run; `None` lets the machine decide.
    pub threads: Option<usize>,
    pub spin: bool,
    pub max_bytes: u64,
    pub max_secs: u64,
    pub max_megapixels: u64,
    pub decoder_memory_mib: u64,
    pub decoder_secs: u64,
    pub service: ServiceConfig,
    values: Vec<Value>,
}

type Value = (&'static Setting, String, Origin);

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Environment,
    /// A file that a variable names.
    Secret(String),
    File(PathBuf),
    Default,
}

impl Config {
    /// Reads all settings. `file` must exist when it is named; the one in the data folder need not.
    pub(crate) fn resolve(file: Option<&Path>) -> Result<Self, Failure> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = environment("DRISHTIKSHA_HOME").map_or_else(default_home, PathBuf::from);
        let path = file.map_or_else(|| home.join("config.toml"), Path::to_path_buf);
        let from_file = match std::fs::read_to_string(&path) {
            Ok(text) => read_file(&text, &path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => BTreeMap::new(),
            Err(error) => {
                let error = anyhow::Error::new(error).context(format!("cannot read {}", path.display()));
                return Err(Failure::wrong_use(error, "name a readable file with --config"));
            }
        };
        let mut values = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let (value, origin) = match (environment(setting.env), from_file.get(setting.key)) {
                (Some(value), _) => (value, Origin::Environment),
                (None, _) if setting.secret && environment(&file_variable(setting)).is_some() => {
                    let place = environment(&file_variable(setting)).unwrap_or_default();
                    (read_secret(setting, &place)?, Origin::Secret(place))
                }
                (None, Some(value)) => (value.clone(), Origin::File(path.clone())),
                (None, None) => (setting.default.to_owned(), Origin::Default),
            };
            values.push((setting, value, origin));
        }
        Self::check(home, values)
    }

    fn check(home: PathBuf, values: Vec<Value>) -> Result<Self, Failure> {
        let text = |key: &str| {
            values.iter().find(|(s, ..)| s.key == key).map(|(_, v, _)| v.as_str()).unwrap_or_default()
        };
        let up_to = |key: &str, most: u64| {
            text(key).parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| wrong(key, text(key)))
        };
        let number = |key: &str| up_to(key, u64::MAX);
        let engine = match text("engine.choice") {
            "auto" => EngineChoice::Auto,
            "ort" => EngineChoice::Only(EngineKind::Ort),
            "rten" => EngineChoice::Only(EngineKind::Rten),
            other => return Err(wrong("engine.choice", other)),
        };
        let threads = match text("engine.threads") {
            "auto" => None,
            other => Some(
                other
                    .parse()
                    .ok()
                    .filter(|n| (1..=1024).contains(n))
                    .ok_or_else(|| wrong("engine.threads", other))?,
            ),
        };
        let spin = text("engine.spin").parse().map_err(|_| wrong("engine.spin", text("engine.spin")))?;
        Ok(Self {
            model_folders: std::env::split_paths(text("models.folders"))
                .filter(|p| !p.as_os_str().is_empty())
                .collect(),
            hub: Hub::check(text("models.hub"), text("models.hub_token"))?,
            trust: std::env::split_paths(text("trust.anchors"))
                .filter(|p| !p.as_os_str().is_empty())
                .collect(),
            engine,
            library: Some(text("engine.library")).filter(|path| !path.is_empty()).map(PathBuf::from),
            threads,
            spin,
            max_bytes: number("limits.file_bytes")?,
            max_secs: number("limits.media_secs")?,
            max_megapixels: up_to("limits.megapixels", MAX_MEGAPIXELS)?,
            decoder_memory_mib: number("limits.decoder_memory_mib")?,
            decoder_secs: number("limits.decoder_secs")?,
            service: ServiceConfig::check(&home, &|key| text(key).to_owned())?,
            home,
            values,
        })
    }

    /// Prints every setting, its value, and where it comes from.
    pub(crate) fn show(&self) {
        say(&format!(
            "home = {:?}  # DRISHTIKSHA_HOME, or the user's data folder",
            self.home.to_string_lossy()
        ));
        for (setting, value, origin) in &self.values {
            let origin = match origin {
                Origin::Environment => format!("from {}", setting.env),
                Origin::Secret(place) => format!("from {place}, which {} names", file_variable(setting)),
                Origin::File(path) => format!("from {}", path.display()),
                Origin::Default => format!("default; {} or `{}` in config.toml", setting.env, setting.key),
            };
            let value = if setting.secret && !value.is_empty() { "…" } else { value };
            say(&format!("{} = {value:?}  # {origin}", setting.key));
        }
    }
}

/// The variable that names a file with a secret.
fn file_variable(setting: &Setting) -> String {
    format!("{}_FILE", setting.env)
}

fn read_secret(setting: &Setting, place: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(place).map_err(|error| {
        let variable = file_variable(setting);
        let error = anyhow::Error::new(error).context(format!("cannot read {place}, which {variable} names"));
        Failure::wrong_use(error, format!("the file holds {}", setting.allowed))
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn wrong(key: &str, value: &str) -> Failure {
    let setting = SETTINGS.iter().find(|setting| setting.key == key);
    let (env, allowed) = setting.map_or(("", ""), |setting| (setting.env, setting.allowed));
    let value = if setting.is_some_and(|setting| setting.secret) { "not shown" } else { value };
    let error = anyhow::anyhow!("the setting {key} ({env}) is {value:?}");
    Failure::wrong_use(error, format!("allowed is {allowed}"))
}

/// The file's tables flattened to dotted keys. An unknown key is an error, because it is a misspelt one.
fn read_file(text: &str, path: &Path) -> Result<BTreeMap<&'static str, String>, Failure> {
    let place = path.display();
    let tables: BTreeMap<String, BTreeMap<String, toml::Value>> = toml::from_str(text).map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot understand {place}"));
        Failure::wrong_use(error, "the file has tables with settings; see `drishtiksha config show`")
    })?;
    let mut values = BTreeMap::new();
    for (table, entries) in tables {
        for (name, value) in entries {
            let key = format!("{table}.{name}");
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
                let error = anyhow::anyhow!("{place} has the unknown setting {key}");
                return Err(Failure::wrong_use(error, "see `drishtiksha config show` for all settings"));
            };
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => {
                    let error = anyhow::anyhow!(
                        "{place}: {key} is neither text, nor a whole number, nor true or false"
                    );
                    return Err(Failure::wrong_use(error, format!("allowed is {}", setting.allowed)));
                }
            };
            values.insert(setting.key, text);
        }
    }
    Ok(values)
}

fn default_home() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
    data.unwrap_or_else(|| PathBuf::from(".")).join("drishtiksha")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unknown_key_and_a_wrong_value_are_named() {
        let unknown = read_file("[engine]\nchoise = 'ort'", Path::new("c.toml")).unwrap_err();
        assert!(format!("{unknown:?}").contains("engine.choise"));
        let values: Vec<_> = SETTINGS
            .iter()
            .map(|s| {
                (s, if s.key == "limits.megapixels" { "-3" } else { s.default }.to_owned(), Origin::Default)
            })
            .collect();
        let wrong = Config::check(PathBuf::new(), values).unwrap_err();
        assert!(format!("{wrong:?}").contains("limits.megapixels"));
    }

    proptest! {
        #[test]
        fn any_text_in_the_file_is_read_or_refused(
            table in "(engine|limits|models|\\PC{0,8})",
            key in "(choice|threads|spin|megapixels|file_bytes|folders|\\PC{0,8})",
            value in "(-?[0-9]{1,25}|'\\PC{0,20}'|true|nan|[\\[\\]{}=.,\\PC]{0,12})",
        ) {
            let text = format!("[{table}]\n{key} = {value}\n");
            if let Ok(values) = read_file(&text, Path::new("c.toml")) {
                let values = SETTINGS
                    .iter()
                    .map(|s| {
                        let value = values.get(s.key).cloned();
                        (s, value.unwrap_or_else(|| s.default.to_owned()), Origin::Default)
                    })
                    .collect();
                if let Ok(config) = Config::check(PathBuf::new(), values) {
                    prop_assert!((1..=MAX_MEGAPIXELS).contains(&config.max_megapixels));
                    prop_assert!(config.max_bytes > 0);
                }
            }
        }
    }

    #[test]
    fn every_default_is_allowed() {
        let values = SETTINGS.iter().map(|s| (s, s.default.to_owned(), Origin::Default)).collect();
        assert!(Config::check(PathBuf::new(), values).is_ok());
    }
}
