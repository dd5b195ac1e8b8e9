//! Errands.

use dk_app::ports::{Errand, ErrandKind};
use dk_domain::MediaKind;

use super::Stores;
use super::world::{accepted, at, member, upload};

async fn take(stores: &Stores, limit: u16, now: i64) -> Vec<Errand> {
    stores.outbox.take(limit, at(now), at(now + 60)).await.unwrap()
}

/// Oldest first, once its writer had its head start; what is leased is nobody else's until the lease is over; what
/// is done does not come again.
pub async fn errands_come_in_order_and_are_leased(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let mut runs = Vec::new();
    for second in 0..3 {
        let (_, run, _) = accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(second)).await;
        runs.push(run);
    }
    assert!(stores.outbox.take(9, at(9), at(60)).await.unwrap().is_empty(), "not due yet");
    let first = take(stores, 2, 20).await;
    let kinds: Vec<_> = first.iter().map(|errand| errand.kind.clone()).collect();
    assert_eq!(kinds, [ErrandKind::Plan(runs[0]), ErrandKind::Plan(runs[1])]);
    assert!(first.iter().all(|errand| errand.attempts == 0));
    let second = take(stores, 9, 20).await;
    assert_eq!(second.len(), 1);
    assert!(take(stores, 9, 79).await.is_empty());
    stores.outbox.done(&[first[0].id, second[0].id]).await.unwrap();
    let again = take(stores, 9, 80).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].attempts), (first[1].id, 1));
    stores.outbox.done(&[first[1].id, first[0].id]).await.unwrap();
    assert!(take(stores, 9, 1_000).await.is_empty());
}

/// Neither before its moment nor never.
pub async fn an_errand_that_is_put_off_comes_later(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(0)).await;
    let errand = take(stores, 9, 10).await.remove(0);
    stores.outbox.later(errand.id, at(15)).await.unwrap();
    assert!(take(stores, 9, 14).await.is_empty());
    let again = take(stores, 9, 15).await;
    assert_eq!((again.len(), again[0].attempts), (1, 1));
}
