//! Documents of a service as what they were made from, so that a page about a file that was judged elsewhere is the
//! same page.

use dk_app::{Illustration, ModelFailure, Report};
use dk_wire::{FileDocument, Judged, MessageError};

/// The document in the words of the domain. There are no small pictures in it, because documents carry none.
pub fn read(document: &FileDocument) -> Result<Report, MessageError> {
    let Judged { facts, verdict, findings, failures } = Judged::try_from(document)?;
    let failure = |failed: dk_wire::Failed| ModelFailure {
        model: failed.model,
        code: failed.code,
        message: failed.message,
    };
    let failures = failures.into_iter().map(failure).collect();
    Ok(Report { facts, verdict, findings, failures, illustration: Illustration::default() })
}
