//! The inside of the launcher: reads its arguments, gives rights up, becomes the program.
//!
//! Arguments: `--memory BYTES --cpu SECONDS --files COUNT [--read PATH]... -- PROGRAM [ARGUMENT]...`, or
//! `--report` to give the rights up and print which layers held.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use super::layers::{Rights, apply};

/// What the launcher returns when it could not become the program, as shells do.
pub(super) const NOT_STARTED: u8 = 126;
/// How its message begins then.
pub(super) const NOT_STARTED_PREFIX: &str = "sandbox: ";

/// Entry point of the hidden subcommand: `args` are those that follow its name. Comes back only when the
/// program could not be started, or after a report.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let order = match Order::parse(args) {
        Ok(order) => order,
        Err(reason) => return fail(&reason),
    };
    match order {
        Order::Report => {
            let rights = Rights { memory_bytes: 1 << 30, cpu_secs: 10, open_files: 16, ..Rights::default() };
            let layers = apply(&rights);
            match writeln!(std::io::stdout(), "{layers}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(reason) => fail(&format!("cannot report: {reason}")),
            }
        }
        Order::Run { rights, args } => {
            apply(&rights);
            let reason = Command::new(&rights.program).args(args).exec();
            fail(&format!("cannot start {}: {reason}", rights.program.display()))
        }
    }
}

fn fail(reason: &str) -> ExitCode {
    // When even stderr is gone the exit code alone has to tell.
    let _ = writeln!(std::io::stderr(), "{NOT_STARTED_PREFIX}{reason}");
    ExitCode::from(NOT_STARTED)
}

#[derive(Debug, PartialEq, Eq)]
enum Order {
    Report,
    Run { rights: Rights, args: Vec<OsString> },
}

impl Order {
    fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let mut rights = Rights::default();
        while let Some(name) = args.next() {
            match name.to_str() {
                Some("--report") => return Ok(Self::Report),
                Some("--") => {
                    rights.program = args.next().map(PathBuf::from).ok_or("no program is named")?;
                    return Ok(Self::Run { rights, args: args.collect() });
                }
                Some("--memory") => rights.memory_bytes = number(args.next())?,
                Some("--cpu") => rights.cpu_secs = number(args.next())?,
                Some("--files") => rights.open_files = number(args.next())?,
                Some("--read") => rights.readable.push(args.next().ok_or("--read names nothing")?.into()),
                _ => return Err(format!("unknown argument {}", name.display())),
            }
        }
        Err("no program is named".to_owned())
    }
}

fn number(text: Option<OsString>) -> Result<u64, String> {
    let text = text.ok_or("a number is missing")?;
    text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{} is no number", text.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Order, String> {
        Order::parse(args.iter().map(OsString::from))
    }

    #[test]
    fn arguments_of_the_program_are_left_alone() {
        let order = parse(&[
            "--memory", "5", "--cpu", "6", "--files", "7", "--read", "/a", "--", "/b", "--read", "--",
        ]);
        let rights = Rights {
            memory_bytes: 5,
            cpu_secs: 6,
            open_files: 7,
            readable: vec!["/a".into()],
            program: "/b".into(),
        };
        assert_eq!(order, Ok(Order::Run { rights, args: vec!["--read".into(), "--".into()] }));
    }

    #[test]
    fn a_wrong_order_starts_nothing() {
        for args in [&[][..], &["--"], &["--memory"], &["--memory", "x", "--", "/b"], &["/b"], &["--read"]] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
