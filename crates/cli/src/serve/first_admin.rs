//! The first administrator, where there is no account yet. An installation of one process makes one, with a password
//! that is printed once; for any other a link is printed with which its operator makes one.

use dk_api::{ApiConfig, SetUpSecret};
use dk_app::ports::{AddUser, User};
use dk_domain::{Email, Role, UserId};

use super::parts::{People, database_failed};
use crate::failure::Failure;
use crate::style::say;

const ADDRESS: &str = "admin@localhost";

/// Who reaches the first account, and how.
pub(super) enum First<'a> {
    /// It is made here.
    Made,
    /// Its person makes it, at this address of the service.
    Invited { config: &'a ApiConfig, url: &'a str },
}

/// Sees to the first account where there is none.
pub(super) async fn welcome(people: &People, first: First<'_>) -> Result<(), Failure> {
    if people.accounts.has_users().await.map_err(database_failed)? {
        return Ok(());
    }
    match first {
        First::Made => make(people).await,
        First::Invited { config, url } => {
            let secret = SetUpSecret::new(&config.signing_key).map_err(|error| {
                Failure::not_done(anyhow::Error::new(error), "set JWT_SECRET to another random text")
            })?;
            say(&format!("first set-up: open {url}/setup#{}", secret.reveal()));
            Ok(())
        }
    }
}

async fn make(people: &People) -> Result<(), Failure> {
    let email: Email =
        ADDRESS.parse().map_err(|error| Failure::not_done(anyhow::Error::new(error), "report this"))?;
    let password = password(people);
    let person = Person { email: &email, names: ("First", "Administrator"), role: Role::Admin };
    if add(people, person, &password, Chosen::ByUs).await? == AddUser::Added {
        say(&format!(
            "first administrator: {ADDRESS}  password: {password}  (shown this once; to be changed when signing in)"
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

/// Who chose a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Its person, or somebody on that person's behalf.
    ByThem,
    /// This program: the person has to choose another one at the first sign-in.
    ByUs,
}

/// Who gets an account.
pub(super) struct Person<'a> {
    pub(super) email: &'a Email,
    /// First and last.
    pub(super) names: (&'a str, &'a str),
    pub(super) role: Role,
}

/// Adds an account.
pub(super) async fn add(
    people: &People,
    person: Person<'_>,
    password: &str,
    chosen: Chosen,
) -> Result<AddUser, Failure> {
    let hash = people.passwords.hash(password).await.map_err(|error| {
        Failure::not_done(anyhow::Error::new(error), "the machine may be short of memory: try again")
    })?;
    let now = people.ambient.now();
    let user = User {
        id: UserId::from(people.ambient.id()),
        email: person.email.clone(),
        first_name: person.names.0.to_owned(),
        last_name: person.names.1.to_owned(),
        role: person.role,
        is_active: true,
        must_change_password: chosen == Chosen::ByUs,
        created_at: now,
        updated_at: now,
    };
    people.accounts.add_user(&user, &hash).await.map_err(database_failed)
}
