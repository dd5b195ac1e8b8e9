//! What the tests start where the real binary starts itself: drops its rights, or tries weights.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.split_first() {
        Some((word, rest)) if word == "__sandbox" => dk_media::sandbox::main(rest.iter().cloned()),
        Some((word, rest)) if word == "__load" => match dk_infer::guard::load_in_child(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                // Nobody reads on when standard error is closed.
                let _ = writeln!(std::io::stderr(), "{why}");
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::FAILURE,
    }
}
