//! Everything that is said of one of one's own media in a run that has ended, in the form that `analyze --json` has.

use axum::Json as Reply;
use axum::extract::State;
use dk_app::ErrorCode;
use dk_app::ports::{Analysis, Media, RunDetail};
use dk_domain::{AnalysisStatus, RunId, RunStatus, Verdict, conclude_votes};
use dk_wire::{FailureMessage, FileDocument, MediaMessage, ResultPayload, SCHEMA, VerdictMessage};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Signed;
use crate::edge::Id;
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report))
}

/// The verdict of one of my runs with all that its models say.
#[utoipa::path(
    get, path = "/runs/{id}/report", tag = "runs", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The whole result", body = FileDocument),
        (status = 404, description = "I have no such run"),
        (status = 409, description = "The run has not ended, or was cancelled"))
)]
async fn report(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<RunId>,
) -> Result<Reply<FileDocument>, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let library = &app.ports.library;
    let detail = library.run(signed.id(), id).await?.ok_or_else(missing)?;
    let verdict = verdict(&detail)?;
    let media = library.medium_row(signed.id(), detail.run.media_id).await?.ok_or_else(missing)?;
    let payloads = library.payloads(signed.id(), id).await?;
    let analyses: Result<Vec<ResultPayload>, _> =
        payloads.iter().map(|text| serde_json::from_str(text)).collect();
    let analyses = analyses.map_err(|error| Problem::inner(Code::Internal, error))?;
    Ok(Reply(document(&media, &verdict, analyses, &detail.analyses)))
}

/// A run that was cancelled may have answers, and they are not what was asked for. One in which every model failed
/// has no verdict of its own, and the rule says what that means.
fn verdict(detail: &RunDetail) -> Result<Verdict, Problem> {
    let not_ended = |why: &str| Err(Problem::new(Code::RunNotEnded).detail(why));
    match (&detail.run.verdict, detail.run.status) {
        (_, RunStatus::Cancelled) => not_ended("the run was cancelled"),
        (_, status) if !status.is_ended() => not_ended(&format!("the run is {status}")),
        (Some(verdict), _) => Ok(verdict.clone()),
        (None, _) => {
            let failed = detail.analyses.iter().filter(|row| row.status == AnalysisStatus::Failed);
            Ok(conclude_votes(&[], failed.count()))
        }
    }
}

fn document(
    media: &Media,
    verdict: &Verdict,
    analyses: Vec<ResultPayload>,
    rows: &[Analysis],
) -> FileDocument {
    let failed = rows.iter().filter(|row| row.status == AnalysisStatus::Failed);
    FileDocument {
        schema: SCHEMA.to_owned(),
        file: media.filename.clone(),
        media: MediaMessage::from(&media.facts),
        verdict: VerdictMessage::from(verdict),
        analyses,
        failures: failed.map(failure).collect(),
    }
}

fn failure(row: &Analysis) -> FailureMessage {
    let (code, message) = match &row.error {
        Some((code, message)) => (*code, message.clone()),
        None => (ErrorCode::ModelFailed, "it ended without an answer".to_owned()),
    };
    FailureMessage { model: row.model.to_string(), code: code.as_str().to_owned(), message }
}
