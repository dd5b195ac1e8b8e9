//! People at the HTTP interface: they sign up, upload, wait for verdicts.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::process::DEADLINE;

/// Somebody who is signed in at one API server.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    base: String,
    pub(crate) token: String,
    pub(crate) email: String,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

impl Person {
    /// Makes an account at `base`, such as `http://127.0.0.1:3000`.
    pub(crate) async fn sign_up(base: &str, name: &str) -> Self {
        Self::sign_up_by(Client::new(), base, name).await
    }

    /// The same by a client that trusts whom the test trusts.
    pub(crate) async fn sign_up_by(client: Client, base: &str, name: &str) -> Self {
        let email = format!("{name}@example.org");
        let body = json!({"email": email, "password": PASSWORD, "firstName": name, "lastName": "Tester"});
        Self::enter(client, base, "signup", &email, body, StatusCode::CREATED).await
    }

    pub(crate) async fn log_in(base: &str, email: &str, password: &str) -> Self {
        let body = json!({"email": email, "password": password});
        Self::enter(Client::new(), base, "login", email, body, StatusCode::OK).await
    }

    /// The first administrator of an embedded installation, who has chosen a password instead of the printed one.
    pub(crate) async fn first_admin(base: &str, printed: &str) -> Self {
        let admin = Self::log_in(base, "admin@localhost", printed).await;
        let change = json!({"currentPassword": printed, "newPassword": PASSWORD});
        let (status, body) = admin.ask(Method::PUT, "/api/v1/auth/profile/password", Some(change)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
        admin
    }

    async fn enter(
        client: Client,
        base: &str,
        how: &str,
        email: &str,
        body: Value,
        expected: StatusCode,
    ) -> Self {
        let url = format!("{base}/api/v1/auth/{how}");
        let answer = client.post(url).json(&body).send().await.expect("the server answers");
        let status = answer.status();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(status, expected, "{body}");
        let token = body["token"].as_str().expect("a token").to_owned();
        Self { client, base: base.to_owned(), token, email: email.to_owned() }
    }

    /// What a server answers somebody without a credential.
    pub(crate) async fn anyone(
        base: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = Client::new().request(method, format!("{base}{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the server answers");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// The same person at another API server.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub(crate) async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let answer = self.try_ask(method, path, body).await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn try_upload(
        &self,
        name: &str,
        bytes: Vec<u8>,
        key: Option<&str>,
    ) -> reqwest::Result<Response> {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("media", part);
        let mut request =
            self.client.post(format!("{}/api/v1/media", self.base)).bearer_auth(&self.token).multipart(form);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.send().await
    }

    /// Uploads and returns the medium of the 202.
    pub(crate) async fn upload(&self, path: &Path) -> Value {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        self.upload_bytes(&name, std::fs::read(path).expect("a readable file")).await
    }

    pub(crate) async fn upload_bytes(&self, name: &str, bytes: Vec<u8>) -> Value {
        let answer = self.try_upload(name, bytes, None).await.expect("the server answers");
        let status = answer.status();
        let location = answer.headers().get("location").cloned();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        let expected = format!("/api/v1/media/{}", body["id"].as_str().expect("an id"));
        assert_eq!(location.expect("a Location").to_str().expect("text"), expected);
        body
    }

    /// Asks until `good` says that it is so; fails with the last answer.
    pub(crate) async fn until(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        let mut last = Value::Null;
        while begin.elapsed() < DEADLINE {
            if let Ok(answer) = self.try_ask(Method::GET, path, None).await
                && let Ok(body) = answer.json::<Value>().await
            {
                if good(&body) {
                    return body;
                }
                last = body;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not become so: {path}: {last:#}");
    }

    /// Waits until the latest run of a medium has ended and returns the medium.
    pub(crate) async fn ended(&self, medium: &Value) -> Value {
        let path = format!("/api/v1/media/{}", medium["id"].as_str().expect("an id"));
        self.until(&path, |medium| is_ended(medium["status"].as_str().unwrap_or_default())).await
    }
}

/// The models of a medium's newest run.
pub(crate) fn models_of(medium: &Value) -> Vec<&str> {
    let analyses = medium["runs"][0]["analyses"].as_array().expect("analyses");
    analyses.iter().map(|analysis| analysis["modelName"].as_str().expect("a name")).collect()
}

pub(crate) fn is_ended(status: &str) -> bool {
    ["ANALYZED", "PARTIALLY_ANALYZED", "FAILED", "CANCELLED"].contains(&status)
}
