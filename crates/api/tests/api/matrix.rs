//! Who may do what: every route of the OpenAPI document with every kind of credential. A route without a row here
//! fails the test.

use std::collections::BTreeSet;

use axum::http::Method;
use dk_app::ports::Ambient as _;
use dk_app::ports::{Accounts as _, FailedJob, JobKind};
use dk_domain::{Role, SessionId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::client::{Client, Form};
use crate::resumable::{begin, tus};
use crate::world::{PASSWORD, SECRET, Stage, World, model};

/// Whom a route serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serves {
    /// Anyone at all.
    Anyone,
    /// The holder of a good refresh cookie; other credentials mean nothing.
    Cookie,
    /// The holder of a refresh cookie, good or not: whoever signs out wants to be signed out.
    AnyCookie,
    /// Anyone with a credential; a key that may only read reads.
    Signed,
    /// As `Signed`, and the thing must be one's own.
    Owner,
    /// A person, not a key.
    InPerson,
    /// A person, not a key, and the thing must be one's own.
    OwnerInPerson,
    /// An administrator, not a key.
    Admin,
}
use Serves::{Admin, AnyCookie, Anyone, Cookie, InPerson, Owner, OwnerInPerson, Signed};

/// What is sent.
enum Sent {
    Nothing,
    Json(Value),
    Upload,
    /// As tus says: of ten bytes of a file, none.
    Tus,
}
use Sent::{Json, Nothing, Tus, Upload};

struct Row(&'static str, &'static str, Serves, u16, Sent);

fn rows() -> Vec<Row> {
    let sign_up =
        json!({"email": "new@example.org", "password": PASSWORD, "firstName": "N", "lastName": "P"});
    let set_up = json!({"secret": "any", "email": "new@example.org", "password": PASSWORD, "firstName": "N",
        "lastName": "P"});
    let log_in = json!({"email": "olga@example.org", "password": PASSWORD});
    let password = json!({"currentPassword": PASSWORD, "newPassword": "another long password"});
    vec![
        Row("get", "/api/health", Anyone, 200, Nothing),
        Row("get", "/api/ready", Anyone, 200, Nothing),
        Row("get", "/api/v1/about", Anyone, 200, Nothing),
        // There are accounts wherever this is asked.
        Row("post", "/api/v1/setup", Anyone, 409, Json(set_up)),
        Row("post", "/api/v1/auth/signup", Anyone, 201, Json(sign_up)),
        Row("post", "/api/v1/auth/login", Anyone, 200, Json(log_in)),
        Row("post", "/api/v1/auth/refresh", Cookie, 200, Nothing),
        Row("post", "/api/v1/auth/logout", AnyCookie, 204, Nothing),
        Row("get", "/api/v1/auth/profile", Signed, 200, Nothing),
        Row("patch", "/api/v1/auth/profile", Signed, 200, Json(json!({"firstName": "Other"}))),
        Row("put", "/api/v1/auth/profile/password", InPerson, 204, Json(password)),
        Row("get", "/api/v1/auth/sessions", InPerson, 200, Nothing),
        Row("delete", "/api/v1/auth/sessions", InPerson, 204, Nothing),
        Row("delete", "/api/v1/auth/sessions/{id}", OwnerInPerson, 204, Nothing),
        Row("get", "/api/v1/auth/api-keys", InPerson, 200, Nothing),
        Row("post", "/api/v1/auth/api-keys", InPerson, 201, Json(json!({"name": "robot"}))),
        Row("delete", "/api/v1/auth/api-keys/{id}", OwnerInPerson, 204, Nothing),
        Row("get", "/api/v1/media", Signed, 200, Nothing),
        Row("post", "/api/v1/media", Signed, 202, Upload),
        Row("post", "/api/v1/uploads", Signed, 201, Tus),
        Row("head", "/api/v1/uploads/{id}", Owner, 200, Tus),
        Row("patch", "/api/v1/uploads/{id}", Owner, 204, Tus),
        Row("delete", "/api/v1/uploads/{id}", Owner, 204, Tus),
        Row("get", "/api/v1/media/{id}", Owner, 200, Nothing),
        Row("patch", "/api/v1/media/{id}", Owner, 200, Json(json!({"description": "mine"}))),
        Row("delete", "/api/v1/media/{id}", Owner, 204, Nothing),
        Row("get", "/api/v1/media/{id}/content", Owner, 200, Nothing),
        Row("get", "/api/v1/media/{id}/link", Owner, 200, Nothing),
        Row("get", "/api/v1/media/{id}/thumbnail", Owner, 200, Nothing),
        Row("post", "/api/v1/media/{id}/analyze", Owner, 202, Nothing),
        Row("get", "/api/v1/runs/{id}", Owner, 200, Nothing),
        Row("get", "/api/v1/runs/{id}/report", Owner, 200, Nothing),
        Row("post", "/api/v1/runs/{id}/cancel", Owner, 200, Nothing),
        Row("get", "/api/v1/analyses/{id}", Owner, 200, Nothing),
        Row("get", "/api/v1/models", Signed, 200, Nothing),
        Row("get", "/api/v1/monitoring/server-status", Admin, 200, Nothing),
        Row("get", "/api/v1/monitoring/server-history", Admin, 200, Nothing),
        Row("get", "/api/v1/monitoring/queue-status", Admin, 200, Nothing),
        Row("get", "/api/v1/monitoring/failed-jobs", Admin, 200, Nothing),
        Row("post", "/api/v1/monitoring/failed-jobs/{id}/retry", Admin, 204, Nothing),
        Row("get", "/api/v1/admin/users", Admin, 200, Nothing),
        Row("get", "/api/v1/admin/users/{id}", Admin, 200, Nothing),
        Row("patch", "/api/v1/admin/users/{id}", Admin, 200, Json(json!({"isActive": true}))),
    ]
}

/// What comes with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Anonymous,
    OtherUser,
    OwnerHimself,
    Administrator,
    PasswordDue,
    DisabledUser,
    EndedSession,
    ExpiredToken,
    ForeignToken,
    NoneToken,
    TamperedToken,
    RevokedKey,
    ExpiredKey,
    UnknownKey,
    ReadKey,
    WriteKey,
    AdminKey,
}

const CALLERS: [Caller; 17] = [
    Caller::Anonymous,
    Caller::OtherUser,
    Caller::OwnerHimself,
    Caller::Administrator,
    Caller::PasswordDue,
    Caller::DisabledUser,
    Caller::EndedSession,
    Caller::ExpiredToken,
    Caller::ForeignToken,
    Caller::NoneToken,
    Caller::TamperedToken,
    Caller::RevokedKey,
    Caller::ExpiredKey,
    Caller::UnknownKey,
    Caller::ReadKey,
    Caller::WriteKey,
    Caller::AdminKey,
];

/// What somebody may do whose password was chosen by somebody else.
const WHILE_DUE: [&str; 4] = [
    "/api/v1/auth/profile",
    "/api/v1/auth/profile/password",
    "/api/v1/auth/sessions",
    "/api/v1/auth/sessions/{id}",
];

/// The rule itself, in one place.
fn expected(Row(_, path, serves, success, _): &Row, caller: Caller, is_safe: bool) -> u16 {
    use Caller::{
        AdminKey, Administrator, DisabledUser, EndedSession, OtherUser, OwnerHimself, PasswordDue, ReadKey,
        WriteKey,
    };
    let (serves, success) = (*serves, *success);
    let has_session = matches!(caller, OtherUser | OwnerHimself | Administrator | PasswordDue);
    let is_known = has_session || matches!(caller, ReadKey | WriteKey | AdminKey);
    let is_key = matches!(caller, ReadKey | WriteKey | AdminKey);
    let is_owner = matches!(caller, OwnerHimself | ReadKey | WriteKey);
    match serves {
        Anyone => success,
        Cookie if has_session => success,
        AnyCookie if has_session || matches!(caller, DisabledUser | EndedSession) => success,
        Cookie | AnyCookie => 401,
        _ if !is_known => 401,
        _ if caller == PasswordDue && !WHILE_DUE.contains(path) => 403,
        Signed | Owner | OwnerInPerson if caller == ReadKey && !is_safe => 403,
        InPerson | OwnerInPerson | Admin if is_key => 403,
        Admin if caller != Administrator => 403,
        Owner | OwnerInPerson if !is_owner => 404,
        _ => success,
    }
}

/// A world in which there is everything that a route may be about, and it is Olga's.
struct Scene {
    world: World,
    owner: Client,
    stage: Stage,
    key: String,
    upload: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new();
        let owner = world.person("olga").await;
        let stage = world.stage(&owner).await;
        world.fail(&stage).await;
        world.farm.add_failed_job(FailedJob {
            id: "job-1".to_owned(),
            kind: JobKind::Analyze { model: model() },
            media_id: stage.media,
            run_id: stage.run,
            reason: "no server".to_owned(),
            attempts: 3,
            failed_at: Some(world.clock.now()),
        });
        let (_, key) = new_key(&owner, "write").await;
        let upload = begin(&owner, 10).await.trim_start_matches("/api/v1/uploads/").to_owned();
        Self { world, owner, stage, key, upload }
    }

    fn path(&self, template: &str) -> String {
        let id = match template {
            path if path.contains("/media/") => self.stage.media.to_string(),
            path if path.contains("/runs/") => self.stage.run.to_string(),
            path if path.contains("/analyses/") => self.stage.analysis.to_string(),
            path if path.contains("/sessions/") => session_of(&self.owner).to_string(),
            path if path.contains("/api-keys/") => self.key.clone(),
            path if path.contains("/uploads/") => self.upload.clone(),
            path if path.contains("/failed-jobs/") => "job-1".to_owned(),
            _ => self.owner.id().to_string(),
        };
        template.replace("{id}", &id)
    }

    async fn caller(&self, caller: Caller) -> Client {
        let world = &self.world;
        let nobody = world.anyone();
        match caller {
            Caller::Anonymous => nobody,
            Caller::OtherUser => world.person("otto").await,
            Caller::OwnerHimself => self.owner.clone(),
            Caller::Administrator => world.admin("ada").await,
            Caller::PasswordDue => {
                let client = world.person("dana").await;
                world.demand_password(client.id()).await;
                client
            }
            Caller::DisabledUser => {
                let client = world.person("dora").await;
                world.disable(client.id()).await;
                client
            }
            Caller::EndedSession => {
                let client = world.log_in("olga").await;
                world.store.end_session(client.id(), session_of(&client)).await.unwrap();
                client
            }
            Caller::ExpiredToken => nobody.with_token(&self.forged(SECRET, Algorithm::HS256, -1)),
            Caller::ForeignToken => {
                nobody.with_token(&self.forged(b"another key of thirty-two bytes!!", Algorithm::HS256, 900))
            }
            Caller::NoneToken => {
                let token = self.owner.token();
                let claims = token.split('.').nth(1).unwrap();
                // {"alg":"none","typ":"JWT"}
                nobody.with_token(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."))
            }
            Caller::TamperedToken => {
                let token = self.owner.token();
                let mut parts: Vec<&str> = token.split('.').collect();
                let other = self.forged(b"another key of thirty-two bytes!!", Algorithm::HS256, 90_000);
                parts[1] = other.split('.').nth(1).unwrap();
                nobody.with_token(&parts.join("."))
            }
            Caller::RevokedKey => {
                let (key, id) = new_key(&self.owner, "write").await;
                self.owner.delete(&format!("/api/v1/auth/api-keys/{id}")).await;
                nobody.with("x-api-key", &key)
            }
            Caller::ExpiredKey => {
                let end = dk_wire::moment(world.clock.now() + time::Duration::minutes(1));
                let body = json!({"name": "short", "scope": "write", "expiresAt": end});
                let made = self.owner.post("/api/v1/auth/api-keys", &body).await.json();
                world.clock.forward(time::Duration::minutes(2));
                nobody.with("x-api-key", made["key"].as_str().unwrap())
            }
            Caller::UnknownKey => nobody.with("x-api-key", &format!("dk_{}", "0".repeat(64))),
            Caller::ReadKey => nobody.with_token(&new_key(&self.owner, "read").await.0),
            Caller::WriteKey => nobody.with("x-api-key", &new_key(&self.owner, "write").await.0),
            Caller::AdminKey => {
                let admin = world.admin("ada").await;
                nobody.with("x-api-key", &new_key(&admin, "write").await.0)
            }
        }
    }

    /// A token that says it is Olga's.
    fn forged(&self, key: &[u8], algorithm: Algorithm, seconds: i64) -> String {
        let session = session_of(&self.owner);
        let exp = self.world.clock.now().unix_timestamp() + seconds;
        let claims = json!({"sub": self.owner.id().to_string(), "sid": session.to_string(), "iat": exp - 900,
            "exp": exp, "iss": "drishtiksha"});
        jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(key)).unwrap()
    }
}

/// The session that a token says it is of.
fn session_of(client: &Client) -> SessionId {
    use base64::Engine as _;
    let token = client.token();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    claims["sid"].as_str().unwrap().parse().unwrap()
}

async fn new_key(owner: &Client, scope: &str) -> (String, String) {
    let made = owner.post("/api/v1/auth/api-keys", &json!({"name": "robot", "scope": scope})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    (made["key"].as_str().unwrap().to_owned(), made["apiKey"]["id"].as_str().unwrap().to_owned())
}

#[test]
fn every_route_of_the_document_has_a_row_and_every_row_has_a_route() {
    let document: Value = serde_json::from_str(&dk_api::openapi_json()).unwrap();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
        })
        .collect();
    let known =
        rows().into_iter().map(|Row(method, path, ..)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(documented, known);
}

#[tokio::test]
async fn every_route_answers_every_kind_of_caller_as_it_must() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in rows() {
        let Row(method, template, .., sent) = &row;
        for caller in CALLERS {
            let scene = Scene::new().await;
            let client = scene.caller(caller).await;
            let path = scene.path(template);
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = match sent {
                Nothing => client.send(method.clone(), &path, "").await,
                Json(body) => client.json(method.clone(), &path, body).await,
                Tus => {
                    let client = tus(&client).with("upload-length", "10").with("upload-offset", "0");
                    let client = client.with("content-type", "application/offset+octet-stream");
                    client.send(method.clone(), &path, "").await
                }
                Upload => client.upload(&Form::new().file("a.png", crate::client::PICTURE)).await,
            };
            asked += 1;
            let expected = expected(&row, caller, method.is_safe());
            if answer.status != expected {
                wrong.push(format!("{method} {template} as {caller:?}: {} not {expected}", answer.status));
            }
            if answer.status.is_client_error() {
                assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_key_takes_back_itself_and_no_other_key() {
    let scene = Scene::new().await;
    let (text, id) = new_key(&scene.owner, "write").await;
    let robot = scene.world.anyone().with("x-api-key", &text);
    robot.delete(&format!("/api/v1/auth/api-keys/{}", scene.key)).await.is_problem(403, "key_not_allowed");
    assert_eq!(robot.delete(&format!("/api/v1/auth/api-keys/{id}")).await.status, 204);
    robot.get("/api/v1/media").await.is_problem(401, "unauthorized");
}

#[tokio::test]
async fn what_belongs_to_somebody_else_looks_like_what_is_not_there() {
    let scene = Scene::new().await;
    let other = scene.world.person("otto").await;
    let nothing = uuid::Uuid::from_u128(42);
    for template in ["/api/v1/media/{id}", "/api/v1/runs/{id}", "/api/v1/analyses/{id}"] {
        let strange = other.get(&scene.path(template)).await.is_problem(404, "not_found");
        let missing =
            other.get(&template.replace("{id}", &nothing.to_string())).await.is_problem(404, "not_found");
        let without_id = |mut body: Value| {
            body["requestId"] = Value::Null;
            body
        };
        assert_eq!(without_id(strange), without_id(missing));
    }
    let list = other.get("/api/v1/media").await.json();
    assert_eq!(list, json!({"items": [], "nextCursor": null}));
}

#[tokio::test]
async fn an_account_that_was_made_has_the_role_of_an_ordinary_person() {
    let world = World::new();
    let body = json!({"email": "eve@example.org", "password": PASSWORD, "firstName": "Eve", "lastName": "E",
        "role": "ADMIN"});
    world.anyone().post("/api/v1/auth/signup", &body).await.is_problem(422, "validation_failed");
    let body = json!({"email": "eve@example.org", "password": PASSWORD, "firstName": "Eve", "lastName": "E"});
    let made = world.anyone().post("/api/v1/auth/signup", &body).await;
    assert_eq!(made.json()["user"]["role"], Role::User.as_str());
}
