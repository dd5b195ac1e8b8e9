//! How ML servers were.

use dk_app::ports::{HealthRecord, ServerState, ServerStatus};

use super::Stores;
use super::world::{at, id};

fn look(server: &str, state: ServerState, secs: i64) -> HealthRecord {
    HealthRecord {
        id: id(),
        status: ServerStatus {
            name: server.to_owned(),
            state,
            response_ms: (state != ServerState::Unreachable).then_some(12),
            stats: (state == ServerState::Healthy).then(|| r#"{"models":[]}"#.to_owned()),
            checked_at: at(secs),
        },
    }
}

/// Since a moment, of one server or of all, at most so many.
pub async fn looks_at_servers_are_listed_newest_first_and_forgotten(stores: &Stores) {
    let looks = [
        look("a:1", ServerState::Healthy, 1),
        look("b:1", ServerState::Unreachable, 2),
        look("a:1", ServerState::Degraded, 3),
    ];
    for record in &looks {
        stores.health.record(record).await.unwrap();
    }
    let [first, second, third] = looks;
    let history = async |server, since, limit| stores.health.history(server, at(since), limit).await.unwrap();
    assert_eq!(history(None, 0, 9).await, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(history(Some("a:1"), 0, 9).await, [third.clone(), first.clone()]);
    assert_eq!(history(None, 2, 9).await, [third.clone(), second.clone()]);
    assert_eq!(history(None, 0, 1).await, std::slice::from_ref(&third));
    assert!(history(Some("c:1"), 0, 9).await.is_empty());
    assert_eq!(stores.health.forget(at(3)).await.unwrap(), 2);
    assert_eq!(history(None, 0, 9).await, [third]);
}
