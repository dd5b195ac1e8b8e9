//! Small pictures.

use std::sync::atomic::Ordering;

use crate::client::Form;
use crate::world::World;

async fn upload(client: &crate::client::Client, name: &str, bytes: &[u8]) -> String {
    let media = client.upload(&Form::new().file(name, bytes)).await.json();
    format!("/api/v1/media/{}", media["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_small_picture_is_made_once_and_kept_by_the_browser() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = upload(&olga, "a.png", crate::client::PICTURE).await + "/thumbnail";
    let first = olga.get(&path).await;
    assert_eq!((first.status.as_u16(), &first.body[..]), (200, &b"small \x89PNG"[..]));
    assert_eq!(first.header("content-type"), "image/jpeg");
    assert_eq!(first.header("cache-control"), "private, max-age=86400, immutable");
    assert_eq!(olga.get(&path).await.body, first.body);
    assert_eq!(world.sniffer.0.load(Ordering::SeqCst), 1);
    let known = olga.with("if-none-match", first.header("etag")).get(&path).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn a_sound_and_a_damaged_picture_have_none_and_nobody_tries_again() {
    let world = World::new();
    let olga = world.person("olga").await;
    let sound = upload(&olga, "a.wav", b"RIFFsound").await + "/thumbnail";
    olga.get(&sound).await.is_problem(404, "no_thumbnail");
    let damaged = upload(&olga, "b.png", b"\x89PNG cut off").await + "/thumbnail";
    olga.get(&damaged).await.is_problem(404, "no_thumbnail");
    // The sound, the picture, and that there is none of the latter.
    assert_eq!(world.disk.counts().0, 3);
    olga.get(&damaged).await.is_problem(404, "no_thumbnail");
}
