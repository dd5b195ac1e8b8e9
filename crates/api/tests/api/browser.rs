//! What browsers are told.

use axum::http::Method;

use crate::world::{OWN_ORIGIN, World};

#[tokio::test]
async fn every_answer_makes_browsers_careful() {
    let world = World::with(|config| config.https = true);
    for (path, status) in [("/api/health", 200), ("/api/v1/media", 401), ("/nowhere", 404)] {
        let answer = world.anyone().get(path).await;
        assert_eq!(answer.status, status);
        let mut lines: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "content-length", "content-type"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .filter(|line| {
                !line.starts_with("ratelimit") && !line.starts_with("vary") && !line.starts_with("www-")
            })
            .collect();
        lines.sort();
        insta::assert_snapshot!("headers", lines.join("\n"));
    }
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_others_may_not() {
    let world = World::new();
    let ask = |origin: &str| {
        let client = world
            .anyone()
            .with("origin", origin)
            .with("access-control-request-method", "PATCH")
            .with("access-control-request-headers", "authorization,content-type");
        async move { client.send(Method::OPTIONS, "/api/v1/auth/profile", "").await }
    };
    let named = ask(OWN_ORIGIN).await;
    assert_eq!(named.header("access-control-allow-origin"), OWN_ORIGIN);
    assert_eq!(named.header("access-control-allow-credentials"), "true");
    assert_eq!(ask("https://evil.example").await.header("access-control-allow-origin"), "");
    // A refusal can be read by the page as well.
    let refused = world.anyone().with("origin", OWN_ORIGIN).get("/api/v1/media").await;
    refused.is_problem(401, "unauthorized");
    assert_eq!(refused.header("access-control-allow-origin"), OWN_ORIGIN);
}

#[tokio::test]
async fn long_json_is_compressed_and_originals_are_not() {
    let world = World::new();
    let document = world.anyone().with("accept-encoding", "gzip").get("/api/openapi.json").await;
    assert_eq!(document.header("content-encoding"), "gzip");
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}/content", media["id"].as_str().unwrap());
    let original = olga.with("accept-encoding", "gzip").get(&path).await;
    assert_eq!((original.status.as_u16(), original.header("content-encoding")), (200, ""));
}
