//! The OpenAPI document and the page for people.

use std::path::Path;

use serde_json::Value;

use crate::world::World;

/// To write the file anew: `UPDATE_OPENAPI=1 cargo nextest run --workspace --test api document`, or
/// `drishtiksha openapi > docs/openapi.json`.
#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = format!("{}\n", dk_api::openapi_json());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "docs/openapi.json is old: run `drishtiksha openapi > docs/openapi.json`");
}

#[tokio::test]
async fn the_document_is_served_and_is_of_version_3_1() {
    let world = World::new();
    let answer = world.anyone().get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

#[test]
fn every_operation_says_how_it_refuses() {
    let document: Value = serde_json::from_str(&dk_api::openapi_json()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let mut must = Vec::new();
            if path.starts_with("/api/v1/") {
                must.extend(["429", "500", "503"]);
            }
            if operation["security"].is_array() {
                must.push("401");
            }
            if path.contains("{id}") {
                must.push("404");
            }
            if !operation["requestBody"].is_null() {
                must.extend(["400", "413", "415", "422"]);
            }
            for status in must {
                assert!(responses.contains_key(status), "{method} {path} does not tell of {status}");
            }
            for (status, response) in responses {
                let refused = status.starts_with('4') || status.starts_with('5');
                if refused && path != "/api/ready" {
                    let problem = &response["content"]["application/problem+json"];
                    assert!(!problem.is_null(), "{method} {path} {status} is no problem");
                }
            }
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&dk_api::openapi_json()).unwrap();
    let mut open = vec![&document];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(path) = map.get("$ref").and_then(Value::as_str) {
                    let pointer = path.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{path} leads nowhere");
                    seen += 1;
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn the_page_for_people_needs_nothing_from_elsewhere() {
    let world = World::new();
    let page = world.anyone().get("/api/docs").await;
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("http://") && !text.contains("https://"));
    assert!(text.contains("/api/v1/media/{id}/content") && text.contains("id=\"rate_limited\""));
}
