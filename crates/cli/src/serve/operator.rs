//! What an operator does with accounts, directly in the database.

use std::io::Read as _;
use std::process::ExitCode;

use dk_app::account::{ApiKeyText, NewPassword};
use dk_app::ports::{AddUser, ApiKey};
use dk_domain::{ApiKeyId, Email, Role, Scope};

use super::first_admin::{add, password};
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
            let (password, is_made) = chosen_password(&people, *password_stdin)?;
            let role = if *admin { Role::Admin } else { Role::User };
            if add(&people, email, (first_name, last_name), role, &password).await? == AddUser::EmailTaken {
                let error = anyhow::anyhow!("there is an account {email} already");
                return Err(Failure::wrong_use(
                    error,
                    format!("to change its password: drishtiksha user password {email}"),
                ));
            }
            tell(email, is_made.then_some(&password), "added");
        }
        UserCommand::Password { email, password_stdin } => {
            let user = find(&people, email).await?;
            let (password, is_made) = chosen_password(&people, *password_stdin)?;
            let hash = people.passwords.hash(&password).await.map_err(hashing_failed)?;
            let now = people.ambient.now();
            people.accounts.set_password(user, &hash, None, now).await.map_err(database_failed)?;
            tell(email, is_made.then_some(&password), "has another password, and its sessions have ended");
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

fn tell(email: &Email, made: Option<&String>, what: &str) {
    match made {
        Some(password) => say(&format!("{email} {what}; password: {password}  (shown this once)")),
        None => say(&format!("{email} {what}")),
    }
}

async fn find(people: &People, email: &Email) -> Result<dk_domain::UserId, Failure> {
    let found = people.accounts.user_by_email(email).await.map_err(database_failed)?;
    found.map(|(user, _)| user.id).ok_or_else(|| {
        let error = anyhow::anyhow!("there is no account {email}");
        Failure::wrong_use(error, format!("to add it: drishtiksha user add {email}"))
    })
}

/// The password of standard input, or a new one; and whether it is new.
fn chosen_password(people: &People, from_stdin: bool) -> Result<(String, bool), Failure> {
    if !from_stdin {
        return Ok((password(people), true));
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
    Ok((password.reveal().to_owned(), false))
}

fn hashing_failed(error: dk_app::ports::PasswordError) -> Failure {
    Failure::not_done(error, "the machine may be short of memory: try again")
}
