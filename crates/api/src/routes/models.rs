//! Models that can be asked now.

use axum::Json as Reply;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Signed;
use crate::messages::{ModelBody, ModelList};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(models))
}

/// Models that can be asked now, with their cards.
#[utoipa::path(
    get, path = "/models", tag = "models", security(("token" = []), ("apiKey" = [])),
    responses((status = 200, description = "Every model; none when no server answers", body = ModelList))
)]
async fn models(State(app): State<App>, _: Signed) -> Reply<ModelList> {
    let offers = app.ports.analyst.offers().await;
    Reply(ModelList { items: offers.iter().map(ModelBody::from).collect() })
}
