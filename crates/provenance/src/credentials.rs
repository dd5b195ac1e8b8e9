//! Content Credentials (C2PA): validated by the `c2pa` crate, without a network, and read into plain nouns.
//!
//! The two halves run in two processes. [`validate`] parses what a stranger wrote and belongs into a limited child; its
//! answer is JSON. [`read`] turns that into [`Credentials`] and trusts no length in it.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use c2pa::{Context, Reader};
use dk_domain::{CredentialState, Credentials, Identity, Ingredient, Manifest, ManifestAction, SourceType};
use serde_json::{Value, json};

use crate::fields::excerpt;

/// The largest answer of [`validate`] that is worth reading.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// Manifests that are told of; a payload has room for so many whatever stands in them.
pub const MAX_MANIFESTS: usize = 8;
const MAX_ENTRIES: usize = 64;
const MAX_ACTIONS: usize = 12;
const MAX_INGREDIENTS: usize = 8;
/// Characters of a label; two that differ later count as one.
const LABEL: usize = 100;
const MAX_DEPTH: usize = 16;

/// Why credentials could not be looked at at all.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The settings or the trust anchors are wrong.
    #[error("the validator refuses its settings")]
    Settings(#[source] c2pa::Error),
    /// The manifest store cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// Validates the credentials of a file and answers with JSON for [`read`]. `format` is a MIME type; `anchors` are
/// certificates in PEM that are trusted. Nothing is fetched: no remote manifest, no revocation list, no identity.
pub fn validate(
    file: impl Read + Seek + Send,
    format: &str,
    anchors: Option<&str>,
) -> Result<String, CredentialError> {
    let mut settings = json!({
        "verify": { "ocsp_fetch": false, "remote_manifest_fetch": false },
        "core": {
            "decode_identity_assertions": false,
            "allowed_network_hosts": [],
            "max_decompressed_manifest_size_in_mb": 16,
            "backing_store_memory_threshold_in_mb": 64,
        },
    });
    if let Some(anchors) = anchors {
        settings["trust"] = json!({ "user_anchors": anchors });
    }
    let context =
        Context::new().with_settings(settings.to_string().as_str()).map_err(CredentialError::Settings)?;
    let reader = Reader::from_context(context)
        .with_stream(format, file)
        .map_err(|error| CredentialError::Unreadable(error.to_string()))?;
    Ok(reader.json())
}

/// What is said where the validator itself gave up: there are credentials, and nothing follows from them.
pub fn unreadable(why: &str) -> Credentials {
    Credentials {
        state: CredentialState::Invalid,
        problems: vec![excerpt(why, 120)],
        manifests: Vec::new(),
        declares_ai: false,
        signed_capture: false,
    }
}

/// Reads the answer of [`validate`]; `None` where it is none.
pub fn read(answer: &[u8]) -> Option<Credentials> {
    if answer.len() > MAX_ANSWER_BYTES {
        return None;
    }
    let store: Value = serde_json::from_slice(answer).ok()?;
    let state = match store.get("validation_state").and_then(Value::as_str) {
        Some("Trusted") => CredentialState::Trusted,
        Some("Valid") => CredentialState::Valid,
        _ => CredentialState::Invalid,
    };
    let manifests = manifests(&store);
    let holds = state != CredentialState::Invalid;
    let declares_ai = holds && manifests.first().is_some_and(|active| declares(active, &manifests));
    let signed_capture =
        state == CredentialState::Trusted && manifests.first().is_some_and(untouched_capture);
    Some(Credentials { state, problems: problems(&store), manifests, declares_ai, signed_capture })
}

fn text(value: &Value, key: &str, most: usize) -> String {
    excerpt(value.get(key).and_then(Value::as_str).unwrap_or_default(), most)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().take(MAX_ENTRIES)
}

/// Failure codes of the active manifest and of its ingredients. An unknown signer is no fault of the content.
fn problems(store: &Value) -> Vec<String> {
    let results = store.get("validation_results");
    let active = results.and_then(|results| results.get("activeManifest"));
    let deltas = results.into_iter().flat_map(|results| list(results, "ingredientDeltas"));
    let deltas = deltas.filter_map(|delta| delta.get("validationDeltas"));
    let codes: BTreeSet<String> = active
        .into_iter()
        .chain(deltas)
        .flat_map(|codes| list(codes, "failure"))
        .map(|status| text(status, "code", 80))
        .filter(|code| !code.is_empty() && code != "signingCredential.untrusted")
        .collect();
    codes.into_iter().take(16).collect()
}

/// The active manifest first, then what it was made from, as far as it can be reached.
fn manifests(store: &Value) -> Vec<Manifest> {
    let Some(all) = store.get("manifests").and_then(Value::as_object) else { return Vec::new() };
    let mut waiting = vec![text(store, "active_manifest", LABEL)];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(label) = waiting.pop() {
        if found.len() >= MAX_MANIFESTS || !seen.insert(label.clone()) {
            continue;
        }
        let Some((label, value)) = all.iter().find(|(full, _)| excerpt(full, LABEL) == label) else {
            continue;
        };
        let manifest = manifest(label, value);
        waiting.extend(manifest.ingredients.iter().rev().filter_map(|part| part.manifest.clone()));
        found.push(manifest);
    }
    found
}

fn manifest(label: &str, value: &Value) -> Manifest {
    let info = list(value, "claim_generator_info").next();
    let generator = info
        .map(|info| format!("{} {}", text(info, "name", 80), text(info, "version", 40)).trim().to_owned());
    let signature = value.get("signature_info").unwrap_or(&Value::Null);
    let issuer = [text(signature, "issuer", 80), text(signature, "common_name", 80)];
    let issuer = issuer.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    Manifest {
        label: excerpt(label, LABEL),
        generator: generator
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| text(value, "claim_generator", 80)),
        title: text(value, "title", 120),
        issuer,
        signed_at: text(signature, "time", 40),
        actions: list(value, "assertions").flat_map(actions).take(MAX_ACTIONS).collect(),
        ingredients: list(value, "ingredients").take(MAX_INGREDIENTS).map(ingredient).collect(),
        identities: list(value, "assertions").filter_map(identity).take(4).collect(),
    }
}

/// The actions of an assertion of actions, or the source type that a metadata assertion states.
fn actions(assertion: &Value) -> Vec<ManifestAction> {
    let (label, data) = (text(assertion, "label", 80), assertion.get("data").unwrap_or(&Value::Null));
    if label.starts_with("c2pa.actions") {
        return list(data, "actions").map(action).collect();
    }
    let Some(map) = data.as_object() else { return Vec::new() };
    map.iter()
        .filter(|(key, _)| key.ends_with(":DigitalSourceType"))
        .filter_map(|(_, value)| value.as_str())
        .take(MAX_ENTRIES)
        .map(|stated| ManifestAction {
            action: label.clone(),
            software: String::new(),
            source_type: SourceType::parse(stated),
        })
        .collect()
}

fn action(value: &Value) -> ManifestAction {
    let software = match value.get("softwareAgent") {
        Some(Value::String(name)) => excerpt(name, 60),
        Some(agent) => text(agent, "name", 60),
        None => String::new(),
    };
    let source_type = value.get("digitalSourceType").and_then(Value::as_str).and_then(SourceType::parse);
    ManifestAction { action: text(value, "action", 48), software, source_type }
}

fn ingredient(value: &Value) -> Ingredient {
    let manifest = Some(text(value, "active_manifest", LABEL)).filter(|label| !label.is_empty());
    Ingredient { title: text(value, "title", 80), relationship: text(value, "relationship", 20), manifest }
}

/// Identities (CAWG) are another statement than the signature: shown, never checked here.
fn identity(assertion: &Value) -> Option<Identity> {
    let label = text(assertion, "label", 80);
    let data = assertion.get("data").unwrap_or(&Value::Null);
    let kind = data.get("signer_payload").map(|payload| text(payload, "sig_type", 60)).unwrap_or_default();
    label.starts_with("cawg.identity").then_some(Identity { label, kind })
}

/// Whether a manifest, or one that its content was made from, declares AI. What was only an input to a program, such
/// as a prompt picture, is no part of the content.
fn declares(manifest: &Manifest, all: &[Manifest]) -> bool {
    let mut waiting = vec![(manifest, 0)];
    let mut seen = BTreeSet::new();
    while let Some((manifest, depth)) = waiting.pop() {
        if depth > MAX_DEPTH || !seen.insert(&manifest.label) {
            continue;
        }
        let synthetic =
            |action: &ManifestAction| action.source_type.as_ref().is_some_and(SourceType::is_synthetic);
        if manifest.actions.iter().any(synthetic) {
            return true;
        }
        let parts = manifest.ingredients.iter().filter(|part| part.relationship != "inputTo");
        let labels: Vec<&String> = parts.filter_map(|part| part.manifest.as_ref()).collect();
        waiting.extend(all.iter().filter(|one| labels.contains(&&one.label)).map(|one| (one, depth + 1)));
    }
    false
}

/// Things that leave the content as the camera recorded it.
const HARMLESS: [&str; 4] = ["c2pa.created", "c2pa.orientation", "c2pa.published", "c2pa.watermarked"];

/// A camera made it, from nothing else, and nobody has changed it since.
fn untouched_capture(manifest: &Manifest) -> bool {
    let captured = |action: &ManifestAction| {
        action.action == "c2pa.created" && action.source_type.as_ref().is_some_and(SourceType::is_capture)
    };
    manifest.ingredients.is_empty()
        && manifest.actions.iter().any(captured)
        && manifest.actions.iter().all(|action| {
            HARMLESS.contains(&action.action.as_str())
                && !action.source_type.as_ref().is_some_and(SourceType::is_synthetic)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(state: &str, actions: &Value, ingredients: &Value) -> Vec<u8> {
        json!({
            "active_manifest": "a",
            "manifests": {
                "a": {
                    "claim_generator_info": [{ "name": "Camera", "version": "1" }],
                    "assertions": [
                        { "label": "c2pa.actions.v2", "data": { "actions": actions } },
                        { "label": "cawg.identity", "data": { "signer_payload": { "sig_type": "cawg.x509.cose" } } },
                    ],
                    "ingredients": ingredients,
                },
                "b": { "assertions": [{ "label": "c2pa.actions", "data": { "actions": [created("trainedAlgorithmicMedia")] } }] },
            },
            "validation_state": state,
        })
        .to_string()
        .into_bytes()
    }

    fn created(term: &str) -> Value {
        let address = format!("http://cv.iptc.org/newscodes/digitalsourcetype/{term}");
        json!({ "action": "c2pa.created", "digitalSourceType": address, "softwareAgent": { "name": "x" } })
    }

    fn part(relationship: &str) -> Value {
        json!([{ "title": "part", "relationship": relationship, "active_manifest": "b" }])
    }

    #[test]
    fn a_declaration_counts_unless_the_credentials_are_invalid() {
        let actions = json!([created("trainedAlgorithmicMedia")]);
        let of = |state: &str| read(&store(state, &actions, &json!([]))).unwrap();
        assert!(of("Valid").declares_ai && of("Trusted").declares_ai);
        assert!(!of("Invalid").declares_ai);
        assert_eq!(of("Valid").manifests[0].identities[0].kind, "cawg.x509.cose");
        assert_eq!(of("Valid").manifests[0].generator, "Camera 1");
    }

    #[test]
    fn a_part_made_by_ai_counts_and_a_mere_input_does_not() {
        let actions = json!([{ "action": "c2pa.opened" }]);
        for (relationship, expected) in [("parentOf", true), ("componentOf", true), ("inputTo", false)] {
            let found = read(&store("Valid", &actions, &part(relationship))).unwrap();
            assert_eq!(found.declares_ai, expected, "{relationship}");
            assert_eq!(found.manifests.len(), 2);
        }
    }

    #[test]
    fn a_capture_is_one_only_when_trusted_and_untouched() {
        let capture = json!([created("digitalCapture")]);
        let edited = json!([created("digitalCapture"), { "action": "c2pa.edited" }]);
        let of = |state: &str, actions: &Value, parts: &Value| {
            read(&store(state, actions, parts)).unwrap().signed_capture
        };
        assert!(of("Trusted", &capture, &json!([])));
        assert!(!of("Valid", &capture, &json!([])));
        assert!(!of("Trusted", &edited, &json!([])));
        assert!(!of("Trusted", &capture, &part("componentOf")));
    }

    #[test]
    fn manifests_that_name_each_other_end() {
        let ring = json!({
            "active_manifest": "a", "validation_state": "Valid",
            "manifests": {
                "a": { "ingredients": [{ "relationship": "parentOf", "active_manifest": "b" }] },
                "b": { "ingredients": [{ "relationship": "parentOf", "active_manifest": "a" }] },
            },
        });
        let found = read(ring.to_string().as_bytes()).unwrap();
        assert_eq!(found.manifests.len(), 2);
        assert!(!found.declares_ai);
    }
}
