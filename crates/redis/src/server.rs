//! One Redis server: its address, the names used on it, and the connection for short commands.

use std::fmt;
use std::time::Duration;

use bullmq::options::{RedisConnectionOptions, TlsCerts};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, RedisError, TlsCertificates};

use crate::queue::{QueueOptions, RedisQueue};
use crate::{RedisBus, RedisLimiter};

/// Longest wait for a connection, and for the answer to a short command.
const PATIENCE: Duration = Duration::from_secs(1);
/// Prefix of BullMQ's keys where none is asked for: the one that Node's tools expect.
const BULLMQ_PREFIX: &str = "bull";

/// A Redis server. Cheap to clone; nothing is connected before the first use, and lost connections mend themselves.
#[derive(Clone)]
pub struct Redis {
    url: String,
    authority: Option<Vec<u8>>,
    client: Client,
    manager: ConnectionManager,
    prefix: Option<String>,
}

/// The address of a Redis server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no address. The text is not repeated, it may hold a password.
    #[error(
        "this is not the address of a Redis server; hint: redis://[user:password@]host[:port][/database]"
    )]
    Url(#[source] RedisError),
    /// No certificate to check a server with.
    #[error("an authority for Redis is a certificate in PEM text, and is of use for rediss:// only")]
    Authority(#[source] Option<RedisError>),
    /// The prefix cannot be used in names.
    #[error("{0:?} cannot be a prefix of names on Redis; hint: letters, digits, hyphens and underscores")]
    Prefix(String),
}

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Bytes that it has allocated.
    pub memory_bytes: u64,
    /// Bytes that it may allocate; `None` without a limit.
    pub max_memory_bytes: Option<u64>,
    /// Clients that are connected.
    pub clients: u64,
}

/// How a server is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Such as `7.0.15`.
    pub version: String,
    /// What it does when its memory is full; only `noeviction` loses no job.
    pub eviction: String,
}

impl Setup {
    /// The first number of the version; 0 where there is none.
    pub fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

impl Redis {
    /// The server at `url`. With a `prefix` every key and channel begins with it, so that several installations can
    /// share a server; without one, names are those that Node's tools expect. Must be called within a tokio runtime.
    pub fn open(url: &str, prefix: Option<&str>) -> Result<Self, AddressError> {
        Self::open_trusting(url, prefix, None)
    }

    /// As [`Redis::open`]; with an `authority`, certificates in PEM text, a server of `rediss://` is believed when one
    /// of them vouches for it, and public authorities do not count.
    pub fn open_trusting(
        url: &str,
        prefix: Option<&str>,
        authority: Option<&[u8]>,
    ) -> Result<Self, AddressError> {
        if let Some(prefix) = prefix {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if prefix.is_empty() || !prefix.chars().all(is_plain) {
                return Err(AddressError::Prefix(prefix.to_owned()));
            }
        }
        let client = Client::open(url).map_err(AddressError::Url)?;
        let client = match authority {
            None => client,
            // The library takes a text without certificates for an authority that vouches for nobody.
            Some(pem) if !holds_certificate(pem) => return Err(AddressError::Authority(None)),
            Some(pem) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
                let built = Client::build_with_tls(url, certificates);
                built.map_err(|error| AddressError::Authority(Some(error)))?
            }
        };
        // The next command tries anew, so a server that is away costs each one little.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let manager =
            ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(AddressError::Url)?;
        Ok(Self {
            url: url.to_owned(),
            authority: authority.map(<[u8]>::to_vec),
            client,
            manager,
            prefix: prefix.map(ToOwned::to_owned),
        })
    }

    /// The queue `media-processing`.
    pub fn queue(&self, options: QueueOptions) -> RedisQueue {
        let prefix = self.prefix.as_deref().unwrap_or(BULLMQ_PREFIX);
        let certificates =
            self.authority.clone().map(|pem| TlsCerts { root_cert: Some(pem), ..TlsCerts::default() });
        let connection = RedisConnectionOptions {
            url: self.url.clone(),
            tls_certs: certificates,
            ..RedisConnectionOptions::default()
        };
        RedisQueue::new(self.clone(), connection, prefix, options)
    }

    /// Live news between processes.
    pub fn bus(&self) -> RedisBus {
        RedisBus::new(self.clone())
    }

    /// Counters that all processes share.
    pub fn limiter(&self) -> RedisLimiter {
        RedisLimiter::new(self.clone())
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.ask(&redis::cmd("PING")).await
    }

    /// What it says of itself.
    pub async fn facts(&self) -> Result<Facts, RedisError> {
        let info: String = self.ask(redis::cmd("INFO").arg("memory").arg("clients")).await?;
        let number = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|text| text.trim().parse::<u64>().ok())
        };
        let missing = || RedisError::from((ErrorKind::UnexpectedReturnType, "INFO names no memory"));
        Ok(Facts {
            memory_bytes: number("used_memory").ok_or_else(missing)?,
            max_memory_bytes: number("maxmemory").filter(|bytes| *bytes > 0),
            clients: number("connected_clients").unwrap_or_default(),
        })
    }

    /// How it is set up.
    pub async fn setup(&self) -> Result<Setup, RedisError> {
        let info: String = self.ask(redis::cmd("INFO").arg("server").arg("memory")).await?;
        let word = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        Ok(Setup { version: word("redis_version"), eviction: word("maxmemory_policy") })
    }

    /// A name of ours on this server.
    pub(crate) fn name(&self, name: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}:{name}"),
            None => name.to_owned(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// Sends a short command that may be sent twice.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisError> {
        let first = command.query_async(&mut self.connection()).await;
        match first {
            // The connection was cut while nobody used it, or could not be made when it was tried last.
            Err(error) if error.is_io_error() && !error.is_timeout() => {
                command.query_async(&mut self.connection()).await
            }
            other => other,
        }
    }
}

fn holds_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
