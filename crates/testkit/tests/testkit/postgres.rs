//! PostgreSQL: databases are apart, a killed cluster comes back with what was committed, nothing stays behind.

use std::path::Path;
use std::process::Command;

use dk_testkit::postgres::{Private, shared};

/// Asks with PostgreSQL's own client, so that these tests need no library.
fn ask(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-d", url, "-c", statement]).output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

async fn migrate(url: String) -> Result<(), std::io::Error> {
    ask(&url, "create table t (n int)").map(drop).map_err(std::io::Error::other)
}

#[tokio::test]
async fn each_database_is_a_copy_of_the_template_and_apart_from_the_others() {
    let shared = shared().unwrap();
    let one = shared.database("testkit", migrate).await.unwrap();
    let other = shared.database("testkit", migrate).await.unwrap();
    ask(&one.url, "insert into t values (1)").unwrap();
    assert_eq!(ask(&one.url, "select count(*) from t").unwrap(), "1");
    assert_eq!(ask(&other.url, "select count(*) from t").unwrap(), "0");
    let empty = shared.empty_database().unwrap();
    assert!(ask(&empty.url, "select count(*) from t").is_err());
}

#[test]
fn a_killed_cluster_comes_back_on_its_port_with_what_was_committed() {
    let cluster = Private::start().unwrap();
    let url = cluster.url();
    ask(&url, "create table t (n int); insert into t values (7)").unwrap();
    cluster.kill().unwrap();
    assert!(ask(&url, "select n from t").is_err());
    cluster.start_again().unwrap();
    assert_eq!(ask(&url, "select n from t").unwrap(), "7");
    cluster.stop().unwrap();
    cluster.start_again().unwrap();
    let folder = ask(&url, "show data_directory").unwrap();
    drop(cluster);
    assert!(!Path::new(&folder).exists());
    assert!(ask(&url, "select 1").is_err());
}
