//! `login` and `logout`: how a key gets into the data folder and out of it again.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use reqwest::Method;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};

use super::address::Address;
use super::args::LoginArgs;
use super::fault::Fault;
use super::http::Server;
use super::kept::{Kept, Key};
use super::messages::{CreatedKey, NewKey, Person, SignIn, SignedIn};
use super::{block_on, typed};
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{complain, say, visible};

/// What proves who somebody is.
enum Proof {
    Password { email: String, password: String },
    Key(Key),
}

pub(super) fn login(args: &LoginArgs, config: &Config) -> Result<ExitCode, Failure> {
    let kept = Kept::read(&config.home)?;
    let named = args.url.as_ref().or(args.server.server.as_ref());
    // Whoever signs in again means the same server.
    let (text, allow_http) = match (named, &kept) {
        (Some(text), _) => (text.clone(), args.server.allow_http),
        (None, Some(kept)) => (kept.server.clone(), kept.allow_http || args.server.allow_http),
        (None, None) => (super::local(config), args.server.allow_http),
    };
    let address = Address::parse(&text, allow_http)?;
    let proof = proof(args, &address)?;
    let (new, email) = block_on(async {
        match proof {
            Proof::Key(key) => check(&address, key, allow_http).await,
            Proof::Password { email, password } => sign_in(&address, &email, &password, allow_http).await,
        }
    })?;
    let place = new.write(&config.home)?;
    if let Some(old) = kept {
        take_back_quietly(&old, &new);
    }
    say(&format!("signed in to {address} as {}", visible(&email)));
    complain(&format!("the key is kept in {}", place.display()));
    Ok(ExitCode::SUCCESS)
}

fn proof(args: &LoginArgs, address: &Address) -> Result<Proof, Failure> {
    if args.api_key_stdin {
        return Ok(Proof::Key(Key::parse(&typed::piped("API key")?)?));
    }
    let ask = typed::somebody_is_there();
    let email = match (&args.email, ask) {
        (Some(email), _) => email.to_string(),
        (None, true) => typed::asked(&format!("e-mail address at {address}: "))?,
        (None, false) => {
            let error = anyhow::anyhow!("it was not said who signs in");
            let hint = "add --email ADDRESS --password-stdin, or --api-key-stdin, and pipe the secret in";
            return Err(Failure::wrong_use(error, hint));
        }
    };
    let password = match (args.password_stdin, ask) {
        (true, _) => typed::piped("password")?,
        (false, true) => typed::asked_secretly("password: ")?,
        (false, false) => {
            let error = anyhow::anyhow!("there is no terminal to ask for the password");
            return Err(Failure::wrong_use(error, "pipe the password in and add --password-stdin"));
        }
    };
    Ok(Proof::Password { email, password })
}

/// Asks the server whose key this is.
async fn check(address: &Address, key: Key, allow_http: bool) -> Result<(Kept, String), Failure> {
    let server = Server::new(address.clone(), Some(key.clone()))?;
    let person: Person = server.get("/auth/profile").await.map_err(Fault::into_failure)?;
    Ok((Kept { server: address.to_string(), api_key: key, api_key_id: None, allow_http }, person.email))
}

/// Signs in with the password, makes a key and signs out again: the password is used once and not kept.
async fn sign_in(
    address: &Address,
    email: &str,
    password: &str,
    allow_http: bool,
) -> Result<(Kept, String), Failure> {
    let server = Server::new(address.clone(), None)?;
    let request = server.request(Method::POST, "/auth/login").json(&SignIn { email, password });
    let answer = server.send(request).await.map_err(Fault::into_failure)?;
    let cookies = cookies(answer.headers());
    let session: SignedIn = server.json(answer).await.map_err(Fault::into_failure)?;
    let name = format!("drishtiksha on {}", machine());
    let made = server.post("/auth/api-keys", &session.token, &NewKey { name: &name, scope: "write" }).await;
    let signed_out = server.send(server.request(Method::POST, "/auth/logout").header(COOKIE, cookies)).await;
    if let Err(fault) = signed_out {
        tracing::warn!(%fault, "the session could not be ended; it ends by itself");
    }
    let made: CreatedKey = made.map_err(Fault::into_failure)?;
    let kept = Kept {
        server: address.to_string(),
        api_key: Key::parse(&made.key)?,
        api_key_id: Some(plain_id(&made.api_key.id)?),
        allow_http,
    };
    Ok((kept, email.to_owned()))
}

fn plain_id(id: &str) -> Result<String, Failure> {
    let id: dk_domain::ApiKeyId = id.parse().map_err(|error: dk_domain::IdError| {
        Failure::not_done(error, "check the address: a server of another kind may stand there")
    })?;
    Ok(id.to_string())
}

/// The session's cookie, as it is sent back.
fn cookies(headers: &HeaderMap) -> String {
    let pairs =
        headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// What people call this machine.
fn machine() -> String {
    let said =
        ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().find_map(|path| fs::read_to_string(path).ok());
    let said = said.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    let name: String = said.unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(60).collect();
    if name.is_empty() { "a machine without a name".to_owned() } else { name }
}

/// A key that an earlier `login` made at the same server is of no use any more.
fn take_back_quietly(old: &Kept, new: &Kept) {
    if old.server != new.server || old.api_key == new.api_key {
        return;
    }
    if let Err(why) = take_back(old) {
        tracing::info!(%why, "the key kept before could not be taken back");
    }
}

pub(super) fn logout(home: &Path) -> Result<ExitCode, Failure> {
    let Some(kept) = Kept::read(home)? else {
        say("nobody is signed in");
        return Ok(ExitCode::SUCCESS);
    };
    let taken_back = take_back(&kept);
    Kept::remove(home)?;
    say(&format!("signed out of {}", visible(&kept.server)));
    if let Err(why) = taken_back {
        complain(&format!("the key is still valid there: {}", visible(&why)));
        complain("hint: take it back on the server's page, under the keys of your account");
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the server forget a key that `login` made there; the words are why it did not.
fn take_back(kept: &Kept) -> Result<(), String> {
    let Some(id) = &kept.api_key_id else {
        return Err("it was made elsewhere and only kept here".to_owned());
    };
    let address =
        Address::parse(&kept.server, kept.allow_http).map_err(|_| "its address is spoilt".to_owned())?;
    let server =
        Server::new(address, Some(kept.api_key.clone())).map_err(|_| "no request can be made".to_owned())?;
    let gone = block_on(async {
        let request = server.request(Method::DELETE, &format!("/auth/api-keys/{id}"));
        Ok(server.send(request).await)
    });
    match gone {
        // A key that was taken back before cannot take itself back.
        Ok(Err(fault)) if fault.is_not_found() || fault.is_unauthorized() => Ok(()),
        Ok(answer) => answer.map(|_| ()).map_err(|fault| fault.to_string()),
        Err(_) => Err("this process cannot wait for a server".to_owned()),
    }
}
