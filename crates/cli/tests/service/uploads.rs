//! An upload that goes on at another API server, because its own was killed in the middle of a part.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::HeaderMap;
use reqwest::{Body, Client, Method, RequestBuilder, StatusCode};

use crate::media::picture;
use crate::people::Person;
use crate::stage::Stage;

fn request(person: &Person, method: Method, url: String) -> RequestBuilder {
    Client::new().request(method, url).bearer_auth(&person.token).header("Tus-Resumable", "1.0.0")
}

fn part(person: &Person, url: String, offset: u64, body: impl Into<Body>) -> RequestBuilder {
    request(person, Method::PATCH, url)
        .header("Upload-Offset", offset)
        .header("Content-Type", "application/offset+octet-stream")
        .body(body)
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
}

fn number(headers: &HeaderMap, name: &str) -> u64 {
    header(headers, name).parse().expect("a number")
}

#[tokio::test]
async fn an_upload_goes_on_at_another_server_when_its_own_was_killed_in_the_middle_of_a_part() {
    let mut stage = Stage::new();
    stage.know_ml("http://127.0.0.1:1");
    let (mut one, other) = (stage.start("api"), stage.start("api"));
    let (here, there) = (one.url("api"), other.url("api"));
    let ada = Person::sign_up(&here, "ada").await;
    let bytes = picture(7);
    let begun = request(&ada, Method::POST, format!("{here}/api/v1/uploads"))
        .header("Upload-Length", bytes.len())
        .send()
        .await
        .expect("an answer");
    assert_eq!(begun.status(), StatusCode::CREATED);
    let path = header(begun.headers(), "location");
    let first =
        part(&ada, format!("{here}{path}"), 0, bytes[..5000].to_vec()).send().await.expect("an answer");
    assert_eq!((first.status(), number(first.headers(), "upload-offset")), (StatusCode::NO_CONTENT, 5000));

    // The second part begins, and has no end; the server takes of it what comes, and is killed.
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let begin = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes[5000..9000].to_vec())]);
    let told = futures_util::stream::once(async move {
        // The first piece was taken when the second one is asked for.
        let _ = sender.send(());
        std::future::pending::<Result<Vec<u8>, std::io::Error>>().await
    });
    let stalled = Body::wrap_stream(begin.chain(told));
    let sending = tokio::spawn(part(&ada, format!("{here}{path}"), 5000, stalled).send());
    tokio::time::timeout(Duration::from_mins(1), receiver).await.expect("in time").expect("it was asked for");
    one.kill();
    assert!(sending.await.expect("no panic").is_err());

    let ada = ada.at(&there);
    let look = async || {
        let seen = request(&ada, Method::HEAD, format!("{there}{path}")).send().await.expect("an answer");
        assert_eq!(seen.status(), StatusCode::OK);
        seen.headers().clone()
    };
    assert_eq!(number(&look().await, "upload-offset"), 5000);
    let rest = bytes[5000..].to_vec();
    let last = part(&ada, format!("{there}{path}"), 5000, rest.clone()).send().await.expect("an answer");
    assert_eq!(last.status(), StatusCode::NO_CONTENT, "{}", other.told());
    let id = header(last.headers(), "media-id");
    let twice = part(&ada, format!("{there}{path}"), 5000, rest).send().await.expect("an answer");
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    assert_eq!(header(&look().await, "media-id"), id);
    let media = ada.get("/api/v1/media").await;
    assert_eq!(media["items"].as_array().expect("a list").len(), 1);
    assert_eq!(
        (media["items"][0]["id"].as_str(), media["items"][0]["size"].as_u64()),
        (Some(&*id), Some(bytes.len() as u64))
    );
    assert_eq!(stage.sql("select count(*) from upload_parts").trim(), "0");
}
