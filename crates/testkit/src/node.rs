//! Node's own clients (BullMQ, Bull Board, Socket.IO), for tests that look at our servers from outside. The packages
//! are installed once, from the lock file in the folder `node` of this crate, and never committed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// Written last, with the lock file that was installed.
const STAMP: &str = ".installed";

/// A command that runs a CommonJS script (`.cjs`, wherever it is) which may `require` the packages. Its output goes
/// where the caller says.
pub fn script(path: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("node");
    command.arg(path).env("NODE_PATH", modules()?).stdin(Stdio::null());
    Ok(command)
}

/// Runs a script to its end and returns what it wrote. What it wrote to the error stream is in the error.
pub fn run(path: &Path, args: &[&str]) -> anyhow::Result<String> {
    let output = script(path)?.args(args).output().context("cannot run node; hint: install Node 20")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} ended with {}: {errors}", path.display(), output.status);
    String::from_utf8(output.stdout).context("the script wrote something that is no text")
}

/// The folder with the packages, installed if they are not there or are others than the lock file names.
pub fn modules() -> anyhow::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    let modules = folder.join("node_modules");
    let wanted = fs::read(folder.join("package-lock.json")).context("cannot read package-lock.json")?;
    let is_installed = || fs::read(modules.join(STAMP)).is_ok_and(|installed| installed == wanted);
    if is_installed() {
        return Ok(modules);
    }
    // Tests run in processes of their own; one installs, the others wait.
    let lock =
        File::options().create(true).append(true).open(std::env::temp_dir().join("dk-test-node.lock"))?;
    lock.lock().context("cannot wait for another process that installs packages")?;
    if !is_installed() {
        install(&folder)?;
        fs::write(modules.join(STAMP), &wanted)?;
    }
    Ok(modules)
}

fn install(folder: &Path) -> anyhow::Result<()> {
    let output = Command::new("npm")
        .arg("ci")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("cannot run npm; hint: install Node 20 with npm")?;
    if !output.status.success() {
        bail!("npm ci ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
