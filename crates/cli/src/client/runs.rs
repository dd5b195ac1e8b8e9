//! `runs` and `report`: what is on the server, and what it says of one file.

use std::path::Path;
use std::process::ExitCode;

use dk_domain::{Prediction, RunStatus};
use dk_wire::FileDocument;
use serde_json::{Value, json};

use super::args::{ReportArgs, RunsArgs};
use super::fault::Fault;
use super::http::Server;
use super::judged::{Bench, Original};
use super::messages::{List, Medium};
use super::watch::{cancelled, find};
use super::{block_on, connect};
use crate::analyze::outcome::{Done, Printer, Tally};
use crate::analyze::progress::Display;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{Paint, colour_on_stdout, say, visible};

/// Most items of one page of a list.
const PAGE: usize = 100;

pub(super) fn list(args: &RunsArgs, config: &Config) -> Result<ExitCode, Failure> {
    let server = connect(&args.server, config)?;
    let items = block_on(async { all(&server, args).await.map_err(Fault::into_failure) })?;
    if args.json {
        say(&json!({ "items": items }).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let media: Result<Vec<Medium>, _> = items.into_iter().map(serde_json::from_value).collect();
    let media = media.map_err(|error| {
        let why = format!("{} sent a list that cannot be understood: {error}", server.address());
        Fault::Nonsense { why }.into_failure()
    })?;
    say(&table(&media, Paint(colour_on_stdout())));
    Ok(ExitCode::SUCCESS)
}

/// As many media as asked for, newest first, as the server tells them.
async fn all(server: &Server, args: &RunsArgs) -> Result<Vec<Value>, Fault> {
    let limit = usize::from(args.limit);
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let count = (limit - items.len()).min(PAGE).to_string();
        let mut query = vec![("limit", count)];
        query.extend(args.status.map(|status: RunStatus| ("status", status.to_string())));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: List<Value> = server.get_with("/media", &query).await?;
        let came = page.items.len();
        items.extend(page.items);
        cursor = page.next_cursor;
        if items.len() >= limit || cursor.is_none() || came == 0 {
            items.truncate(limit);
            return Ok(items);
        }
    }
}

fn table(media: &[Medium], paint: Paint) -> String {
    if media.is_empty() {
        return "there is nothing yet; `drishtiksha upload FILE` sends something".to_owned();
    }
    let mut rows = vec![["uploaded (UTC)", "status", "verdict", "kind", "media", "file"].map(str::to_owned)];
    rows.extend(media.iter().map(|medium| {
        [
            moment(&medium.created_at),
            visible(&medium.status),
            visible(medium.verdict.as_deref().unwrap_or("–")),
            visible(&medium.media_type),
            visible(&medium.id),
            visible(&medium.filename),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |(number, row): (usize, &[String; 6])| {
        let pad = |column: usize| format!("{:1$}", row[column], widths[column]);
        let verdict = match row[2].parse::<Prediction>() {
            Ok(prediction) if number > 0 => paint.prediction(prediction, &pad(2)),
            _ => pad(2),
        };
        let line = [pad(0), pad(1), verdict, pad(3), pad(4), row[5].clone()].join("  ");
        if number == 0 { paint.dim(&line) } else { line }
    };
    rows.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// `2026-09-21 14:13:20` of a moment of the contract.
fn moment(text: &str) -> String {
    let (date, clock) = text.split_once('T').unwrap_or((text, ""));
    visible(format!("{date} {}", clock.chars().take(8).collect::<String>()).trim())
}

pub(super) fn report(args: &ReportArgs, config: &Config) -> Result<ExitCode, Failure> {
    let server = connect(&args.server, config)?;
    let display = Display::new(1, true);
    block_on(async {
        let target = find(&server, &args.id.to_string()).await.map_err(Fault::into_failure)?;
        let bench = Bench::new(&server, args.out.as_deref().map(Path::new)).await?;
        let done = if target.run.status() == Some(RunStatus::Cancelled) {
            Done::Failed(cancelled())
        } else {
            let document: FileDocument =
                server.get(&format!("/runs/{}/report", target.run.id)).await.map_err(Fault::into_failure)?;
            bench.done(&target.name, document, Original::There(&target.run.media_id)).await?
        };
        let mut tally = Tally::default();
        tally.count(&done);
        Printer { json: args.json, cards: &bench.cards, display: &display }.print(&target.name, &done);
        Ok(tally.exit_code(false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lines_up_and_a_name_cannot_fake_a_line() {
        let medium = |verdict: Option<&str>, filename: &str| Medium {
            id: "0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11".into(),
            filename: filename.into(),
            media_type: "image".into(),
            status: "ANALYZED".into(),
            verdict: verdict.map(str::to_owned),
            latest_analysis_run_id: None,
            created_at: "2026-09-21T14:13:20.123Z".into(),
        };
        let text = table(&[medium(Some("FAKE"), "a\nb.png"), medium(None, "c.png")], Paint(false));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = |line: &str| line.split("image").next().map(|before| before.chars().count());
        assert_eq!(column(lines[1]), column(lines[2]));
        assert!(lines[1].starts_with("2026-09-21 14:13:20  ANALYZED  FAKE"), "{text}");
        assert!(lines[1].ends_with("a\\u{a}b.png"), "{text}");
    }
}
