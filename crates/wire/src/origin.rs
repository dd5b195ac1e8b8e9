//! What a file says of its own origin, as messages. All text in it comes from the file and is bounded by whoever read it.

use dk_domain::{
    Credentials, Identity, Ingredient, Manifest, ManifestAction, Note, Origin, SourceType, Trace,
};
use serde::{Deserialize, Serialize};

use crate::MessageError;

/// Traces and Content Credentials of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProvenanceMessage {
    /// Traces of generators and programs, declarations first.
    pub traces: Vec<TraceMessage>,
    /// Content Credentials (C2PA); absent where the file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsMessage>,
    /// What else its camera and programs noted; decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteMessage>,
    /// True where the file holds more than was read.
    pub cut: bool,
}

/// A trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TraceMessage {
    /// declaration (AI made or altered it) or hint (decides nothing).
    pub kind: String,
    /// Name of the rule that found it.
    pub rule: String,
    /// Generator or program, as far as the trace tells.
    pub generator: String,
    /// Where it stood in the file.
    pub place: String,
    /// An excerpt of what it says.
    pub says: String,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoteMessage {
    /// maker, model or lens (of the camera), program, recorded_at, changed_at, place (there are coordinates), author, copyright,
    /// title or description.
    pub kind: String,
    /// Where it stood in the file.
    pub place: String,
    /// An excerpt of what it says; empty for coordinates, which are never told.
    pub says: String,
}

/// Content Credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CredentialsMessage {
    /// invalid, valid (nobody vouches for the signer) or trusted.
    pub state: String,
    /// The state in one sentence.
    pub meaning: String,
    /// What is wrong, as codes of the C2PA specification.
    pub problems: Vec<String>,
    /// The active manifest first, then those that its content was made from.
    pub manifests: Vec<ManifestMessage>,
    /// A manifest that is not invalid declares AI.
    pub declares_ai: bool,
    /// A trusted camera signed the recording, and nothing was done to it since.
    pub signed_capture: bool,
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestMessage {
    /// Its label in the file.
    pub label: String,
    /// The program that made it.
    pub generator: String,
    /// Title of the content.
    pub title: String,
    /// Whom its certificate names.
    pub issuer: String,
    /// When it says it was signed.
    pub signed_at: String,
    /// What was done.
    pub actions: Vec<ActionMessage>,
    /// What the content was made from.
    pub ingredients: Vec<IngredientMessage>,
    /// Claims of identity (CAWG); shown, not checked.
    pub identities: Vec<IdentityMessage>,
}

/// A thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActionMessage {
    /// Such as `c2pa.created`.
    pub action: String,
    /// The program that did it.
    pub software: String,
    /// IPTC digital source type, the last part of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
}

/// Something that the content was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IngredientMessage {
    /// Title.
    pub title: String,
    /// parentOf, componentOf or inputTo.
    pub relationship: String,
    /// Label of its own manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

/// A claim of identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityMessage {
    /// Label of the assertion.
    pub label: String,
    /// How it is meant to be proven.
    pub kind: String,
}

impl From<&Origin> for ProvenanceMessage {
    fn from(origin: &Origin) -> Self {
        let trace = |trace: &Trace| TraceMessage {
            kind: trace.kind.as_str().to_owned(),
            rule: trace.rule.clone(),
            generator: trace.generator.clone(),
            place: trace.place.clone(),
            says: trace.says.clone(),
        };
        let note = |note: &Note| NoteMessage {
            kind: note.kind.as_str().to_owned(),
            place: note.place.clone(),
            says: note.says.clone(),
        };
        Self {
            traces: origin.traces.iter().map(trace).collect(),
            credentials: origin.credentials.as_ref().map(CredentialsMessage::from),
            notes: origin.notes.iter().map(note).collect(),
            cut: origin.cut,
        }
    }
}

impl From<&Credentials> for CredentialsMessage {
    fn from(credentials: &Credentials) -> Self {
        Self {
            state: credentials.state.as_str().to_owned(),
            meaning: credentials.state.in_words().to_owned(),
            problems: credentials.problems.clone(),
            manifests: credentials.manifests.iter().map(ManifestMessage::from).collect(),
            declares_ai: credentials.declares_ai,
            signed_capture: credentials.signed_capture,
        }
    }
}

impl From<&Manifest> for ManifestMessage {
    fn from(manifest: &Manifest) -> Self {
        let action = |action: &ManifestAction| ActionMessage {
            action: action.action.clone(),
            software: action.software.clone(),
            source_type: action.source_type.as_ref().map(|found| found.as_str().to_owned()),
        };
        let ingredient = |part: &Ingredient| IngredientMessage {
            title: part.title.clone(),
            relationship: part.relationship.clone(),
            manifest: part.manifest.clone(),
        };
        let identity = |identity: &Identity| IdentityMessage {
            label: identity.label.clone(),
            kind: identity.kind.clone(),
        };
        Self {
            label: manifest.label.clone(),
            generator: manifest.generator.clone(),
            title: manifest.title.clone(),
            issuer: manifest.issuer.clone(),
            signed_at: manifest.signed_at.clone(),
            actions: manifest.actions.iter().map(action).collect(),
            ingredients: manifest.ingredients.iter().map(ingredient).collect(),
            identities: manifest.identities.iter().map(identity).collect(),
        }
    }
}

impl TryFrom<&ProvenanceMessage> for Origin {
    type Error = MessageError;

    fn try_from(message: &ProvenanceMessage) -> Result<Self, MessageError> {
        let trace = |trace: &TraceMessage| {
            Ok(Trace {
                kind: trace.kind.parse().map_err(MessageError::at("provenance.traces.kind"))?,
                rule: trace.rule.clone(),
                generator: trace.generator.clone(),
                place: trace.place.clone(),
                says: trace.says.clone(),
            })
        };
        let note = |note: &NoteMessage| {
            Ok(Note {
                kind: note.kind.parse().map_err(MessageError::at("provenance.notes.kind"))?,
                place: note.place.clone(),
                says: note.says.clone(),
            })
        };
        Ok(Self {
            traces: message.traces.iter().map(trace).collect::<Result<_, MessageError>>()?,
            credentials: message.credentials.as_ref().map(Credentials::try_from).transpose()?,
            notes: message.notes.iter().map(note).collect::<Result<_, MessageError>>()?,
            cut: message.cut,
        })
    }
}

impl TryFrom<&CredentialsMessage> for Credentials {
    type Error = MessageError;

    fn try_from(message: &CredentialsMessage) -> Result<Self, MessageError> {
        Ok(Self {
            state: message.state.parse().map_err(MessageError::at("provenance.credentials.state"))?,
            problems: message.problems.clone(),
            manifests: message.manifests.iter().map(Manifest::from).collect(),
            declares_ai: message.declares_ai,
            signed_capture: message.signed_capture,
        })
    }
}

impl From<&ManifestMessage> for Manifest {
    fn from(message: &ManifestMessage) -> Self {
        let action = |action: &ActionMessage| ManifestAction {
            action: action.action.clone(),
            software: action.software.clone(),
            source_type: action.source_type.as_deref().and_then(SourceType::parse),
        };
        let ingredient = |part: &IngredientMessage| Ingredient {
            title: part.title.clone(),
            relationship: part.relationship.clone(),
            manifest: part.manifest.clone(),
        };
        let identity = |identity: &IdentityMessage| Identity {
            label: identity.label.clone(),
            kind: identity.kind.clone(),
        };
        Self {
            label: message.label.clone(),
            generator: message.generator.clone(),
            title: message.title.clone(),
            issuer: message.issuer.clone(),
            signed_at: message.signed_at.clone(),
            actions: message.actions.iter().map(action).collect(),
            ingredients: message.ingredients.iter().map(ingredient).collect(),
            identities: message.identities.iter().map(identity).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dk_domain::NoteKind;

    use super::*;

    #[test]
    fn notes_are_told_whole_and_an_older_message_has_none() {
        let note =
            Note { kind: NoteKind::Model, place: "EXIF \"Model\"".to_owned(), says: "Camera 7".to_owned() };
        let origin = Origin { notes: vec![note], ..Origin::default() };
        assert_eq!(Origin::try_from(&ProvenanceMessage::from(&origin)).unwrap(), origin);
        let older: ProvenanceMessage = serde_json::from_str(r#"{"traces":[],"cut":false}"#).unwrap();
        assert_eq!(Origin::try_from(&older).unwrap(), Origin::default());
    }
}
