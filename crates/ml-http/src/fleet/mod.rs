//! Several ML servers as one analyst: asks the one that has the model and the least to do, brings the file there
//! once, and goes to the next when one fails.

mod ask;
mod line;
mod probe;
mod send;
mod server;
mod settings;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{
    Ambient, Analyst, Answer, AskError, Assignment, Offer, ServerState, ServerStatus, Storage, Watcher,
};
use dk_domain::{ErrorCode, ModelName};
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::stopping::unless_stopped;
use ask::Wanted;
use line::Line;
use probe::Probe;
use server::Server;
pub use settings::{FleetError, FleetSettings};
use turn::{Turn, says};

/// Servers that are asked as one.
pub struct Fleet {
    servers: Vec<Arc<Server>>,
    line: Line,
    storage: Arc<dyn Storage>,
    ambient: Arc<dyn Ambient>,
    ask_timeout: Duration,
    servers_publish: bool,
    looks: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// Looks at every server once, and then again and again until this is dropped.
    pub async fn start(
        settings: FleetSettings,
        storage: Arc<dyn Storage>,
        ambient: Arc<dyn Ambient>,
    ) -> Result<Self, FleetError> {
        let line = Line::new(&settings)?;
        let now = ambient.now();
        let servers: Vec<Arc<Server>> = settings::addresses(&settings.urls)?
            .into_iter()
            .map(|address| Arc::new(Server::new(address, now)))
            .collect();
        let probe =
            Probe { line: line.clone(), ambient: Arc::clone(&ambient), timeout: settings.probe_timeout };
        join_all(servers.iter().map(|server| probe.look(server))).await;
        let look =
            |server: &Arc<Server>| tokio::spawn(probe.clone().watch(Arc::clone(server), settings.refresh));
        Ok(Self {
            looks: servers.iter().map(look).collect(),
            servers,
            line,
            storage,
            ambient,
            ask_timeout: settings.ask_timeout,
            servers_publish: settings.servers_publish,
        })
    }

    /// Every usable model in its newest version, with the servers that have it.
    fn offered(&self) -> BTreeMap<ModelName, Offer> {
        let mut offers: BTreeMap<ModelName, Offer> = BTreeMap::new();
        for server in &self.servers {
            for card in &server.seen().cards {
                let name = server.name().to_owned();
                match offers.get_mut(&card.name) {
                    Some(offer) if offer.card.version == card.version => offer.servers.push(name),
                    Some(offer) if is_newer(&offer.card.version, &card.version) => {}
                    _ => {
                        let offer = Offer { card: card.clone(), servers: vec![name] };
                        offers.insert(card.name.clone(), offer);
                    }
                }
            }
        }
        offers
    }

    /// Servers that have exactly this model, the one with the least to do first.
    fn candidates(&self, what: &Assignment, version: &str) -> Vec<Arc<Server>> {
        let mut servers: Vec<_> = self
            .servers
            .iter()
            .filter(|server| server.has(&what.model, version))
            .map(|server| {
                (server.burden(what.sha256), !server.has_file(what.sha256), server.rank(what.sha256), server)
            })
            .collect();
        servers.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        servers.into_iter().map(|(.., server)| Arc::clone(server)).collect()
    }

    /// Goes from server to server until one answers.
    async fn judge(&self, what: &Assignment, watcher: &Watcher) -> Result<Answer, AskError> {
        let Some(offer) = self.offered().remove(&what.model) else { return Err(self.nobody(&what.model)) };
        let version = offer.card.version.as_str();
        let mut tried: Vec<String> = Vec::new();
        // Chosen anew each time: while one was tried, the others did not stand still.
        while let Some(server) = self
            .candidates(what, version)
            .into_iter()
            .find(|server| !tried.iter().any(|t| t == server.name()))
        {
            tried.push(server.name().to_owned());
            let why = match self.turn(&server, what, version, watcher).await {
                Ok(answer) => return Ok(answer),
                Err(Turn::Final(error)) => return Err(error),
                Err(Turn::Lost(why)) => {
                    server.lost(self.ambient.now());
                    why
                }
                Err(Turn::Busy(why)) => why,
                Err(Turn::BlobMissing) => "does not keep the file".to_owned(),
            };
            tracing::warn!(server = server.name(), run.id = %what.run_id, model.name = %what.model, why, "an ML server gave no answer");
        }
        let message = "no ML server that has the model could take the file; it is tried again later";
        Err(says(ErrorCode::ServerUnavailable, message))
    }

    /// One server's turn.
    async fn turn(
        &self,
        server: &Arc<Server>,
        what: &Assignment,
        version: &str,
        watcher: &Watcher,
    ) -> Result<Answer, Turn> {
        let _in_flight = server.enter(what.sha256);
        let upload = server.upload(what.sha256);
        let wanted = Wanted { what, version, publish: self.servers_publish };
        let storage = self.storage.as_ref();
        let times = upload.ensure(&self.line, server, storage, what, 0).await?;
        match ask::ask(&self.line, server, &wanted, watcher).await {
            // It made room in the moment between.
            Err(Turn::BlobMissing) => {
                upload.ensure(&self.line, server, storage, what, times).await?;
                ask::ask(&self.line, server, &wanted, watcher).await
            }
            end => end,
        }
    }

    /// Why nobody can be asked.
    fn nobody(&self, model: &ModelName) -> AskError {
        let reachable = self.servers.iter().any(|server| server.seen().state != ServerState::Unreachable);
        if reachable {
            says(ErrorCode::ModelUnavailable, &format!("no ML server that answers has the model {model}"))
        } else {
            says(ErrorCode::ServerUnavailable, "no ML server answers")
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for look in &self.looks {
            look.abort();
        }
    }
}

#[async_trait]
impl Analyst for Fleet {
    async fn offers(&self) -> Vec<Offer> {
        self.offered().into_values().collect()
    }

    async fn ask(&self, what: &Assignment, watcher: Watcher, stop: StopToken) -> Result<Answer, AskError> {
        let judged = async {
            let late = |_| Err(says(ErrorCode::TimedOut, "the ML server did not answer in time"));
            tokio::time::timeout(self.ask_timeout, self.judge(what, &watcher)).await.unwrap_or_else(late)
        };
        unless_stopped(&stop, judged).await
    }

    async fn servers(&self) -> Vec<ServerStatus> {
        self.servers.iter().map(|server| server.status()).collect()
    }

    fn publishes_progress(&self) -> bool {
        self.servers_publish
    }
}

/// Compares versions by their numbers, `1.10.0` after `1.9.0`; what is no number is compared as text.
fn is_newer(version: &str, other: &str) -> bool {
    let parts = |version: &str| -> Vec<(u64, String)> {
        let split = version.split(['.', '-', '+']);
        split
            .map(|part| part.parse().map_or((0, part.to_owned()), |number| (number, String::new())))
            .collect()
    };
    parts(version) > parts(other)
}

#[cfg(test)]
mod tests {
    use super::is_newer;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_newer("1.10.0", "1.9.9") && !is_newer("1.9.9", "1.10.0"));
        assert!(is_newer("2.0.0", "1.99") && !is_newer("1.0.0", "1.0.0"));
    }
}
