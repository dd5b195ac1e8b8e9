//! Plugs pulled on our own processes: workers, ML servers, API servers. Afterwards every run has ended once.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::fake_ml::{Does, Scripted};
use crate::media::{clip, picture};
use crate::people::Person;
use crate::process::{DEADLINE, Process};
use crate::stage::{FakeMl, ML_KEY, Stage};

/// One API server, and a fake ML server with these models.
fn with_models(models: &[(&str, Does)]) -> (Stage, std::sync::Arc<Scripted>, FakeMl, Process) {
    let mut stage = Stage::new();
    let scripted = Scripted::new(models);
    let ml = FakeMl::start(&scripted, &stage.home);
    stage.know_ml(&ml.url);
    let api = stage.start("api");
    (stage, scripted, ml, api)
}

/// Waits until the answer of a model is stored.
async fn stored(person: &Person, medium: &serde_json::Value, model: &str) {
    let path = format!("/api/v1/media/{}", medium["id"].as_str().expect("an id"));
    let is_stored =
        |analysis: &serde_json::Value| analysis["modelName"] == model && analysis["status"] == "COMPLETED";
    let all_runs = |medium: &serde_json::Value| {
        medium["runs"][0]["analyses"].as_array().is_some_and(|analyses| analyses.iter().any(is_stored))
    };
    person.until(&path, all_runs).await;
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_is_replaced_and_the_run_ends_once() {
    let (stage, scripted, _ml, api) = with_models(&[("held", Does::Hold), ("quick", Does::Answer)]);
    let mut worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    scripted.wait_until_holding(1);
    // An answer that was not stored yet would rightly be asked for again.
    stored(&ada, &medium, "quick").await;
    worker.kill();
    // The ML server sees its client go away.
    scripted.wait_until_stopped(1);
    let _other = stage.start("worker");
    scripted.wait_until_holding(1);
    scripted.let_go();
    let medium = ada.ended(&medium).await;
    assert_eq!(medium["status"], "ANALYZED", "{medium:#}");
    assert_eq!(scripted.tries("quick"), 1, "what had ended is not done again");
    stage.is_tidy();
}

#[tokio::test]
async fn a_job_that_kills_its_worker_every_time_fails_and_lets_its_run_end() {
    let (stage, scripted, _ml, api) = with_models(&[("held", Does::Hold), ("quick", Does::Answer)]);
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    let held = "select status from deepfake_analyses where model_name = 'held'";
    let mut killed = 0;
    while !["FAILED", "COMPLETED"].contains(&stage.sql(held).as_str()) {
        assert!(killed < 6, "it is tried for ever");
        let mut worker = stage.start("worker");
        let path = format!("/api/v1/media/{}", medium["id"].as_str().unwrap());
        let before = scripted.tries("held");
        ada.until(&path, |medium| {
            scripted.tries("held") > before || medium["status"] == "PARTIALLY_ANALYZED"
        })
        .await;
        stored(&ada, &medium, "quick").await;
        worker.kill();
        killed += 1;
    }
    let medium = ada.ended(&medium).await;
    assert_eq!(medium["status"], "PARTIALLY_ANALYZED", "{medium:#}");
    assert!(medium.to_string().contains("worker_lost"), "{medium:#}");
    assert_eq!(scripted.tries("quick"), 1);
    stage.is_tidy();
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_gives_its_job_back_without_counting_it() {
    let (stage, scripted, _ml, api) = with_models(&[("held", Does::Hold)]);
    let mut worker = stage.launch(&["worker"]).env("GRACE_SECS", "1").start();
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    scripted.wait_until_holding(1);
    worker.terminate();
    assert!(worker.wait().success(), "{}", worker.told());
    let _other = stage.start("worker");
    scripted.wait_until_holding(1);
    scripted.let_go();
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    stage.is_tidy();
}

#[tokio::test]
async fn an_ml_server_killed_in_the_middle_of_an_inference_costs_nothing_but_time() {
    let mut stage = Stage::new();
    let mut ml = [stage.start("ml"), stage.start("ml")];
    for server in &ml {
        stage.know_ml(&server.url("ml"));
    }
    let api = stage.start("api");
    let _worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload(&clip(&stage.home.path(""), "long.mp4", 60)).await;
    let busy = busy_one(&ml).await;
    ml[busy].kill();
    let ended = ada.ended(&medium).await;
    assert_eq!(ended["status"], "ANALYZED", "{ended:#}");
    stage.is_tidy();
}

/// Which of two ML servers is at work, as soon as one is.
async fn busy_one(servers: &[Process; 2]) -> usize {
    let client = reqwest::Client::new();
    let begin = std::time::Instant::now();
    while begin.elapsed() < DEADLINE {
        for (at, server) in servers.iter().enumerate() {
            let asked = client.get(format!("{}/stats", server.url("ml"))).header("X-API-Key", ML_KEY);
            let stats: serde_json::Value = asked.send().await.expect("an answer").json().await.expect("JSON");
            if stats["active"].as_u64().expect("a number") > 0 {
                return at;
            }
        }
    }
    panic!("no ML server is at work");
}

#[tokio::test]
async fn an_outage_of_every_ml_server_delays_and_fails_nothing() {
    let mut stage = Stage::new();
    let mut ml = stage.start("ml");
    stage.know_ml(&ml.url("ml"));
    let (api, _worker) = (stage.start("api"), stage.start("worker"));
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let long = ada.upload(&clip(&stage.home.path(""), "long.mp4", 60)).await;
    let path = format!("/api/v1/media/{}", long["id"].as_str().unwrap());
    ada.until(&path, |medium| medium["status"] == "PROCESSING").await;
    ml.kill();
    let mut media = vec![long];
    for seed in 0..5 {
        media.push(ada.upload_bytes("picture.bmp", picture(seed)).await);
    }
    // Everybody has noticed that it is gone.
    ada.until("/api/v1/models", |models| models["items"].as_array().is_some_and(Vec::is_empty)).await;
    let _again = ml.launch().env("ML_PORT", port_of(&ml.url("ml"))).start();
    for medium in &media {
        let ended = ada.ended(medium).await;
        assert_eq!(ended["status"], "ANALYZED", "{ended:#}");
    }
    stage.is_tidy();
}

fn port_of(url: &str) -> String {
    url.rsplit(':').next().expect("a port").to_owned()
}

#[tokio::test]
async fn an_api_server_killed_between_its_answer_and_the_queue_leaves_runs_that_go_on() {
    let (mut stage, scripted, _ml, mut api) = with_models(&[("quick", Does::Answer)]);
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    // Without a queue nothing comes further than the answer.
    stage.redis.stop().expect("Redis stops");
    let mut media = Vec::new();
    for seed in 0..5 {
        media.push(ada.upload_bytes("picture.bmp", picture(seed)).await);
    }
    let launch = api.launch();
    api.kill();
    stage.redis.start_again().expect("Redis starts");
    assert_eq!(stage.sql("select count(*) >= 5 from outbox"), "t", "every run has its errand left");
    let _worker = stage.start("worker");
    let api = launch.start();
    for medium in &media {
        assert_eq!(ada.at(&api.url("api")).ended(medium).await["status"], "ANALYZED");
    }
    assert_eq!(scripted.tries("quick"), 5);
    stage.is_tidy();
}

#[tokio::test]
async fn models_that_fail_leave_a_partial_run_and_all_failing_a_failed_one() {
    let (stage, scripted, _ml, api) =
        with_models(&[("bad", Does::Fail), ("good", Does::Answer), ("shaky", Does::FailTimes(2))]);
    let _worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    let medium = ada.ended(&medium).await;
    assert_eq!(
        (&medium["status"], &medium["verdict"]),
        (&json!("PARTIALLY_ANALYZED"), &json!("FAKE")),
        "{medium:#}"
    );
    assert_eq!((scripted.tries("bad"), scripted.tries("good"), scripted.tries("shaky")), (1, 1, 3));
    let path = format!("/api/v1/media/{}/analyze", medium["id"].as_str().unwrap());
    let (status, run) = ada.ask(Method::POST, &path, Some(json!({"models": ["bad"]}))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    assert_eq!(run["runNumber"], 2);
    let medium = ada.ended(&medium).await;
    assert_eq!((&medium["status"], &medium["verdict"]), (&json!("FAILED"), &json!(null)), "{medium:#}");
    stage.is_tidy();
}

#[tokio::test]
async fn a_dead_letter_is_seen_and_sent_again_by_an_administrator() {
    let (stage, scripted, _ml, api) = with_models(&[("good", Does::Answer), ("shaky", Does::FailTimes(3))]);
    let _worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    assert_eq!(ada.ended(&medium).await["status"], "PARTIALLY_ANALYZED");
    let root = stage.administrator(&api.url("api")).await;
    let path = "/api/v1/monitoring/failed-jobs";
    let letters = root.get(path).await;
    let [letter] = &letters["items"].as_array().expect("letters")[..] else { panic!("one: {letters}") };
    assert_eq!((&letter["modelName"], &letter["mediaId"]), (&json!("shaky"), &medium["id"]), "{letter}");
    let again = format!("{path}/{}/retry", letter["id"].as_str().expect("an id"));
    assert_eq!(ada.ask(Method::POST, &again, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(root.ask(Method::POST, &again, None).await.0, StatusCode::NO_CONTENT);
    let path_of_medium = format!("/api/v1/media/{}", medium["id"].as_str().expect("an id"));
    ada.until(&path_of_medium, |medium| medium["status"] == "ANALYZED").await;
    assert_eq!((scripted.tries("good"), scripted.tries("shaky")), (1, 4));
    root.until(path, |letters| letters["items"].as_array().is_some_and(Vec::is_empty)).await;
}

#[tokio::test]
async fn a_cancelled_run_stops_the_inference_and_a_deleted_one_leaves_nothing() {
    let (stage, scripted, _ml, api) = with_models(&[("held", Does::Hold)]);
    let _worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    scripted.wait_until_holding(1);
    let path = format!("/api/v1/media/{}", medium["id"].as_str().unwrap());
    let run = ada.get(&path).await["runs"][0]["id"].as_str().unwrap().to_owned();
    let (status, body) = ada.ask(Method::POST, &format!("/api/v1/runs/{run}/cancel"), None).await;
    assert!(status.is_success(), "{body}");
    scripted.wait_until_stopped(1);
    assert_eq!(ada.ended(&medium).await["status"], "CANCELLED");

    let (status, _) = ada.ask(Method::POST, &format!("{path}/analyze"), None).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    scripted.wait_until_holding(1);
    assert_eq!(ada.ask(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    scripted.wait_until_stopped(2);
    ada.until("/api/v1/media", |list| {
        list["items"].as_array().is_some_and(Vec::is_empty)
            && stage.home.files("storage/media").is_empty()
            && stage.sql("select count(*) from outbox") == "0"
    })
    .await;
    stage.is_tidy();
}

#[tokio::test]
async fn two_reruns_at_once_become_one_and_an_upload_sent_twice_is_one_medium() {
    let (stage, scripted, _ml, api) = with_models(&[("quick", Does::Answer)]);
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let send = || ada.try_upload("picture.bmp", picture(1), Some("the-same-key"));
    let (one, two) = tokio::join!(send(), send());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.status(), two.status()), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    let one: serde_json::Value = one.json().await.unwrap();
    let two: serde_json::Value = two.json().await.unwrap();
    assert_eq!(one["id"], two["id"]);
    let mut worker = stage.start("worker");
    ada.ended(&one).await;
    // Nobody works: what is asked for first is still under way when the others ask.
    worker.terminate();
    assert!(worker.wait().success(), "{}", worker.told());
    let path = format!("/api/v1/media/{}/analyze", one["id"].as_str().unwrap());
    let again = || ada.ask(Method::POST, &path, None);
    let (a, b, c) = tokio::join!(again(), again(), again());
    let mut codes = [a.0.as_u16(), b.0.as_u16(), c.0.as_u16()];
    codes.sort_unstable();
    assert_eq!(codes, [202, 409, 409]);
    let _worker = stage.start("worker");
    ada.ended(&one).await;
    assert_eq!(scripted.tries("quick"), 2);
    stage.is_tidy();
}

#[tokio::test]
async fn a_worker_that_is_asked_twice_to_stop_goes_at_once_and_its_job_is_done_by_another() {
    let (stage, scripted, _ml, api) = with_models(&[("held", Does::Hold)]);
    // Whoever waited for the job would be here for very long.
    let mut worker = stage.launch(&["worker"]).env("GRACE_SECS", "600").start();
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    scripted.wait_until_holding(1);
    worker.terminate();
    worker.says("ask again to stop at once");
    worker.terminate();
    assert!(worker.wait().success(), "{}", worker.told());
    let _other = stage.start("worker");
    scripted.wait_until_stopped(1);
    scripted.wait_until_holding(1);
    scripted.let_go();
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    stage.is_tidy();
}
