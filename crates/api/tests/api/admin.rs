//! What administrators see and do.

use dk_app::ports::{
    Ambient as _, FailedJob, HealthLog as _, HealthRecord, JobKind, ServerState, ServerStatus,
};
use dk_domain::RunId;
use serde_json::json;

use crate::world::{Stage, World, model};

#[tokio::test]
async fn the_last_active_administrator_can_neither_step_down_nor_be_disabled() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let path = format!("/api/v1/admin/users/{}", ada.id());
    ada.patch(&path, &json!({"role": "USER"})).await.is_problem(409, "last_admin");
    ada.patch(&path, &json!({"isActive": false})).await.is_problem(409, "last_admin");
    world.admin("bea").await;
    assert_eq!(ada.patch(&path, &json!({"role": "USER"})).await.json()["role"], "USER");
    ada.get("/api/v1/admin/users").await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn disabling_somebody_ends_every_session_at_once() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let olga = world.person("olga").await;
    let path = format!("/api/v1/admin/users/{}", olga.id());
    assert_eq!(ada.patch(&path, &json!({"isActive": false})).await.json()["isActive"], false);
    olga.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
    assert_eq!(ada.patch(&path, &json!({"isActive": true})).await.status, 200);
    // Enabling brings no old session back.
    olga.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
    world.log_in("olga").await;
}

#[tokio::test]
async fn people_are_listed_page_by_page_and_found_by_address() {
    let world = World::new();
    let ada = world.admin("ada").await;
    for name in ["b1", "b2", "b3"] {
        world.person(name).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/admin/users?limit=2".to_owned();
    loop {
        let page = ada.get(&path).await.json();
        let emails =
            page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned());
        seen.extend(emails);
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/admin/users?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["b3@example.org", "b2@example.org", "b1@example.org", "ada@example.org"]);
    let found = ada.get("/api/v1/admin/users?q=b2").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert!(!found.to_string().contains("password"));
}

fn job(number: u32, stage: &Stage) -> FailedJob {
    FailedJob {
        id: format!("job-{number}"),
        kind: JobKind::Analyze { model: model() },
        media_id: stage.media,
        run_id: stage.run,
        reason: "server_unavailable: no server".to_owned(),
        attempts: 3,
        failed_at: None,
    }
}

#[tokio::test]
async fn failed_jobs_are_listed_page_by_page_and_retried_once() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let stage = world.stage(&world.person("olga").await).await;
    world.fail(&stage).await;
    for number in 0..3 {
        world.farm.add_failed_job(job(number, &stage));
    }
    let mut gone = job(3, &stage);
    gone.run_id = RunId::from(uuid::Uuid::from_u128(2));
    world.farm.add_failed_job(gone);
    let path = "/api/v1/monitoring/failed-jobs";
    let first = ada.get(&format!("{path}?limit=2")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest =
        ada.get(&format!("{path}?limit=2&cursor={}", first["nextCursor"].as_str().unwrap())).await.json();
    assert_eq!((rest["items"][0]["id"].as_str(), &rest["nextCursor"]), (Some("job-2"), &json!(null)));
    assert_eq!(rest["items"][0]["modelName"], "some-model");
    assert_eq!(
        (&rest["items"][0]["code"], &rest["items"][0]["reason"]),
        (&json!("server_unavailable"), &json!("no server"))
    );
    assert_eq!(ada.post(&format!("{path}/job-0/retry"), &json!({})).await.status, 204);
    ada.post(&format!("{path}/job-0/retry"), &json!({})).await.is_problem(404, "not_found");
    ada.post(&format!("{path}/job-3/retry"), &json!({})).await.is_problem(409, "nothing_to_retry");
}

#[tokio::test]
async fn a_failed_job_stays_while_another_run_is_under_way_and_is_retried_after_it() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let olga = world.person("olga").await;
    let stage = world.stage(&olga).await;
    world.fail(&stage).await;
    world.farm.add_failed_job(job(0, &stage));
    let added = olga.post(&format!("/api/v1/media/{}/analyze", stage.media), &json!({})).await;
    assert_eq!(added.status, 202, "{}", added.text());
    let path = "/api/v1/monitoring/failed-jobs";
    let retry = format!("{path}/job-0/retry");
    for _ in 0..2 {
        ada.post(&retry, &json!({})).await.is_problem(409, "run_under_way");
        assert_eq!(ada.get(path).await.json()["items"][0]["id"], "job-0");
    }
    let run = added.json()["id"].as_str().unwrap().to_owned();
    olga.post(&format!("/api/v1/runs/{run}/cancel"), &json!({})).await;
    assert_eq!(ada.post(&retry, &json!({})).await.status, 204);
    assert_eq!(ada.get(path).await.json()["items"], json!([]));
}

#[tokio::test]
async fn servers_are_seen_as_they_are_and_were() {
    let world = World::new();
    let ada = world.admin("ada").await;
    for (hours, state) in [(30, ServerState::Unreachable), (1, ServerState::Healthy)] {
        let status = ServerStatus {
            name: "ml-1:8000".to_owned(),
            state,
            response_ms: Some(4),
            stats: Some("{\"uptime\":7}".to_owned()),
            checked_at: world.clock.now() - time::Duration::hours(hours),
        };
        world.farm.add_server(status.clone());
        world.store.record(&HealthRecord { id: world.clock.id(), status }).await.unwrap();
    }
    let now = ada.get("/api/v1/monitoring/server-status").await.json();
    assert_eq!(now["items"][1]["stats"]["uptime"], 7);
    let history = |query: &str| {
        let (ada, path) = (ada.clone(), format!("/api/v1/monitoring/server-history{query}"));
        async move { ada.get(&path).await }
    };
    assert_eq!(history("").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(history("?hours=48").await.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(history("?hours=48&server=other").await.json()["items"], json!([]));
    history("?hours=0").await.is_problem(400, "malformed_request");
    let queue = ada.get("/api/v1/monitoring/queue-status").await.json();
    assert_eq!((queue["queue"].as_str(), queue["waiting"].as_u64()), (Some("media-processing"), Some(3)));
}
