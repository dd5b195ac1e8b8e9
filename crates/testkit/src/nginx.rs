//! nginx for tests: the configuration of `deploy/web`, on a free port, with everything that it writes in a temporary
//! folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::certificate;
use crate::port;

/// nginx in front of API servers; it goes away when this is dropped.
#[derive(Debug)]
pub struct WebServer {
    child: Child,
    port: u16,
    scheme: &'static str,
    folder: TempDir,
}

impl WebServer {
    /// Serves the files of `root`, and passes everything else to the API server at `api`, such as `127.0.0.1:3000`.
    pub fn start(root: &Path, api: &str) -> anyhow::Result<Self> {
        Self::begin(root, api, "http")
    }

    /// The same over TLS, spreading requests over several API servers.
    pub fn start_with_tls(root: &Path, api: &[&str]) -> anyhow::Result<Self> {
        Self::begin(root, &api.join(","), "https")
    }

    fn begin(root: &Path, api: &str, scheme: &'static str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dk-test-nginx-").tempdir()?;
        let port = port::free()?;
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let mut command = Command::new(checkout.join("deploy/web/start.sh"));
        if scheme == "https" {
            certificate::make(folder.path(), |program| Command::new(program))?;
            let [certificate, key] = certificate::SERVER.map(|name| folder.path().join(name));
            command.env("WEB_TLS_CERT", certificate).env("WEB_TLS_KEY", key);
        }
        let child = command
            .env("PATH", path_with_nginx(&checkout)?)
            .env("API_UPSTREAM", api)
            .env("WEB_LISTEN", format!("127.0.0.1:{port}"))
            .env("WEB_ROOT", root)
            .env("WEB_PREFIX", folder.path())
            .stdin(Stdio::null())
            .spawn()
            .context("cannot run deploy/web/start.sh")?;
        let mut server = Self { child, port, scheme, folder };
        port::wait_for(&mut server.child, "nginx", port)?;
        Ok(server)
    }

    /// Where it is: `http://127.0.0.1:PORT`, or `https://…`.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// The certificate of the authority that made the server's own; there with TLS only.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join(certificate::AUTHORITY)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // Its workers end with it only when it is asked to.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Where `scripts/setup tests` puts nginx when the machine has none.
fn path_with_nginx(checkout: &Path) -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), tools_folder(checkout).join("nginx/usr/sbin")])
        .collect();
    if !folders.iter().any(|folder| folder.join("nginx").is_file()) {
        bail!("there is no nginx; hint: scripts/setup tests installs it");
    }
    Ok(std::env::join_paths(folders)?)
}

/// Where `scripts/setup tests` puts what the machine does not have.
pub(crate) fn tools_folder(checkout: &Path) -> PathBuf {
    std::env::var_os("DRISHTIKSHA_HOME")
        .map_or_else(|| checkout.join(".drishtiksha"), |home| checkout.join(home))
}
