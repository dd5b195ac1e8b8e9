//! The OpenAPI document, made from the routes. What is the same everywhere (who may be refused, what a problem looks
//! like) is added here by rule, so that no handler can forget it.

use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::messages::{FieldProblem, ProblemBody};
use crate::problem::Code;
use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Drishtiksha",
        description = "Finds signs of AI generation or alteration in video, sound and pictures.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody, FieldProblem, dk_wire::EventMessage)),
    modifiers(&Credentials),
    tags(
        (name = "installation", description = "What anyone may know, and the first set-up"),
        (name = "auth", description = "Accounts, sessions and keys"),
        (name = "media", description = "Uploaded files"),
        (name = "runs", description = "What models say of them"),
        (name = "models", description = "Models that can be asked"),
        (name = "monitoring", description = "ML servers and the queue, for administrators"),
        (name = "admin", description = "Accounts, for administrators"),
        (name = "health", description = "Whether the service is alive and able to work")
    )
)]
struct Frame;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let key = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("dk_refresh"));
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(key));
        components.add_security_scheme("refreshCookie", SecurityScheme::ApiKey(cookie));
    }
}

/// Routes below `/api/v1` that answer soon.
pub(crate) fn quick_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::installation::routes())
        .merge(routes::session::routes())
        .merge(routes::sessions::routes())
        .merge(routes::profile::routes())
        .merge(routes::api_keys::routes())
        .merge(routes::media::routes())
        .merge(routes::uploads::routes())
        .merge(routes::content::routes())
        .merge(routes::link::routes())
        .merge(routes::report::routes())
        .merge(routes::runs::routes())
        .merge(routes::analyses::routes())
        .merge(routes::models::routes())
        .merge(routes::monitoring::routes())
        .merge(routes::admin::routes())
}

/// Routes below `/api/v1` that may take long, each with limits of its own.
pub(crate) fn slow_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::media::upload_routes())
        .merge(routes::uploads::part_routes())
        .merge(routes::thumbnail::routes())
}

/// The document as JSON, the same in every build.
pub fn openapi_json() -> String {
    let versioned = quick_routes().merge(slow_routes());
    let router = OpenApiRouter::with_openapi(Frame::openapi())
        .nest("/api/v1", versioned)
        .nest("/api", routes::health::alive_routes().merge(routes::health::ready_routes()));
    let mut document = router.into_openapi();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            complete(path, matches!(method, "get" | "head"), operation);
        }
    }
    // A document of plain text and numbers can always be written.
    document.to_pretty_json().unwrap_or_default()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, head, put, post, delete, patch, .. } = item;
    let all =
        [("get", get), ("head", head), ("put", put), ("post", post), ("delete", delete), ("patch", patch)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// A name that no other operation has, such as `get_media_id`; names of handlers repeat from module to module.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api").trim_start_matches("/v1");
    let words = path.split(['/', '-', '{', '}', '.']).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |name, word| format!("{name}_{word}"))
}

/// Adds the refusals that follow from the kind of operation, and the form of every one.
fn complete(path: &str, is_safe: bool, operation: &mut Operation) {
    let mut add = |status: &str, description: &str| {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    };
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    let versioned = path.starts_with("/api/v1/");
    if secured {
        add("401", "No credential, or one that is not worth anything any more");
    }
    if secured {
        let what = "The password must be changed first";
        add(
            "403",
            if is_safe { what } else { "The key may only read, or the password must be changed first" },
        );
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        add("400", "A parameter cannot be read");
    }
    if operation.request_body.is_some() {
        add("400", "The body cannot be read");
        add("413", "The body is too large");
        add("415", "The type of the body is not taken here");
        add("422", "Some fields are wrong");
    }
    if versioned {
        add("429", "Too many requests");
        add("500", "A fault of the service");
        add("503", "Something that is needed does not answer");
    }
    for (status, response) in &mut operation.responses.responses {
        let refused = status.starts_with('4') || status.starts_with('5');
        if let (true, RefOr::T(response)) = (refused, response) {
            as_problem(response);
        }
    }
}

fn as_problem(response: &mut Response) {
    if response.content.is_empty() {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
    }
}

/// Every code that a problem may have.
pub(crate) fn problem_codes() -> ObjectBuilder {
    let codes = Code::PLAIN.iter().copied().chain(Code::media()).map(Code::as_str);
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(codes))
}
