//! The original bytes.

use axum::http::Method;

use crate::client::{Client, PICTURE};
use crate::world::World;

async fn scene() -> (World, Client, String, String) {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}/content", media["id"].as_str().unwrap());
    let etag = format!("\"{}\"", media["sha256"].as_str().unwrap());
    (world, olga, path, etag)
}

#[tokio::test]
async fn the_original_comes_back_unchanged_and_cannot_run() {
    let (_world, olga, path, etag) = scene().await;
    let answer = olga.get(&path).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, PICTURE));
    assert_eq!(answer.header("etag"), etag);
    assert_eq!(answer.header("content-type"), "image/png");
    assert_eq!(answer.header("content-length"), PICTURE.len().to_string());
    assert_eq!(answer.header("content-disposition"), "inline; filename*=UTF-8''holiday.png");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert_eq!(answer.header("accept-ranges"), "bytes");
}

#[tokio::test]
async fn a_player_gets_the_range_that_it_asks_for() {
    let (_world, olga, path, etag) = scene().await;
    let part = olga.with("range", "bytes=4-7").get(&path).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &PICTURE[4..8]));
    assert_eq!(part.header("content-range"), format!("bytes 4-7/{}", PICTURE.len()));
    assert_eq!(part.header("content-length"), "4");
    let end = olga.with("range", "bytes=-5").get(&path).await;
    assert_eq!((end.status.as_u16(), &end.body[..]), (206, &PICTURE[PICTURE.len() - 5..]));
    let outside = olga.with("range", "bytes=9000-").get(&path).await;
    outside.is_problem(416, "range_not_satisfiable");
    assert_eq!(outside.header("content-range"), format!("bytes */{}", PICTURE.len()));
    let several = olga.with("range", "bytes=0-1,4-5").get(&path).await;
    assert_eq!((several.status.as_u16(), &several.body[..]), (200, PICTURE));
    let current = olga.with("range", "bytes=0-0").with("if-range", &etag).get(&path).await;
    assert_eq!(current.status, 206);
    let old = olga.with("range", "bytes=0-0").with("if-range", "\"old\"").get(&path).await;
    assert_eq!(old.status, 200);
}

#[tokio::test]
async fn what_the_browser_has_already_is_not_sent_again() {
    let (_world, olga, path, etag) = scene().await;
    for known in [etag.clone(), format!("W/{etag}, \"x\""), "*".to_owned()] {
        let answer = olga.with("if-none-match", &known).get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
        assert_eq!(answer.header("etag"), etag);
    }
    assert_eq!(olga.with("if-none-match", "\"other\"").get(&path).await.status, 200);
}

#[tokio::test]
async fn a_head_tells_the_same_without_the_bytes() {
    let (_world, olga, path, etag) = scene().await;
    let answer = olga.send(Method::HEAD, &path, "").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), PICTURE.len().to_string());
    assert_eq!(answer.header("etag"), etag);
}
