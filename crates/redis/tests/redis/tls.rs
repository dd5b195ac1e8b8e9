//! Redis over TLS, with a certificate of an authority that nobody else knows: for jobs, news and limits alike.

use std::path::Path;
use std::time::Duration;

use dk_app::ports::{Bus as _, JobQueue as _, Limiter as _, Quota, Signal};
use dk_contract::queue::Bench;
use dk_redis::{AddressError, Redis};
use dk_testkit::redis::Server;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use crate::support::{PATIENCE, planned, quick, run_id};

fn trusting(server: &Server, authority: &Path) -> Redis {
    let pem = std::fs::read(authority).unwrap();
    Redis::open_trusting(&server.url(), Some("tls"), Some(&pem)).unwrap()
}

#[tokio::test]
async fn jobs_news_and_limits_go_over_tls_when_the_named_authority_vouches_for_the_server() {
    let server = Server::start_with_tls().unwrap();
    let redis = trusting(&server, &server.authority());
    assert!(redis.setup().await.unwrap().major() >= 7);
    let mut heard = redis.bus().listen().await.unwrap();
    redis.bus().send(&Signal::Cancel(run_id(1))).await.unwrap();
    let signal = timeout(PATIENCE, heard.next()).await.unwrap().unwrap();
    assert!(matches!(signal, Signal::Cancel(run) if run == run_id(1)), "{signal:?}");
    let quota = Quota { limit: 1, window: Duration::from_mins(1) };
    assert!(redis.limiter().take("once", quota).await.allowed);
    assert!(!redis.limiter().take("once", quota).await.allowed);
    let bench = Bench::new(redis.queue(quick()), ());
    let worker = bench.answering(|_| Ok(()));
    bench.queue.enqueue(&planned(1, &["clip-probe"], 1)).await.unwrap();
    bench.until_idle().await;
    assert_eq!(worker.end().await.len(), 2, "the analysis and the look at its run");
}

#[tokio::test]
async fn a_server_for_which_nobody_vouches_is_refused() {
    let (server, other) = (Server::start_with_tls().unwrap(), Server::start_with_tls().unwrap());
    let public = Redis::open(&server.url(), None).unwrap();
    let wrong = trusting(&server, &other.authority());
    let pem = std::fs::read(server.authority()).unwrap();
    let by_another_name = server.url().replace("127.0.0.1", "localhost");
    let named = Redis::open_trusting(&by_another_name, None, Some(&pem)).unwrap();
    for redis in [public, wrong, named] {
        let error = redis.ping().await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(redis.queue(quick()).counts().await.is_err());
        assert!(redis.bus().ping().await.is_err());
    }
}

#[tokio::test]
async fn an_authority_that_is_none_or_of_no_use_is_refused() {
    let none = b"no certificate at all";
    let refused = |url: &str, pem: &[u8]| match Redis::open_trusting(url, None, Some(pem)) {
        Err(AddressError::Authority(_)) => {}
        other => panic!("{other:?}"),
    };
    refused("rediss://localhost", none);
    refused("rediss://localhost", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let server = Server::start_with_tls().unwrap();
    let pem = std::fs::read(server.authority()).unwrap();
    refused("redis://localhost", &pem);
}
