//! Looks at one server again and again, so that nobody who asks has to wait for a look.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dk_app::ModelCard;
use dk_app::ports::{Ambient, ServerState};
use reqwest::StatusCode;
use tokio::time::MissedTickBehavior;

use super::line::Line;
use super::server::{Seen, Server};
use crate::message::{PackageMessage, StatsMessage};

/// Longest answer that is read.
const MAX_BYTES: usize = 4 << 20;

/// What a look needs.
#[derive(Clone)]
pub(super) struct Probe {
    pub(super) line: Line,
    pub(super) ambient: Arc<dyn Ambient>,
    pub(super) timeout: Duration,
}

/// Why a look saw nothing good.
enum Blind {
    /// No answer.
    Silent,
    /// An answer that is none.
    Wrong(String),
}

impl Probe {
    /// Looks again and again.
    pub(super) async fn watch(self, server: Arc<Server>, every: Duration) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, and the first look was before.
        tick.tick().await;
        loop {
            tick.tick().await;
            self.look(&server).await;
        }
    }

    /// Looks once.
    pub(super) async fn look(&self, server: &Server) {
        let (begin, own_files) = (Instant::now(), server.own_files());
        let seen = tokio::time::timeout(self.timeout, self.ask(server)).await.unwrap_or(Err(Blind::Silent));
        let now = self.ambient.now();
        let response_ms = u32::try_from(begin.elapsed().as_millis()).ok();
        server.see(match seen {
            Ok((stats, text, cards)) => seen_of(&stats, text, cards, own_files, response_ms, now),
            Err(Blind::Silent) => Seen::unreachable(now),
            Err(Blind::Wrong(why)) => {
                tracing::warn!(server = server.name(), why, "an ML server gives no useful answer");
                Seen { state: ServerState::Degraded, response_ms, ..Seen::unreachable(now) }
            }
        });
    }

    async fn ask(&self, server: &Server) -> Result<(StatsMessage, String, Vec<ModelCard>), Blind> {
        let stats = self.get(server, "/stats").await?;
        let cards = self.get(server, "/models").await?;
        let wrong = |e: &dyn std::fmt::Display| Blind::Wrong(e.to_string());
        let message: StatsMessage = serde_json::from_str(&stats).map_err(|e| wrong(&e))?;
        let cards: Vec<PackageMessage> = serde_json::from_str(&cards).map_err(|e| wrong(&e))?;
        let cards = cards.into_iter().map(ModelCard::try_from).collect::<Result<_, _>>();
        Ok((message, stats, cards.map_err(|e| wrong(&e))?))
    }

    async fn get(&self, server: &Server, route: &str) -> Result<String, Blind> {
        let request = self.line.get(server.address.to(route));
        let response = request.send().await.map_err(|_| Blind::Silent)?;
        if response.status() != StatusCode::OK {
            return Err(Blind::Wrong(format!("{route} answers {}", response.status())));
        }
        super::line::text(response, MAX_BYTES).await.ok_or(Blind::Silent)
    }
}

fn seen_of(
    stats: &StatsMessage,
    text: String,
    cards: Vec<ModelCard>,
    own_files: usize,
    response_ms: Option<u32>,
    checked_at: time::OffsetDateTime,
) -> Seen {
    let fine = stats.ready && cards.iter().all(ModelCard::is_fine);
    let usable = |card: &ModelCard| stats.ready && card.is_detector && card.state.is_ok();
    Seen {
        state: if fine { ServerState::Healthy } else { ServerState::Degraded },
        response_ms,
        stats: Some(text),
        checked_at,
        cards: cards.into_iter().filter(usable).collect(),
        lanes: stats.lanes,
        foreign_files: stats.files.saturating_sub(own_files),
        max_blob_bytes: stats.blobs.map(|blobs| blobs.max_blob_bytes),
    }
}
