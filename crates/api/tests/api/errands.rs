//! Errands over a store with one turn to write, as the embedded database has.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{
    Analyst, Answer, AskError, Assignment, Errand, Offer, Outbox, ServerStatus, StoreError, Watcher,
};
use dk_app::service::{Ports, relay};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::world::World;

/// Plans and puts off in turns, and thinks while it has the turn.
struct OneTurn {
    turn: Mutex<()>,
    outbox: Arc<dyn Outbox>,
}

#[async_trait]
impl Analyst for OneTurn {
    async fn offers(&self) -> Vec<Offer> {
        let _turn = self.turn.lock().await;
        tokio::task::yield_now().await;
        Vec::new()
    }

    async fn ask(&self, _: &Assignment, _: Watcher, _: StopToken) -> Result<Answer, AskError> {
        unreachable!("no server answers")
    }

    async fn servers(&self) -> Vec<ServerStatus> {
        Vec::new()
    }

    fn publishes_progress(&self) -> bool {
        false
    }
}

#[async_trait]
impl Outbox for OneTurn {
    async fn take(
        &self,
        limit: u16,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Errand>, StoreError> {
        self.outbox.take(limit, now, until).await
    }

    async fn done(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.outbox.done(ids).await
    }

    async fn later(&self, id: i64, at: OffsetDateTime) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.outbox.later(id, at).await
    }
}

#[tokio::test]
async fn errands_that_must_wait_do_not_take_the_turn_to_write_from_each_other() {
    let world = World::new();
    let olga = world.person("olga").await;
    for _ in 0..20 {
        olga.picture().await;
    }
    let one = Arc::new(OneTurn { turn: Mutex::default(), outbox: Arc::clone(&world.ports.outbox) });
    let ports = Ports { analyst: Arc::clone(&one) as _, outbox: one, ..world.ports.clone() };
    for _ in 0..3 {
        // The head start of own errands and every pause are over.
        world.clock.forward(time::Duration::minutes(5));
        let looked = tokio::time::timeout(Duration::from_mins(1), relay(&ports)).await;
        assert_eq!(looked.expect("no errand stands still").unwrap(), 20);
    }
}
