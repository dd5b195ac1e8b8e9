//! Alive, and able to work.

use crate::world::{Failing, World};

#[tokio::test]
async fn alive_is_alive_whatever_fails() {
    let world = World::new();
    world.farm.fail(Some(Failing::Hanging));
    let answer = world.anyone().get("/api/health").await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str().unwrap()), (200, "ok"));
}

#[tokio::test]
async fn ready_names_what_fails_and_tells_no_secret() {
    let world = World::new();
    let answer = world.anyone().get("/api/ready").await;
    // Nobody offers a model here: files are taken in all the same.
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str().unwrap()), (200, "degraded"));
    assert_eq!(answer.json()["models"]["status"], "failed");
    world.farm.fail(Some(Failing::Away));
    let answer = world.anyone().get("/api/ready").await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str().unwrap()), (503, "failed"));
    assert_eq!(answer.json()["queue"]["status"], "failed");
    assert_eq!(answer.json()["storage"]["status"], "ok");
    assert!(!answer.text().contains("192.0.2.7"), "{}", answer.text());
}
