//! The list of settings: names, defaults, and what is allowed.

/// One setting.
#[derive(Debug)]
pub(super) struct Setting {
    /// `table.name` in the configuration file.
    pub key: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// Value when nobody says otherwise.
    pub default: &'static str,
    /// For the hint of an error.
    pub allowed: &'static str,
    /// Never shown; `ENV_FILE` names a file that holds it.
    pub secret: bool,
}

const fn plain(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    allowed: &'static str,
) -> Setting {
    Setting { key, env, default, allowed, secret: false }
}

const fn secret(key: &'static str, env: &'static str, allowed: &'static str) -> Setting {
    Setting { key, env, default: "", allowed, secret: true }
}

/// Every setting there is, but for the data folder itself (`DRISHTIKSHA_HOME`).
pub(super) const SETTINGS: &[Setting] = &[
    plain(
        "models.folders",
        "DRISHTIKSHA_MODELS",
        "",
        "a list of folders with model packages, separated as in PATH; they win over the bundled ones",
    ),
    plain(
        "models.hub",
        "DRISHTIKSHA_HUB",
        "https://huggingface.co",
        "the address of a model hub or of a mirror with the same paths, https:// or http://",
    ),
    secret(
        "models.hub_token",
        "DRISHTIKSHA_HUB_TOKEN",
        "a token of an account on the hub, for weights whose terms were accepted there",
    ),
    plain(
        "trust.anchors",
        "DRISHTIKSHA_TRUST",
        "",
        "a list of PEM files, or folders of them, separated as in PATH: certificates whose Content Credentials are trusted, besides the bundled C2PA trust list and those in the folder trust of the data folder; a file with the name of a bundled list replaces it",
    ),
    plain("engine.choice", "DRISHTIKSHA_ENGINE", "auto", "auto, ort or rten"),
    plain(
        "engine.library",
        "ORT_DYLIB_PATH",
        "",
        "the path of an ONNX Runtime library (1.24 or newer); empty looks beside this program and in the data folder",
    ),
    plain("engine.threads", "DRISHTIKSHA_THREADS", "auto", "auto, or the threads of one run from 1 to 1024"),
    plain(
        "engine.spin",
        "DRISHTIKSHA_SPIN",
        "false",
        "true (faster on an idle machine) or false (better on a shared one)",
    ),
    plain("limits.file_bytes", "DRISHTIKSHA_MAX_FILE_BYTES", "524288000", "a number of bytes above 0"),
    plain("limits.media_secs", "DRISHTIKSHA_MAX_MEDIA_SECS", "1200", "a number of seconds above 0"),
    plain("limits.megapixels", "DRISHTIKSHA_MAX_MEGAPIXELS", "50", "a number of megapixels from 1 to 2000"),
    plain("limits.decoder_memory_mib", "DRISHTIKSHA_DECODER_MEMORY_MIB", "4096", "a number of MiB above 0"),
    plain("limits.decoder_secs", "DRISHTIKSHA_DECODER_SECS", "900", "a number of seconds above 0"),
    plain(
        "server.host",
        "DRISHTIKSHA_HOST",
        "127.0.0.1",
        "an address of this machine, such as 127.0.0.1 or 0.0.0.0",
    ),
    plain("server.port", "PORT", "3000", "a port from 0 to 65535; 0 takes a free one"),
    plain(
        "server.metrics_port",
        "METRICS_PORT",
        "9464",
        "a port from 0 to 65535, or off; 0 takes a free one",
    ),
    plain(
        "server.public_url",
        "PUBLIC_URL",
        "",
        "the address people use, such as https://detect.example.org; https makes cookies secure",
    ),
    plain(
        "server.cors_origins",
        "CORS_ORIGINS",
        "",
        "origins of other sites that may call, separated by commas",
    ),
    plain(
        "server.trusted_proxies",
        "TRUSTED_PROXIES",
        "",
        "addresses of proxies, or ranges such as 10.0.0.0/8, whose X-Forwarded-For is believed, separated by commas",
    ),
    plain(
        "server.grace_secs",
        "GRACE_SECS",
        "30",
        "seconds from 1 to 3600 that running work may take when the process must go",
    ),
    plain(
        "server.max_connections",
        "MAX_CONNECTIONS",
        "8192",
        "connections from 16 to 1000000 that each port holds at the same time; further ones wait",
    ),
    plain("log.format", "LOG_FORMAT", "text", "text or json"),
    plain("auth.sign_up", "SIGN_UP", "open", "open or closed"),
    plain("auth.access_minutes", "ACCESS_TOKEN_MINUTES", "15", "minutes from 1 to 1440"),
    plain("auth.refresh_days", "REFRESH_TOKEN_DAYS", "30", "days from 1 to 365"),
    secret("auth.jwt_secret", "JWT_SECRET", "at least 32 characters; embedded parts make and keep their own"),
    plain(
        "auth.requests_per_minute",
        "REQUESTS_PER_MINUTE",
        "600",
        "requests of one person per minute, from 1 to 1000000; one address has a hundred times as many",
    ),
    plain(
        "auth.logins_per_quarter",
        "LOGINS_PER_QUARTER_HOUR",
        "10",
        "failed sign-ins to one account from one address in 15 minutes, from 1 to 1000; sign-ins from one address, and to one account from anywhere, are limited to a hundred times as many",
    ),
    secret(
        "database.url",
        "DATABASE_URL",
        "postgres://… or sqlite://PATH; empty is a file in the data folder",
    ),
    plain("database.pool", "DATABASE_POOL", "10", "connections from 1 to 1000"),
    secret(
        "database.replica_url",
        "DATABASE_REPLICA_URL",
        "postgres://… of a streaming replica, from which API servers read what people look at; empty reads all from database.url",
    ),
    plain("database.replica_pool", "DATABASE_REPLICA_POOL", "10", "connections from 1 to 1000"),
    plain(
        "database.replica_wait_ms",
        "DATABASE_REPLICA_WAIT_MS",
        "50",
        "milliseconds from 1 to 10000 that a read waits for the replica to catch up before it is answered by database.url",
    ),
    plain(
        "database.partitions",
        "DATABASE_PARTITIONS",
        "",
        "month (one table of analyses per month, PostgreSQL only) or none (one table), as `drishtiksha migrate` lays them out; empty leaves them as they are",
    ),
    secret(
        "redis.url",
        "REDIS_URL",
        "redis://… or rediss://…; empty keeps queue and events inside this process",
    ),
    plain(
        "redis.ca_file",
        "REDIS_CA_FILE",
        "",
        "a file with the certificate (PEM) of the authority that vouches for the server of a rediss:// address; empty believes public authorities",
    ),
    plain(
        "redis.prefix",
        "REDIS_PREFIX",
        "",
        "letters, digits, hyphens and underscores; separates installations that share a server; empty keeps the names that Node's tools expect",
    ),
    plain("storage.provider", "STORAGE_PROVIDER", "local", "local, s3 or cloudinary"),
    plain("storage.path", "STORAGE_PATH", "", "a folder; empty is `storage` in the data folder"),
    plain(
        "storage.s3_endpoint",
        "S3_ENDPOINT",
        "",
        "an address such as https://s3.example.org; empty is AWS",
    ),
    plain("storage.s3_bucket", "S3_BUCKET", "", "the name of a bucket"),
    plain("storage.s3_region", "S3_REGION", "us-east-1", "a region"),
    plain("storage.s3_access_key_id", "S3_ACCESS_KEY_ID", "", "the id of an access key"),
    secret("storage.s3_secret_access_key", "S3_SECRET_ACCESS_KEY", "the secret of that access key"),
    plain("storage.cloudinary_cloud", "CLOUDINARY_CLOUD_NAME", "", "the name of a Cloudinary cloud"),
    plain("storage.cloudinary_key", "CLOUDINARY_API_KEY", "", "its API key"),
    secret("storage.cloudinary_secret", "CLOUDINARY_API_SECRET", "the secret of that API key"),
    plain(
        "storage.cloudinary_api",
        "CLOUDINARY_API_URL",
        "",
        "the address of its API, for a private one; empty is Cloudinary's",
    ),
    plain(
        "ml.urls",
        "ML_SERVER_URLS",
        "",
        "addresses of ML servers, separated by commas; empty judges in this process",
    ),
    secret("ml.api_key", "ML_API_KEY", "at least 16 characters, the same on ML servers and workers"),
    plain("ml.host", "ML_HOST", "127.0.0.1", "an address of this machine"),
    plain("ml.port", "ML_PORT", "8000", "a port from 0 to 65535; 0 takes a free one"),
    plain("ml.lanes", "ML_LANES", "1", "files judged at the same time, from 1 to 64"),
    plain(
        "ml.max_waiting",
        "ML_MAX_WAITING",
        "64",
        "requests that may wait before an ML server says that it is busy, from 1 to 10000",
    ),
    plain(
        "ml.cache_bytes",
        "ML_CACHE_BYTES",
        "4294967296",
        "bytes of received files that an ML server keeps, above 0",
    ),
    plain(
        "ml.models",
        "ML_MODELS",
        "",
        "names of the models that this process offers, separated by commas; empty offers all that are ready",
    ),
    plain(
        "ml.strict",
        "ML_STRICT",
        "false",
        "true stops the start when a package cannot be used; false leaves it out",
    ),
    plain("ml.timeout_secs", "ML_TIMEOUT_SECS", "900", "seconds that one answer may take, above 0"),
    plain("worker.concurrency", "WORKER_CONCURRENCY", "5", "jobs at the same time, from 1 to 256"),
    plain(
        "worker.retry_ms",
        "WORKER_RETRY_MS",
        "1000",
        "milliseconds before the second attempt, from 1 to 3600000; each further one waits twice as long",
    ),
    plain(
        "worker.mend_ms",
        "WORKER_MEND_MS",
        "10000",
        "milliseconds between two looks for lost jobs, from 100 to 3600000",
    ),
    plain(
        "worker.tidy_secs",
        "WORKER_TIDY_SECS",
        "3600",
        "seconds between two removals of old rows and of files without a row, from 1 to 86400",
    ),
    plain(
        "keep.events_days",
        "KEEP_EVENTS_DAYS",
        "7",
        "days for which live events can be heard again, from 1 to 3650",
    ),
    plain("keep.health_days", "KEEP_HEALTH_DAYS", "30", "days of the history of ML servers, from 1 to 3650"),
];
