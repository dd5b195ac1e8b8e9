//! The web app beside the interface for programs. What is in its files is tested in `web/`.

use axum::http::Method;

use crate::world::World;

#[tokio::test]
async fn a_browser_gets_a_page_that_may_run_our_own_files_only() {
    let world = World::new();
    let answer = world.anyone().with("accept", "text/html").get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn pages_of_the_app_do_not_hide_that_a_route_of_the_service_is_missing() {
    let world = World::new();
    let browser = world.anyone().with("accept", "text/html");
    for path in ["/api", "/api/nowhere", "/api/v1/nowhere", "/assets/gone.js"] {
        browser.get(path).await.is_problem(404, "not_found");
    }
    world.anyone().get("/nowhere").await.is_problem(404, "not_found");
    browser.send(Method::POST, "/", "").await.is_problem(404, "not_found");
}
