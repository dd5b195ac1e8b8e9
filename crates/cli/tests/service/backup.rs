//! A backup that is made while the service works, and the same answers from the place where it is restored.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::Value;

use crate::home::{Home, testdata};
use crate::media::picture;
use crate::people::{PASSWORD, Person};
use crate::process::{Launch, Process};

fn serve(home: &Home) -> Process {
    Launch::new(&["serve"], &home.path(""), home.path("serve.log")).start()
}

fn run(home: &Home, command: &str, file: &Path) -> Output {
    let launch = Launch::new(&[command, &file.to_string_lossy()], &home.path(""), home.path("command.log"));
    launch.command().output().expect("the program can be run")
}

/// Fails with what was said.
fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn refused(output: &Output, word: &str) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && complaint.contains(word), "{complaint}");
}

/// Everything that the service says of a medium whose run has ended.
async fn answers(person: &Person, medium: &Value) -> (Value, Value, Vec<u8>) {
    let id = medium["id"].as_str().expect("an id");
    let medium = person.get(&format!("/api/v1/media/{id}")).await;
    let run = medium["runs"][0]["id"].as_str().expect("a run");
    let report = person.get(&format!("/api/v1/runs/{run}/report")).await;
    let content = person.try_ask(Method::GET, &format!("/api/v1/media/{id}/content"), None).await;
    let content = content.expect("the server answers").bytes().await.expect("bytes").to_vec();
    (medium, report, content)
}

#[tokio::test]
async fn a_backup_made_while_a_run_is_under_way_gives_the_same_answers_elsewhere() {
    let home = Home::new();
    let service = serve(&home);
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let path = testdata("samples/rocket.jpg");
    let ended = ada.ended(&ada.upload(&path).await).await;
    let before = answers(&ada, &ended).await;
    assert_eq!(before.2, std::fs::read(&path).unwrap());
    let mut under_way = Vec::new();
    for seed in 0..4 {
        under_way.push(ada.upload_bytes("picture.bmp", picture(seed)).await);
    }
    let file = home.path("saved.tar");
    done(&run(&home, "backup", &file));
    refused(&run(&home, "backup", &file), "cannot make");
    assert!(
        !home.files("").iter().any(|path| path.to_string_lossy().contains("backup-")),
        "a copy stayed behind"
    );

    let other = Home::new();
    done(&run(&other, "restore", &file));
    refused(&run(&other, "restore", &file), "is there already");
    let restored = serve(&other);
    // The token of before is good, and so is the password.
    let base = restored.url("api");
    assert_eq!(answers(&ada.at(&base), &ended).await, before);
    let ada = Person::log_in(&base, "ada@example.org", PASSWORD).await;
    for medium in &under_way {
        assert_eq!(ada.ended(medium).await["status"], "ANALYZED");
    }
    assert_eq!(other.files("storage/media").len(), 5);
}

#[tokio::test]
async fn a_backup_of_an_older_version_is_brought_up_to_date_by_the_next_start() {
    let home = Home::new();
    let mut service = serve(&home);
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let ended = ada.ended(&ada.upload(&testdata("samples/rocket.jpg")).await).await;
    let before = answers(&ada, &ended).await;
    service.terminate();
    assert!(service.wait().success(), "{}", service.told());
    sqlite(
        &home.path("drishtiksha.sqlite"),
        "drop table installation; alter table idempotency_keys drop column digest; \
         delete from seaql_migrations where version = 'm0004_marks'",
    );
    let file = home.path("saved.tar");
    done(&run(&home, "backup", &file));

    let other = Home::new();
    assert!(done(&run(&other, "restore", &file)).contains("older version"));
    let restored = serve(&other);
    assert_eq!(answers(&ada.at(&restored.url("api")), &ended).await, before);

    sqlite(
        &home.path("drishtiksha.sqlite"),
        "insert into seaql_migrations (version, applied_at) values ('m9999_of_tomorrow', 0)",
    );
    let file = home.path("newer.tar");
    done(&run(&home, "backup", &file));
    refused(&run(&Home::new(), "restore", &file), "a newer program");
}

#[test]
fn a_damaged_or_cut_backup_restores_nothing() {
    let home = Home::new();
    drop(serve(&home));
    std::fs::create_dir_all(home.path("trust")).unwrap();
    std::fs::write(home.path("trust/somebody.pem"), "a certificate").unwrap();
    let file = home.path("saved.tar");
    done(&run(&home, "backup", &file));
    let whole = std::fs::read(&file).unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| -> PathBuf {
        let mut bytes = whole.clone();
        change(&mut bytes);
        let path = home.path("damaged.tar");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let at = whole.windows(13).position(|part| part == b"a certificate").expect("it is in there");
    let other = Home::new();
    refused(&run(&other, "restore", &damaged(&|bytes| bytes[at] = b'A')), "trust/somebody.pem is damaged");
    refused(&run(&other, "restore", &damaged(&|bytes| bytes.truncate(at))), "it is cut");
    refused(&run(&other, "restore", &damaged(&|bytes| bytes.truncate(1024))), "its end is missing");
    refused(&run(&other, "restore", &testdata("astronaut.png")), "no backup of this program");
    assert!(!other.path("trust").exists() && !other.path("drishtiksha.sqlite").exists());
    assert!(!other.path("restoring").exists(), "something stayed behind");
    done(&run(&other, "restore", &file));
    assert!(other.path("trust/somebody.pem").exists());
}

#[test]
fn what_stands_on_servers_is_saved_by_their_own_tools() {
    let home = Home::new();
    let launch = Launch::new(&["backup", "saved.tar"], &home.path(""), home.path("command.log"))
        .env("DATABASE_URL", "postgres://somewhere/drishtiksha");
    refused(&launch.command().output().expect("the program can be run"), "pg_dump");
}

fn sqlite(file: &Path, statements: &str) {
    const SCRIPT: &str =
        "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as it: it.executescript(sys.argv[2])";
    let status = Command::new("python3").args(["-c", SCRIPT]).arg(file).arg(statements).status();
    assert!(status.expect("python3 can be run").success());
}
