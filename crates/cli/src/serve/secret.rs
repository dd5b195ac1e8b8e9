//! The secret that signs access tokens: set by the operator, or made once and kept beside the embedded database.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use dk_app::ports::Ambient;
use dk_domain::Sha256;

use crate::config::Config;
use crate::failure::Failure;

/// The secret in force.
pub(super) fn signing_secret(config: &Config, ambient: &dyn Ambient) -> Result<String, Failure> {
    if let Some(secret) = &config.service.jwt_secret {
        return Ok(secret.reveal().to_owned());
    }
    let place = config.home.join("secret");
    kept(&place, ambient).map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot keep a secret in {}", place.display()));
        Failure::not_done(error, "make the data folder writable, or set JWT_SECRET")
    })
}

fn kept(place: &Path, ambient: &dyn Ambient) -> std::io::Result<String> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(place) {
        Ok(mut file) => {
            let secret = Sha256::from(ambient.secret()).to_string();
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let secret = fs::read_to_string(place)?;
            if secret.len() >= 32 {
                Ok(secret)
            } else {
                Err(std::io::Error::new(
                    ErrorKind::InvalidData,
                    "it is shorter than 32 characters; remove it and start again",
                ))
            }
        }
        Err(error) => Err(error),
    }
}
