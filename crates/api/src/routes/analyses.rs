//! What one model says of one of one's own media, in full.

use axum::Json as Reply;
use axum::extract::State;
use dk_domain::AnalysisId;
use serde_json::value::RawValue;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Signed;
use crate::edge::Id;
use crate::messages::{AnalysisBody, AnalysisDetailBody};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(analysis))
}

/// One analysis with its result payload.
#[utoipa::path(
    get, path = "/analyses/{id}", tag = "runs", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The analysis", body = AnalysisDetailBody),
        (status = 404, description = "I have no such analysis"))
)]
async fn analysis(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<AnalysisId>,
) -> Result<Reply<AnalysisDetailBody>, Problem> {
    let found = app.ports.library.analysis(signed.id(), id).await?;
    let (run, analysis, payload) = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    // Passed on as it was stored, without being read again.
    let payload = payload.map(RawValue::from_string).transpose();
    Ok(Reply(AnalysisDetailBody {
        analysis: AnalysisBody::from(&analysis),
        media_id: run.media_id.to_string(),
        result_payload: payload.map_err(|error| Problem::inner(Code::Internal, error))?,
    }))
}
