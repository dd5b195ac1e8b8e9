//! What the tests start where the real binary starts itself: drops its rights, tries weights, or validates credentials.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.split_first() {
        Some((word, rest)) if word == "__sandbox" => dk_media::sandbox::main(rest.iter().cloned()),
        Some((word, rest)) if word == "__load" => ended(dk_infer::guard::load_in_child(rest)),
        Some((word, rest)) if word == "__credentials" => ended(dk_infer::validator::validate_in_child(rest)),
        _ => ExitCode::FAILURE,
    }
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody reads on when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}
