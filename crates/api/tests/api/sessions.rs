//! Sign up, sign in, go on, sign out.

use dk_app::ports::{Accounts as _, PasswordHash};
use serde_json::json;

use crate::world::{OWN_ORIGIN, PASSWORD, World, email};

#[tokio::test]
async fn whoever_signs_up_is_signed_in_and_gets_a_cookie_out_of_reach_of_scripts() {
    let world = World::new();
    let body =
        json!({"email": "Olga@Example.org", "password": PASSWORD, "firstName": " Olga ", "lastName": "O"});
    let made = world.anyone().post("/api/v1/auth/signup", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let user = &made.json()["user"];
    assert_eq!(
        (user["email"].as_str(), user["firstName"].as_str()),
        (Some("olga@example.org"), Some("Olga"))
    );
    let cookie = made.header("set-cookie");
    assert!(cookie.starts_with("dk_refresh="), "{cookie}");
    for word in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/auth", "Max-Age=2592000"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let profile = world.anyone().with_token(&token).get("/api/v1/auth/profile").await;
    assert_eq!(profile.json()["email"], "olga@example.org");
    world.anyone().post("/api/v1/auth/signup", &body).await.is_problem(409, "email_taken");
}

#[tokio::test]
async fn a_cookie_is_secure_where_people_come_over_https() {
    let world = World::with(|config| config.https = true);
    world.add("olga", dk_domain::Role::User).await;
    let body = json!({"email": email("olga"), "password": PASSWORD});
    let answer = world.anyone().post("/api/v1/auth/login", &body).await;
    assert!(answer.header("set-cookie").ends_with("; Secure"), "{answer:?}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn sign_up_can_be_closed() {
    let world = World::with(|config| config.accounts.sign_up_open = false);
    let body = json!({"email": "a@example.org", "password": PASSWORD, "firstName": "A", "lastName": "B"});
    world.anyone().post("/api/v1/auth/signup", &body).await.is_problem(403, "sign_up_closed");
}

#[tokio::test]
async fn a_wrong_password_an_unknown_address_and_a_disabled_account_get_the_same_answer() {
    let world = World::new();
    let olga = world.person("olga").await;
    let try_to = |name: &str, password: &str| {
        let body = json!({"email": email(name), "password": password});
        let client = world.anyone();
        async move { client.post("/api/v1/auth/login", &body).await.is_problem(401, "wrong_credentials") }
    };
    let mut wrong = try_to("olga", "not the password").await;
    let mut unknown = try_to("nobody", PASSWORD).await;
    world.disable(olga.id()).await;
    let mut disabled = try_to("olga", PASSWORD).await;
    for body in [&mut wrong, &mut unknown, &mut disabled] {
        body["requestId"] = json!("");
    }
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, disabled);
}

#[tokio::test]
async fn an_old_password_hash_is_replaced_at_the_next_sign_in() {
    let world = World::new();
    let olga = world.person("olga").await;
    let old = PasswordHash(format!("old:{PASSWORD}"));
    let current = world.store.password(olga.id()).await.unwrap().unwrap();
    world.store.upgrade_password(olga.id(), &current, &old).await.unwrap();
    world.log_in("olga").await;
    assert_eq!(world.store.password(olga.id()).await.unwrap(), Some(current));
    world.log_in("olga").await;
}

#[tokio::test]
async fn attempts_on_one_account_are_limited_and_a_good_one_from_elsewhere_still_works() {
    let world = World::new();
    world.add("olga", dk_domain::Role::User).await;
    let wrong = json!({"email": email("olga"), "password": "guess"});
    for _ in 0..10 {
        world.anyone().post("/api/v1/auth/login", &wrong).await.is_problem(401, "wrong_credentials");
    }
    let right = json!({"email": email("olga"), "password": PASSWORD});
    let refused = world.anyone().post("/api/v1/auth/login", &right).await;
    refused.is_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    // An attacker's failures do not lock the owner out who comes from another address.
    assert_eq!(world.anyone().from([198, 51, 100, 7]).post("/api/v1/auth/login", &right).await.status, 200);
    world.clock.forward(time::Duration::minutes(16));
    assert_eq!(world.anyone().post("/api/v1/auth/login", &right).await.status, 200);
}

#[tokio::test]
async fn guesses_from_one_address_at_many_accounts_are_limited() {
    let world = World::with(|config| config.accounts.log_in_per_address.limit = 5);
    for name in ["a", "b", "c", "d", "e"] {
        let wrong = json!({"email": email(name), "password": "guess"});
        world.anyone().post("/api/v1/auth/login", &wrong).await.is_problem(401, "wrong_credentials");
    }
    let next = json!({"email": email("f"), "password": "guess"});
    world.anyone().post("/api/v1/auth/login", &next).await.is_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_a_copy_ends_the_session() {
    let world = World::new();
    let olga = world.person("olga").await;
    let first = olga.post("/api/v1/auth/refresh", &json!({})).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let next = olga.with_cookie(&first.cookie());
    assert_ne!(first.cookie(), olga.headers.iter().find(|(name, _)| name == "cookie").unwrap().1);
    world.clock.forward(time::Duration::minutes(1));
    // The replaced one comes back after the time of grace: somebody copied it.
    let copied = olga.post("/api/v1/auth/refresh", &json!({})).await;
    copied.is_problem(401, "session_ended");
    assert!(copied.header("set-cookie").contains("Max-Age=0"), "{copied:?}");
    next.post("/api/v1/auth/refresh", &json!({})).await.is_problem(401, "session_ended");
    next.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_both_go_on() {
    let world = World::new();
    let olga = world.person("olga").await;
    let first = olga.post("/api/v1/auth/refresh", &json!({})).await;
    world.clock.forward(time::Duration::seconds(5));
    let second = olga.post("/api/v1/auth/refresh", &json!({})).await;
    assert_eq!(second.status, 200, "{}", second.text());
    // The first tab's cookie is the browser's; the second answer must not replace it.
    assert!(!second.headers.contains_key("set-cookie"));
    let token = second.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(world.anyone().with_token(&token).get("/api/v1/auth/profile").await.status, 200);
    assert_eq!(olga.with_cookie(&first.cookie()).post("/api/v1/auth/refresh", &json!({})).await.status, 200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_what_came_from_it() {
    let world = World::new();
    let olga = world.person("olga").await;
    let elsewhere = world.log_in("olga").await;
    let out = olga.post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    olga.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
    olga.post("/api/v1/auth/refresh", &json!({})).await.is_problem(401, "session_ended");
    assert_eq!(elsewhere.get("/api/v1/auth/profile").await.status, 200);
    // Once more is fine: whoever signs out wants to be signed out.
    assert_eq!(olga.post("/api/v1/auth/logout", &json!({})).await.status, 204);
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie() {
    let world = World::new();
    let olga = world.person("olga").await.with("host", "media.example.org");
    for foreign in ["https://evil.example", "null", "https://media.example.org.evil.example"] {
        let answer = olga.with("origin", foreign).post("/api/v1/auth/refresh", &json!({})).await;
        answer.is_problem(403, "cross_origin");
        olga.with("origin", foreign)
            .post("/api/v1/auth/logout", &json!({}))
            .await
            .is_problem(403, "cross_origin");
    }
    let own = olga.with("origin", "https://media.example.org").post("/api/v1/auth/refresh", &json!({})).await;
    assert_eq!(own.status, 200);
    let named = olga.with_cookie(&own.cookie()).with("origin", OWN_ORIGIN);
    assert_eq!(named.post("/api/v1/auth/refresh", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_after_its_time() {
    let world = World::new();
    let olga = world.person("olga").await;
    world.clock.forward(time::Duration::minutes(15));
    olga.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
    world.clock.forward(time::Duration::days(30));
    olga.post("/api/v1/auth/refresh", &json!({})).await.is_problem(401, "session_ended");
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let world = World::new();
    let olga = world.person("olga").await;
    let elsewhere = world.log_in("olga").await;
    let path = "/api/v1/auth/profile/password";
    let put = |current: &str, new: &str| {
        let body = json!({"currentPassword": current, "newPassword": new});
        let olga = olga.clone();
        async move { olga.json(axum::http::Method::PUT, path, &body).await }
    };
    put("not it", "a new long password").await.is_problem(403, "wrong_password");
    let short = put(PASSWORD, "short").await.is_problem(422, "validation_failed");
    assert_eq!(short["errors"][0]["field"], "newPassword");
    assert_eq!(put(PASSWORD, "a new long password").await.status, 204);
    assert_eq!(olga.get("/api/v1/auth/profile").await.status, 200);
    elsewhere.get("/api/v1/auth/profile").await.is_problem(401, "unauthorized");
    let old = json!({"email": email("olga"), "password": PASSWORD});
    world.anyone().post("/api/v1/auth/login", &old).await.is_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn people_change_their_names_and_nothing_else_of_themselves() {
    let world = World::new();
    let olga = world.person("olga").await;
    let changed = olga.patch("/api/v1/auth/profile", &json!({"lastName": "  Novak "})).await.json();
    assert_eq!((changed["firstName"].as_str(), changed["lastName"].as_str()), (Some("olga"), Some("Novak")));
    for field in ["role", "isActive", "email", "id"] {
        let refused = olga.patch("/api/v1/auth/profile", &json!({field: "x"})).await;
        let body = refused.is_problem(422, "validation_failed");
        assert_eq!(
            (body["errors"][0]["field"].as_str(), body["errors"][0]["code"].as_str()),
            (Some(field), Some("unknown"))
        );
    }
    olga.patch("/api/v1/auth/profile", &json!({"firstName": " "})).await.is_problem(422, "validation_failed");
}
