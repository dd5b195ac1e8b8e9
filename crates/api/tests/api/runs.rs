//! Runs of one's own media.

use dk_app::ports::{Ambient as _, Runs as _};
use dk_domain::Waiting;
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

#[tokio::test]
async fn a_run_that_waits_says_why_in_words_and_by_code() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let run = media["latestAnalysisRunId"].as_str().unwrap();
    let missing = Waiting::ModelMissing("clip-probe".parse().unwrap());
    for (waiting, model) in [(Waiting::NoServer, None), (missing, Some("clip-probe"))] {
        world.store.wait(run.parse().unwrap(), &waiting, world.clock.now()).await.unwrap();
        let body = olga.get(&format!("/api/v1/runs/{run}")).await.json();
        assert_eq!(body["waitingFor"], waiting.in_words());
        assert_eq!((&body["waitingCode"], body["waitingModel"].as_str()), (&json!(waiting.code()), model));
    }
}

#[tokio::test]
async fn a_report_comes_as_a_page_too_that_is_kept_and_shown_by_nobody_here() {
    let world = World::new();
    let olga = world.person("olga").await;
    let stage = world.stage(&olga).await;
    let path = format!("/api/v1/runs/{}/report", stage.run);
    olga.get(&format!("{path}?format=html")).await.is_problem(409, "run_not_ended");
    world.fail(&stage).await;
    let page = olga.get(&format!("{path}?format=html")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-disposition").starts_with("attachment; filename*=UTF-8''"));
    assert!(page.header("content-disposition").contains(".html"));
    assert_eq!(page.header("content-security-policy"), "default-src 'none'; sandbox");
    let text = page.text();
    assert!(text.starts_with("<!doctype html>") && text.contains("NOT_APPLICABLE"), "{text}");
    assert!(text.contains("data:image/png;base64,"), "the picture is inside");
    let json = olga.get(&format!("{path}?format=json")).await.json();
    assert_eq!(json, olga.get(&path).await.json());
    olga.get(&format!("{path}?format=pdf")).await.is_problem(400, "malformed_request");
    olga.get(&format!("{path}?form=html")).await.is_problem(400, "malformed_request");
}
