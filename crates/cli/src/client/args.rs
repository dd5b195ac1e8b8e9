//! The words of the commands that talk to a server, as `clap` reads them.

use std::path::PathBuf;

use clap::Args;
use dk_domain::{Email, ModelName, RunId, RunStatus, UnknownWord};

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server; without it, the one of `drishtiksha login`. The key is that of `login` for this server, or
    /// DRISHTIKSHA_API_KEY.
    #[arg(long, value_name = "URL", env = "DRISHTIKSHA_SERVER")]
    pub server: Option<String>,
    /// Allow an http:// address of another machine; whoever is on the way can read the key and the files.
    #[arg(long)]
    pub allow_http: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The password is used once, to make a key that may read and write; the key is kept in \
    client.toml in the data folder, for nobody else to read. Secrets are never taken from the command line: they \
    are asked for, or piped in."
)]
pub(crate) struct LoginArgs {
    /// The server, such as https://detect.example.org; without it, the one of before or that of this machine.
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Who signs in.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "api_key_stdin")]
    pub email: Option<Email>,
    /// Read the password from standard input.
    #[arg(long, requires = "email", conflicts_with = "api_key_stdin")]
    pub password_stdin: bool,
    /// Read an API key from standard input instead, check it, and keep it.
    #[arg(long)]
    pub api_key_stdin: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: with --wait that of `analyze` (0 no sign found in any file; 1 at least one file \
    is FAKE; 2 wrong use; 3 at least one file could not be read or not be decided); else 0 when every file was \
    taken, 2 wrong use, 3 at least one was not taken."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct UploadArgs {
    /// Files or folders; `-` is standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub paths: Vec<PathBuf>,
    /// Look into the folders of folders as well.
    #[arg(short, long)]
    pub recursive: bool,
    /// Only these models, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub models: Vec<ModelName>,
    /// What to say of the files, at most 500 characters.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Let the files of people who wait go first.
    #[arg(long)]
    pub batch: bool,
    /// Wait for the verdicts and print what `analyze` prints.
    #[arg(long)]
    pub wait: bool,
    /// Print JSON, one line per file: the ids, or with --wait the document that `analyze --json` prints.
    #[arg(long)]
    pub json: bool,
    /// Write a JSON document and an HTML report per file into this folder.
    #[arg(long, value_name = "DIR", requires = "wait")]
    pub out: Option<PathBuf>,
    /// How many files to send at the same time.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub jobs: u16,
    /// Give up when the server has been away or busy for so many seconds.
    #[arg(long, value_name = "SECS", default_value_t = 300)]
    pub patience: u64,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Ctrl-C ends the watching and leaves the runs going. Exit code: that of `analyze`.")]
pub(crate) struct WatchArgs {
    /// Runs, or media whose latest run is meant.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<RunId>,
    /// Print the document that `analyze --json` prints, one line per run.
    #[arg(long)]
    pub json: bool,
    /// Write a JSON document and an HTML report per run into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Give up when the server has been away for so many seconds.
    #[arg(long, value_name = "SECS", default_value_t = 300)]
    pub patience: u64,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// How many files to list.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
    /// Only files whose latest run stands there: queued, processing, analyzed, partially-analyzed, failed or
    /// cancelled.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    pub status: Option<RunStatus>,
    /// Print JSON as the server tells it.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit code: that of `analyze`.")]
pub(crate) struct ReportArgs {
    /// A run, or a medium whose latest run is meant.
    #[arg(value_name = "ID")]
    pub id: RunId,
    /// Print the document that `analyze --json` prints.
    #[arg(long)]
    pub json: bool,
    /// Write a JSON document and an HTML report into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// As the server writes it, or as people do.
fn status(text: &str) -> Result<RunStatus, UnknownWord> {
    text.to_ascii_uppercase().replace('-', "_").parse()
}
