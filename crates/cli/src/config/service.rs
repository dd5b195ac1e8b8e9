//! Settings of the service: where it listens, what stands behind it, who may do how much.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dk_api::Network;
use dk_domain::ModelName;

use super::database::{DatabaseChoice, ReplicaChoice, by_month, database, replica};
use super::wrong;
use crate::failure::Failure;

/// Everything that only the service reads.
#[derive(Debug, Clone)]
pub(crate) struct ServiceConfig {
    pub host: IpAddr,
    pub port: u16,
    pub metrics_port: Port,
    pub public_url: Option<String>,
    pub cors_origins: Vec<String>,
    pub trusted_proxies: Vec<Network>,
    pub grace: Duration,
    pub connections: usize,
    pub json_log: bool,
    pub open_sign_up: bool,
    pub access_minutes: u32,
    pub refresh_days: u32,
    pub jwt_secret: Option<Secret>,
    pub requests_per_minute: u32,
    pub logins_per_quarter: u32,
    pub database: DatabaseChoice,
    pub pool: u32,
    pub replica: Option<ReplicaChoice>,
    /// Whether `migrate` lays analyses into one table per month; `None` leaves them as they are.
    pub by_month: Option<bool>,
    pub redis: Option<Secret>,
    pub redis_authority: Option<PathBuf>,
    pub redis_prefix: Option<String>,
    pub storage: StorageChoice,
    pub ml_urls: Vec<String>,
    pub ml_api_key: Option<Secret>,
    pub ml_host: IpAddr,
    pub ml_port: u16,
    pub ml_lanes: usize,
    pub ml_max_waiting: usize,
    pub ml_cache_bytes: u64,
    pub ml_models: Vec<ModelName>,
    pub ml_strict: bool,
    pub ml_timeout: Duration,
    pub concurrency: u16,
    pub retry: Duration,
    pub mend_every: Duration,
    pub tidy_every: Duration,
    pub keep_events_days: u16,
    pub keep_health_days: u16,
}

/// A port, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Off,
    At(u16),
}

/// Text that no log and no error shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(super) fn unless_empty(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where files are kept.
#[derive(Debug, Clone)]
pub(crate) enum StorageChoice {
    Local(PathBuf),
    S3 { endpoint: Option<String>, bucket: String, region: String, key_id: String, secret: Secret },
    Cloudinary { cloud: String, key: String, secret: Secret, api: Option<String> },
}

pub(super) type Text<'a> = &'a dyn Fn(&str) -> String;

impl ServiceConfig {
    pub(super) fn check(home: &Path, text: Text<'_>) -> Result<Self, Failure> {
        Ok(Self {
            host: parsed(text, "server.host")?,
            port: parsed(text, "server.port")?,
            metrics_port: match text("server.metrics_port").as_str() {
                "off" => Port::Off,
                _ => Port::At(parsed(text, "server.metrics_port")?),
            },
            public_url: address(text, "server.public_url")?,
            cors_origins: addresses(text, "server.cors_origins")?,
            trusted_proxies: list(text, "server.trusted_proxies")?,
            grace: Duration::from_secs(number(text, "server.grace_secs", 1, 3600)?),
            connections: number(text, "server.max_connections", 16, 1_000_000)?,
            json_log: one_of(text, "log.format", &["text", "json"])? == "json",
            open_sign_up: one_of(text, "auth.sign_up", &["open", "closed"])? == "open",
            access_minutes: number(text, "auth.access_minutes", 1, 1440)?,
            refresh_days: number(text, "auth.refresh_days", 1, 365)?,
            jwt_secret: secret(text, "auth.jwt_secret", 32)?,
            requests_per_minute: number(text, "auth.requests_per_minute", 1, 1_000_000)?,
            logins_per_quarter: number(text, "auth.logins_per_quarter", 1, 1000)?,
            database: database(home, text)?,
            pool: number(text, "database.pool", 1, 1000)?,
            replica: replica(text)?,
            by_month: by_month(text)?,
            redis: url_secret(text, "redis.url", &["redis://", "rediss://"])?,
            redis_authority: authority(text)?,
            redis_prefix: word(text, "redis.prefix")?,
            storage: storage(home, text)?,
            ml_urls: addresses(text, "ml.urls")?,
            ml_api_key: secret(text, "ml.api_key", 16)?,
            ml_host: parsed(text, "ml.host")?,
            ml_port: parsed(text, "ml.port")?,
            ml_lanes: number(text, "ml.lanes", 1, 64)?,
            ml_max_waiting: number(text, "ml.max_waiting", 1, 10_000)?,
            ml_cache_bytes: number(text, "ml.cache_bytes", 1, u64::MAX)?,
            ml_models: list(text, "ml.models")?,
            ml_strict: parsed(text, "ml.strict")?,
            ml_timeout: Duration::from_secs(number(text, "ml.timeout_secs", 1, u64::from(u32::MAX))?),
            concurrency: number(text, "worker.concurrency", 1, 256)?,
            retry: Duration::from_millis(number(text, "worker.retry_ms", 1, 3_600_000)?),
            mend_every: Duration::from_millis(number(text, "worker.mend_ms", 100, 3_600_000)?),
            tidy_every: Duration::from_secs(number(text, "worker.tidy_secs", 1, 86_400)?),
            keep_events_days: number(text, "keep.events_days", 1, 3650)?,
            keep_health_days: number(text, "keep.health_days", 1, 3650)?,
        })
    }
}

fn parsed<T: std::str::FromStr>(text: Text<'_>, key: &str) -> Result<T, Failure> {
    text(key).parse().map_err(|_| wrong(key, &text(key)))
}

pub(super) fn number<T: std::str::FromStr + PartialOrd + Copy>(
    text: Text<'_>,
    key: &str,
    least: T,
    most: T,
) -> Result<T, Failure> {
    let value: T = parsed(text, key)?;
    if value >= least && value <= most { Ok(value) } else { Err(wrong(key, &text(key))) }
}

pub(super) fn one_of(text: Text<'_>, key: &str, words: &[&str]) -> Result<String, Failure> {
    let value = text(key);
    if words.contains(&value.as_str()) { Ok(value) } else { Err(wrong(key, &value)) }
}

fn word(text: Text<'_>, key: &str) -> Result<Option<String>, Failure> {
    let value = text(key);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match value.as_str() {
        "" => Ok(None),
        word if word.chars().all(plain) => Ok(Some(value)),
        _ => Err(wrong(key, &value)),
    }
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn list<T: std::str::FromStr>(text: Text<'_>, key: &str) -> Result<Vec<T>, Failure> {
    let value = text(key);
    parts(&value).map(|part| part.parse().map_err(|_| wrong(key, part))).collect()
}

fn is_address(value: &str) -> bool {
    let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn address(text: Text<'_>, key: &str) -> Result<Option<String>, Failure> {
    Ok(addresses(text, key)?.into_iter().next())
}

fn addresses(text: Text<'_>, key: &str) -> Result<Vec<String>, Failure> {
    let value = text(key);
    let check = |part: &str| {
        if is_address(part) { Ok(part.trim_end_matches('/').to_owned()) } else { Err(wrong(key, part)) }
    };
    parts(&value).map(check).collect()
}

fn secret(text: Text<'_>, key: &str, least: usize) -> Result<Option<Secret>, Failure> {
    let value = text(key);
    match value.chars().count() {
        0 => Ok(None),
        length if length >= least => Ok(Some(Secret(value))),
        _ => Err(wrong(key, &value)),
    }
}

pub(super) fn url_secret(text: Text<'_>, key: &str, schemes: &[&str]) -> Result<Option<Secret>, Failure> {
    let value = text(key);
    if value.is_empty() {
        return Ok(None);
    }
    if schemes.iter().any(|scheme| value.starts_with(scheme)) {
        Ok(Some(Secret(value)))
    } else {
        Err(wrong(key, &value))
    }
}

fn authority(text: Text<'_>) -> Result<Option<PathBuf>, Failure> {
    let path = text("redis.ca_file");
    match path.as_str() {
        "" => Ok(None),
        // What looks checked and is not even encrypted would be worse than no setting.
        _ if !text("redis.url").starts_with("rediss://") => Err(wrong("redis.ca_file", &path)),
        _ => Ok(Some(PathBuf::from(path))),
    }
}

fn storage(home: &Path, text: Text<'_>) -> Result<StorageChoice, Failure> {
    let need = |key: &str| {
        let value = text(key);
        if value.is_empty() { Err(wrong(key, &value)) } else { Ok(value) }
    };
    let needed_secret = |key: &str| need(key).map(Secret);
    Ok(match one_of(text, "storage.provider", &["local", "s3", "cloudinary"])?.as_str() {
        "s3" => StorageChoice::S3 {
            endpoint: address(text, "storage.s3_endpoint")?,
            bucket: need("storage.s3_bucket")?,
            region: need("storage.s3_region")?,
            key_id: need("storage.s3_access_key_id")?,
            secret: needed_secret("storage.s3_secret_access_key")?,
        },
        "cloudinary" => StorageChoice::Cloudinary {
            cloud: need("storage.cloudinary_cloud")?,
            key: need("storage.cloudinary_key")?,
            secret: needed_secret("storage.cloudinary_secret")?,
            api: address(text, "storage.cloudinary_api")?,
        },
        _ => StorageChoice::Local(match text("storage.path") {
            path if path.is_empty() => home.join("storage"),
            path => PathBuf::from(path),
        }),
    })
}
