//! Addresses for players.

use time::Duration;

use crate::client::{Client, PICTURE};
use crate::world::World;

async fn scene() -> (World, Client, String) {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}", media["id"].as_str().unwrap());
    (world, olga, path)
}

async fn link(client: &Client, path: &str) -> String {
    let answer = client.get(&format!("{path}/link")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_plays_without_a_header_for_an_hour_and_no_longer() {
    let (world, olga, path) = scene().await;
    let url = link(&olga, &path).await;
    let player = world.anyone();
    let whole = player.get(&url).await;
    assert_eq!((whole.status.as_u16(), &whole.body[..]), (200, PICTURE));
    assert_eq!(whole.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(whole.header("cache-control"), "private, no-cache");
    assert!(whole.header("content-disposition").starts_with("inline"));
    let part = player.with("range", "bytes=4-7").get(&url).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &PICTURE[4..8]));
    let known = player.with("if-none-match", whole.header("etag")).get(&url).await;
    assert_eq!(known.status, 304);
    world.clock.forward(Duration::minutes(59));
    assert_eq!(player.get(&url).await.status, 200);
    world.clock.forward(Duration::minutes(1));
    player.get(&url).await.is_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_link_opens_its_own_medium_and_nothing_else() {
    let (world, olga, path) = scene().await;
    let url = link(&olga, &path).await;
    let text = url.split_once("link=").unwrap().1;
    let other = format!("/api/v1/media/{}", olga.picture().await["id"].as_str().unwrap());
    let player = world.anyone();
    player.get(&format!("{other}/content?link={text}")).await.is_problem(401, "unauthorized");
    player.get(&format!("{path}?link={text}")).await.is_problem(401, "unauthorized");
    player.get(&format!("{path}/thumbnail?link={text}")).await.is_problem(401, "unauthorized");
    player.with_token(text).get(&path).await.is_problem(401, "unauthorized");
    let token = olga.token();
    player.get(&format!("{path}/content?link={token}")).await.is_problem(401, "unauthorized");
    for wrong in [String::new(), format!("{text}x"), text.replacen('.', "x.", 1)] {
        player.get(&format!("{path}/content?link={wrong}")).await.is_problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_link_ends_with_its_medium_and_with_the_right_of_its_owner() {
    let (world, olga, path) = scene().await;
    let url = link(&olga, &path).await;
    world.disable(olga.id()).await;
    world.anyone().get(&url).await.is_problem(401, "unauthorized");
    let otto = world.person("otto").await;
    let path = format!("/api/v1/media/{}", otto.picture().await["id"].as_str().unwrap());
    let url = link(&otto, &path).await;
    otto.delete(&path).await;
    world.anyone().get(&url).await.is_problem(404, "not_found");
}
