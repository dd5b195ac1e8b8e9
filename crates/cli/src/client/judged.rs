//! A server's document as what came of a file, so that it is printed and saved like that of `analyze`.

use std::path::Path;

use dk_app::{ModelCard, Report};
use dk_wire::FileDocument;

use super::fault::Fault;
use super::http::Server;
use super::messages::{List, Model};
use crate::analyze::outcome::{Done, Judged};
use crate::analyze::save;
use crate::failure::Failure;

/// Where the file itself is, for the report page.
pub(super) enum Original<'a> {
    /// On this machine.
    Here(&'a Path),
    /// On the server, under this id of a medium.
    There(&'a str),
}

/// What documents are made into.
pub(super) struct Bench<'a> {
    pub(super) server: &'a Server,
    pub(super) cards: Vec<ModelCard>,
    pub(super) out: Option<&'a Path>,
}

impl<'a> Bench<'a> {
    /// Gets the cards of the server's models, which say how good they are, and makes the folder.
    pub(super) async fn new(server: &'a Server, out: Option<&'a Path>) -> Result<Self, Failure> {
        if let Some(folder) = out {
            save::prepare(folder)?;
        }
        let models: List<Model> = server.get("/models").await.map_err(Fault::into_failure)?;
        let cards = models.items.into_iter().filter_map(Model::card).collect();
        Ok(Self { server, cards, out })
    }

    /// `name` is the file as the person named it.
    pub(super) async fn done(
        &self,
        name: &str,
        mut document: FileDocument,
        original: Original<'_>,
    ) -> Result<Done, Failure> {
        name.clone_into(&mut document.file);
        let report = match dk_report::read(&document) {
            Ok(report) => report,
            Err(error) => {
                let why = format!("the server's report cannot be read: {error}");
                return Ok(Done::Failed(Fault::Nonsense { why }.message()));
            }
        };
        let saved = match self.out {
            Some(folder) => {
                let original = self.original(&report, original).await;
                let subject = save::Subject { path: Path::new(name), original };
                Some(save::report(folder, &subject, &document, &report, &self.cards)?)
            }
            None => None,
        };
        Ok(Done::Judged(Box::new(Judged { report, document, saved })))
    }

    /// A page without the file still shows the evidence, so a file that cannot be had is no error.
    async fn original(&self, report: &Report, original: Original<'_>) -> Option<Vec<u8>> {
        if !dk_report::fits(&report.facts) {
            return None;
        }
        match original {
            Original::Here(path) => tokio::fs::read(path).await.ok(),
            Original::There(media) => match self.server.content(media, report.facts.bytes).await {
                Ok(bytes) => bytes,
                Err(fault) => {
                    tracing::warn!(%fault, "the report is written without the file itself");
                    None
                }
            },
        }
    }
}
