//! Finds out what an uploaded file is, with the room that reads media.

use std::path::Path;

use dk_app::ports::{InspectError, Inspector};
use dk_app::{Silent, StopToken};
use dk_domain::MediaFacts;
use dk_media::{Limits, MediaError, MediaFile, Tools, mime};

/// Looks at files in this process; what is dangerous happens in limited children.
pub(crate) struct MediaInspector {
    pub tools: Tools,
    pub limits: Limits,
}

impl Inspector for MediaInspector {
    fn inspect(&self, path: &Path, stop: &StopToken) -> Result<(MediaFacts, String), InspectError> {
        let file =
            MediaFile::open(path, &self.tools, &self.limits, &Silent, stop).map_err(|fault| error(&fault))?;
        let mime = mime(&file.facts).to_owned();
        Ok((file.facts, mime))
    }
}

/// Words for whoever sent the file: the path of our copy says nothing to them.
fn error(error: &MediaError) -> InspectError {
    let message = match error {
        MediaError::Io { source, .. } => {
            tracing::error!(%error, cause = %source, "an uploaded file could not be read back");
            "the stored copy of the file could not be read".to_owned()
        }
        other => other.to_string(),
    };
    InspectError { code: error.code(), hint: error.hint(), message }
}
