//! What browsers are told.

use axum::http::Method;
use serde_json::json;

use crate::client::Answer;
use crate::world::{OWN_ORIGIN, PASSWORD, World};

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

/// What a public scanner of security headers takes off from 100 points, and for what.
fn deductions(answer: &Answer) -> Vec<(&'static str, u32)> {
    let has = |name: &str, wanted: &str| answer.headers.get(name).is_some_and(|value| value == wanted);
    let policy = answer.header("content-security-policy");
    let says = |part: &str| policy.split(';').any(|directive| directive.trim() == part);
    let hsts = answer.header("strict-transport-security");
    let max_age_secs: u64 = hsts
        .split(';')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
        .unwrap_or_default();
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let careful = |cookie: &&str| {
        ["; Secure", "; HttpOnly", "; SameSite=Strict"].iter().all(|part| cookie.contains(part))
    };
    [
        ("scripts or styles inside pages", policy.contains("unsafe") || policy.contains('*'), 20),
        ("a policy that lets in by default", !says("default-src 'none'"), 10),
        ("frames", !says("frame-ancestors 'none'") || !has("x-frame-options", "DENY"), 20),
        ("another base for links", !says("base-uri 'none'"), 10),
        (
            "forms to anywhere",
            !policy.contains("form-action 'none'") && !policy.contains("form-action 'self'"),
            10,
        ),
        ("HTTP after HTTPS, within a year", max_age_secs < 31_536_000, 20),
        ("guessed types", !has("x-content-type-options", "nosniff"), 5),
        ("addresses told to others", !has("referrer-policy", "no-referrer"), 5),
        ("cameras and microphones", !answer.headers.contains_key("permissions-policy"), 5),
        ("use by other sites", !has("cross-origin-resource-policy", "same-site"), 10),
        ("any origin may read", has("access-control-allow-origin", "*"), 50),
        ("careless cookies", !cookies.iter().all(careful), 40),
        ("its own name and version", answer.headers.contains_key("server"), 5),
    ]
    .into_iter()
    .filter_map(|(what, holds, points)| holds.then_some((what, points)))
    .collect()
}

#[tokio::test]
async fn a_scanner_of_headers_takes_nothing_off() {
    let world = World::with(|config| config.https = true);
    let olga = world.person("olga").await;
    let log_in = json!({"email": "olga@example.org", "password": PASSWORD});
    let page = world.anyone().with("accept", "text/html");
    for answer in [
        page.get("/").await,
        page.get("/docs/").await,
        page.get("/api/docs").await,
        world.anyone().get("/api/v1/media").await,
        world.anyone().post("/api/v1/auth/login", &log_in).await,
        olga.get("/api/v1/media").await,
        olga.with("origin", "https://elsewhere.example").get("/api/v1/media").await,
    ] {
        assert_eq!(deductions(&answer), [], "{:?}", answer.headers);
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
