//! Many processes on PostgreSQL and Redis: two API servers, three workers, two ML servers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fake_ml::{Does, Scripted};
use crate::home::testdata;
use crate::media::picture;
use crate::people::{PASSWORD, Person, models_of};
use crate::process::Process;
use crate::sockets::Socket;
use crate::stage::{FakeMl, Stage};

#[tokio::test]
async fn what_is_uploaded_at_one_server_is_followed_at_the_other() {
    let mut stage = Stage::new();
    let ml: Vec<Process> = (0..2).map(|_| stage.start("ml")).collect();
    for server in &ml {
        stage.know_ml(&server.url("ml"));
    }
    let api = [stage.start("api"), stage.start("api")];
    let _workers: Vec<Process> = (0..3).map(|_| stage.start("worker")).collect();
    let ada = Person::sign_up(&api[0].url("api"), "ada").await;
    let mut browser = Socket::connect(&api[1].url("api"), &ada);
    for (file, kind) in [("coffee.webp", "image"), ("portrait.mp4", "video"), ("reading.ogg", "audio")] {
        let medium = ada.upload(&testdata(&format!("samples/{file}"))).await;
        let media_id = medium["id"].as_str().expect("an id");
        let update = browser.until_ended(media_id);
        assert_eq!(update["status"], "ANALYZED", "{update}");
        let medium = ada.at(&api[1].url("api")).ended(&medium).await;
        assert_eq!((&medium["mediaType"], &medium["verdict"]), (&Value::from(kind), &update["verdict"]));
        browser.told_in_order(media_id, &models_of(&medium));
        // A sound and a picture may be done before the first mark.
        assert!(kind != "video" || browser.heard_progress(media_id), "no progress: {:?}", browser.heard);
    }
    // Everything that was kept can be heard again, from any point, in order and once.
    browser.rest();
    let all = browser.numbers();
    let mut again = Socket::reconnect(&api[0].url("api"), &ada, all[2]);
    again.until(|_, data| data["id"] == *all.last().unwrap());
    again.rest();
    assert_eq!(again.numbers(), all[3..]);
    stage.is_tidy();
}

#[tokio::test]
async fn an_empty_installation_is_set_up_at_any_server_with_the_secret_that_another_one_printed() {
    let mut stage = Stage::new();
    stage.know_ml("http://127.0.0.1:1");
    let (mut one, other) = (stage.start("api"), stage.start("api"));
    let link = one.word_after("first set-up: open ").expect("a link");
    let (page, secret) = link.split_once('#').expect("a secret");
    assert_eq!(page, format!("{}/setup", one.url("api")));
    let base = other.url("api");
    let about = || async { Person::anyone(&base, Method::GET, "/api/v1/about", None).await.1 };
    assert_eq!(about().await["setUpNeeded"], true);
    let body = |secret: &str| {
        json!({"secret": secret, "email": "ada@example.org", "password": PASSWORD, "firstName": "Ada",
            "lastName": "L"})
    };
    let set_up =
        async |secret: &str| Person::anyone(&base, Method::POST, "/api/v1/setup", Some(body(secret))).await;
    assert_eq!(set_up("a guess").await.0, StatusCode::FORBIDDEN);
    let (status, made) = set_up(secret).await;
    assert_eq!((status, &made["user"]["role"]), (StatusCode::CREATED, &Value::from("ADMIN")), "{made}");
    assert_eq!(set_up(secret).await.0, StatusCode::CONFLICT);
    assert_eq!(about().await["setUpNeeded"], false);
    Person::log_in(&one.url("api"), "ada@example.org", PASSWORD).await;
    one.restart();
    assert_eq!(one.word_after("first set-up: open "), None);
    assert!(!one.log().contains(secret) && !other.log().contains(secret), "the secret is in the log");
}

#[tokio::test]
async fn requests_are_counted_together_by_all_servers() {
    let mut stage = Stage::new();
    stage.know_ml("http://127.0.0.1:1");
    let limited = || stage.launch(&["api"]).env("REQUESTS_PER_MINUTE", "6").start();
    let servers = [limited(), limited()];
    let ada = Person::sign_up(&servers[0].url("api"), "ada").await;
    let mut codes = Vec::new();
    for turn in 0..12 {
        let server = ada.at(&servers[turn % 2].url("api"));
        codes.push(server.ask(Method::GET, "/api/v1/auth/profile", None).await.0.as_u16());
    }
    let taken = codes.iter().take_while(|code| **code == 200).count();
    // A minute may begin meanwhile; each for itself they would take all twelve.
    assert!(taken <= 6 && codes.contains(&429), "{codes:?}");
}

#[tokio::test]
async fn many_files_of_several_people_end_once_each_and_stay_apart() {
    let mut stage = Stage::new();
    let models = [("one", Does::Answer), ("two", Does::Answer), ("three", Does::Answer)];
    let scripted = [Scripted::new(&models), Scripted::new(&models)];
    let _ml: Vec<FakeMl> = scripted
        .iter()
        .map(|detector| {
            let server = FakeMl::start(detector, &stage.home);
            stage.know_ml(&server.url);
            server
        })
        .collect();
    let api = [stage.start("api"), stage.start("api")];
    let _workers: Vec<Process> = (0..3).map(|_| stage.start("worker")).collect();
    let mut uploads = Vec::new();
    for person in 0..3_u32 {
        let base = api[person as usize % 2].url("api");
        let somebody = Person::sign_up(&base, &format!("person{person}")).await;
        for file in 0..20 {
            let medium = somebody.upload_bytes("picture.bmp", picture(person * 100 + file)).await;
            uploads.push((somebody.clone(), medium));
        }
    }
    for (person, medium) in &uploads {
        let medium = person.ended(medium).await;
        assert_eq!(medium["status"], "ANALYZED", "{medium:#}");
        assert_eq!(medium["runs"][0]["analyses"].as_array().map(Vec::len), Some(3));
    }
    for (person, _) in uploads.iter().step_by(20) {
        let list = person.get("/api/v1/media?limit=100").await;
        assert_eq!(list["items"].as_array().map(Vec::len), Some(20), "{}", person.email);
    }
    let tries: u32 = models.iter().map(|(name, _)| scripted[0].tries(name) + scripted[1].tries(name)).sum();
    assert_eq!(tries, 180, "no analysis was done twice");
    assert!(scripted.iter().all(|s| s.tries("one") > 0), "both servers had work");
    stage.is_tidy();
}

#[tokio::test]
async fn without_an_ml_server_a_file_waits_and_says_so_until_one_appears() {
    let mut stage = Stage::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().unwrap().port();
    stage.know_ml(&format!("http://127.0.0.1:{port}"));
    let api = stage.start("api");
    let _worker = stage.start("worker");
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let medium = ada.upload(&testdata("samples/rocket.jpg")).await;
    let path = format!("/api/v1/media/{}", medium["id"].as_str().unwrap());
    let waiting = ada
        .until(&path, |medium| medium["runs"][0]["waitingFor"].as_str().is_some_and(|why| !why.is_empty()))
        .await;
    assert_eq!(waiting["status"], "QUEUED");
    let _ml = stage.launch(&["ml"]).env("ML_PORT", port.to_string()).start();
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    stage.is_tidy();
}
