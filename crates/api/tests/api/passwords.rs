//! Passwords as they are really hashed.

use std::sync::Arc;

use dk_api::{ApiConfig, Argon2Passwords, SigningKey};
use dk_app::ports::{PasswordError, PasswordHash, Passwords as _};
use dk_app::service::Ports;
use serde_json::json;

use crate::client::Client;
use crate::world::{SECRET, World};

/// `bcrypt` of "correct horse battery", cost 4, as Node's bcrypt writes it.
fn bcrypt_hash(version: &str) -> PasswordHash {
    let parts = bcrypt::hash_with_result("correct horse battery", 4).unwrap();
    let version = match version {
        "2a" => bcrypt::Version::TwoA,
        _ => bcrypt::Version::TwoB,
    };
    PasswordHash(parts.format_for_version(version))
}

#[tokio::test]
async fn a_new_hash_is_argon2id_with_a_salt_of_its_own() {
    let passwords = Argon2Passwords::default();
    let one = passwords.hash("correct horse battery").await.unwrap();
    let two = passwords.hash("correct horse battery").await.unwrap();
    assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
    assert_ne!(one, two);
    assert!(!passwords.is_outdated(&one));
    assert!(passwords.check("correct horse battery", Some(&one)).await.unwrap());
    assert!(!passwords.check("correct horse battery!", Some(&one)).await.unwrap());
}

#[tokio::test]
async fn hashes_of_older_installations_are_understood_and_marked() {
    let passwords = Argon2Passwords::default();
    for version in ["2a", "2b"] {
        let old = bcrypt_hash(version);
        assert!(passwords.is_outdated(&old));
        assert!(passwords.check("correct horse battery", Some(&old)).await.unwrap());
        assert!(!passwords.check("wrong", Some(&old)).await.unwrap());
    }
}

#[tokio::test]
async fn without_an_account_no_password_is_right_and_it_is_no_fault() {
    let passwords = Argon2Passwords::default();
    assert!(!passwords.check("correct horse battery", None).await.unwrap());
}

#[tokio::test]
async fn a_hash_that_nobody_understands_is_a_fault() {
    let passwords = Argon2Passwords::default();
    assert!(passwords.check("x", Some(&PasswordHash("plain".to_owned()))).await.is_err());
}

#[tokio::test]
async fn a_stored_hash_that_asks_for_very_much_memory_is_a_fault_before_it_gets_it() {
    let passwords = Argon2Passwords::default();
    let like = |memory_kib: u32| {
        PasswordHash(format!(
            "$argon2id$v=19$m={memory_kib},t=1,p=1$phs8OIUK84npuwyOfJt6KA$jZOX5oTQRgC45gNys44ra2Sb7f3ol4UA/uqLIDIVpAM"
        ))
    };
    assert!(!passwords.check("x", Some(&like(64 * 1024))).await.unwrap());
    assert!(passwords.check("x", Some(&like(64 * 1024 + 1))).await.is_err());
}

#[tokio::test]
async fn who_comes_when_the_queue_is_full_is_told_to_come_again() {
    let passwords = Argon2Passwords::new(1, 2);
    let all = futures_util::future::join_all((0..10).map(|_| passwords.check("x", None))).await;
    let busy = |end: &Result<bool, PasswordError>| matches!(end, Err(PasswordError::Busy { retry_after }) if !retry_after.is_zero());
    assert_eq!(all.iter().filter(|end| busy(end)).count(), 7);
    assert_eq!(all.iter().filter(|end| matches!(end, Ok(false))).count(), 3);
    // The queue is empty again.
    assert!(!passwords.check("x", None).await.unwrap());
}

#[tokio::test]
async fn a_sign_in_while_the_queue_is_full_is_answered_with_when_to_come_again() {
    let world = World::new();
    let ports = Ports { passwords: Arc::new(Argon2Passwords::new(1, 0)), ..world.ports.clone() };
    let router = dk_api::router(ports, ApiConfig::new(SigningKey::new(SECRET).unwrap()), &world.stop);
    let body = json!({ "email": "nobody@example.org", "password": "correct horse battery" });
    let client = Client::new(router);
    let attempt = || client.post("/api/v1/auth/login", &body);
    let (one, other) = futures_util::future::join(attempt(), attempt()).await;
    let (wrong, busy) = if one.status == 401 { (one, other) } else { (other, one) };
    wrong.is_problem(401, "wrong_credentials");
    assert!(!busy.header("retry-after").is_empty());
    busy.is_problem(503, "busy");
}
