//! Secrets that a person gives: piped in, or typed without being shown. Never on the command line, where every
//! program of the machine could read them.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Longest secret that is read.
const MAX_BYTES: u64 = 8 * 1024;

/// One line of standard input.
pub(super) fn piped(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::Read::take(io::stdin().lock(), MAX_BYTES).read_line(&mut line);
    read.map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot read the {what} from standard input"));
        Failure::not_done(error, "pipe one line of text into the command")
    })?;
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    if line.is_empty() {
        let error = anyhow::anyhow!("there is no {what} on standard input");
        return Err(Failure::wrong_use(error, "pipe one line of text into the command"));
    }
    Ok(line)
}

/// Asks on the terminal.
pub(super) fn asked(question: &str) -> Result<String, Failure> {
    let mut err = io::stderr();
    // A terminal that takes no question may still give an answer.
    let _ = write!(err, "{question}").and_then(|()| err.flush());
    piped("answer")
}

/// Asks on the terminal and shows nothing of what is typed.
pub(super) fn asked_secretly(question: &str) -> Result<String, Failure> {
    let Some(_silence) = Silence::begin() else {
        let error = anyhow::anyhow!("this terminal cannot hide what is typed");
        return Err(Failure::wrong_use(error, "pipe the password in and add --password-stdin"));
    };
    let answer = asked(question);
    // The line break that was typed was not shown either.
    let _ = writeln!(io::stderr());
    answer
}

/// Whether somebody can be asked.
pub(super) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// While it lives, the terminal shows nothing of what is typed.
struct Silence;

impl Silence {
    fn begin() -> Option<Self> {
        // A Ctrl-C while the password is typed must not leave a terminal that shows nothing.
        ctrlc::set_handler(|| {
            stty("echo");
            std::process::abort();
        })
        .ok()?;
        stty("-echo").then_some(Self)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(word: &str) -> bool {
    let mut command = Command::new("stty");
    command.arg(word).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
