//! What is published of a model package: one shape for ML servers, the API and the command line.

use dk_domain::MediaKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The card of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Card)]
pub struct CardMessage {
    /// Name of the package.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// One line for people.
    pub title: String,
    /// What it looks for.
    pub family: String,
    /// How much may follow from it: `unrated`, `weak` or `strong`.
    pub weight: String,
    /// What it reads.
    pub kinds: Vec<String>,
    /// Name of its pipeline.
    pub pipeline: String,
    /// SPDX expression, or a name where there is none.
    pub licence: String,
    /// Where it comes from.
    pub origin: String,
    /// What it cannot do, one sentence each.
    pub limits: Vec<String>,
    /// How well it was measured to work.
    pub quality: String,
    /// How often it was wrong where its thresholds were set.
    #[serde(default)]
    pub rates: Vec<RateSentence>,
    /// Whether it runs only where it is named, because it takes long.
    #[serde(default)]
    pub on_request: bool,
}

/// How often a model was wrong on one kind of media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateSentence {
    /// image, video or audio.
    pub kind: String,
    /// One sentence with n.
    pub sentence: String,
}

impl From<&(MediaKind, String)> for RateSentence {
    fn from((kind, sentence): &(MediaKind, String)) -> Self {
        Self { kind: kind.to_string(), sentence: sentence.clone() }
    }
}
