//! Puts routes and layers together. The order of the layers is the order of the defences.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use dk_app::StopToken;
use dk_app::service::Ports;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::config::ApiConfig;
use crate::edge::{compression, cors, count_address, frame, panicked, time_limit};
use crate::openapi::{openapi_json, quick_routes, slow_routes};
use crate::problem::{Code, Problem};
use crate::{docs, live, routes, web};

/// Everything below `/api` and `/socket.io`, and the web app elsewhere. Live events are served by a task of their
/// own, which ends with `stop`; so this is called within a Tokio runtime. The client's address is read from
/// `ConnectInfo<SocketAddr>`.
pub fn router(ports: Ports, config: ApiConfig, stop: &StopToken) -> Router {
    let app = App::new(ports, config);
    let quick: Router<App> = quick_routes().into();
    let slow: Router<App> = slow_routes().into();
    let alive: Router<App> = routes::health::alive_routes().into();
    let ready: Router<App> = routes::health::ready_routes().into();
    let health = ready.layer(from_fn_with_state(app.clone(), count_address)).merge(alive);
    let versioned = quick
        .layer(from_fn_with_state(app.clone(), time_limit))
        .merge(slow)
        .layer(from_fn_with_state(app.clone(), count_address));
    let cors = cors(&app.config);
    // Live connections stand behind the same outer defences as requests.
    let live = live::routes(&app, stop)
        .layer(from_fn_with_state(app.clone(), count_address))
        .layer(cors.clone())
        .layer(from_fn_with_state(app.clone(), frame));
    Router::new()
        .nest("/api/v1", versioned)
        .nest("/api", health)
        .merge(document_routes())
        .route("/api", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .fallback(web::serve)
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .layer(from_fn_with_state(app.clone(), routes::uploads::capabilities))
        .layer(compression())
        .layer(from_fn_with_state(app.clone(), frame))
        .with_state(app)
        .merge(live)
}

fn document_routes() -> Router<App> {
    let document = openapi_json();
    let page = Arc::new(docs::page(&document));
    let document: Arc<str> = document.into();
    let json = get(move || {
        let document = document.to_string();
        async move { ([(header::CONTENT_TYPE, "application/json")], document) }
    });
    let html = get(move || {
        let page = Arc::clone(&page);
        async move { show(&page) }
    });
    Router::new().route("/api/openapi.json", json).route("/api/docs", html)
}

fn show(page: &docs::Page) -> Response {
    let mut response = Html(page.html.clone()).into_response();
    if let Ok(policy) = HeaderValue::from_str(&page.policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn not_found() -> Problem {
    Problem::new(Code::NotFound)
}
