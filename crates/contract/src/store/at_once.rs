//! What happens when many ask at the same time.

use std::collections::BTreeSet;

use dk_app::ports::{Accepted, AddRun, EventKind, Once};
use dk_domain::{MediaKind, RunStatus};
use tokio::task::JoinSet;

use super::Stores;
use super::world::{accepted, at, end, fake, key, member, model, new_run, start, under_way, upload};

const MODELS: [&str; 5] = ["aa", "bb", "cc", "dd", "ee"];

/// Every part is ended by four at once; the run ends once, with every number of an event used once.
pub async fn of_twenty_that_end_a_run_one_ends_it(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run) = under_way(stores, ada.id, &MODELS).await;
    let mut all = JoinSet::new();
    for name in MODELS.iter().cycle().take(20) {
        let stores = stores.clone();
        all.spawn(async move { end(&stores, run, name, &fake(), at(3)).await });
    }
    let ended = all.join_all().await;
    assert_eq!(ended.iter().filter(|ended| ended.run == Some(RunStatus::Analyzed)).count(), 1);
    let stored = stores.library.events_after(ada.id, 0, 100).await.unwrap();
    let ends = stored.iter().filter(|event| matches!(event.kind, EventKind::Ended { .. })).count();
    assert_eq!(ends, 1);
    let numbers: Vec<u64> = stored.iter().filter_map(|event| event.number).collect();
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>(), "accepted, five completed, ended");
    assert!(matches!(stored[6].kind, EventKind::Ended { answered: 5, .. }));
}

/// The others are told that one is under way.
pub async fn of_two_that_ask_for_another_run_one_gets_it(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aa"]).await;
    end(stores, run, "aa", &fake(), at(2)).await;
    let mut all = JoinSet::new();
    for _ in 0..4 {
        let stores = stores.clone();
        let media = media.id;
        all.spawn(async move { stores.runs.add_run(ada.id, media, &new_run(), None, at(3)).await.unwrap() });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, AddRun::Added(..))).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, AddRun::UnderWay)).count(), 3);
    assert_eq!(stores.library.medium(ada.id, media.id).await.unwrap().unwrap().runs.len(), 2);
}

/// All are answered with the same medium.
pub async fn an_upload_sent_many_times_at_once_is_accepted_once(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let stores = stores.clone();
        let new = upload(ada.id, "a.jpg", MediaKind::Image);
        let once = Once::Key(key("key", 1));
        all.spawn(async move { stores.runs.accept(&new, &new_run(), Some(&once), at(1)).await.unwrap() });
    }
    let answers = all.join_all().await;
    let ids: BTreeSet<_> = answers
        .iter()
        .map(|answer| match answer {
            Accepted::New(media, _) | Accepted::Again(media) => media.id,
            Accepted::KeyTaken => panic!("all ask for the same"),
            Accepted::Gone => panic!("a key is known for a day"),
        })
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Accepted::New(..))).count(), 1);
    assert_eq!(stores.library.last_event(ada.id).await.unwrap(), 1);
    assert_eq!(stores.outbox.take(9, at(12), at(13)).await.unwrap().len(), 1);
}

/// Of one owner, while runs begin and end.
pub async fn events_of_many_runs_at_once_have_no_gap(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let mut all = JoinSet::new();
    for _ in 0..6 {
        let stores = stores.clone();
        all.spawn(async move {
            let (_, run) = under_way(&stores, ada.id, &["aa", "bb"]).await;
            for name in ["aa", "bb"] {
                start(&stores, run, name, at(2)).await;
                end(&stores, run, name, &fake(), at(3)).await;
            }
        });
    }
    all.join_all().await;
    let stored = stores.library.events_after(ada.id, 0, 100).await.unwrap();
    let numbers: Vec<u64> = stored.iter().filter_map(|event| event.number).collect();
    assert_eq!(numbers, (1..=36).collect::<Vec<_>>());
}

/// Nobody gets what another one has.
pub async fn errands_are_taken_by_one_of_many(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    for n in 0..20 {
        accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(n)).await;
    }
    let mut all = JoinSet::new();
    for _ in 0..5 {
        let stores = stores.clone();
        all.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let some = stores.outbox.take(3, at(30), at(90)).await.unwrap();
                if some.is_empty() {
                    return taken;
                }
                taken.extend(some.into_iter().map(|errand| errand.id));
            }
        });
    }
    let taken: Vec<i64> = all.join_all().await.into_iter().flatten().collect();
    let different: BTreeSet<i64> = taken.iter().copied().collect();
    // One who finds the rest locked by others may leave early, but what was taken was taken once.
    assert_eq!((taken.len(), different.len()), (20, 20));
}

/// Either the answers came first or the cancellation; never both.
pub async fn an_end_and_a_cancellation_at_once_leave_one_end(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    for _ in 0..8 {
        let (media, run) = under_way(stores, ada.id, &["aa"]).await;
        let name = model("aa");
        let how = fake();
        let (ended, cancelled) =
            tokio::join!(stores.runs.end(run, &name, &how, at(3)), stores.runs.cancel(ada.id, run, at(3)),);
        let (ended, (detail, _, events)) = (ended.unwrap(), cancelled.unwrap().unwrap());
        assert_eq!(ended.run.is_some(), events.is_empty(), "one of the two ended it");
        let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
        assert_eq!(row.status, detail.run.status);
    }
}
