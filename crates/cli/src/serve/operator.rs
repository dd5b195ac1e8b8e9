//! What an operator does with accounts, directly in the database.

use std::io::Read as _;
use std::process::ExitCode;

use dk_app::account::{ApiKeyText, NewPassword};
use dk_app::ports::{AddUser, ApiKey, SetPassword};
use dk_domain::{ApiKeyId, Email, Role, Scope};

use super::first_admin::{Chosen, Person, add, password};
use super::parts::{People, database_failed, people};
use crate::args::UserCommand;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::say;

/// Longest input that is read for a password.
const MAX_INPUT: u64 = 4096;

pub(super) async fn run(command: &UserCommand, config: &Config) -> Result<ExitCode, Failure> {
    let people = people(config).await?;
    match command {
        UserCommand::Add { email, first_name, last_name, admin, password_stdin } => {
            let (password, chosen) = chosen_password(&people, *password_stdin)?;
            let role = if *admin { Role::Admin } else { Role::User };
            let person = Person { email, names: (first_name, last_name), role };
            if add(&people, person, &password, chosen).await? == AddUser::EmailTaken {
                let error = anyhow::anyhow!("there is an account {email} already");
                return Err(Failure::wrong_use(
                    error,
                    format!("to change its password: drishtiksha user password {email}"),
                ));
            }
            tell(email, &password, chosen, "added");
        }
        UserCommand::Password { email, password_stdin } => {
            let user = find(&people, email).await?;
            let (password, chosen) = chosen_password(&people, *password_stdin)?;
            let hash = people.passwords.hash(&password).await.map_err(hashing_failed)?;
            let must_change = chosen == Chosen::ByUs;
            let change = SetPassword { hash, replaces: None, must_change, keep: None };
            let now = people.ambient.now();
            people.accounts.set_password(user, &change, now).await.map_err(database_failed)?;
            tell(email, &password, chosen, "has another password, and its sessions have ended");
        }
        UserCommand::Key { email, name } => {
            let text = ApiKeyText::new(&*people.ambient);
            let key = ApiKey {
                id: ApiKeyId::from(people.ambient.id()),
                user_id: find(&people, email).await?,
                name: name.clone(),
                prefix: text.visible(),
                scope: Scope::Write,
                expires_at: None,
                last_used_at: None,
                created_at: people.ambient.now(),
            };
            people.accounts.add_api_key(&key, &text.hash()).await.map_err(database_failed)?;
            say(&text.reveal());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(email: &Email, password: &str, chosen: Chosen, what: &str) {
    match chosen {
        Chosen::ByUs => say(&format!(
            "{email} {what}; password: {password}  (shown this once; to be changed when signing in)"
        )),
        Chosen::ByThem => say(&format!("{email} {what}")),
    }
}

async fn find(people: &People, email: &Email) -> Result<dk_domain::UserId, Failure> {
    let found = people.accounts.user_by_email(email).await.map_err(database_failed)?;
    found.map(|(user, _)| user.id).ok_or_else(|| {
        let error = anyhow::anyhow!("there is no account {email}");
        Failure::wrong_use(error, format!("to add it: drishtiksha user add {email}"))
    })
}

/// The password of standard input, or a new one.
fn chosen_password(people: &People, from_stdin: bool) -> Result<(String, Chosen), Failure> {
    if !from_stdin {
        return Ok((password(people), Chosen::ByUs));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
    read.map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot read the password from standard input");
        Failure::wrong_use(error, "give it as one line of text")
    })?;
    let password: NewPassword = text.trim_end_matches(['\r', '\n']).parse().map_err(|error| {
        Failure::wrong_use(anyhow::Error::new(error), "give another one as one line of text")
    })?;
    Ok((password.reveal().to_owned(), Chosen::ByThem))
}

fn hashing_failed(error: dk_app::ports::PasswordError) -> Failure {
    Failure::not_done(error, "the machine may be short of memory: try again")
}
