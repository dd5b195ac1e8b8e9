//! Logs to standard error and, with the feature `otel`, traces to a collector.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::style;

/// What is logged and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogStyle {
    /// 0 for warnings, 1 for what happens, 2 and more for everything.
    pub level: u8,
    /// With times, for what runs long.
    pub timed: bool,
    /// One JSON object a line.
    pub json: bool,
}

/// Keeps what the log needs until the end of the program.
#[must_use = "traces end when this is dropped"]
pub(crate) struct Log {
    #[cfg(feature = "otel")]
    _traces: Option<crate::otel::Traces>,
}

/// Begins to log; `DRISHTIKSHA_LOG` says what is logged instead, in the syntax of `tracing`. Without the connections of
/// its own libraries, which say nothing about the service, unless they are asked for; those of Socket.IO would tell the
/// tokens with which people connect.
pub(crate) fn start(how: LogStyle) -> Log {
    let level = match how.level {
        0 => "warn",
        1 => "info,bullmq=warn,sqlx=warn,hyper=warn,socketioxide=warn,engineioxide=warn",
        _ => "debug,hyper=info,h2=info,sqlx=info,socketioxide=info,engineioxide=info",
    };
    let filter = std::env::var("DRISHTIKSHA_LOG").unwrap_or_else(|_| level.to_owned());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(style::colour_on_stderr());
    let lines = match (how.timed, how.json) {
        (false, _) => lines.without_time().boxed(),
        (true, false) => lines.boxed(),
        (true, true) => lines.json().flatten_event(true).boxed(),
    };
    let log = tracing_subscriber::registry().with(EnvFilter::new(filter)).with(lines);
    #[cfg(feature = "otel")]
    let (log, traces) = {
        let traces = crate::otel::Traces::begin();
        (log.with(traces.as_ref().map(crate::otel::Traces::layer)), traces)
    };
    log.init();
    Log {
        #[cfg(feature = "otel")]
        _traces: traces,
    }
}
