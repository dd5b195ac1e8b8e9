//! The web app in a server of its own, with the configuration of its container: the same answers as from inside the
//! binary, and everything else passed on.

use std::path::Path;

use dk_testkit::nginx::WebServer;
use reqwest::{Client, Response};

use crate::home::{Home, testdata};
use crate::people::Person;
use crate::process::Launch;
use crate::sockets::Socket;

const HEADERS: [&str; 8] = [
    "content-security-policy",
    "content-type",
    "cache-control",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-resource-policy",
];

#[tokio::test]
async fn a_web_server_of_its_own_answers_as_the_binary_does_and_passes_the_rest_on() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    if !dist.join("index.html").is_file() {
        eprintln!("skipped: the web app is not built; `make web` builds it");
        return;
    }
    let home = Home::new();
    let launch = Launch::new(&["serve"], &home.path(""), home.path("serve.log"));
    let service = launch.env("TRUSTED_PROXIES", "127.0.0.1").start();
    let inside = service.url("api");
    let dist = dist.canonicalize().expect("it is there");
    let web = WebServer::start(&dist, inside.trim_start_matches("http://")).expect("nginx starts");

    let asset = std::fs::read_dir(dist.join("assets")).expect("assets").flatten();
    let asset = asset.map(|entry| entry.file_name().into_string().expect("text"));
    let script = asset
        .into_iter()
        .find(|name| Path::new(name).extension().is_some_and(|end| end == "js"))
        .expect("a script");
    for path in [
        "/",
        "/media/01890a5d-ac96-774b-bcce-b302099a8057",
        "/docs/",
        "/docs/start.html",
        &format!("/assets/{script}"),
    ] {
        let (here, there) = (page(&web.url(), path).await, page(&inside, path).await);
        assert_eq!(here.status(), 200, "{path}");
        for name in HEADERS {
            let values = |answer: &Response| {
                answer
                    .headers()
                    .get_all(name)
                    .iter()
                    .map(|v| v.to_str().unwrap().to_lowercase())
                    .collect::<Vec<_>>()
            };
            assert_eq!(values(&here), values(&there), "{name} of {path}");
        }
        assert_eq!(here.bytes().await.unwrap(), there.bytes().await.unwrap(), "{path}");
    }
    for path in ["/assets/gone.js", "/docs/gone.html", "/.vite/manifest.json", "/api/v1/nothing"] {
        let answer = page(&web.url(), path).await;
        assert_eq!(answer.status(), 404, "{path}");
    }

    // What is passed on carries its own headers, and each once.
    let (here, there) = (page(&web.url(), "/api/docs").await, page(&inside, "/api/docs").await);
    for name in HEADERS {
        let count = |answer: &Response| answer.headers().get_all(name).iter().count();
        assert_eq!(count(&here), count(&there), "{name} of /api/docs");
    }

    let ada = Person::sign_up(&web.url(), "ada").await;
    let mut browser = Socket::connect(&web.url(), &ada);
    let medium = ada.upload(&testdata("samples/rocket.jpg")).await;
    let update = browser.until_ended(medium["id"].as_str().expect("an id"));
    assert_eq!(update["status"], "ANALYZED", "{update}");
}

async fn page(base: &str, path: &str) -> Response {
    let request = Client::new().get(format!("{base}{path}")).header("accept", "text/html,*/*;q=0.8");
    request.send().await.expect("the server answers")
}
