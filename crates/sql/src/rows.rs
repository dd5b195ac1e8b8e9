//! What the rows mean: read into the nouns of the ports, and written from them. Asks no database.

mod accounts;
mod analyses;
mod errands;
mod events;
mod media;
mod runs;
mod uploads;

pub(crate) use accounts::{api_key, hash_bytes, session, user};
pub(crate) use analyses::{AnalysisRow, analysis, progress_json, vote, vote_json};
pub(crate) use errands::{errand, errand_parts};
pub(crate) use events::{event, event_json};
pub(crate) use media::{media, media_row};
pub(crate) use runs::{exact_verdict, run, run_detail};
pub(crate) use uploads::{refusal_json, upload, upload_part, upload_row};

pub(crate) use dk_app::ports::searched;

use crate::fault::Fault;

/// A number that the database keeps as signed.
pub(crate) fn unsigned<T: TryFrom<i64>>(number: impl Into<i64>) -> Result<T, Fault>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    Ok(T::try_from(number.into())?)
}

/// The pattern that finds `text` anywhere, taken literally; `\` is the escape.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_pattern_is_taken_literally() {
        assert_eq!(pattern(r"50%_\A"), r"%50\%\_\\a%");
        assert_eq!(searched(&["ÄRGER.mp4", "Sommer"]), "ärger.mp4\nsommer");
    }
}
