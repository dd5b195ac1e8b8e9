//! Live news, through Redis or within one process.

use std::time::Duration;

use dk_app::local::MemoryBus;
use dk_app::ports::{Bus, EventKind, Signal};
use dk_contract::bus as promise;
use dk_redis::{QueueOptions, Redis, RedisBus};
use dk_testkit::redis::Server;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::support::{PATIENCE, run_id};

fn bus(server: &Server) -> RedisBus {
    Redis::open(&server.url(), None).unwrap().bus()
}

#[tokio::test]
async fn a_bus_on_redis_keeps_the_promises() {
    let server = Server::start().unwrap();
    let (one, other) = (bus(&server), bus(&server));
    promise::every_signal_arrives_whole(&one, &other).await;
    promise::signals_arrive_in_the_order_in_which_one_process_sent_them(&one, &other).await;
    promise::every_listener_hears_what_is_sent_from_then_on(&one, &other).await;
    promise::a_slow_listener_loses_the_oldest(&one, &other).await;
    promise::a_bus_without_listeners_takes_signals(&one, &other).await;
}

#[tokio::test]
async fn a_bus_in_memory_keeps_the_promises() {
    let bus = MemoryBus::new();
    let other = bus.clone();
    promise::every_signal_arrives_whole(&bus, &other).await;
    promise::signals_arrive_in_the_order_in_which_one_process_sent_them(&bus, &other).await;
    promise::every_listener_hears_what_is_sent_from_then_on(&bus, &other).await;
    promise::a_slow_listener_loses_the_oldest(&bus, &other).await;
    promise::a_bus_without_listeners_takes_signals(&bus, &other).await;
}

#[tokio::test]
async fn strange_messages_are_skipped_and_those_of_others_are_heard() {
    let server = Server::start().unwrap();
    let mut heard = bus(&server).listen().await.unwrap();
    for text in ["x", "{}", "null", r#"{"type":"NEWS"}"#, r#"{"type":"ANALYSIS_STARTED"}"#] {
        assert_eq!(server.command(&format!("PUBLISH media-progress-events {}", quoted(text))).unwrap(), ":1");
        assert_eq!(server.command(&format!("PUBLISH media-control {}", quoted(text))).unwrap(), ":1");
    }
    // As an ML server of another make writes it, with a field that nobody here knows.
    let theirs = r#"{"type":"ANALYSIS_PROGRESS","mediaId":"0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11","runId":"0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a12","userId":"0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a13","modelName":"clip-probe","timestamp":"2026-09-21T14:13:20Z","progress":5,"total":10,"phase":"frames","mood":"fine"}"#;
    server.command(&format!("PUBLISH media-progress-events {}", quoted(theirs))).unwrap();
    let Signal::Event(event) = next(&mut heard).await else { panic!("no event") };
    assert!(matches!(event.kind, EventKind::Progress { mark, .. } if mark.done == 5));
}

/// One word of an inline command.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[tokio::test]
async fn a_listener_hears_again_when_the_server_is_back() {
    let mut server = Server::start().unwrap();
    let bus = bus(&server);
    let mut heard = bus.listen().await.unwrap();
    server.stop().unwrap();
    assert!(bus.send(&Signal::Cancel(run_id(0))).await.is_err());
    assert!(bus.ping().await.is_err());
    // Who begins to listen meanwhile need not try again.
    let mut late = bus.listen().await.unwrap();
    server.start_again().unwrap();
    for listener in [&mut heard, &mut late] {
        let hears = timeout(PATIENCE, async {
            let mut n = 0;
            loop {
                n += 1;
                let sent = bus.send(&Signal::Cancel(run_id(n))).await;
                if sent.is_ok()
                    && let Ok(signal) = timeout(Duration::from_millis(50), listener.next()).await
                {
                    return signal;
                }
            }
        });
        assert!(matches!(hears.await.unwrap(), Some(Signal::Cancel(_))));
    }
    bus.ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_nobody_for_long() {
    let server = Server::start().unwrap();
    let bus = bus(&server);
    let mut heard = bus.listen().await.unwrap();
    server.freeze().unwrap();
    timeout(PATIENCE, bus.send(&Signal::Cancel(run_id(0)))).await.unwrap().unwrap_err();
    timeout(PATIENCE, bus.ping()).await.unwrap().unwrap_err();
    server.thaw().unwrap();
    let sent = async { while bus.send(&Signal::Cancel(run_id(1))).await.is_err() {} };
    timeout(PATIENCE, sent).await.unwrap();
    // What was written into the connection before it was given up may arrive or not.
    while next(&mut heard).await != Signal::Cancel(run_id(1)) {}
}

#[tokio::test]
async fn a_listener_that_goes_takes_its_connection_along() {
    let server = Server::start().unwrap();
    let redis = Redis::open(&server.url(), None).unwrap();
    let heard = redis.bus().listen().await.unwrap();
    let with = redis.facts().await.unwrap();
    assert!(with.memory_bytes > 0);
    drop(heard);
    let gone = async { while redis.facts().await.unwrap().clients >= with.clients {} };
    timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_refused_without_its_password() {
    let error = Redis::open("http://user:secret@host", None).unwrap_err();
    assert!(error.to_string().contains("hint: redis://"), "{error}");
    assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
    assert!(Redis::open("redis://localhost", Some("a:b")).is_err());
    let redis = Redis::open("redis://:secret@localhost", Some("a-b")).unwrap();
    assert!(!format!("{redis:?} {:?}", redis.queue(QueueOptions::default())).contains("secret"));
}

#[tokio::test]
async fn an_address_with_tls_is_spoken_to_in_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redis = Redis::open(&format!("rediss://{}", listener.local_addr().unwrap()), None).unwrap();
    let first_byte = async { listener.accept().await.unwrap().0.read_u8().await.unwrap() };
    let (byte, answer) = tokio::join!(timeout(PATIENCE, first_byte), redis.ping());
    assert_eq!(byte.unwrap(), 0x16, "a TLS handshake begins with this");
    assert!(answer.is_err());
}

async fn next(heard: &mut BoxStream<'static, Signal>) -> Signal {
    timeout(PATIENCE, heard.next()).await.expect("a signal did not arrive").expect("the stream ended")
}
