//! A child of ours can do next to nothing. Each promise is tried by a program that is such a child; where the
//! system lacks a layer, the test says so instead of pretending.

mod support;

use std::fs;

use dk_app::StopToken;
use dk_media::sandbox::{ChildError, ChildLimits, Command, Enforcement, Output};
use support::{Folder, child, launcher, tools};

fn attempt(order: &str, path: &std::path::Path) -> Command {
    Command::new(&launcher(), child()).args([order.as_ref(), path.as_os_str()])
}

fn answer(command: Command) -> String {
    let output = command.run(&StopToken::new()).expect("the child ends by itself");
    assert!(output.success, "{output:?}");
    String::from_utf8(output.stdout).expect("plain text").trim().to_owned()
}

#[expect(clippy::print_stdout, reason = "a skip says why")]
fn has_file_wall() -> bool {
    let files = tools().layers().expect("the launcher reports").files;
    if files == Enforcement::None {
        println!("skipped: this kernel has no Landlock");
    }
    files != Enforcement::None
}

#[expect(clippy::print_stdout, reason = "a skip says why")]
fn has_call_wall() -> bool {
    let calls = tools().layers().expect("the launcher reports").calls;
    if !calls {
        println!("skipped: this kernel has no seccomp filters");
    }
    calls
}

#[test]
fn resource_limits_hold_on_every_system() {
    assert!(tools().layers().expect("the launcher reports").limits);
}

#[test]
fn a_child_reads_what_it_may_and_nothing_else() {
    let folder = Folder::new();
    let (secret, given) = (folder.write("secret", "s"), folder.write("given", "g"));
    assert_eq!(answer(attempt("read", &given).readable(&given)), "done");
    if has_file_wall() {
        assert!(answer(attempt("read", &secret).readable(&given)).starts_with("refused"));
        assert!(answer(attempt("read", "/etc/passwd".as_ref())).starts_with("refused"));
        assert!(answer(attempt("list", "/".as_ref())).starts_with("refused"));
    }
}

#[test]
fn a_folder_can_be_given_with_all_that_is_in_it() {
    let folder = Folder::new();
    let file = folder.write("inside", "i");
    assert_eq!(answer(attempt("read", &file).readable(folder.path(""))), "done");
}

#[test]
fn a_child_writes_no_file() {
    let folder = Folder::new();
    let target = folder.path("written");
    let _ = attempt("write", &target).readable(folder.path("")).run(&StopToken::new());
    let written = fs::read(&target).unwrap_or_default();
    assert!(written.is_empty(), "no byte gets onto a disk");
    if has_file_wall() {
        assert!(!target.exists());
    }
}

#[test]
fn a_child_opens_no_socket_and_starts_no_process_but_has_threads() {
    assert_eq!(answer(attempt("thread", "".as_ref())), "done");
    if has_call_wall() {
        assert!(answer(attempt("socket", "".as_ref())).starts_with("refused"));
        assert!(answer(attempt("process", "".as_ref()).readable("/bin/true")).starts_with("refused"));
    }
}

#[test]
fn a_child_cannot_take_more_memory_than_allowed() {
    if cfg!(target_os = "macos") {
        println!("skipped: macOS does not limit address space");
        return;
    }
    assert!(answer(attempt("memory", "".as_ref())).starts_with("refused"));
}

#[test]
fn a_child_inherits_no_secret() {
    let names = answer(attempt("env", "".as_ref()).env("EXTRA", "1"));
    let allowed =
        ["PATH", "LC_ALL", "EXTRA", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];
    assert!(names.split(' ').all(|name| allowed.contains(&name)), "{names}");
    assert!(names.contains("EXTRA"));
}

#[test]
fn stdin_is_the_given_file_or_nothing() {
    let folder = Folder::new();
    let file = fs::File::open(folder.write("input", "words")).expect("it is there");
    assert_eq!(answer(attempt("stdin", "".as_ref()).stdin_file(file)), "words");
    assert_eq!(answer(attempt("stdin", "".as_ref())), "");
}

#[test]
fn time_that_is_used_up_ends_a_child() {
    let limits = ChildLimits { wall_secs: 0, ..ChildLimits::default() };
    let result = attempt("spin", "".as_ref()).limits(limits).run(&StopToken::new());
    assert!(matches!(result, Err(ChildError::TimedOut { limit_secs: 0 })), "{result:?}");
}

#[test]
fn processor_time_that_is_used_up_ends_a_child() {
    let limits = ChildLimits { cpu_secs: 1, ..ChildLimits::default() };
    let result = attempt("spin", "".as_ref()).limits(limits).run(&StopToken::new());
    assert!(matches!(result, Ok(Output { signal: Some(_), success: false, .. })), "{result:?}");
}

#[test]
fn endless_output_ends_a_child() {
    let limits = ChildLimits { output_bytes: 100_000, ..ChildLimits::default() };
    let result = attempt("chatter", "".as_ref()).limits(limits).run(&StopToken::new());
    assert!(matches!(result, Err(ChildError::TooMuchOutput { limit_bytes: 100_000 })), "{result:?}");
}

#[test]
fn a_stop_ends_a_child_that_runs_and_one_that_would_start() {
    let stop = StopToken::new();
    let mut running = attempt("chatter", "".as_ref()).spawn(&stop).expect("it starts");
    let mut some = [0; 10];
    assert_eq!(running.fill(&mut some).expect("it prints"), 10);
    stop.stop();
    assert!(matches!(running.finish(), Err(ChildError::Stopped)));
    assert!(matches!(attempt("spin", "".as_ref()).run(&stop), Err(ChildError::Stopped)));
}

#[test]
fn a_dropped_child_is_gone() {
    let running = attempt("spin", "".as_ref()).spawn(&StopToken::new()).expect("it starts");
    // Comes back only after the child has been ended and reaped.
    drop(running);
}

#[test]
fn a_program_that_is_missing_or_is_none_has_its_own_error() {
    let folder = Folder::new();
    let missing = Command::new(&launcher(), folder.path("missing")).run(&StopToken::new());
    assert!(matches!(missing, Err(ChildError::Missing { .. })), "{missing:?}");
    let text = Command::new(&launcher(), folder.write("text", "no program")).run(&StopToken::new());
    assert!(matches!(text, Err(ChildError::Start { .. })), "{text:?}");
    let nowhere = dk_media::Launcher { program: folder.path("nowhere"), args: Vec::new() };
    let unlaunched = Command::new(&nowhere, child()).run(&StopToken::new());
    assert!(matches!(unlaunched, Err(ChildError::Start { .. })), "{unlaunched:?}");
}

#[test]
fn the_tools_tell_their_versions() {
    for tool in tools().versions() {
        let version = tool.version.expect("ffmpeg is installed");
        assert!(version.starts_with(tool.name), "{version}");
    }
    let mut without = tools();
    without.ffmpeg = None;
    assert!(without.versions()[0].version.is_err());
}
