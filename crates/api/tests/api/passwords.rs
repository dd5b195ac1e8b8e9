//! Passwords as they are really hashed.

use dk_api::Argon2Passwords;
use dk_app::ports::{PasswordHash, Passwords as _};

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
