//! Builds what the use-cases need from the settings: real servers where they are named, embedded parts elsewhere.
//! The only place that knows which adapter stands behind a port.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use dk_api::{Accepted, ApiConfig, Argon2Passwords, SigningKey};
use dk_app::account::AccountRules;
use dk_app::local::{MemoryBus, MemoryLimiter};
use dk_app::ports::{
    Accounts, Ambient, Analyst, Bus, JobQueue, Limiter, Passwords, Quota, Storage, StoreError,
};
use dk_app::service::{OwnErrands, Ports};
use dk_app::{Detector, GatherOptions, StopToken};
use dk_domain::MediaKind;
use dk_ml_http::{ApiKey, BlobSettings, Fleet, FleetSettings, InProcess, MlServer, MlSettings};
use dk_redis::{QueueOptions, Redis};
use dk_sql::{Database, PoolOptions, ReplicaOptions, SchemaState, SqlQueue, Store};
use dk_storage::{CloudinaryOptions, LocalOptions, Options, Patience, S3Keys, S3Options};

use super::Roles;
use super::ambient::World;
use super::inspector::MediaInspector;
use super::secret::signing_secret;
use crate::config::{Config, DatabaseChoice, StorageChoice};
use crate::failure::Failure;
use crate::wiring;

/// How many times more failed sign-ins one address has than one account.
const ADDRESS_FACTOR: u32 = 100;
/// An ML server keeps a file that nobody asks for this long.
const BLOB_AGE: Duration = Duration::from_hours(1);
const QUARTER_HOUR: Duration = Duration::from_mins(15);

/// What the parts of this process stand on.
pub(super) struct Parts {
    /// For api and worker.
    pub ports: Option<Ports>,
    /// The ML server, where this process judges files for others.
    pub ml: Option<MlServer>,
    /// For figures.
    pub redis: Option<Redis>,
    /// For figures.
    pub database: Option<Database>,
}

/// What the commands on accounts need.
pub(super) struct People {
    pub accounts: Arc<dyn Accounts>,
    pub passwords: Arc<dyn Passwords>,
    pub ambient: Arc<dyn Ambient>,
}

impl From<&Ports> for People {
    fn from(ports: &Ports) -> Self {
        Self {
            accounts: Arc::clone(&ports.accounts),
            passwords: Arc::clone(&ports.passwords),
            ambient: Arc::clone(&ports.ambient),
        }
    }
}

impl Parts {
    /// Opens everything that these roles need.
    pub(super) async fn build(
        roles: Roles,
        config: &Config,
        ml_port: Option<u16>,
        stop: &StopToken,
    ) -> Result<Self, Failure> {
        let ambient: Arc<dyn Ambient> = Arc::new(World::default());
        let redis = open_redis(config)?;
        let bus: Arc<dyn Bus> = match &redis {
            Some(redis) => Arc::new(redis.bus()),
            None => Arc::new(MemoryBus::default()),
        };
        let ml = if let Some(port) = ml_port {
            let heard = redis.is_some().then(|| Arc::clone(&bus));
            Some(open_ml(config, port, Arc::clone(&ambient), heard).await?)
        } else {
            None
        };
        let (ports, database) = if roles.api || roles.worker {
            let database = ready_database(config).await?;
            // People look through API servers; what a worker reads decides.
            let database = if roles.api { with_replica(config, database).await? } else { database };
            let ports =
                build_ports(roles, config, database.clone(), ambient, bus, redis.as_ref(), stop).await?;
            (Some(ports), Some(database))
        } else {
            (None, None)
        };
        Ok(Self { ports, ml, redis, database })
    }
}

/// What the commands of an operator need.
pub(super) async fn people(config: &Config) -> Result<People, Failure> {
    let ambient: Arc<dyn Ambient> = Arc::new(World::default());
    let database = ready_database(config).await?;
    Ok(People {
        accounts: Arc::new(Store::new(database, Arc::clone(&ambient))),
        passwords: Arc::new(Argon2Passwords::default()),
        ambient,
    })
}

async fn build_ports(
    roles: Roles,
    config: &Config,
    database: Database,
    ambient: Arc<dyn Ambient>,
    bus: Arc<dyn Bus>,
    redis: Option<&Redis>,
    stop: &StopToken,
) -> Result<Ports, Failure> {
    let store = Arc::new(Store::new(database.clone(), Arc::clone(&ambient)));
    let storage = open_storage(config, Arc::clone(&ambient)).await?;
    let (queue, limiter): (Arc<dyn JobQueue>, Arc<dyn Limiter>) = if let Some(redis) = redis {
        let options = QueueOptions { backoff: config.service.retry, ..QueueOptions::default() };
        (Arc::new(redis.queue(options)), Arc::new(redis.limiter()))
    } else {
        let options =
            dk_sql::QueueOptions { backoff: config.service.retry, ..dk_sql::QueueOptions::default() };
        let queue = SqlQueue::new(database, Arc::clone(&ambient), options);
        (Arc::new(queue), Arc::new(MemoryLimiter::new(Arc::clone(&ambient))))
    };
    let analyst = open_analyst(roles, config, Arc::clone(&storage), Arc::clone(&ambient), stop).await?;
    Ok(Ports {
        accounts: Arc::clone(&store) as Arc<dyn Accounts>,
        library: Arc::clone(&store) as _,
        runs: Arc::clone(&store) as _,
        uploads: Arc::clone(&store) as _,
        outbox: Arc::clone(&store) as _,
        health: store,
        queue,
        storage,
        bus,
        limiter,
        analyst,
        inspector: Arc::new(MediaInspector::new(wiring::tools()?, wiring::limits(config))),
        passwords: Arc::new(Argon2Passwords::default()),
        ambient,
        own_errands: OwnErrands::default(),
    })
}

pub(super) fn open_redis(config: &Config) -> Result<Option<Redis>, Failure> {
    let Some(url) = &config.service.redis else { return Ok(None) };
    let hint = "see REDIS_URL, REDIS_CA_FILE and REDIS_PREFIX in `drishtiksha config show`";
    let read =
        |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let authority = config.service.redis_authority.as_ref().map(read).transpose();
    let authority = authority.map_err(|error| Failure::wrong_use(error, hint))?;
    let prefix = config.service.redis_prefix.as_deref();
    let redis = Redis::open_trusting(url.reveal(), prefix, authority.as_deref());
    redis.map(Some).map_err(|error| Failure::wrong_use(error, hint))
}

/// Opens the database, whatever state its tables are in.
pub(super) async fn open_database(config: &Config) -> Result<Database, Failure> {
    let url = match &config.service.database {
        DatabaseChoice::File(path) => {
            make_home(config)?;
            format!("sqlite://{}", path.display())
        }
        DatabaseChoice::Url(url) => url.reveal().to_owned(),
    };
    let options = PoolOptions { max_connections: config.service.pool, ..PoolOptions::default() };
    Database::open(&url, options).await.map_err(database_failed)
}

/// Adds the replica that the settings name, whether it is there now or not.
pub(super) async fn with_replica(config: &Config, database: Database) -> Result<Database, Failure> {
    let Some(choice) = &config.service.replica else { return Ok(database) };
    let options = ReplicaOptions {
        max_connections: choice.pool,
        patience: choice.patience,
        ..ReplicaOptions::default()
    };
    database.with_replica(choice.url.reveal(), options).await.map_err(|error| {
        Failure::wrong_use(anyhow::Error::new(error), "see DATABASE_REPLICA_URL in `drishtiksha config show`")
    })
}

fn make_home(config: &Config) -> Result<(), Failure> {
    // Rows of people are in it: nobody else on this machine looks inside. One that is there already stays as it is.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.home)
        .with_context(|| format!("cannot make {}", config.home.display()))
        .map_err(|error| {
            Failure::not_done(error, "make it writable, or set DRISHTIKSHA_HOME to another folder")
        })
}

/// Opens a database whose tables are as this program needs them. The embedded one is migrated on the way; a server
/// is migrated by an operator, because several programs may stand on it.
async fn ready_database(config: &Config) -> Result<Database, Failure> {
    let database = open_database(config).await?;
    if matches!(config.service.database, DatabaseChoice::File(_)) {
        database.migrate().await.map_err(database_failed)?;
    }
    match database.schema_state().await.map_err(database_failed)? {
        SchemaState::Ready => Ok(database),
        SchemaState::Empty => Err(behind("the database has no tables yet")),
        SchemaState::Behind(missing) => Err(behind(&format!("the database lacks {}", missing.join(", ")))),
        SchemaState::Ahead(newer) => Err(ahead(&newer)),
    }
}

/// Whether a file with an embedded database lacks migrations that this program has.
pub(super) async fn is_behind(file: &Path) -> Result<bool, Failure> {
    let opened = Database::open(&format!("sqlite://{}", file.display()), PoolOptions::default()).await;
    let database = opened.map_err(database_failed)?;
    let state = database.schema_state().await.map_err(database_failed)?;
    database.close().await.map_err(database_failed)?;
    match state {
        SchemaState::Ready => Ok(false),
        SchemaState::Behind(_) => Ok(true),
        SchemaState::Empty => Err(behind("the backup's database has no tables")),
        SchemaState::Ahead(newer) => Err(ahead(&newer)),
    }
}

fn ahead(newer: &[String]) -> Failure {
    let error = anyhow::anyhow!("a newer program has changed the database ({})", newer.join(", "));
    Failure::not_done(error, "update this program, or restore the backup of its version")
}

fn behind(why: &str) -> Failure {
    Failure::not_done(anyhow::anyhow!("{why}"), "run `drishtiksha migrate` with the same settings")
}

pub(super) fn database_failed(error: StoreError) -> Failure {
    let error = anyhow::Error::new(error);
    // The library below has one kind of error for all that breaks a connection.
    let hint = if error.chain().any(|cause| cause.to_string().contains("certificate")) {
        "name the file with the authority's certificate as `sslrootcert` in DATABASE_URL; `sslmode=require` encrypts \
            and asks for no certificate"
    } else {
        "check DATABASE_URL, and that the server runs and lets this machine in"
    };
    Failure::not_done(error, hint)
}

async fn open_storage(config: &Config, ambient: Arc<dyn Ambient>) -> Result<Arc<dyn Storage>, Failure> {
    let staging = config.home.join("staging");
    let options = match &config.service.storage {
        StorageChoice::Local(root) => Options::Local(LocalOptions { root: root.clone() }),
        StorageChoice::S3 { endpoint, bucket, region, key_id, secret } => Options::S3(S3Options {
            allow_http: endpoint.as_ref().is_some_and(|at| at.starts_with("http://")),
            path_style: endpoint.is_some(),
            endpoint: endpoint.clone(),
            bucket: bucket.clone(),
            region: region.clone(),
            keys: Some(S3Keys { id: key_id.clone(), secret: secret.reveal().to_owned().into() }),
            staging,
            patience: Patience::default(),
        }),
        StorageChoice::Cloudinary { cloud, key, secret, api } => Options::Cloudinary(CloudinaryOptions {
            cloud_name: cloud.clone(),
            api_key: key.clone(),
            api_secret: secret.reveal().to_owned().into(),
            api_base: api.clone().unwrap_or_else(|| CloudinaryOptions::API_BASE.to_owned()),
            delivery_base: api.clone().unwrap_or_else(|| CloudinaryOptions::DELIVERY_BASE.to_owned()),
            staging,
            patience: Patience::default(),
        }),
    };
    dk_storage::open(options, ambient).await.map_err(|error| {
        Failure::not_done(error, "check the settings `storage.*` in `drishtiksha config show`")
    })
}

/// The models of this process.
fn detector(config: &Config) -> Result<Arc<dyn Detector>, Failure> {
    let all = wiring::detector(config, config.service.ml_lanes)?;
    if config.service.ml_models.is_empty() {
        return Ok(Arc::new(all));
    }
    let some = all.offering(&config.service.ml_models).map_err(|unknown| {
        let error = anyhow::anyhow!("ML_MODELS names {unknown}, and there is no such model");
        Failure::wrong_use(error, "see `drishtiksha models list`")
    })?;
    Ok(Arc::new(some))
}

fn gather(config: &Config) -> GatherOptions {
    GatherOptions {
        lanes: config.service.ml_lanes,
        max_waiting: config.service.ml_max_waiting,
        ..GatherOptions::default()
    }
}

async fn open_analyst(
    roles: Roles,
    config: &Config,
    storage: Arc<dyn Storage>,
    ambient: Arc<dyn Ambient>,
    stop: &StopToken,
) -> Result<Arc<dyn Analyst>, Failure> {
    if roles.judges_here(config) {
        let opened =
            InProcess::open(detector(config)?, gather(config), storage, ambient, config.service.ml_timeout);
        let analyst =
            Arc::new(opened.map_err(|error| Failure::not_done(error, "raise the limit of threads"))?);
        let (loading, stop) = (Arc::clone(&analyst), stop.clone());
        // The service answers meanwhile; a file that comes before waits for its models only.
        tokio::task::spawn_blocking(move || loading.load(&stop));
        return Ok(analyst);
    }
    let settings = FleetSettings {
        ask_timeout: config.service.ml_timeout,
        servers_publish: config.service.redis.is_some(),
        ..FleetSettings::new(config.service.ml_urls.clone(), api_key(config))
    };
    let fleet = Fleet::start(settings, storage, ambient).await;
    Ok(Arc::new(fleet.map_err(|error| Failure::wrong_use(error, "see ML_SERVER_URLS and ML_API_KEY"))?))
}

fn api_key(config: &Config) -> ApiKey {
    ApiKey::new(config.service.ml_api_key.as_ref().map_or("", |key| key.reveal()))
}

async fn open_ml(
    config: &Config,
    port: u16,
    ambient: Arc<dyn Ambient>,
    bus: Option<Arc<dyn Bus>>,
) -> Result<MlServer, Failure> {
    let settings = MlSettings {
        api_keys: vec![api_key(config)],
        gather: gather(config),
        strict: config.service.ml_strict,
        blobs: BlobSettings {
            // Servers on one machine may share a data folder, and never a port.
            folder: config.home.join("blobs").join(port.to_string()),
            max_bytes: config.service.ml_cache_bytes,
            max_blob_bytes: config.max_bytes,
            max_age: BLOB_AGE,
        },
    };
    let hint = "see the settings `ml.*` in `drishtiksha config show`, and `drishtiksha models list`";
    let server = MlServer::open(detector(config)?, ambient, bus, settings).await;
    server.map_err(|error| Failure::not_done(error, hint))
}

/// What people may upload, as the room that reads media knows it.
fn accepted() -> Vec<Accepted> {
    let of_kind =
        |kind| Accepted { kind, mimetypes: dk_media::mimetypes(kind).map(ToOwned::to_owned).collect() };
    MediaKind::ALL.map(of_kind).into()
}

/// Settings of the HTTP edge.
pub(super) fn api_config(config: &Config, ambient: &dyn Ambient) -> Result<ApiConfig, Failure> {
    let service = &config.service;
    let secret = signing_secret(config, ambient)?;
    let key = SigningKey::new(secret.as_bytes())
        .map_err(|error| Failure::wrong_use(error, "set JWT_SECRET to a longer random text"))?;
    let per_minute = |limit: u32| Quota { limit, window: Duration::from_mins(1) };
    let per_account = Quota { limit: service.logins_per_quarter, window: QUARTER_HOUR };
    let per_address =
        Quota { limit: service.logins_per_quarter.saturating_mul(ADDRESS_FACTOR), window: QUARTER_HOUR };
    let accounts = AccountRules {
        sign_up_open: service.open_sign_up,
        session_length: time::Duration::days(i64::from(service.refresh_days)),
        log_in_per_account_and_address: per_account,
        log_in_per_account: per_address,
        log_in_per_address: per_address,
        ..AccountRules::default()
    };
    let mut origins = service.cors_origins.clone();
    origins.extend(service.public_url.clone());
    Ok(ApiConfig {
        access_token_length: time::Duration::minutes(i64::from(service.access_minutes)),
        accounts,
        https: service.public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
        origins,
        trusted_proxies: service.trusted_proxies.clone(),
        max_upload_bytes: config.max_bytes,
        max_duration_secs: config.max_secs,
        max_pixels: wiring::limits(config).max_pixels,
        accepted: accepted(),
        uploads_per_user: per_minute(service.requests_per_minute),
        per_user: per_minute(service.requests_per_minute),
        per_address: per_minute(service.requests_per_minute.saturating_mul(ADDRESS_FACTOR)),
        ..ApiConfig::new(key)
    })
}
