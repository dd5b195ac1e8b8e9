//! A read replica and one table of analyses per month, as an operator sets them and people notice nothing.

use reqwest::StatusCode;
use serde_json::Value;

use crate::fake_ml::{Does, Scripted};
use crate::media::picture;
use crate::people::Person;
use crate::process::Process;
use crate::stage::{FakeMl, Stage};

/// What the replica is asked when media are listed.
const LIST: &str = r#"FROM "media" WHERE"#;

fn said(stage: &Stage, command: &str) -> String {
    let output = stage.launch(&[command]).command().output().expect("the program can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn ready(api: &Process) -> StatusCode {
    reqwest::get(format!("{}/api/ready", api.url("api"))).await.expect("the API answers").status()
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn people_are_answered_by_a_replica_and_as_well_without_it() {
    let mut stage = Stage::new();
    stage.set("DATABASE_PARTITIONS", "month");
    assert!(said(&stage, "migrate").contains("4 tables, one per month"));
    let replica = stage.postgres.replica().expect("a replica");
    stage.set("DATABASE_REPLICA_URL", &replica.url("postgres"));
    stage.set("DATABASE_REPLICA_WAIT_MS", "5000");
    let scripted = Scripted::new(&[("quick", Does::Answer)]);
    let ml = FakeMl::start(&scripted, &stage.home);
    stage.know_ml(&ml.url);
    let (one, other, _worker) = (stage.start("api"), stage.start("api"), stage.start("worker"));
    let ada = Person::sign_up(&one.url("api"), "ada").await;
    let elsewhere = ada.at(&other.url("api"));
    for seed in 0..5 {
        let medium = ada.upload_bytes("picture.bmp", picture(seed)).await;
        let id = medium["id"].as_str().expect("an id");
        assert_eq!(
            ids(&elsewhere.get("/api/v1/media").await)[0],
            id,
            "what was uploaded is listed elsewhere"
        );
        assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    }
    let before = replica.asked(LIST).expect("its log");
    assert_eq!(ids(&elsewhere.get("/api/v1/media").await).len(), 5);
    assert_eq!(replica.asked(LIST).expect("its log"), before + 1);
    let figures = reqwest::get(other.url("metrics")).await.expect("figures").text().await.expect("text");
    assert!(
        figures.contains(r#"db_reads_total{from="replica"}"#) && figures.contains("db_replica_fit 1"),
        "{figures}"
    );
    let told = said(&stage, "doctor");
    assert!(
        told.contains("ok      database: analyses lie in 4 tables") && told.contains("ok      replica: "),
        "{told}"
    );

    replica.kill().expect("it can be killed");
    let medium = ada.upload_bytes("picture.bmp", picture(9)).await;
    assert_eq!(elsewhere.ended(&medium).await["status"], "ANALYZED");
    assert_eq!(ids(&elsewhere.get("/api/v1/media").await).len(), 6);
    assert_eq!(ready(&other).await, StatusCode::OK);
    let told = said(&stage, "doctor");
    assert!(
        told.contains("missing replica: ") && told.contains("hint: check DATABASE_REPLICA_URL"),
        "{told}"
    );
    stage.is_tidy();
}
