//! Runs of one's own media.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn one_run_at_a_time_and_the_next_has_the_next_number() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}/analyze", media["id"].as_str().unwrap());
    olga.post(&path, &json!({})).await.is_problem(409, "run_under_way");
    let run = format!("/api/v1/runs/{}", media["latestAnalysisRunId"].as_str().unwrap());
    assert_eq!(olga.post(&format!("{run}/cancel"), &json!({})).await.status, 200);
    let next = olga.post(&path, &json!({"priority": "batch"})).await;
    assert_eq!(next.status, 202, "{}", next.text());
    let body = next.json();
    assert_eq!((body["runNumber"].as_u64(), body["priority"].as_str()), (Some(2), Some("batch")));
    assert_eq!(next.header("location"), format!("/api/v1/runs/{}", body["id"].as_str().unwrap()));
}

#[tokio::test]
async fn asking_twice_with_one_key_makes_one_run() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}/analyze", media["id"].as_str().unwrap());
    let run = format!("/api/v1/runs/{}", media["latestAnalysisRunId"].as_str().unwrap());
    assert_eq!(olga.post(&format!("{run}/cancel"), &json!({})).await.status, 200);
    let once = olga.with("idempotency-key", "again").post(&path, &json!({})).await;
    let twice = olga.with("idempotency-key", "again").post(&path, &json!({})).await;
    assert_eq!((once.status.as_u16(), twice.status.as_u16()), (202, 202));
    assert_eq!(once.json()["id"], twice.json()["id"]);
    let other = olga.with("idempotency-key", "again").post(&path, &json!({"priority": "batch"})).await;
    other.is_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn wishes_for_a_run_are_checked() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = format!("/api/v1/media/{}/analyze", olga.picture().await["id"].as_str().unwrap());
    for (body, field) in [
        (json!({"models": ["Not A Name"]}), "models[0]"),
        (json!({"priority": "now"}), "priority"),
        (json!({"model": "x"}), "model"),
    ] {
        let refused = olga.post(&path, &body).await.is_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let key = olga.with("idempotency-key", "two words").post(&path, &json!({})).await;
    key.is_problem(400, "malformed_request");
}

#[tokio::test]
async fn a_run_is_cancelled_once_and_says_so() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/runs/{}", media["latestAnalysisRunId"].as_str().unwrap());
    olga.get(&format!("{path}/report")).await.is_problem(409, "run_not_ended");
    for _ in 0..2 {
        let run = olga.post(&format!("{path}/cancel"), &json!({})).await;
        assert_eq!((run.status.as_u16(), run.json()["status"].as_str()), (200, Some("CANCELLED")));
    }
    let media = olga.get(&format!("/api/v1/media/{}", media["id"].as_str().unwrap())).await.json();
    assert_eq!(media["status"], "CANCELLED");
}
