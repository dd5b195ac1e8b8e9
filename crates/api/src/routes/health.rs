//! Alive, and able to work. Says nothing that helps an attacker: no names, no addresses, no versions of others.

use std::time::{Duration, Instant};

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::messages::{HealthBody, ReadyBody, ReadyPart};

/// Needs nobody, so it is asked for as often as anybody likes.
pub(crate) fn alive_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health))
}

/// Asks everybody.
pub(crate) fn ready_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ready))
}

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process is alive. Asks nobody.
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, description = "Alive", body = HealthBody))
)]
async fn health() -> Reply<HealthBody> {
    Reply(HealthBody { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Whether the service can do its work. Without live events or models it still takes files in.
#[utoipa::path(
    get, path = "/ready", tag = "health",
    responses((status = 200, description = "Everything that is needed answers", body = ReadyBody),
        (status = 503, description = "Rows, jobs or files are out of reach", body = ReadyBody))
)]
async fn ready(State(app): State<App>) -> (StatusCode, Reply<ReadyBody>) {
    let ports = &app.ports;
    let (database, queue, bus, storage, models) = tokio::join!(
        look("database", async { ports.accounts.ping().await.map_err(boxed) }),
        look("queue", async { ports.queue.ping().await.map_err(boxed) }),
        look("bus", async { ports.bus.ping().await.map_err(boxed) }),
        look("storage", async { ports.storage.ping().await.map_err(boxed) }),
        look("models", async {
            let offers = ports.analyst.offers().await;
            if offers.is_empty() { Err("no ML server offers a model".into()) } else { Ok(()) }
        }),
    );
    let can_work = [&database, &queue, &storage].iter().all(|part| is_ok(part));
    let (code, status) = match can_work {
        false => (StatusCode::SERVICE_UNAVAILABLE, "failed"),
        true if is_ok(&bus) && is_ok(&models) => (StatusCode::OK, "ok"),
        true => (StatusCode::OK, "degraded"),
    };
    (code, Reply(ReadyBody { status: status.to_owned(), database, queue, bus, storage, models }))
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Box::new(error)
}

async fn look(what: &'static str, answer: impl Future<Output = Result<(), Fault>>) -> ReadyPart {
    let began = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|late| Err(boxed(late)));
    let status = match answer {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!(dependency = what, error = &*error as &dyn std::error::Error, "not ready");
            "failed"
        }
    };
    ReadyPart {
        status: status.to_owned(),
        took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
    }
}

fn is_ok(part: &ReadyPart) -> bool {
    part.status == "ok"
}
