//! The ports [`Outbox`] and [`HealthLog`].

use async_trait::async_trait;
use time::OffsetDateTime;

use super::MemoryStore;
use crate::ports::{Errand, HealthLog, HealthRecord, Outbox, StoreError};

#[async_trait]
impl Outbox for MemoryStore {
    async fn take(
        &self,
        limit: u16,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Errand>, StoreError> {
        let mut state = self.lock();
        let due = state.errands.iter_mut().filter(|(_, errand)| errand.due_at <= now);
        let lease = due.take(usize::from(limit)).map(|(id, errand)| {
            errand.due_at = until;
            errand.attempts += 1;
            Errand { id: *id, kind: errand.kind.clone(), attempts: errand.attempts - 1 }
        });
        Ok(lease.collect())
    }

    async fn done(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.lock().errands.retain(|id, _| !ids.contains(id));
        Ok(())
    }

    async fn later(&self, id: i64, at: OffsetDateTime) -> Result<(), StoreError> {
        if let Some(errand) = self.lock().errands.get_mut(&id) {
            errand.due_at = at;
        }
        Ok(())
    }
}

#[async_trait]
impl HealthLog for MemoryStore {
    async fn record(&self, record: &HealthRecord) -> Result<(), StoreError> {
        self.lock().looks.push(record.clone());
        Ok(())
    }

    async fn history(
        &self,
        server: Option<&str>,
        since: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<HealthRecord>, StoreError> {
        let state = self.lock();
        let shown = |look: &&HealthRecord| {
            look.status.checked_at >= since && server.is_none_or(|server| look.status.name == server)
        };
        let mut looks: Vec<HealthRecord> = state.looks.iter().filter(shown).cloned().collect();
        looks.sort_by_key(|look| std::cmp::Reverse((look.status.checked_at, look.id)));
        looks.truncate(usize::from(limit));
        Ok(looks)
    }

    async fn forget(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let looks = &mut self.lock().looks;
        let there = looks.len();
        looks.retain(|look| look.status.checked_at >= before);
        Ok((there - looks.len()) as u64)
    }
}
