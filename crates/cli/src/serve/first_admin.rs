//! The first administrator: made when there is no account yet, with a password that is printed once.

use dk_app::ports::{AddUser, User};
use dk_domain::{Email, Role, UserId};

use super::parts::{People, database_failed};
use crate::failure::Failure;
use crate::style::say;

const ADDRESS: &str = "admin@localhost";

/// Makes the first account where there is none.
pub(super) async fn welcome(people: &People) -> Result<(), Failure> {
    if people.accounts.count_users().await.map_err(database_failed)? > 0 {
        return Ok(());
    }
    let email: Email =
        ADDRESS.parse().map_err(|error| Failure::not_done(anyhow::Error::new(error), "report this"))?;
    let password = password(people);
    if add(people, &email, ("First", "Administrator"), Role::Admin, &password).await? == AddUser::Added {
        say(&format!(
            "first administrator: {ADDRESS}  password: {password}  (shown this once; change it after signing in)"
        ));
    }
    Ok(())
}

/// A new password that can be typed: 24 characters of the 32 that are not mistaken for each other.
pub(super) fn password(people: &People) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random = people.ambient.secret();
    let letters: String =
        random.iter().take(24).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<&str> = [0, 6, 12, 18].iter().filter_map(|at| letters.get(*at..at + 6)).collect();
    groups.join("-")
}

/// Adds an account.
pub(super) async fn add(
    people: &People,
    email: &Email,
    (first_name, last_name): (&str, &str),
    role: Role,
    password: &str,
) -> Result<AddUser, Failure> {
    let hash = people.passwords.hash(password).await.map_err(|error| {
        Failure::not_done(anyhow::Error::new(error), "the machine may be short of memory: try again")
    })?;
    let now = people.ambient.now();
    let user = User {
        id: UserId::from(people.ambient.id()),
        email: email.clone(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        role,
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    people.accounts.add_user(&user, &hash).await.map_err(database_failed)
}
