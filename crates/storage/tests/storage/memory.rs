//! A gigabyte passes through, and the memory does not grow with it. Measured in a process of its own, which is this
//! test again.

use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use dk_app::ports::Storage;
use dk_contract::storage::medium;
use dk_domain::MediaKind;
use dk_storage::{LocalOptions, Options, open};
use dk_testkit::s3::S3;

use crate::world::Still;

const CHILD: &str = "DRISHTIKSHA_TEST_MEMORY";
const MIB: u64 = 1024 * 1024;
const MOST_GROWTH_MIB: u64 = 16;

/// Runs one test of this program alone; what it prints goes to the output of this one.
fn alone(test: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in a process of its own");
}

/// The most memory that this process has had, in KiB; `None` where the system does not say.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

/// Receives and stores a file of so many pieces of 64 KiB, as the network brings them.
async fn pass_through(storage: &dyn Storage, pieces: u64, number: u128) {
    let mut incoming = storage.receive().await.unwrap();
    for piece in 0..pieces {
        let mut bytes = vec![0; 64 * 1024];
        bytes[..8].copy_from_slice(&piece.to_le_bytes());
        incoming.write(Bytes::from(bytes)).await.unwrap();
    }
    let staged = incoming.finish().await.unwrap();
    storage.keep(staged, MediaKind::Video, medium(number)).await.unwrap();
}

async fn measure(storage: Arc<dyn Storage>, mib: u64) {
    // Threads, connections and buffers that are made once.
    pass_through(&*storage, 16, 1).await;
    let Some(before) = peak_kib() else {
        eprintln!("skipped: this system does not say how much memory a process has had");
        return;
    };
    pass_through(&*storage, mib * 16, 2).await;
    let growth = peak_kib().unwrap() - before;
    println!("{mib} MiB passed through, and the memory grew by {growth} KiB");
    assert!(growth < MOST_GROWTH_MIB * MIB / 1024, "{mib} MiB made the memory grow by {growth} KiB");
}

#[test]
fn a_gigabyte_into_a_folder_takes_hardly_any_memory() {
    if std::env::var_os(CHILD).is_none() {
        return alone("memory::a_gigabyte_into_a_folder_takes_hardly_any_memory");
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let options = LocalOptions { root: folder.path().to_owned() };
        measure(open(Options::Local(options), Arc::new(Still::default())).await.unwrap(), 1024).await;
    });
}

#[test]
fn a_large_file_into_a_bucket_takes_hardly_any_memory() {
    if std::env::var_os(CHILD).is_none() {
        return alone("memory::a_large_file_into_a_bucket_takes_hardly_any_memory");
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let Some(server) = S3::start().unwrap() else { return };
        let folder = tempfile::tempdir().unwrap();
        measure(crate::s3::storage_at(&server.endpoint, folder.path()).await, 128).await;
    });
}
