//! What the hidden subcommand is in the real binary, for the tests of this crate alone. Besides being the
//! launcher it tries, as a child, what a child must not be able to do, and prints how that went.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::UdpSocket;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let order = args.next().unwrap_or_default();
    if order == "__sandbox" {
        return dk_media::sandbox::main(args);
    }
    let path = args.next().unwrap_or_default();
    let answer = attempt(&order, path);
    let mut out = std::io::stdout();
    match writeln!(out, "{}", answer.as_ref().map_or_else(|error| format!("refused: {error}"), Clone::clone))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn attempt(order: &OsString, path: OsString) -> std::io::Result<String> {
    let done = "done".to_owned();
    match order.to_str() {
        Some("socket") => UdpSocket::bind("127.0.0.1:0").map(|_| done),
        Some("read") => fs::read(path).map(|_| done),
        Some("list") => fs::read_dir(path).map(|_| done),
        Some("write") => File::create(path).and_then(|mut file| file.write_all(b"x")).map(|()| done),
        Some("process") => Command::new("/bin/true").status().map(|_| done),
        Some("thread") => std::thread::Builder::new().spawn(|| ()).map(|_| done),
        Some("stdin") => std::io::read_to_string(std::io::stdin()),
        Some("env") => Ok(env::vars().map(|(name, _)| name).collect::<Vec<_>>().join(" ")),
        Some("memory") => {
            let mut block: Vec<u8> = Vec::new();
            block.try_reserve_exact(1 << 40).map_err(std::io::Error::other).map(|()| done)
        }
        Some("spin") => loop {
            std::hint::spin_loop();
        },
        Some("chatter") => loop {
            std::io::stdout().write_all(&[b'x'; 4096])?;
        },
        _ => Err(std::io::Error::other("unknown order")),
    }
}
