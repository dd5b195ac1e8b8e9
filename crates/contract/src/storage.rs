//! The promises of [`dk_app::ports::Storage`].

use std::any::Any;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use dk_app::ports::{Mark, Staged, Storage, Stored, StoredEntry};
use dk_domain::{MediaId, MediaKind};
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// Long before anything here was stored, and long after.
const PAST: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);
const FUTURE: OffsetDateTime = datetime!(2200-01-01 0:00 UTC);
/// More than one part or chunk of every storage.
const LARGE: usize = 20 * 1024 * 1024;

/// An implementation with nothing stored in it.
pub struct Subject {
    /// The implementation.
    pub storage: Arc<dyn Storage>,
    /// The folder in which it receives files and makes copies, and nothing else.
    pub staging: PathBuf,
    /// What must live as long: its server, its temporary folder.
    pub world: Box<dyn Any + Send + Sync>,
}

/// Makes a test of every promise. `$subject` is an expression for a future of `Option<Subject>`; `None` is a skip,
/// whose reason has been printed.
#[macro_export]
macro_rules! storage_promises {
    ($subject:expr) => {
        $crate::storage_promises! { @tests $subject;
            what_was_stored_is_read_back_whatever_its_size
            a_file_that_comes_in_odd_pieces_is_whole
            the_checksum_is_that_of_all_bytes
            a_range_gives_its_bytes_and_no_others
            a_range_beyond_the_end_is_refused
            a_file_that_is_not_there_is_nothing
            removing_twice_is_fine
            what_is_given_up_leaves_nothing
            a_local_copy_goes_away_and_the_stored_file_stays
            a_listing_pages_through_everything_once
            a_listing_gives_only_what_was_stored_before
            a_listing_goes_on_after_a_key_that_was_removed
            two_media_of_the_same_bytes_are_two_files
            the_same_medium_stored_twice_is_one_file
            many_files_can_be_stored_at_once
            a_small_picture_stays_beside_its_file_and_goes_with_it
            a_part_is_kept_unlisted_until_it_is_removed
            a_mark_is_found_as_it_was_left_last_and_is_no_file_of_a_medium
            a_text_that_is_no_key_reaches_no_file
            a_storage_that_is_there_answers
        }
    };
    (@tests $subject:expr; $($promise:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            if let Some(subject) = $subject.await {
                $crate::storage::$promise(&subject).await;
            }
        }
    )*};
}

/// Bytes that repeat late, so that swapped pieces are seen.
pub fn sample(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(next());
    }
    bytes.truncate(length);
    bytes
}

/// The medium with this number.
pub fn medium(number: u128) -> MediaId {
    Uuid::from_u128(number).into()
}

/// Receives bytes.
pub async fn stage(storage: &dyn Storage, bytes: &[u8]) -> Staged {
    let mut incoming = storage.receive().await.unwrap();
    incoming.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    incoming.finish().await.unwrap()
}

/// Receives and stores bytes.
pub async fn store(storage: &dyn Storage, bytes: &[u8], kind: MediaKind, id: MediaId) -> Stored {
    let staged = stage(storage, bytes).await;
    storage.keep(staged, kind, id).await.unwrap()
}

/// Reads a file, or a range of it.
pub async fn read(storage: &dyn Storage, key: &str, range: Option<Range<u64>>) -> Option<Vec<u8>> {
    let stream = storage.read(key, range).await.unwrap()?;
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    Some(pieces.concat())
}

/// Lists everything, in pages of `limit`.
pub async fn list_all(storage: &dyn Storage, limit: u16) -> Vec<StoredEntry> {
    let mut all: Vec<StoredEntry> = Vec::new();
    loop {
        let after = all.last().map(|entry| entry.key.clone());
        let page = storage.list(FUTURE, after.as_deref(), limit).await.unwrap();
        assert!(page.len() <= usize::from(limit), "a page of {} where {limit} were asked for", page.len());
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn assert_empty(subject: &Subject) {
    let left: Vec<_> = fs::read_dir(&subject.staging).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// From no byte at all to several parts, for every kind.
pub async fn what_was_stored_is_read_back_whatever_its_size(subject: &Subject) {
    let storage = &*subject.storage;
    for (number, length) in [0, 1, 1000, 256 * 1024, 300_000, LARGE].into_iter().enumerate() {
        let kind = MediaKind::ALL[number % 3];
        let (bytes, id) = (sample(length, number as u64), medium(number as u128));
        let stored = store(storage, &bytes, kind, id).await;
        assert!(stored.key.contains(&id.to_string()), "{} does not name its medium", stored.key);
        assert!(stored.url.contains(&stored.key), "{} does not lead to {}", stored.url, stored.key);
        assert!(read(storage, &stored.key, None).await.unwrap() == bytes, "{length} bytes came back changed");
    }
    assert_empty(subject);
}

/// Pieces of every length around the blocks in which files are written.
pub async fn a_file_that_comes_in_odd_pieces_is_whole(subject: &Subject) {
    let bytes = sample(900_001, 1);
    let mut incoming = subject.storage.receive().await.unwrap();
    assert!(incoming.is_empty());
    let (mut rest, mut length) = (&bytes[..], 1);
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.len().min(length));
        incoming.write(Bytes::copy_from_slice(piece)).await.unwrap();
        incoming.write(Bytes::new()).await.unwrap();
        (rest, length) = (later, length * 3 + 1);
    }
    assert_eq!(incoming.len(), bytes.len() as u64);
    let staged = incoming.finish().await.unwrap();
    assert_eq!(staged.bytes, bytes.len() as u64);
    assert!(fs::read(staged.path()).unwrap() == bytes, "the file on this machine differs");
    let stored = subject.storage.keep(staged, MediaKind::Audio, medium(1)).await.unwrap();
    assert!(read(&*subject.storage, &stored.key, None).await.unwrap() == bytes, "the stored file differs");
}

/// Two known checksums.
pub async fn the_checksum_is_that_of_all_bytes(subject: &Subject) {
    for (text, sha256) in [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
        assert_eq!(stage(&*subject.storage, text.as_bytes()).await.sha256.to_string(), sha256);
    }
}

/// At the start, in the middle, at the end, none, all.
pub async fn a_range_gives_its_bytes_and_no_others(subject: &Subject) {
    let bytes = sample(700_000, 2);
    let stored = store(&*subject.storage, &bytes, MediaKind::Video, medium(2)).await;
    for range in [0..1, 0..700_000, 1..2, 299_999..300_001, 100_000..600_000, 699_999..700_000, 5..5, 0..0] {
        let found = read(&*subject.storage, &stored.key, Some(range.start as u64..range.end as u64)).await;
        assert!(found.unwrap() == bytes[range.clone()], "{range:?} gives other bytes");
    }
}

/// Never fewer bytes than were asked for, as if they were all.
pub async fn a_range_beyond_the_end_is_refused(subject: &Subject) {
    let stored = store(&*subject.storage, b"ten bytes!", MediaKind::Image, medium(3)).await;
    for range in [0..11, 9..11, 10..11, 20..30] {
        assert!(subject.storage.read(&stored.key, Some(range.clone())).await.is_err(), "{range:?} was given");
    }
}

/// Neither an error nor an empty file.
pub async fn a_file_that_is_not_there_is_nothing(subject: &Subject) {
    let storage = &*subject.storage;
    let stored = store(storage, b"gone soon", MediaKind::Image, medium(4)).await;
    storage.remove(&stored.key).await.unwrap();
    assert!(storage.read(&stored.key, None).await.unwrap().is_none());
    assert!(storage.read(&stored.key, Some(0..1)).await.unwrap().is_none());
    assert!(storage.read(&stored.key, Some(0..0)).await.unwrap().is_none());
    assert!(storage.local(&stored.key).await.unwrap().is_none());
    assert_empty(subject);
}

/// As after a crash between the removal and its record.
pub async fn removing_twice_is_fine(subject: &Subject) {
    let storage = &*subject.storage;
    let stored = store(storage, b"twice", MediaKind::Audio, medium(5)).await;
    storage.remove(&stored.key).await.unwrap();
    storage.remove(&stored.key).await.unwrap();
    assert_eq!(list_all(storage, 10).await, []);
}

/// A client that goes away in the middle, and a file that nobody wants after all.
pub async fn what_is_given_up_leaves_nothing(subject: &Subject) {
    let mut incoming = subject.storage.receive().await.unwrap();
    incoming.write(Bytes::from(sample(600_000, 3))).await.unwrap();
    drop(incoming);
    drop(stage(&*subject.storage, &sample(1000, 4)).await);
    assert_empty(subject);
    assert_eq!(list_all(&*subject.storage, 10).await, []);
}

/// Whether it is a copy or the file itself.
pub async fn a_local_copy_goes_away_and_the_stored_file_stays(subject: &Subject) {
    let bytes = sample(400_000, 5);
    let stored = store(&*subject.storage, &bytes, MediaKind::Video, medium(6)).await;
    let first = subject.storage.local(&stored.key).await.unwrap().unwrap();
    let second = subject.storage.local(&stored.key).await.unwrap().unwrap();
    drop(first);
    assert!(fs::read(second.path()).unwrap() == bytes, "the file on this machine differs");
    drop(second);
    assert_empty(subject);
    assert!(read(&*subject.storage, &stored.key, None).await.unwrap() == bytes);
}

/// Page by page, each file once, with its medium.
pub async fn a_listing_pages_through_everything_once(subject: &Subject) {
    let storage = &*subject.storage;
    let mut expected = BTreeSet::new();
    for number in 0..11_u8 {
        let id = medium(u128::from(number));
        let stored = store(storage, &[number], MediaKind::ALL[usize::from(number) % 3], id).await;
        expected.insert((stored.key, Some(id)));
    }
    for limit in [1, 4, 11, 100] {
        let listed = list_all(storage, limit).await;
        assert_eq!(listed.len(), 11, "in pages of {limit}");
        let listed: BTreeSet<_> = listed.into_iter().map(|entry| (entry.key, entry.media_id)).collect();
        assert_eq!(listed, expected, "in pages of {limit}");
    }
    assert_eq!(storage.list(FUTURE, None, 0).await.unwrap(), []);
}

/// What was just stored is no orphan yet.
pub async fn a_listing_gives_only_what_was_stored_before(subject: &Subject) {
    let storage = &*subject.storage;
    let stored = store(storage, b"young", MediaKind::Image, medium(7)).await;
    assert_eq!(storage.list(PAST, None, 10).await.unwrap(), []);
    let listed = storage.list(FUTURE, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(storage.list(listed[0].modified_at, None, 10).await.unwrap(), []);
    assert_eq!(storage.list(FUTURE, Some(&stored.key), 10).await.unwrap(), []);
}

/// A sweep removes what it lists.
pub async fn a_listing_goes_on_after_a_key_that_was_removed(subject: &Subject) {
    let storage = &*subject.storage;
    for number in 0..5_u8 {
        store(storage, &[number], MediaKind::Audio, medium(u128::from(number))).await;
    }
    let first = storage.list(FUTURE, None, 2).await.unwrap();
    for entry in &first {
        storage.remove(&entry.key).await.unwrap();
    }
    let rest = storage.list(FUTURE, Some(&first[1].key), 10).await.unwrap();
    assert_eq!(rest.len(), 3);
}

/// Another sweep leaves another one.
pub async fn a_mark_is_found_as_it_was_left_last_and_is_no_file_of_a_medium(subject: &Subject) {
    let storage = &*subject.storage;
    assert_eq!(storage.mark().await.unwrap(), None);
    for sweeps in [1, 2, u64::MAX] {
        let mark = Mark { installation: Uuid::from_u128(7), sweeps };
        storage.leave_mark(mark).await.unwrap();
        assert_eq!(storage.mark().await.unwrap(), Some(mark));
    }
    assert!(list_all(storage, 10).await.is_empty());
    assert!(storage.read("installation", None).await.is_err(), "it has no key");
    assert_empty(subject);
}

/// No user's file depends on another user's.
pub async fn two_media_of_the_same_bytes_are_two_files(subject: &Subject) {
    let storage = &*subject.storage;
    let one = store(storage, b"same", MediaKind::Image, medium(8)).await;
    let other = store(storage, b"same", MediaKind::Image, medium(9)).await;
    assert_ne!(one.key, other.key);
    storage.remove(&one.key).await.unwrap();
    assert_eq!(read(storage, &other.key, None).await.unwrap(), b"same");
}

/// As after a crash between the storing and its record.
pub async fn the_same_medium_stored_twice_is_one_file(subject: &Subject) {
    let storage = &*subject.storage;
    let one = store(storage, b"again", MediaKind::Video, medium(10)).await;
    let other = store(storage, b"again", MediaKind::Video, medium(10)).await;
    assert_eq!(one, other);
    assert_eq!(list_all(storage, 10).await.len(), 1);
}

/// Of several kinds and sizes.
pub async fn many_files_can_be_stored_at_once(subject: &Subject) {
    let storage = &*subject.storage;
    let keys = try_join_all((0..24_u64).map(|number| async move {
        let bytes = sample(40_000 * (number as usize % 5), number);
        let staged = stage(storage, &bytes).await;
        let stored = storage.keep(staged, MediaKind::ALL[number as usize % 3], medium(number.into())).await?;
        Ok::<_, dk_app::ports::StorageError>((stored.key, bytes))
    }))
    .await
    .unwrap();
    for (key, bytes) in keys {
        assert!(read(storage, &key, None).await.unwrap() == bytes, "{key} differs");
    }
    assert_empty(subject);
}

/// It is listed with the same medium, and one that is left alone can be removed by what is listed.
pub async fn a_small_picture_stays_beside_its_file_and_goes_with_it(subject: &Subject) {
    let storage = &*subject.storage;
    for (number, kind) in (12_u8..).zip(MediaKind::ALL) {
        let id = medium(number.into());
        let stored = store(storage, &[number], kind, id).await;
        assert!(thumbnail(storage, &stored.key).await.is_none());
        for bytes in [&b"small"[..], b"smaller still"] {
            storage.keep_thumbnail(stage(storage, bytes).await, &stored.key).await.unwrap();
            assert_eq!(thumbnail(storage, &stored.key).await.unwrap(), bytes);
        }
        let listed = list_all(storage, 1).await;
        assert!(listed.iter().all(|entry| entry.media_id == Some(id)) && listed.len() == 2, "{listed:?}");
        storage.remove(&stored.key).await.unwrap();
        assert_eq!(list_all(storage, 10).await, []);
        assert!(thumbnail(storage, &stored.key).await.is_none());
        // Whoever was slow stores it after its file has gone.
        storage.keep_thumbnail(stage(storage, b"late").await, &stored.key).await.unwrap();
        let late = list_all(storage, 10).await;
        assert_eq!((late.len(), late[0].media_id), (1, Some(id)));
        storage.remove(&late[0].key).await.unwrap();
        assert_eq!(list_all(storage, 10).await, []);
    }
    assert!(storage.keep_thumbnail(stage(storage, b"x").await, "media").await.is_err());
    assert_empty(subject);
}

/// Parts are remembered by whoever stores them.
pub async fn a_part_is_kept_unlisted_until_it_is_removed(subject: &Subject) {
    let storage = &*subject.storage;
    let keys = [1, 2].map(|number| storage.part_key(Uuid::from_u128(number)));
    assert_ne!(keys[0], keys[1]);
    let bytes = sample(7_000_000, 8);
    for key in &keys {
        storage.keep_part(stage(storage, &bytes).await, key).await.unwrap();
    }
    assert_eq!(list_all(storage, 10).await, []);
    assert!(read(storage, &keys[0], None).await.unwrap() == bytes);
    storage.remove(&keys[0]).await.unwrap();
    storage.remove(&keys[0]).await.unwrap();
    assert!(read(storage, &keys[0], None).await.is_none());
    assert!(read(storage, &keys[1], None).await.unwrap() == bytes);
    let stored = store(storage, b"no part", MediaKind::Image, medium(20)).await;
    assert!(storage.keep_part(stage(storage, b"x").await, &stored.key).await.is_err());
    assert_empty(subject);
}

async fn thumbnail(storage: &dyn Storage, of: &str) -> Option<Vec<u8>> {
    let stream = storage.thumbnail(of).await.unwrap()?;
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    Some(pieces.concat())
}

/// Neither outside the storage nor within.
pub async fn a_text_that_is_no_key_reaches_no_file(subject: &Subject) {
    let storage = &*subject.storage;
    let stored = store(storage, b"untouched", MediaKind::Image, medium(11)).await;
    let (folder, name) = stored.key.rsplit_once('/').unwrap();
    for text in [
        "",
        "/etc/passwd",
        "../../etc/passwd",
        "media",
        folder,
        &format!("{folder}/../{name}"),
        &format!("{folder}/./{name}"),
        &format!("/{}", stored.key),
        &format!("{}\0", stored.key),
        &stored.key.to_uppercase(),
    ] {
        assert!(storage.read(text, None).await.is_err(), "{text:?} was read");
        assert!(storage.local(text).await.is_err(), "{text:?} was copied");
        assert!(storage.remove(text).await.is_err(), "{text:?} was removed");
    }
    assert_eq!(read(storage, &stored.key, None).await.unwrap(), b"untouched");
}

/// And leaves nothing of its question behind.
pub async fn a_storage_that_is_there_answers(subject: &Subject) {
    subject.storage.ping().await.unwrap();
    assert_empty(subject);
    assert_eq!(list_all(&*subject.storage, 10).await, []);
}
