//! Keys for programs.

use serde_json::json;

use crate::world::World;

const PATH: &str = "/api/v1/auth/api-keys";

#[tokio::test]
async fn a_key_is_shown_once_and_works_in_both_headers() {
    let world = World::new();
    let olga = world.person("olga").await;
    let made = olga.post(PATH, &json!({"name": "robot", "scope": "write"})).await.json();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("dk_") && key.len() == 67, "{key}");
    assert!(key.starts_with(made["apiKey"]["prefix"].as_str().unwrap()));
    let list = olga.get(PATH).await;
    assert!(!list.text().contains(key));
    assert_eq!(list.json()["items"][0]["lastUsedAt"], json!(null));
    for robot in [world.anyone().with("x-api-key", key), world.anyone().with_token(key)] {
        assert_eq!(robot.get("/api/v1/auth/profile").await.json()["email"], "olga@example.org");
    }
    assert!(olga.get(PATH).await.json()["items"][0]["lastUsedAt"].is_string());
}

#[tokio::test]
async fn a_key_reads_only_unless_it_was_made_to_write() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let made = olga.post(PATH, &json!({"name": "looker"})).await.json();
    assert_eq!(made["apiKey"]["scope"], "read");
    let robot = world.anyone().with("x-api-key", made["key"].as_str().unwrap());
    let path = format!("/api/v1/media/{}", media["id"].as_str().unwrap());
    assert_eq!(robot.get(&path).await.status, 200);
    robot.delete(&path).await.is_problem(403, "read_only_key");
    assert_eq!(robot.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_key_of_a_disabled_person_is_worth_nothing() {
    let world = World::new();
    let olga = world.person("olga").await;
    let made = olga.post(PATH, &json!({"name": "robot"})).await.json();
    let robot = world.anyone().with("x-api-key", made["key"].as_str().unwrap());
    assert_eq!(robot.get("/api/v1/media").await.status, 200);
    world.disable(olga.id()).await;
    robot.get("/api/v1/media").await.is_problem(401, "unauthorized");
}

#[tokio::test]
async fn wrong_wishes_for_a_key_are_named() {
    let world = World::new();
    let olga = world.person("olga").await;
    let wrong = [
        (json!({"name": ""}), "name"),
        (json!({"name": "x", "scope": "admin"}), "scope"),
        (json!({"name": "x", "expiresAt": "tomorrow"}), "expiresAt"),
        (json!({"name": "x", "expiresAt": "2001-01-01T00:00:00Z"}), "expiresAt"),
        (json!({"name": "x", "secret": "mine"}), "secret"),
    ];
    for (body, field) in wrong {
        let refused = olga.post(PATH, &body).await.is_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
}

#[tokio::test]
async fn one_person_has_only_so_many_keys() {
    let world = World::with(|config| config.accounts.max_api_keys = 2);
    let olga = world.person("olga").await;
    for _ in 0..2 {
        assert_eq!(olga.post(PATH, &json!({"name": "robot"})).await.status, 201);
    }
    olga.post(PATH, &json!({"name": "robot"})).await.is_problem(409, "too_many_keys");
}
