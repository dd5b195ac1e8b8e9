//! The layout of `deploy/` as processes: API servers behind the real nginx with TLS, workers, ML servers that share the
//! models, PostgreSQL through PgBouncer, Redis. Some of them are killed in the middle, and every run ends right.
//!
//! A small one is a test like all others. With `SCALE=whole` (`make scale-check`) it is the layout of the design: three API
//! servers, five workers, four ML servers, 500 uploads.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dk_testkit::nginx::WebServer;
use dk_testkit::pgbouncer::PgBouncer;
use reqwest::Client;
use serde_json::Value;

use crate::media::{clip, picture};
use crate::people::Person;
use crate::process::Process;
use crate::sockets::Socket;
use crate::stage::{ML_KEY, Stage};

/// What is started, what is killed, and how much is uploaded.
struct Layout {
    api: usize,
    workers: usize,
    /// The models of each ML server.
    ml: &'static [&'static str],
    /// How many of each are killed; the first ones.
    dying: Dying,
    people: usize,
    uploads: usize,
    patience: Duration,
}

struct Dying {
    workers: usize,
    ml: usize,
}

const SEES: &str = "clip-probe,file-origin";
const HEARS: &str = "synthetic-speech-small,file-origin";

const SMALL: Layout = Layout {
    api: 2,
    workers: 2,
    ml: &[SEES, HEARS],
    dying: Dying { workers: 1, ml: 0 },
    people: 2,
    uploads: 24,
    patience: Duration::from_secs(150),
};

const WHOLE: Layout = Layout {
    api: 3,
    workers: 5,
    // Two for videos, one for sound, one for pictures: the first dies.
    ml: &[SEES, SEES, HEARS, SEES],
    dying: Dying { workers: 2, ml: 1 },
    people: 5,
    uploads: 500,
    patience: Duration::from_mins(20),
};

/// How many uploads are under way at the same time.
const HANDS: usize = 6;

struct Running {
    stage: Stage,
    bouncer: PgBouncer,
    web: WebServer,
    api: Vec<Process>,
    workers: Vec<Process>,
    ml: Vec<Process>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_die_in_the_middle_of_many_uploads_lose_no_run() {
    let whole = std::env::var("SCALE").is_ok_and(|scale| scale == "whole");
    let layout = if whole { WHOLE } else { SMALL };
    let began = Instant::now();
    let mut it = start(&layout).await;
    let people = sign_up(&it, layout.people).await;
    let mut browsers = browsers(&it, &people[0]);
    let note = |what: &str| eprintln!("{:6.1} s  {what}", began.elapsed().as_secs_f64());
    note(&format!("all run; PgBouncer in {} mode", it.bouncer.mode));

    let done = Arc::new(AtomicUsize::new(0));
    let files = Arc::new(files(&it.stage, layout.uploads));
    let uploads: Vec<_> = (0..HANDS)
        .map(|hand| {
            let (people, files, done) = (people.clone(), Arc::clone(&files), Arc::clone(&done));
            tokio::spawn(async move { upload(hand, &people, &files, &done).await })
        })
        .collect();
    until(layout.patience, || done.load(Ordering::SeqCst) >= layout.uploads / 3).await;
    note("a third is uploaded: one API server dies, and workers");
    it.api[0].kill();
    it.workers.iter_mut().take(layout.dying.workers).for_each(Process::kill);
    until(layout.patience, || done.load(Ordering::SeqCst) >= layout.uploads / 2).await;
    note("half is uploaded: ML servers die");
    it.ml.iter_mut().take(layout.dying.ml).for_each(Process::kill);
    let mut media = Vec::new();
    for hand in uploads {
        media.extend(hand.await.expect("no upload was refused"));
    }
    note("all are uploaded");
    let unfinished = "select count(*) from media where status in ('QUEUED', 'PROCESSING')";
    until(layout.patience, || it.stage.sql(unfinished) == "0").await;
    note("every run has ended");

    assert_eq!(media.len(), layout.uploads);
    are_right(&it.stage, &files, layout.uploads);
    are_told(&mut browsers, &it.stage, &people[0]);
    it.stage.rows_are_tidy();
    let tally = "select status || ' ' || media_type || ' ' || count(*) from media group by status, media_type order by 1";
    note(&it.stage.sql(tally).replace('\n', ", "));
}

async fn start(layout: &Layout) -> Running {
    let mut stage = Stage::new();
    let bouncer = PgBouncer::start(&stage.postgres.url()).expect("PgBouncer starts");
    stage.set("DATABASE_URL", bouncer.url());
    stage.set("DATABASE_POOL", "5");
    stage.set("TRUSTED_PROXIES", "127.0.0.0/8");
    stage.set("ML_CACHE_BYTES", "268435456");
    let ml: Vec<Process> =
        layout.ml.iter().map(|models| stage.launch(&["ml"]).env("ML_MODELS", *models).start()).collect();
    // All models are loaded before the first file comes, as behind a readiness probe: what is not there yet is not planned.
    for server in &ml {
        are_loaded(&server.url("ml"), layout.patience).await;
        stage.know_ml(&server.url("ml"));
    }
    let api: Vec<Process> = (0..layout.api).map(|_| stage.start("api")).collect();
    let workers: Vec<Process> = (0..layout.workers).map(|_| stage.start("worker")).collect();
    let addresses: Vec<String> = api.iter().map(|server| server.url("api").replace("http://", "")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/public");
    let web = WebServer::start_with_tls(&root.canonicalize().expect("it is there"), &addresses);
    Running { stage, bouncer, web: web.expect("nginx starts"), api, workers, ml }
}

async fn sign_up(it: &Running, people: usize) -> Vec<Person> {
    let authority = std::fs::read(it.web.authority()).expect("a certificate");
    let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
    let client = Client::builder()
        .tls_certs_only([authority])
        .tls_version_min(reqwest::tls::Version::TLS_1_3)
        .build()
        .expect("a client");
    let mut all = Vec::new();
    for number in 0..people {
        all.push(Person::sign_up_by(client.clone(), &it.web.url(), &format!("person{number}")).await);
    }
    all
}

/// One at each API server, and as many through nginx.
fn browsers(it: &Running, person: &Person) -> Vec<Socket> {
    let direct = it.api.iter().map(|server| Socket::connect(&server.url("api"), person));
    let through = it.api.iter().map(|_| Socket::connect_trusting(&it.web.url(), person, &it.web.authority()));
    direct.chain(through).collect()
}

/// Mostly pictures, some sound, some film; each a file of its own but for the films.
fn files(stage: &Stage, many: usize) -> Vec<(String, Vec<u8>)> {
    let film = std::fs::read(clip(&stage.home.path(""), "clip.mp4", 1)).expect("a film");
    let one = |number: usize| match number % 12 {
        5 => ("hum.wav".to_owned(), hum(number)),
        11 => ("clip.mp4".to_owned(), film.clone()),
        _ => ("picture.bmp".to_owned(), picture(u32::try_from(number).expect("few files") * 7919)),
    };
    (0..many).map(one).collect()
}

/// Two seconds of a tone, as WAV.
fn hum(number: usize) -> Vec<u8> {
    const RATE: u32 = 16_000;
    let period = 40 + number % 200;
    let samples: Vec<u8> = (0..RATE as usize * 2)
        .flat_map(|at| (if at % period < period / 2 { 4000_i16 } else { -4000 }).to_le_bytes())
        .collect();
    let bytes = u32::try_from(samples.len()).expect("it is short");
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples);
    wav
}

/// Every hand takes each sixth file. A connection that broke says nothing about the upload: the same key asks again.
async fn upload(
    hand: usize,
    people: &[Person],
    files: &[(String, Vec<u8>)],
    done: &AtomicUsize,
) -> Vec<String> {
    let mut media = Vec::new();
    for (number, (name, bytes)) in files.iter().enumerate().skip(hand).step_by(HANDS) {
        let person = &people[number % people.len()];
        let key = format!("upload-{number}");
        let mut tries = 0;
        let medium = loop {
            match person.try_upload(name, bytes.clone(), Some(&key)).await {
                Ok(answer) if answer.status() == 202 => break answer.json::<Value>().await,
                Ok(answer)
                    if answer.status().is_client_error()
                        && ![409, 429].contains(&answer.status().as_u16()) =>
                {
                    panic!("{}: {:?}", answer.status(), answer.text().await)
                }
                broken if tries > 300 => panic!("{broken:?}"),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            tries += 1;
        };
        let medium = medium.expect("JSON");
        media.push(medium["id"].as_str().expect("an id").to_owned());
        done.fetch_add(1, Ordering::SeqCst);
    }
    media
}

async fn are_loaded(ml: &str, patience: Duration) {
    let (client, begin) = (Client::new(), Instant::now());
    let ask = || client.get(format!("{ml}/ready")).header("X-API-Key", ML_KEY).send();
    while !ask().await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(begin.elapsed() < patience, "{ml} does not get ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn until(patience: Duration, good: impl Fn() -> bool) {
    let begin = Instant::now();
    while !good() {
        assert!(begin.elapsed() < patience, "it did not become so");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Each medium is there once, and was judged by exactly the models that read its kind.
fn are_right(stage: &Stage, files: &[(String, Vec<u8>)], uploads: usize) {
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 3);
    assert_eq!(stage.sql("select count(*) from media"), uploads.to_string());
    assert_eq!(stage.sql("select count(*) from analysis_runs"), uploads.to_string(), "one run each");
    assert_eq!(stage.sql("select count(*) from media where status <> 'ANALYZED'"), "0");
    let wrong = "select m.media_type || ' by ' || coalesce(judged.by, 'nobody') || ': ' || count(*) from media m \
        left join lateral (select string_agg(a.model_name, ',' order by a.model_name) as by from deepfake_analyses a \
        where a.analysis_run_id = m.latest_analysis_run_id and a.status = 'COMPLETED') judged on true \
        where coalesce(judged.by, '') <> case m.media_type when 'image' then 'clip-probe,file-origin' \
        when 'audio' then 'file-origin,synthetic-speech-small' else 'clip-probe,file-origin,synthetic-speech-small' end \
        group by m.media_type, judged.by order by 1";
    assert_eq!(stage.sql(wrong), "", "media that other models judged than those that read their kind");
}

/// Whoever's server lived, or who came in through nginx and was led to another one, heard the end of every run.
fn are_told(browsers: &mut [Socket], stage: &Stage, person: &Person) {
    let of = |word: &str| {
        format!(
            "select {word} from media m join users u on u.id = m.user_id where u.email = '{}'",
            person.email
        )
    };
    let all: BTreeSet<String> = stage.sql(&of("m.id")).lines().map(ToOwned::to_owned).collect();
    assert!(!all.is_empty());
    // The first one's server is dead.
    for browser in &mut browsers[1..] {
        browser.rest();
        let is_end = |(name, data): &(String, Value)| {
            (name == "video_update").then(|| data["mediaId"].as_str().unwrap_or_default().to_owned())
        };
        let heard: BTreeSet<String> = browser.heard.iter().filter_map(is_end).collect();
        let was_cut = browser.heard.iter().any(|(name, _)| name == "disconnect");
        assert!(was_cut || heard == all, "{} of {} were heard", heard.len(), all.len());
    }
}
