//! Certificates for servers of tests, of an authority that nobody else knows. Made by the program `openssl`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The certificate of the authority.
pub(crate) const AUTHORITY: &str = "authority.pem";
/// The server's own, for 127.0.0.1, and its key.
pub(crate) const SERVER: [&str; 2] = ["server.pem", "server.key"];

/// Writes the files named above into a folder. `command` is to start a program of this name there, as whoever is to own the files.
pub(crate) fn make(folder: &Path, command: impl Fn(&Path) -> Command) -> anyhow::Result<()> {
    let make = |name: &str, wishes: &[&str]| {
        let output = command(Path::new("openssl"))
            .current_dir(folder)
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-days", "2", "-subj", &format!("/CN={name}")])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .args(wishes)
            .stdin(Stdio::null())
            .output()
            .context("cannot start openssl; hint: install the package openssl")?;
        ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    };
    make("authority", &[])?;
    let wishes = ["-CA", AUTHORITY, "-CAkey", "authority.key", "-addext", "subjectAltName=IP:127.0.0.1"];
    make("server", &[&wishes[..], &["-addext", "basicConstraints=critical,CA:FALSE"]].concat())
}
