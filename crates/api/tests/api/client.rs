//! A client that keeps its credential and reads answers.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use dk_domain::UserId;
use serde_json::Value;
use tower::ServiceExt as _;

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) user: Option<UserId>,
    address: SocketAddr,
}

impl Client {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, headers: Vec::new(), user: None, address: ([192, 0, 2, 1], 4711).into() }
    }

    /// The same client with one more header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| known != name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        self.with("cookie", cookie)
    }

    pub(crate) fn of(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// From another address.
    pub(crate) fn from(mut self, address: [u8; 4]) -> Self {
        self.address = (address, 4711).into();
        self
    }

    pub(crate) fn id(&self) -> UserId {
        self.user.expect("somebody who signed in")
    }

    pub(crate) fn token(&self) -> String {
        let header = self.headers.iter().find(|(name, _)| name == "authorization").expect("a token");
        header.1.trim_start_matches("Bearer ").to_owned()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.extension(ConnectInfo(self.address)).body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.with("content-type", "application/json").send(method, path, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    pub(crate) async fn upload(&self, form: &Form) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.with("content-type", &kind).send(Method::POST, "/api/v1/media", form.bytes()).await
    }

    /// Uploads a small picture and returns the medium.
    pub(crate) async fn picture(&self) -> Value {
        let answer = self.upload(&Form::new().file("holiday.png", PICTURE)).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()
    }
}

pub(crate) const PICTURE: &[u8] = b"\x89PNG and then ten thousand words";
const BOUNDARY: &str = "a-boundary-that-is-nowhere-else";

/// A multipart body.
#[derive(Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.part(&format!("name=\"media\"; filename=\"{name}\""), bytes)
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), text.as_bytes())
    }

    fn part(mut self, what: &str, bytes: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {what}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut whole = self.0.clone();
        whole.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        whole
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The refresh cookie as the browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        let line = self.header(header::SET_COOKIE.as_str());
        line.split(';').next().unwrap_or_default().to_owned()
    }

    /// Checks that this is a problem of this status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{status} {code}: {self:?}");
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["requestId"].as_str(), Some(self.header("x-request-id")));
        body
    }
}
