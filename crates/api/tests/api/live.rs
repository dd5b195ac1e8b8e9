//! Live events through the real `socket.io-client`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dk_testkit::node;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::world::World;

const DEADLINE: Duration = Duration::from_mins(1);

/// A browser that listens; closed when dropped.
struct Browser {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    heard: Vec<(String, Value)>,
}

impl Browser {
    async fn open(address: SocketAddr, auth: Value) -> Self {
        Self::over(address, auth, "websocket").await
    }

    async fn over(address: SocketAddr, auth: Value, transport: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/socket.cjs");
        let command = tokio::task::spawn_blocking(move || node::script(&script)).await.unwrap();
        let mut command = Command::from(command.expect("Node's packages are installed"));
        command.args([&format!("http://{address}"), &auth.to_string(), transport]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node can be run");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, heard: Vec::new() }
    }

    /// Connects, and waits until it is connected.
    async fn connect(address: SocketAddr, auth: Value) -> Self {
        let mut browser = Self::open(address, auth).await;
        browser.until("connect").await;
        browser
    }

    /// Listens until something of this name comes.
    async fn until(&mut self, name: &str) -> Value {
        self.until_that(|heard, _| heard == name).await
    }

    async fn until_that(&mut self, good: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("it was not heard: {:#?}", self.heard)).unwrap();
            let line = line.unwrap_or_else(|| panic!("the browser ended: {:#?}", self.heard));
            let mut line: Value = serde_json::from_str(&line).unwrap();
            let (name, data) = (line["name"].as_str().unwrap().to_owned(), line["data"].take());
            let found = good(&name, &data);
            self.heard.push((name, data.clone()));
            if found {
                return data;
            }
        }
    }

    /// Listens until the event with this number came.
    async fn until_number(&mut self, number: u64) {
        self.until_that(|_, data| number_of(data) == Some(number)).await;
    }

    /// Asks the server and waits for its answer.
    async fn ask(&mut self, name: &str, data: Option<Value>) -> Value {
        let line = match data {
            Some(data) => json!({ "emit": name, "data": data }),
            None => json!({ "emit": name }),
        };
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        self.until("ack").await
    }

    /// Numbers of the events in the order in which they came.
    fn numbers(&self) -> Vec<u64> {
        self.heard.iter().filter_map(|(_, data)| number_of(data)).collect()
    }
}

fn number_of(data: &Value) -> Option<u64> {
    data["eventId"].as_u64().or(data["id"].as_u64())
}

/// Serves the world on a port of its own.
async fn serve(world: &World) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = world.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn people_hear_of_their_own_media_and_of_nobody_elses() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let otto = world.person("otto").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    assert_eq!(browser.ask("sync", None).await["lastEventId"], 0);
    otto.picture().await;
    let media = olga.picture().await;
    let uploaded = browser.until("upload_complete").await;
    for field in ["id", "filename", "status", "latestAnalysisRunId", "url"] {
        assert_eq!(uploaded[field], media[field], "{field}");
    }
    assert_eq!(uploaded["eventId"], 1);
    let of_otto = world.stage(&otto).await;
    world.begin(&of_otto).await;
    let stage = world.stage(&olga).await;
    world.begin(&stage).await;
    world.fail(&stage).await;
    let end = browser.until("video_update").await;
    assert_eq!(
        end,
        json!({"type": "video_update", "id": 5, "mediaId": stage.media.to_string(),
            "runId": stage.run.to_string(), "userId": olga.id().to_string(),
            "timestamp": "2027-01-15T08:00:00Z", "status": "FAILED", "analysisCount": 0})
    );
    assert_eq!(browser.numbers(), [1, 2, 3, 4, 5]);
    let of_otto = otto.id().to_string();
    assert!(!format!("{:?}", browser.heard).contains(&of_otto));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_gets_what_was_missed_in_order_and_once() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let stage = world.stage(&olga).await;
    for _ in 0..449 {
        world.begin_unheard(&stage).await;
    }
    let auth = json!({ "token": olga.token(), "lastEventId": 3 });
    let mut browser = Browser::connect(address, auth).await;
    for _ in 0..50 {
        world.begin(&stage).await;
    }
    browser.until_number(500).await;
    assert_eq!(browser.numbers(), (4..=500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_was_lost_or_came_late_leaves_no_gap() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    browser.ask("sync", None).await;
    let stage = world.stage(&olga).await;
    let late = world.begin_unheard(&stage).await;
    world.begin_unheard(&stage).await;
    world.begin(&stage).await;
    world.ports.publish(late).await;
    world.begin(&stage).await;
    browser.until_number(5).await;
    assert_eq!(browser.numbers(), [1, 2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_ask_again_and_learn_how_far_it_is() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    browser.ask("sync", None).await;
    let stage = world.stage(&olga).await;
    for _ in 0..2 {
        world.begin(&stage).await;
    }
    browser.until_number(3).await;
    assert_eq!(browser.ask("resume", Some(json!({ "lastEventId": 1 }))).await["lastEventId"], 3);
    assert_eq!(browser.numbers(), [1, 2, 3, 2, 3]);
    // A number from the future does not make the server leave anything out.
    assert_eq!(browser.ask("resume", Some(json!({ "lastEventId": 900 }))).await["lastEventId"], 3);
    world.begin(&stage).await;
    browser.until_number(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_fills_the_buffer_of_a_client_reaches_it_whole() {
    let world = World::with(|config| config.socket_buffer = 4);
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    browser.ask("sync", None).await;
    let stage = world.stage(&olga).await;
    for _ in 0..999 {
        world.begin(&stage).await;
    }
    browser.until_number(1000).await;
    assert_eq!(browser.numbers(), (1..=1000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_thinned_and_its_last_mark_comes_before_the_end() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    browser.ask("sync", None).await;
    let stage = world.stage(&olga).await;
    for done in 1..=200 {
        world.go_on(&stage, done).await;
    }
    let is_last = |name: &str, data: &Value| name == "progress_update" && data["progress"] == 200;
    let last = browser.until_that(is_last).await;
    assert_eq!((last["type"].as_str(), last["total"].as_u64()), (Some("ANALYSIS_PROGRESS"), Some(500)));
    let marks = browser.heard.iter().filter(|(name, _)| name == "progress_update").count();
    assert!(marks < 50, "{marks} marks of 200");
    world.go_on(&stage, 201).await;
    world.fail(&stage).await;
    browser.until("video_update").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_without_a_good_credential() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let tampered = format!("{}x", olga.token());
    for auth in [json!({}), json!({ "token": 7 }), json!({ "token": tampered }), json!({ "token": "dk_x" })] {
        let mut browser = Browser::open(address, auth).await;
        assert_eq!(browser.until("connect_error").await, "unauthorized");
    }
    let key = olga.post("/api/v1/auth/api-keys", &json!({ "name": "watcher" })).await.json();
    let mut robot = Browser::connect(address, json!({ "token": key["key"] })).await;
    robot.ask("sync", None).await;
    olga.picture().await;
    robot.until("upload_complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_its_token() {
    let world = World::with(|config| config.access_token_length = time::Duration::seconds(1));
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    assert_eq!(browser.until("connection_ended").await["code"], "token_expired");
    assert_eq!(browser.until("disconnect").await, "io server disconnect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_when_the_session_or_the_account_does() {
    let world = World::new();
    let address = serve(&world).await;
    let ada = world.admin("ada").await;
    let olga = world.person("olga").await;
    let elsewhere = world.log_in("olga").await;
    let mut one = Browser::connect(address, json!({ "token": olga.token() })).await;
    let mut other = Browser::connect(address, json!({ "token": elsewhere.token() })).await;
    one.ask("sync", None).await;
    other.ask("sync", None).await;
    assert_eq!(olga.post("/api/v1/auth/logout", &json!({})).await.status, 204);
    assert_eq!(one.until("connection_ended").await["code"], "session_ended");
    // The other session of the same person goes on.
    elsewhere.of(olga.id()).picture().await;
    other.until_number(1).await;
    let path = format!("/api/v1/admin/users/{}", olga.id());
    assert_eq!(ada.patch(&path, &json!({ "isActive": false })).await.status, 200);
    other.until("disconnect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_went_without_a_signal_is_found_out() {
    let world = World::with(|config| config.socket_recheck = Duration::from_millis(100));
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    // Events whose signal was lost come by the same look.
    let stage = world.stage(&olga).await;
    world.begin_unheard(&stage).await;
    world.begin_unheard(&stage).await;
    browser.until_number(3).await;
    world.disable(olga.id()).await;
    assert_eq!(browser.until("connection_ended").await["code"], "session_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_only_so_many_connections() {
    let world = World::with(|config| config.sockets_per_user = 1);
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let otto = world.person("otto").await;
    let first = Browser::connect(address, json!({ "token": olga.token() })).await;
    let mut second = Browser::open(address, json!({ "token": olga.token() })).await;
    assert_eq!(second.until("connect_error").await, "too_many_connections");
    Browser::connect(address, json!({ "token": otto.token() })).await;
    drop(first);
    // The place comes back as soon as the server has seen the first one go.
    loop {
        let mut third = Browser::open(address, json!({ "token": olga.token() })).await;
        third.until_that(|name, _| name == "connect" || name == "connect_error").await;
        if third.heard[0].0 == "connect" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_websockets_hears_the_same() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::over(address, json!({ "token": olga.token() }), "polling").await;
    browser.until("connect").await;
    browser.ask("sync", None).await;
    let stage = world.stage(&olga).await;
    for _ in 0..19 {
        world.begin(&stage).await;
    }
    browser.until_number(20).await;
    assert_eq!(browser.numbers(), (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_closes_the_transport_so_that_clients_come_again() {
    let world = World::new();
    let address = serve(&world).await;
    let olga = world.person("olga").await;
    let mut browser = Browser::connect(address, json!({ "token": olga.token() })).await;
    browser.ask("sync", None).await;
    world.stop.stop();
    let reason = browser.until("disconnect").await;
    assert_eq!(reason, "transport close");
}
