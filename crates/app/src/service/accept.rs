//! Take in an uploaded file: find out what it is, store it, write its rows. The run is planned afterwards.

use dk_domain::{MediaFacts, MediaId, ModelName, RunId, UploadId, Urgency, UserId};

use super::Ports;
use super::reading::read_file;
use super::request_key::Asked;
use crate::ports::{
    Accepted, Before, Content, InspectError, Media, NewMedia, NewRun, Once, Staged, StorageError, StoreError,
};

/// A file that has come in whole, and what was said with it.
#[derive(Debug)]
pub struct Upload {
    /// The file on this machine.
    pub staged: Staged,
    /// The client's name of it, already made harmless.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// Who waits.
    pub urgency: Urgency,
    /// Only these models; empty means every one that fits.
    pub models: Vec<ModelName>,
    /// Makes sending it twice harmless.
    pub sent_as: Option<SentAs>,
}

/// How a file that is sent again is known.
#[derive(Debug)]
pub enum SentAs {
    /// By a name that the owner gave the request.
    Named(String),
    /// By the upload whose parts it was put together from.
    Upload(UploadId),
}

/// A file that was taken in.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its row.
    pub media: Media,
    /// Whether the same had come before.
    pub again: bool,
}

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is not what we accept.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// It could not be stored.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its rows could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The idempotency key came with another request.
    #[error("another request came under the same idempotency key")]
    KeyTaken,
    /// A model was asked for that no server has.
    #[error("there is no model {name}; available are {known}")]
    UnknownModel {
        /// What was asked for.
        name: ModelName,
        /// What there is, joined for people.
        known: String,
    },
    /// The upload was taken back meanwhile.
    #[error("the upload is no more")]
    Gone,
}

/// Takes in a file. When this returns, the file and its rows are durable and a run is on its way.
pub async fn accept(ports: &Ports, owner: UserId, upload: Upload) -> Result<Taken, AcceptError> {
    if let Some((name, known)) = ports.unknown_model(&upload.models).await {
        return Err(AcceptError::UnknownModel { name, known });
    }
    let asked = Asked {
        file: Some(&upload.staged.sha256),
        description: upload.description.as_deref(),
        models: &upload.models,
        urgency: upload.urgency,
    };
    let once = upload.sent_as.map(|sent_as| match sent_as {
        SentAs::Named(name) => Once::Key(asked.under(name)),
        SentAs::Upload(id) => Once::Upload(id),
    });
    if let Some(Once::Key(key)) = &once {
        // A file that came before need not be looked at and stored again.
        match ports.runs.accepted_before(owner, key).await? {
            Some(Before::Same(media)) => return Ok(Taken { media: *media, again: true }),
            Some(Before::Other) => return Err(AcceptError::KeyTaken),
            None => {}
        }
    }
    let (staged, facts, mimetype) = inspect(ports, upload.staged).await?;
    let id = MediaId::from(ports.ambient.id());
    let stored = ports.storage.keep(staged, facts.kind, id).await?;
    let stored_key = stored.key.clone();
    let media = NewMedia {
        id,
        user_id: owner,
        filename: upload.filename,
        description: upload.description,
        key: stored.key,
        url: stored.url,
        mimetype,
        facts,
    };
    let run = NewRun { id: RunId::from(ports.ambient.id()), wanted: upload.models, urgency: upload.urgency };
    let accepted = ports.runs.accept(&media, &run, once.as_ref(), ports.ambient.now()).await;
    match accepted {
        Ok(Accepted::New(media, begun)) => {
            ports.own_errands.hand_over(begun.errand);
            ports.publish(begun.events).await;
            Ok(Taken { media: *media, again: false })
        }
        Ok(Accepted::Again(media)) => {
            drop_file(ports, &stored_key).await;
            Ok(Taken { media: *media, again: true })
        }
        Ok(Accepted::KeyTaken) => {
            drop_file(ports, &stored_key).await;
            Err(AcceptError::KeyTaken)
        }
        Ok(Accepted::Gone) => {
            drop_file(ports, &stored_key).await;
            Err(AcceptError::Gone)
        }
        // Whether the rows were written is not known when the connection broke in the middle; the sweep of orphans
        // removes the file later if they were not.
        Err(error) => Err(error.into()),
    }
}

/// The file is of no use: its rows are those of an earlier upload.
async fn drop_file(ports: &Ports, key: &str) {
    if let Err(error) = ports.storage.remove(key).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a file sent twice is left for the sweep");
    }
}

async fn inspect(ports: &Ports, staged: Staged) -> Result<(Staged, MediaFacts, String), InspectError> {
    let inspector = ports.inspector.clone();
    read_file(move |stop| {
        let known = Content { sha256: staged.sha256, bytes: staged.bytes };
        let found = inspector.inspect(staged.path(), known, stop);
        found.map(|(facts, mimetype)| (staged, facts, mimetype))
    })
    .await
}
