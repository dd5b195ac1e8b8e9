//! Errands of the outbox.

use dk_app::ports::{Errand, ErrandKind, Planned};
use dk_domain::{MediaId, ModelName, RunId};
use sea_orm::JsonValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::unsigned;
use crate::database::word;
use crate::entity::outbox;
use crate::fault::Fault;

const PLAN: &str = "plan";
const ENQUEUE: &str = "enqueue";
const REMOVE_FILE: &str = "remove-file";

#[derive(Serialize, Deserialize)]
struct PlanRow {
    run_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct EnqueueRow {
    media_id: Uuid,
    run_id: Uuid,
    models: Vec<String>,
    place: u32,
}

#[derive(Serialize, Deserialize)]
struct RemoveFileRow {
    key: String,
}

/// A row of a kind that this program does not know, for instance after going back to an older one.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no kind of errand")]
struct UnknownErrand(String);

/// Name and payload.
pub(crate) fn errand_parts(kind: &ErrandKind) -> Result<(&'static str, JsonValue), Fault> {
    Ok(match kind {
        ErrandKind::Plan(run) => (PLAN, serde_json::to_value(PlanRow { run_id: run.get() })?),
        ErrandKind::Enqueue(run) => {
            let row = EnqueueRow {
                media_id: run.media_id.get(),
                run_id: run.run_id.get(),
                models: run.models.iter().map(ToString::to_string).collect(),
                place: run.place,
            };
            (ENQUEUE, serde_json::to_value(row)?)
        }
        ErrandKind::RemoveFile(key) => {
            (REMOVE_FILE, serde_json::to_value(RemoveFileRow { key: key.clone() })?)
        }
    })
}

pub(crate) fn errand(row: outbox::Model) -> Result<Errand, Fault> {
    let kind = match row.kind.as_str() {
        PLAN => ErrandKind::Plan(RunId::from(serde_json::from_value::<PlanRow>(row.payload)?.run_id)),
        ENQUEUE => {
            let run: EnqueueRow = serde_json::from_value(row.payload)?;
            ErrandKind::Enqueue(Planned {
                media_id: MediaId::from(run.media_id),
                run_id: RunId::from(run.run_id),
                models: run
                    .models
                    .iter()
                    .map(|name| word(name))
                    .collect::<Result<Vec<ModelName>, Fault>>()?,
                place: run.place,
            })
        }
        REMOVE_FILE => ErrandKind::RemoveFile(serde_json::from_value::<RemoveFileRow>(row.payload)?.key),
        other => return Err(UnknownErrand(other.to_owned()).into()),
    };
    Ok(Errand { id: row.id, kind, attempts: unsigned(row.attempts)? })
}
