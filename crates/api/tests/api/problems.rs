//! Every refusal is a problem that a person can read and a program can tell apart.

use axum::http::Method;
use serde_json::json;

use crate::world::{Failing, World};

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let world = World::new();
    for path in [
        "/nowhere",
        "/api",
        "/api/",
        "/api/v2/media",
        "/api/v1/nothing",
        "/api/v1/media/x/y/z",
        "/assets/gone.js",
    ] {
        world.anyone().get(path).await.is_problem(404, "not_found");
    }
    let answer = world.anyone().send(Method::DELETE, "/api/v1/media", "").await;
    answer.is_problem(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told_apart() {
    let world = World::new();
    let path = "/api/v1/auth/login";
    let json = world.anyone().with("content-type", "application/json");
    json.send(Method::POST, path, "{").await.is_problem(400, "malformed_request");
    world.anyone().send(Method::POST, path, "{}").await.is_problem(415, "unsupported_content_type");
    let form = world.anyone().with("content-type", "application/x-www-form-urlencoded");
    form.send(Method::POST, path, "a=b").await.is_problem(415, "unsupported_content_type");
    let large = format!("{{\"email\":\"{}\"}}", "x".repeat(70_000));
    json.send(Method::POST, path, large.clone()).await.is_problem(413, "too_large");
    let declared = json.with("content-length", "70013");
    declared.send(Method::POST, path, large).await.is_problem(413, "too_large");
    let missing =
        json.send(Method::POST, path, "{\"email\":\"a@b.org\"}").await.is_problem(422, "validation_failed");
    assert_eq!(missing["errors"][0]["field"], "password");
    assert_eq!(missing["errors"][0]["code"], "missing");
    let wrong = json.send(Method::POST, path, "{\"email\":1,\"password\":\"x\"}").await;
    wrong.is_problem(422, "validation_failed");
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::new();
    let body = json!({"email": "nobody", "password": "short", "firstName": "", "lastName": "L"});
    let refused =
        world.anyone().post("/api/v1/auth/signup", &body).await.is_problem(422, "validation_failed");
    let mut fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["email", "firstName", "password"]);
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_problems() {
    let world = World::new();
    let olga = world.person("olga").await;
    let bad = [
        "/api/v1/media/not-an-id",
        "/api/v1/media?limit=0",
        "/api/v1/media?limit=101",
        "/api/v1/media?limit=many",
        "/api/v1/media?cursor=made-up",
        "/api/v1/media?status=DONE",
        "/api/v1/media?mediaType=text",
        "/api/v1/media?verdict=maybe",
        "/api/v1/media?order=asc",
    ];
    for path in bad {
        olga.get(path).await.is_problem(400, "malformed_request");
    }
    // Who is nobody learns nothing of what is wrong.
    world.anyone().get("/api/v1/media/not-an-id").await.is_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_client_may_name_its_request_and_nonsense_is_not_repeated() {
    let world = World::new();
    let named = world.anyone().with("x-request-id", "trace-42").get("/api/v1/media").await;
    assert_eq!(named.is_problem(401, "unauthorized")["requestId"], "trace-42");
    for bad in ["", "two words", &"x".repeat(65)] {
        let answer = world.anyone().with("x-request-id", bad).get("/api/health").await;
        let id = answer.header("x-request-id");
        assert!(id != bad && id.len() == 36, "{id:?}");
    }
}

#[tokio::test]
async fn inner_faults_are_told_by_code_and_never_by_cause() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let path = "/api/v1/monitoring/queue-status";
    for (how, status, code) in [(Failing::Away, 503, "unavailable"), (Failing::Panicking, 500, "internal")] {
        world.farm.fail(Some(how));
        let answer = ada.get(path).await;
        answer.is_problem(status, code);
        assert!(!answer.text().contains("192.0.2.7"), "{}", answer.text());
    }
    world.farm.fail(None);
    assert_eq!(ada.get(path).await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let world = World::with(|config| config.request_timeout = std::time::Duration::from_millis(50));
    let olga = world.person("olga").await;
    world.farm.fail(Some(Failing::Hanging));
    olga.get("/api/v1/models").await.is_problem(503, "took_too_long");
}
