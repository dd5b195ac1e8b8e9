//! Stops a server and removes its folder when a process has gone, however that process ended.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

/// `$1` the process to outlive, `$2` the folder, `$3` the file with the server's process id, `$4` a file to remove.
const SCRIPT: &str = r#"
while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
server=$(head -n 1 "$3" 2>/dev/null)
if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null && sleep 1; done
    kill -KILL "$server" 2>/dev/null
fi
rm -rf -- "$2"
[ -z "$4" ] || rm -f -- "$4"
"#;

/// Starts the watchdog in a process group of its own, so that it outlives whoever kills the group of the test.
pub(super) fn set(outlive: u32, folder: &Path, pid_file: &Path, extra: Option<&Path>) -> anyhow::Result<()> {
    Command::new("sh")
        .args(["-c", SCRIPT, "watchdog"])
        .arg(outlive.to_string())
        .arg(folder)
        .arg(pid_file)
        .arg(extra.unwrap_or(Path::new("")))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map(drop)
        .context("cannot start a shell that removes the database afterwards")
}
