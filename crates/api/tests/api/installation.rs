//! What anyone may know, the first set-up, and passwords that somebody else chose.

use axum::http::Method;
use dk_api::{SetUpSecret, SigningKey};
use dk_app::ports::Accounts as _;
use serde_json::{Value, json};

use crate::world::{PASSWORD, SECRET, World, email};

fn secret(key: &[u8]) -> String {
    SetUpSecret::new(&SigningKey::new(key).unwrap()).unwrap().reveal().to_owned()
}

fn first(secret: &str, name: &str) -> Value {
    json!({"secret": secret, "email": email(name), "password": PASSWORD, "firstName": "Ada", "lastName": "L"})
}

#[tokio::test]
async fn anyone_may_know_the_limits_and_whether_the_service_is_set_up() {
    let world = World::with(|config| {
        config.accounts.sign_up_open = false;
        config.accepted =
            vec![dk_api::Accepted { kind: dk_domain::MediaKind::Image, mimetypes: vec!["image/png".into()] }];
    });
    let about = world.anyone().get("/api/v1/about").await.json();
    assert_eq!(
        about,
        json!({"version": env!("CARGO_PKG_VERSION"), "signUpOpen": false, "setUpNeeded": true,
            "limits": {"uploadBytes": 64 * 1024, "durationSecs": 1200, "pixels": 50_000_000,
                "partBytes": 16 * 1024 * 1024},
            "accepted": [{"mediaType": "image", "mimetypes": ["image/png"]}]})
    );
    world.add("ada", dk_domain::Role::User).await;
    assert_eq!(world.anyone().get("/api/v1/about").await.json()["setUpNeeded"], false);
}

#[tokio::test]
async fn the_first_administrator_is_made_with_the_secret_once() {
    let world = World::new();
    let set_up = |body: Value| {
        let client = world.anyone();
        async move { client.post("/api/v1/setup", &body).await }
    };
    for wrong in ["x", &secret(b"another key of thirty-two bytes!!")] {
        set_up(first(wrong, "eve")).await.is_problem(403, "wrong_secret");
    }
    let short = json!({"secret": secret(SECRET), "email": "ada@example.org", "password": "short",
        "firstName": "Ada", "lastName": "L"});
    set_up(short).await.is_problem(422, "validation_failed");
    assert!(!world.store.has_users().await.unwrap());
    let made = set_up(first(&secret(SECRET), "ada")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.cookie().starts_with("dk_refresh="));
    let user = &made.json()["user"];
    assert_eq!((&user["role"], &user["mustChangePassword"]), (&json!("ADMIN"), &json!(false)));
    let admin = world.log_in("ada").await;
    assert_eq!(admin.get("/api/v1/admin/users").await.status, 200);
    // Whoever still has the secret can do nothing with it.
    set_up(first(&secret(SECRET), "bob")).await.is_problem(409, "already_set_up");
    set_up(first("x", "bob")).await.is_problem(409, "already_set_up");
}

#[tokio::test]
async fn guesses_at_the_secret_are_limited() {
    let world = World::with(|config| config.accounts.sign_up_per_address.limit = 3);
    for _ in 0..3 {
        world.anyone().post("/api/v1/setup", &first("guess", "eve")).await.is_problem(403, "wrong_secret");
    }
    let refused = world.anyone().post("/api/v1/setup", &first(&secret(SECRET), "eve")).await;
    refused.is_problem(429, "rate_limited");
    assert!(!world.store.has_users().await.unwrap());
}

#[tokio::test]
async fn whoever_signs_in_with_a_password_of_somebody_else_chooses_one_first() {
    let world = World::new();
    let ada = world.admin("ada").await;
    let made = ada.post("/api/v1/auth/api-keys", &json!({"name": "robot", "scope": "write"})).await.json();
    let robot = world.anyone().with("x-api-key", made["key"].as_str().unwrap());
    world.demand_password(ada.id()).await;
    let profile = ada.get("/api/v1/auth/profile").await.json();
    assert_eq!(profile["mustChangePassword"], true);
    let refused = ada.get("/api/v1/media").await.is_problem(403, "password_change_required");
    assert!(refused["detail"].as_str().unwrap().contains("/auth/profile/password"), "{refused}");
    // A key was made by somebody who could sign in.
    assert_eq!(robot.get("/api/v1/media").await.status, 200);
    let put = |new: &str| {
        let (ada, body) = (ada.clone(), json!({"currentPassword": PASSWORD, "newPassword": new}));
        async move { ada.json(Method::PUT, "/api/v1/auth/profile/password", &body).await }
    };
    let same = put(PASSWORD).await.is_problem(422, "validation_failed");
    assert_eq!(same["errors"][0]["field"], "newPassword");
    ada.get("/api/v1/media").await.is_problem(403, "password_change_required");
    assert_eq!(put("a password of my own").await.status, 204);
    assert_eq!(ada.get("/api/v1/media").await.status, 200);
    assert_eq!(ada.get("/api/v1/auth/profile").await.json()["mustChangePassword"], false);
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_it_from_elsewhere() {
    let world = World::new();
    world.add("olga", dk_domain::Role::User).await;
    let sign_in = |agent: &str, address: [u8; 4]| {
        let client = world.anyone().with("user-agent", agent).from(address);
        let body = json!({"email": email("olga"), "password": PASSWORD});
        async move {
            let answer = client.post("/api/v1/auth/login", &body).await;
            let token = answer.json()["token"].as_str().unwrap().to_owned();
            client.with_token(&token).with_cookie(&answer.cookie())
        }
    };
    let phone = sign_in("a phone", [192, 0, 2, 7]).await;
    world.clock.forward(time::Duration::seconds(60));
    let laptop = sign_in("a laptop", [198, 51, 100, 7]).await;
    let third = sign_in("", [198, 51, 100, 8]).await;
    world.clock.forward(time::Duration::seconds(60));
    phone.post("/api/v1/auth/refresh", &json!({})).await;
    let path = "/api/v1/auth/sessions";
    let list = laptop.get(path).await.json();
    let items = list["items"].as_array().unwrap();
    let column = |name: &str| items.iter().map(|item| item[name].clone()).collect::<Vec<Value>>();
    assert_eq!(column("userAgent"), [json!(null), json!("a laptop"), json!("a phone")]);
    assert_eq!(column("address"), [json!("198.51.100.8"), json!("198.51.100.7"), json!("192.0.2.7")]);
    assert_eq!(column("isCurrent"), [json!(false), json!(true), json!(false)]);
    assert_eq!(items[1]["createdAt"], items[1]["lastUsedAt"]);
    assert_ne!(items[2]["createdAt"], items[2]["lastUsedAt"]);
    let one = |at: usize| format!("{path}/{}", items[at]["id"].as_str().unwrap());
    assert_eq!(laptop.delete(&one(2)).await.status, 204);
    laptop.delete(&one(2)).await.is_problem(404, "not_found");
    phone.get(path).await.is_problem(401, "unauthorized");
    phone.post("/api/v1/auth/refresh", &json!({})).await.is_problem(401, "session_ended");
    assert_eq!(laptop.delete(path).await.status, 204);
    third.get(path).await.is_problem(401, "unauthorized");
    let left = laptop.get(path).await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refresh_token_that_was_guessed_ends_nobody_elses_session() {
    let world = World::new();
    let olga = world.person("olga").await;
    let cookie = olga.headers.iter().find(|(name, _)| name == "cookie").unwrap().1.clone();
    let session = cookie.trim_start_matches("dk_refresh=").split('.').next().unwrap().to_owned();
    let guessed = format!("dk_refresh={session}.{}.{}", "0".repeat(64), "0".repeat(64));
    let refresh = "/api/v1/auth/refresh";
    world.anyone().with_cookie(&guessed).post(refresh, &json!({})).await.is_problem(401, "session_ended");
    world.anyone().with_cookie(&guessed).post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!(olga.get("/api/v1/auth/profile").await.status, 200);
    assert_eq!(olga.post(refresh, &json!({})).await.status, 200);
}
