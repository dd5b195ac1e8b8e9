//! What a server says and is told, as far as these commands need it. Fields they do not know are passed over, so
//! that a newer server can be talked to.

use dk_app::ModelCard;
use dk_domain::{ModelName, Phase, Prediction, RunStatus};
use dk_ml_http::read_card;
use dk_wire::CardMessage;
use serde::{Deserialize, Serialize};

/// An uploaded file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Medium {
    pub(super) id: String,
    pub(super) filename: String,
    pub(super) media_type: String,
    pub(super) status: String,
    pub(super) verdict: Option<String>,
    pub(super) latest_analysis_run_id: Option<String>,
    pub(super) created_at: String,
}

/// A run and what its models do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) media_id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) waiting_for: Option<String>,
    #[serde(default)]
    pub(super) analyses: Vec<Analysis>,
}

/// What one model does within a run.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Analysis {
    pub(super) model_name: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) prediction: Option<String>,
    #[serde(default)]
    pub(super) processing_time: Option<f64>,
    #[serde(default)]
    pub(super) error_message: Option<String>,
    #[serde(default)]
    pub(super) progress: Option<Progress>,
}

/// How far an analysis is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Progress {
    pub(super) phase: String,
    #[serde(rename = "progress")]
    pub(super) done: u64,
    pub(super) total: Option<u64>,
}

/// A part of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    #[serde(default)]
    pub(super) next_cursor: Option<String>,
}

/// What is published of a model.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    #[serde(flatten)]
    card: CardMessage,
}

/// What a sign-in takes.
#[derive(Serialize)]
pub(super) struct SignIn<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
}

/// What a sign-in brings.
#[derive(Deserialize)]
pub(super) struct SignedIn {
    pub(super) token: String,
}

/// A key that is asked for.
#[derive(Serialize)]
pub(super) struct NewKey<'a> {
    pub(super) name: &'a str,
    pub(super) scope: &'a str,
}

/// A key with its secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedKey {
    pub(super) key: String,
    pub(super) api_key: KeyRow,
}

/// What stays visible of a key.
#[derive(Deserialize)]
pub(super) struct KeyRow {
    pub(super) id: String,
}

/// A person.
#[derive(Deserialize)]
pub(super) struct Person {
    pub(super) email: String,
}

/// Why a request is not answered as wished.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Problem {
    pub(super) title: String,
    pub(super) detail: Option<String>,
    pub(super) code: String,
    pub(super) request_id: String,
    pub(super) errors: Vec<FieldProblem>,
}

/// A wrong field.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FieldProblem {
    pub(super) field: String,
    pub(super) message: String,
}

impl Run {
    /// Where it stands; `None` for a word that this program does not know.
    pub(super) fn status(&self) -> Option<RunStatus> {
        self.status.parse().ok()
    }
}

impl Analysis {
    pub(super) fn model(&self) -> Option<ModelName> {
        self.model_name.parse().ok()
    }

    pub(super) fn prediction(&self) -> Option<Prediction> {
        self.prediction.as_ref()?.parse().ok()
    }
}

impl Progress {
    pub(super) fn phase(&self) -> Option<Phase> {
        self.phase.parse().ok()
    }
}

impl Model {
    /// The card, as far as a server publishes it; `None` where its words are none of ours.
    pub(super) fn card(self) -> Option<ModelCard> {
        read_card(self.card, true, Ok("on a server".to_owned())).ok()
    }
}
