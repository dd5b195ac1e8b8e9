//! Plugs pulled on the servers below: Redis stopped, emptied, hung; PostgreSQL killed.

use std::process::Command;
use std::sync::Arc;

use crate::fake_ml::{Does, Scripted};
use crate::media::picture;
use crate::people::Person;
use crate::process::Process;
use crate::stage::{FakeMl, Stage};

struct Running {
    stage: Stage,
    scripted: Arc<Scripted>,
    _ml: FakeMl,
    api: Process,
    _worker: Process,
}

fn running(models: &[(&str, Does)]) -> Running {
    let mut stage = Stage::new();
    let scripted = Scripted::new(models);
    let ml = FakeMl::start(&scripted, &stage.home);
    stage.know_ml(&ml.url);
    let (api, worker) = (stage.start("api"), stage.start("worker"));
    Running { stage, scripted, _ml: ml, api, _worker: worker }
}

#[tokio::test]
async fn an_emptied_redis_loses_no_run() {
    let it = running(&[("held", Does::Hold), ("quick", Does::Answer)]);
    let ada = Person::sign_up(&it.api.url("api"), "ada").await;
    let mut media = Vec::new();
    for seed in 0..8 {
        media.push(ada.upload_bytes("picture.bmp", picture(seed)).await);
    }
    it.scripted.wait_until_holding(1);
    it.stage.redis.flush().expect("Redis answers");
    it.scripted.let_go();
    for medium in &media {
        assert_eq!(ada.ended(medium).await["status"], "ANALYZED");
    }
    it.stage.is_tidy();
}

#[tokio::test]
async fn uploads_are_taken_while_redis_is_away_and_done_when_it_is_back() {
    let mut it = running(&[("quick", Does::Answer)]);
    let ada = Person::sign_up(&it.api.url("api"), "ada").await;
    let before = ada.upload_bytes("picture.bmp", picture(1)).await;
    ada.ended(&before).await;
    it.stage.redis.stop().expect("Redis stops");
    let during = ada.upload_bytes("picture.bmp", picture(2)).await;
    let ready = reqwest::get(format!("{}/api/ready", it.api.url("api"))).await.expect("the API answers");
    assert_eq!(ready.status().as_u16(), 503, "{:?}", ready.text().await);
    it.stage.redis.start_again().expect("Redis starts");
    assert_eq!(ada.ended(&during).await["status"], "ANALYZED");
    let after = ada.upload_bytes("picture.bmp", picture(3)).await;
    assert_eq!(ada.ended(&after).await["status"], "ANALYZED");
    it.stage.is_tidy();
}

#[tokio::test]
async fn a_killed_postgres_delays_and_loses_nothing() {
    let it = running(&[("held", Does::Hold), ("quick", Does::Answer)]);
    let ada = Person::sign_up(&it.api.url("api"), "ada").await;
    let medium = ada.upload_bytes("picture.bmp", picture(1)).await;
    it.scripted.wait_until_holding(1);
    it.stage.postgres.kill().expect("PostgreSQL can be killed");
    let refused = ada.try_upload("picture.bmp", picture(2), None).await.expect("the API answers");
    assert!(refused.status().is_server_error(), "{}", refused.status());
    let problem: serde_json::Value = refused.json().await.expect("a problem");
    assert!(problem["requestId"].is_string() && problem["code"].is_string(), "{problem}");
    it.scripted.let_go();
    it.stage.postgres.start_again().expect("PostgreSQL starts");
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
    // What was refused has no row; a file of it may lie there until the sweep of orphans.
    assert_eq!(it.stage.sql("select count(*) from media"), "1");
    it.stage.rows_are_tidy();
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a small disk can only be mounted by root");
        return;
    }
    let disk = Mounted(folder.path().to_owned());
    let mut stage = Stage::new();
    stage.set("STORAGE_PATH", &disk.0.to_string_lossy());
    let scripted = Scripted::new(&[("quick", Does::Answer)]);
    let ml = FakeMl::start(&scripted, &stage.home);
    stage.know_ml(&ml.url);
    let (api, _worker) = (stage.start("api"), stage.start("worker"));
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let mut large = picture(1);
    large.resize(12 << 20, 0);
    let answer = ada.try_upload("picture.bmp", large, None).await.expect("the API answers");
    assert_eq!(answer.status().as_u16(), 507, "{:?}", answer.text().await);
    let small = ada.upload_bytes("picture.bmp", picture(2)).await;
    assert_eq!(ada.ended(&small).await["status"], "ANALYZED");
    assert_eq!(stage.sql("select count(*) from media"), "1");
    let files = Command::new("find").arg(&disk.0).args(["-type", "f"]).output().expect("find can be run");
    assert_eq!(String::from_utf8_lossy(&files.stdout).lines().count(), 1);
    stage.rows_are_tidy();
}

/// Unmounted when dropped.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, because a process that is being killed may still hold it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
