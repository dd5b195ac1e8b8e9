//! Figures for Prometheus, on a port of their own. Most are counted where they happen; what is a state (queue,
//! Redis, this process) is asked for at each scrape.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use dk_app::service::Ports;
use dk_ml_http::{TICKS_PER_SEC, cpu_ticks};
use dk_redis::Redis;
use dk_sql::Database;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::listen::{Limits, Listening, listen as open};
use super::parts::Parts;
use crate::config::{Config, Port};
use crate::failure::Failure;

/// Seconds, from a fast answer to a long inference.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
    900.0,
];
/// The size of a page; a Linux with larger ones shows too little here.
const PAGE_BYTES: u64 = 4096;
/// A state that cannot be asked for in this time is left out of a scrape.
const PATIENCE: Duration = Duration::from_secs(2);

/// Begins to count.
pub(super) fn install() -> Result<PrometheusHandle, Failure> {
    let built = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
        .and_then(PrometheusBuilder::install_recorder);
    built.map_err(|error| {
        Failure::not_done(anyhow::Error::new(error).context("cannot count"), "restart the process")
    })
}

/// Opens the port, where there is to be one.
pub(super) async fn listen(config: &Config) -> Result<Option<Listening>, Failure> {
    match config.service.metrics_port {
        Port::Off => Ok(None),
        Port::At(port) => {
            let limits = Limits::new(config.service.connections);
            open(config.service.host, port, limits, "METRICS_PORT").await.map(Some)
        }
    }
}

#[derive(Clone)]
struct Scraped {
    handle: PrometheusHandle,
    ports: Option<Ports>,
    redis: Option<Redis>,
    database: Option<Database>,
}

/// `GET /metrics`.
pub(super) fn router(handle: PrometheusHandle, parts: &Parts) -> Router {
    let scraped = Scraped {
        handle,
        ports: parts.ports.clone(),
        redis: parts.redis.clone(),
        database: parts.database.clone(),
    };
    Router::new().route("/metrics", get(scrape)).with_state(scraped)
}

async fn scrape(State(scraped): State<Scraped>) -> impl IntoResponse {
    // Each on its own: one server that is away takes nothing else with it.
    let queue = tokio::time::timeout(PATIENCE, note_queue(scraped.ports.as_ref()));
    let redis = tokio::time::timeout(PATIENCE, note_redis(scraped.redis.as_ref()));
    let database = tokio::time::timeout(PATIENCE, note_database(scraped.database.as_ref()));
    let (_, _, _) = tokio::join!(queue, redis, database);
    note_process();
    scraped.handle.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], scraped.handle.render())
}

async fn note_queue(ports: Option<&Ports>) {
    let Some(ports) = ports else { return };
    let Ok(counts) = ports.queue.counts().await else { return };
    for (state, jobs) in [
        ("waiting", counts.waiting),
        ("active", counts.active),
        ("delayed", counts.delayed),
        ("waiting_children", counts.waiting_children),
        ("completed", counts.completed),
        ("failed", counts.failed),
    ] {
        metrics::gauge!("queue_jobs", "queue" => "media-processing", "state" => state).set(jobs as f64);
    }
}

async fn note_redis(redis: Option<&Redis>) {
    let Some(redis) = redis else { return };
    let Ok(facts) = redis.facts().await else { return };
    metrics::gauge!("redis_memory_bytes").set(facts.memory_bytes as f64);
    metrics::gauge!("redis_clients").set(facts.clients as f64);
}

async fn note_database(database: Option<&Database>) {
    let Some(database) = database else { return };
    let Ok(bytes) = database.size_bytes().await else { return };
    metrics::gauge!("db_size_bytes").set(bytes as f64);
}

fn note_process() {
    // Linux only; elsewhere the figures are left out.
    if let Some(ticks) = cpu_ticks() {
        metrics::counter!("process_cpu_seconds_total").absolute(ticks / TICKS_PER_SEC);
    }
    let Ok(statm) = std::fs::read_to_string("/proc/self/statm") else { return };
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    if let Some(pages) = pages {
        let bytes = pages * PAGE_BYTES;
        metrics::gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
}
