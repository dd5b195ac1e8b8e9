//! An ML server on a free port, in a runtime of its own, so that it can be killed with all its connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use dk_app::ports::Bus;
use dk_app::{GatherOptions, StopToken};
use dk_ml_http::{ApiKey, BlobSettings, MlServer, MlSettings, StartError};
use reqwest::{Client, RequestBuilder, Response};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::{Fake, TestAmbient, soon};

/// A key that opens.
pub(crate) const KEY: &str = "key-of-the-workers-0123456789";
/// Another key that opens.
pub(crate) const OTHER_KEY: &str = "key-of-the-operators-9876543210";

/// What a test may want otherwise.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) gather: GatherOptions,
    pub(crate) max_bytes: u64,
    pub(crate) max_blob_bytes: u64,
    pub(crate) bus: Option<Arc<dyn Bus>>,
    pub(crate) load: bool,
    pub(crate) address: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gather: GatherOptions { lanes: 1, window_ms: 0, max_waiting: 100, illustrate: false },
            max_bytes: 64 << 20,
            max_blob_bytes: 16 << 20,
            bus: None,
            load: true,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) detector: Arc<Fake>,
    pub(crate) address: SocketAddr,
    pub(crate) server: MlServer,
    requests: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
    runtime: Option<Runtime>,
}

impl Running {
    /// Starts with what is usual.
    pub(crate) async fn start(detector: Arc<Fake>) -> Self {
        Self::with(detector, Options::default()).await
    }

    /// Starts.
    pub(crate) async fn with(detector: Arc<Fake>, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let settings = settings(folder.path().join("blobs"), &options, false);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (detector_port, noted) = (Arc::clone(&detector), Arc::clone(&requests));
        let started = runtime.spawn(async move {
            let ambient = Arc::new(TestAmbient::default());
            let server = MlServer::open(detector_port, ambient, options.bus, settings).await.unwrap();
            if options.load {
                server.load(&StopToken::new()).await.unwrap();
            }
            let listener = TcpListener::bind(options.address).await.unwrap();
            let address = listener.local_addr().unwrap();
            let note = axum::middleware::from_fn(move |request: Request, next: Next| {
                noted.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
                next.run(request)
            });
            let router = server.router().layer(note);
            tokio::spawn(async move { axum::serve(listener, router).await });
            (server, address)
        });
        let (server, address) = soon("the start", started).await.unwrap();
        Self { detector, address, server, requests, folder, runtime: Some(runtime) }
    }

    /// Ends it at once, with all connections.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    /// How many requests came that begin so, such as `PUT /blobs`.
    pub(crate) fn count(&self, begin: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|request| request.starts_with(begin)).count()
    }

    /// A request with the key.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        Client::new().request(method, format!("{}{path}", self.url())).header("x-api-key", KEY)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        soon(path, self.request("GET", path).send()).await.unwrap()
    }

    pub(crate) async fn stats(&self) -> serde_json::Value {
        json(self.get("/stats").await).await
    }

    /// Sends a file and says what came back.
    pub(crate) async fn put(&self, file: &[u8]) -> Response {
        let path = format!("/blobs/{}", super::sha_of(file));
        soon("PUT", self.request("PUT", &path).body(file.to_vec()).send()).await.unwrap()
    }

    pub(crate) async fn head(&self, file: &[u8]) -> Response {
        soon("HEAD", self.request("HEAD", &format!("/blobs/{}", super::sha_of(file))).send()).await.unwrap()
    }

    /// A request for an analysis of a file that is held.
    pub(crate) fn ask(&self, file: &[u8], model: &str) -> RequestBuilder {
        let form = reqwest::multipart::Form::new();
        let form = form.text("sha256", super::sha_of(file).to_string()).text("model", model.to_owned());
        self.request("POST", "/analyze").multipart(form)
    }

    pub(crate) async fn ask_now(&self, file: &[u8], model: &str) -> Response {
        soon("an answer", self.ask(file, model).send()).await.unwrap()
    }

    /// Starts a request for an analysis and lets it run.
    pub(crate) fn spawn_ask(&self, file: &[u8], model: &str) -> tokio::task::JoinHandle<Response> {
        let ask = self.ask(file, model);
        tokio::spawn(async move { soon("an answer", ask.send()).await.unwrap() })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.detector.open_gate();
        self.server.close();
        self.kill();
    }
}

/// Settings in this folder.
pub(crate) fn settings(folder: PathBuf, options: &Options, strict: bool) -> MlSettings {
    MlSettings {
        api_keys: vec![ApiKey::new(KEY), ApiKey::new(OTHER_KEY)],
        gather: options.gather,
        strict,
        blobs: BlobSettings {
            folder,
            max_bytes: options.max_bytes,
            max_blob_bytes: options.max_blob_bytes,
            max_age: Duration::from_hours(1),
        },
    }
}

impl Running {
    /// Opens and loads a server without serving it.
    pub(crate) async fn try_load(detector: Arc<Fake>, strict: bool) -> Result<(), StartError> {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().to_owned(), &Options::default(), strict);
        let server = MlServer::open(detector, Arc::new(TestAmbient::default()), None, settings).await?;
        server.load(&StopToken::new()).await
    }
}

/// The body as JSON.
pub(crate) async fn json(response: Response) -> serde_json::Value {
    let text = soon("a body", response.text()).await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}
