//! Files that come in part by part.

use dk_app::ports::{
    Accepted, AddPart, ErrandKind, NewUpload, Once, PartPlace, PartialUpload, UploadPart, UploadRefusal,
    UploadState,
};
use dk_domain::{ErrorCode, MediaId, MediaKind, UploadId, Urgency, UserId};
use tokio::task::JoinSet;

use super::Stores;
use super::world::{at, id, member, model, new_run, upload};

/// An upload of ten bytes, until second 100.
fn asked(owner: UserId) -> NewUpload {
    NewUpload {
        id: UploadId::from(id()),
        user_id: owner,
        filename: "Ferien <1>.mp4".to_owned(),
        description: Some("by the sea".to_owned()),
        urgency: Urgency::Batch,
        models: vec![model("clip-probe")],
        length_bytes: 10,
        expires_at: at(100),
    }
}

async fn begun(stores: &Stores, owner: UserId) -> NewUpload {
    let new = asked(owner);
    assert!(stores.uploads.begin(&new, 99, at(0)).await.unwrap());
    new
}

async fn look(stores: &Stores, new: &NewUpload, now: i64) -> Option<PartialUpload> {
    stores.uploads.upload(new.user_id, new.id, at(now)).await.unwrap()
}

async fn placed(stores: &Stores, new: &NewUpload, now: i64) -> String {
    let key = format!("parts/{}", id());
    assert_eq!(stores.uploads.place_part(new.id, &key, 99, at(now)).await.unwrap(), PartPlace::Kept);
    key
}

/// Places a part and adds it; it then lasts for another hundred seconds.
async fn add(stores: &Stores, new: &NewUpload, start_byte: u64, bytes: u64, now: i64) -> AddPart {
    let part = UploadPart { key: placed(stores, new, now).await, start_byte, bytes };
    stores.uploads.add_part(new.id, &part, at(now), at(now + 100)).await.unwrap()
}

/// An upload of which all bytes are there, in two parts, with a third that is just being stored.
async fn whole(stores: &Stores, owner: UserId) -> NewUpload {
    let new = begun(stores, owner).await;
    add(stores, &new, 0, 4, 1).await;
    add(stores, &new, 4, 6, 2).await;
    placed(stores, &new, 3).await;
    new
}

/// How many files are to be removed by now.
async fn removals(stores: &Stores, now: i64) -> usize {
    let errands = stores.outbox.take(99, at(now), at(now + 1000)).await.unwrap();
    errands.iter().filter(|errand| matches!(errand.kind, ErrandKind::RemoveFile(_))).count()
}

async fn accept(stores: &Stores, new: &NewUpload, now: i64) -> Accepted {
    let media = upload(new.user_id, &new.filename, MediaKind::Video);
    let once = Once::Upload(new.id);
    stores.runs.accept(&media, &new_run(), Some(&once), at(now)).await.unwrap()
}

/// As it was written; and nobody else's, and not for ever.
pub async fn an_upload_is_its_owners_until_its_time_is_over(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let eve = member(stores, "eve@example.org").await;
    let new = begun(stores, ada.id).await;
    let found = look(stores, &new, 99).await.unwrap();
    assert_eq!(found, PartialUpload { asked: new.clone(), offset_bytes: 0, state: UploadState::Open });
    assert!(stores.uploads.upload(eve.id, new.id, at(1)).await.unwrap().is_none());
    assert!(!stores.uploads.remove(eve.id, new.id, at(1)).await.unwrap());
    add(stores, &new, 0, 3, 50).await;
    assert_eq!(look(stores, &new, 149).await.unwrap().offset_bytes, 3);
    placed(stores, &new, 60).await;
    assert!(look(stores, &new, 150).await.is_none());
    assert_eq!(stores.uploads.place_part(new.id, "late", 9, at(150)).await.unwrap(), PartPlace::Gone);
    assert_eq!(stores.uploads.forget_over(at(149), 9).await.unwrap(), 0);
    assert_eq!(removals(stores, 149).await, 0);
    assert_eq!(stores.uploads.forget_over(at(150), 9).await.unwrap(), 1);
    assert_eq!(removals(stores, 150).await, 2);
    assert!(look(stores, &new, 1).await.is_none());
}

/// Neither before, nor after, nor over the end, nor twice; what does not count is removed.
pub async fn parts_count_where_the_upload_ends_and_nowhere_else(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = begun(stores, ada.id).await;
    let AddPart::Added(upload) = add(stores, &new, 0, 4, 1).await else { panic!("it begins at the end") };
    assert_eq!((upload.offset_bytes, upload.missing_bytes(), upload.asked.expires_at), (4, 6, at(101)));
    for (start, bytes) in [(0, 4), (3, 2), (5, 2), (4, 7)] {
        let AddPart::Moved(upload) = add(stores, &new, start, bytes, 2).await else {
            panic!("{bytes} bytes from {start} do not follow")
        };
        assert_eq!(upload.offset_bytes, 4);
    }
    assert_eq!(removals(stores, 2).await, 4);
    placed(stores, &new, 3).await;
    assert!(matches!(add(stores, &new, 4, 6, 3).await, AddPart::Added(_)));
    let parts = stores.uploads.parts(new.id).await.unwrap();
    let places: Vec<_> = parts.iter().map(|part| (part.start_byte, part.bytes)).collect();
    assert_eq!(places, [(0, 4), (4, 6)]);
    let unknown = UploadId::from(id());
    let part = UploadPart { key: "x".to_owned(), start_byte: 0, bytes: 1 };
    assert_eq!(stores.uploads.add_part(unknown, &part, at(1), at(2)).await.unwrap(), AddPart::Gone);
}

/// However often it is put together; those parts go too that were just being stored.
pub async fn an_upload_becomes_one_medium_and_its_parts_go(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = whole(stores, ada.id).await;
    let Accepted::New(media, _) = accept(stores, &new, 4).await else { panic!("nobody was faster") };
    assert_eq!(look(stores, &new, 5).await.unwrap().state, UploadState::Taken(media.id));
    assert!(stores.uploads.parts(new.id).await.unwrap().is_empty());
    assert_eq!(removals(stores, 5).await, 3);
    let Accepted::Again(again) = accept(stores, &new, 5).await else { panic!("it is a medium already") };
    assert_eq!(again.id, media.id);
    let late = UploadPart { key: "late".to_owned(), start_byte: 10, bytes: 1 };
    assert_eq!(stores.uploads.add_part(new.id, &late, at(6), at(9)).await.unwrap(), AddPart::Gone);
    // A medium that was removed does not come back.
    stores.library.remove(ada.id, media.id, at(6)).await.unwrap().unwrap();
    assert!(matches!(accept(stores, &new, 7).await, Accepted::Gone));
    assert_eq!(look(stores, &new, 7).await.unwrap().state, UploadState::Taken(media.id));
}

/// Nothing comes of it, and nothing of it stays.
pub async fn an_upload_that_was_taken_back_becomes_nothing(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = whole(stores, ada.id).await;
    assert!(stores.uploads.remove(ada.id, new.id, at(4)).await.unwrap());
    assert!(!stores.uploads.remove(ada.id, new.id, at(4)).await.unwrap());
    assert_eq!(removals(stores, 4).await, 3);
    assert!(look(stores, &new, 4).await.is_none());
    assert!(matches!(accept(stores, &new, 5).await, Accepted::Gone));
}

/// In the same words; and it is no medium later.
pub async fn a_refused_upload_says_why_again(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = whole(stores, ada.id).await;
    let refusal = UploadRefusal {
        code: ErrorCode::UnreadableMedia,
        message: "the video \"cannot\" be read".to_owned(),
        hint: Some("try another copy".to_owned()),
    };
    stores.uploads.refuse(new.id, &refusal, at(4)).await.unwrap();
    assert_eq!(look(stores, &new, 5).await.unwrap().state, UploadState::Refused(refusal.clone()));
    assert_eq!(removals(stores, 5).await, 3);
    assert!(matches!(accept(stores, &new, 5).await, Accepted::Gone));
    // Whoever was slower says nothing of one that is a medium.
    let taken = whole(stores, ada.id).await;
    accept(stores, &taken, 6).await;
    stores.uploads.refuse(taken.id, &refusal, at(7)).await.unwrap();
    assert!(matches!(look(stores, &taken, 8).await.unwrap().state, UploadState::Taken(_)));
}

/// What is over makes room.
pub async fn so_many_uploads_are_open_at_a_time_and_so_many_parts_lie_in_one(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let eve = member(stores, "eve@example.org").await;
    let first = begun(stores, ada.id).await;
    assert!(stores.uploads.begin(&asked(ada.id), 2, at(1)).await.unwrap());
    assert!(!stores.uploads.begin(&asked(ada.id), 2, at(1)).await.unwrap());
    assert!(stores.uploads.begin(&asked(eve.id), 2, at(1)).await.unwrap());
    assert!(stores.uploads.remove(ada.id, first.id, at(2)).await.unwrap());
    let next = asked(ada.id);
    assert!(stores.uploads.begin(&next, 2, at(2)).await.unwrap());
    assert!(
        stores.uploads.begin(&NewUpload { expires_at: at(300), ..asked(ada.id) }, 2, at(100)).await.unwrap()
    );
    let place = async |key: &str| stores.uploads.place_part(next.id, key, 2, at(3)).await.unwrap();
    assert_eq!(place("a").await, PartPlace::Kept);
    assert_eq!(place("b").await, PartPlace::Kept);
    assert_eq!(place("c").await, PartPlace::TooMany);
}

/// Once it has stood still, by one of those who look, and by none when it is over.
pub async fn an_upload_that_was_left_whole_is_found_once(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = whole(stores, ada.id).await;
    let missing = begun(stores, ada.id).await;
    add(stores, &missing, 0, 9, 1).await;
    let left = async |before: i64, now: i64| {
        let left = stores.uploads.left_whole(at(before), at(now), 9).await.unwrap();
        left.into_iter().map(|upload| upload.asked.id).collect::<Vec<_>>()
    };
    assert_eq!(left(2, 10).await, []);
    assert_eq!(left(3, 10).await, [new.id]);
    assert_eq!(left(3, 10).await, []);
    assert_eq!(left(11, 20).await, [new.id]);
    accept(stores, &new, 21).await;
    assert_eq!(left(40, 41).await, []);
}

/// All are told of the same one.
pub async fn of_many_that_put_one_upload_together_one_makes_the_medium(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = whole(stores, ada.id).await;
    let mut all = JoinSet::new();
    for _ in 0..6 {
        let (stores, new) = (stores.clone(), new.clone());
        all.spawn(async move { accept(&stores, &new, 4).await });
    }
    let answers = all.join_all().await;
    let ids: Vec<MediaId> = answers
        .iter()
        .map(|answer| match answer {
            Accepted::New(media, _) | Accepted::Again(media) => media.id,
            Accepted::Gone | Accepted::KeyTaken => panic!("it is there, and has no key"),
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Accepted::New(..))).count(), 1);
    assert_eq!(stores.library.last_event(ada.id).await.unwrap(), 1);
}
