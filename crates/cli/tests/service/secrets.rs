//! What nobody may find in a log: passwords, tokens, keys, secrets of the installation, names, descriptions and contents of
//! files. Everything here carries a mark; every log of every role is searched for all marks, with more said than usual.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::home::testdata;
use crate::people::{PASSWORD, Person};
use crate::process::Process;
use crate::sockets::Socket;
use crate::stage::{ML_KEY, Stage};

const NAME: &str = "mark-of-a-name";
const DESCRIPTION: &str = "mark-of-a-description";
const CONTENT: &str = "mark-of-a-content";
const WRONG_PASSWORD: &str = "mark-of-a-wrong-password";
const DATABASE_PASSWORD: &str = "mark-of-the-database";
const SIGNING_SECRET: &str = "mark-of-the-signing-secret-of-tokens";
const REFRESH_COOKIE: &str = "mark0000of0000a0000cookie";

/// A picture with a comment inside.
fn picture() -> Vec<u8> {
    let plain = std::fs::read(testdata("samples/rocket.jpg")).expect("a sample");
    let mut marked = plain[..2].to_vec();
    marked.extend([0xff, 0xfe]);
    marked.extend(u16::try_from(CONTENT.len() + 2).expect("a short text").to_be_bytes());
    marked.extend(CONTENT.as_bytes());
    marked.extend(&plain[2..]);
    marked
}

/// Uploads in one piece and in parts, one that is refused, and one that is played by a signed link. Returns what the link
/// carries.
async fn use_files(ada: &Person, base: &str) -> String {
    let medium = ada.upload_bytes(&format!("{NAME}.jpg"), picture()).await;
    let path = format!("/api/v1/media/{}", medium["id"].as_str().expect("an id"));
    let (status, _) = ada.ask(Method::PATCH, &path, Some(json!({"description": DESCRIPTION}))).await;
    assert_eq!(status.as_u16(), 200);
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    let refused =
        ada.try_upload(&format!("{NAME}.txt"), CONTENT.into(), Some(NAME)).await.expect("an answer");
    assert!(refused.status().is_client_error());
    let link = ada.get(&format!("{path}/link")).await["url"].as_str().expect("an address").to_owned();
    let played = Client::new().get(format!("{base}{link}")).send().await.expect("an answer");
    assert_eq!(played.status().as_u16(), 200);
    let (_, secret) = link.split_once("link=").expect("a signed link");
    secret.to_owned()
}

/// A key, made and used. Returns it.
async fn use_key(ada: &Person, base: &str) -> String {
    let (status, made) = ada.ask(Method::POST, "/api/v1/auth/api-keys", Some(json!({"name": "robot"}))).await;
    assert_eq!(status.as_u16(), 201, "{made}");
    let key = made["key"].as_str().expect("a key").to_owned();
    for path in ["media", "auth/profile"] {
        let asked = Client::new().get(format!("{base}/api/v1/{path}")).header("X-API-Key", &key);
        assert_eq!(asked.send().await.expect("an answer").status().as_u16(), 200);
    }
    key
}

/// Signing in with a password and a cookie that are wrong.
async fn fail_to_sign_in(base: &str) {
    let body: Value = json!({"email": "ada@example.org", "password": WRONG_PASSWORD});
    assert_eq!(Person::anyone(base, Method::POST, "/api/v1/auth/login", Some(body)).await.0.as_u16(), 401);
    let cookie = Client::new().post(format!("{base}/api/v1/auth/refresh"));
    let refused = cookie.header("cookie", format!("dk_refresh={REFRESH_COOKIE}")).send().await;
    assert_eq!(refused.expect("an answer").status().as_u16(), 401);
    let token = Client::new().get(format!("{base}/api/v1/media")).bearer_auth(WRONG_PASSWORD).send().await;
    assert_eq!(token.expect("an answer").status().as_u16(), 401);
}

#[tokio::test]
async fn no_log_of_any_role_holds_a_secret_or_a_piece_of_a_file() {
    let mut stage = Stage::new();
    let (scheme, rest) =
        stage.postgres.url().split_once("://").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a URL");
    let (user, place) = rest.split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a user");
    stage.set("DATABASE_URL", &format!("{scheme}://{user}:{DATABASE_PASSWORD}@{place}"));
    stage.set("JWT_SECRET", SIGNING_SECRET);
    let start = |stage: &Stage, role: &str| stage.launch(&[role, "--verbose"]).start();
    let ml = start(&stage, "ml");
    stage.know_ml(&ml.url("ml"));
    let (api, worker) = (start(&stage, "api"), start(&stage, "worker"));
    let base = api.url("api");
    let set_up = api.word_after("setup#").expect("the secret of the first set-up");

    let ada = Person::sign_up(&base, "ada").await;
    let browser = Socket::connect(&base, &ada);
    let link = use_files(&ada, &base).await;
    let key = use_key(&ada, &base).await;
    fail_to_sign_in(&base).await;
    drop(browser);

    let marks = [
        NAME,
        DESCRIPTION,
        CONTENT,
        WRONG_PASSWORD,
        DATABASE_PASSWORD,
        SIGNING_SECRET,
        REFRESH_COOKIE,
        PASSWORD,
        ML_KEY,
        &ada.token,
        &link,
        &key,
        &set_up,
    ];
    for process in [&api, &worker, &ml] {
        let log = process.log();
        assert!(log.lines().count() > 3, "it said next to nothing: {}", process.told());
        for mark in marks {
            assert!(!log.contains(mark), "{mark} is in a log:\n{}", lines_with(process, mark));
        }
    }
}

fn lines_with(process: &Process, mark: &str) -> String {
    process.log().lines().filter(|line| line.contains(mark)).take(5).collect::<Vec<_>>().join("\n")
}
