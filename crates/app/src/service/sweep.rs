//! Remove stored files without a row: their upload was cut between file and rows, or their removal failed. Before
//! anything is removed, rows and files must be of one installation and of one time: both carry a mark, an id and the
//! number of sweeps so far. A storage without a mark gets one, unless it looks like that of somebody else.

use std::collections::HashSet;

use dk_domain::MediaId;
use time::{Duration, OffsetDateTime};

use super::{MendError, Ports};
use crate::ports::{Mark, StoredEntry};

const BATCH: u16 = 100;
/// So many files without rows are nothing unusual in a storage without a mark, however few files there are.
const FEW_ORPHANS: usize = 10;

/// Removes stored files that are older than `age` and belong to no medium. Says how many were removed.
pub async fn sweep_orphans(ports: &Ports, age: Duration) -> Result<usize, MendError> {
    let ours = ports.library.mark().await?;
    let left = ports.storage.mark().await?;
    if left.is_some_and(|left| !is_of(ours, left)) {
        return Ok(0);
    }
    let found = find(ports, ports.ambient.now() - age).await?;
    if left.is_none() && found.looks_foreign() {
        tracing::error!(
            listed = found.listed,
            orphans = found.orphans.len(),
            mark = %ours,
            "stored files without rows are left alone: the storage has no mark, and the database seems to be a new, an \
                older or another one; hint: to make these files the database's own, write the mark into the storage as \
                the file `installation`"
        );
        return Ok(0);
    }
    // The rows first: a sweep that only they know of is no harm; one that only the files know of would end all others.
    let mark = ports.library.begin_sweep().await?;
    ports.storage.leave_mark(mark).await?;
    for key in &found.orphans {
        ports.storage.remove(key).await?;
    }
    if !found.orphans.is_empty() {
        tracing::info!(files = found.orphans.len(), "orphaned files removed");
    }
    Ok(found.orphans.len())
}

/// Whether the files with this mark belong to the rows; says it where they do not.
fn is_of(ours: Mark, left: Mark) -> bool {
    let why = if left.installation != ours.installation {
        "they are of another installation"
    } else if left.sweeps > ours.sweeps {
        "the database is older than they are"
    } else {
        return true;
    };
    tracing::error!(
        mark = %ours,
        files_mark = %left,
        why,
        "stored files without rows are left alone; hint: to make these files the database's own, write its mark into \
            the file `installation` of the storage"
    );
    false
}

struct Found {
    listed: usize,
    orphans: Vec<String>,
}

impl Found {
    /// Uploads that were cut leave a few; so many mean that rows and files do not belong together.
    fn looks_foreign(&self) -> bool {
        let orphans = self.orphans.len();
        orphans > FEW_ORPHANS.max(self.listed / 10) || (orphans > 0 && orphans == self.listed)
    }
}

async fn find(ports: &Ports, before: OffsetDateTime) -> Result<Found, MendError> {
    let mut found = Found { listed: 0, orphans: Vec::new() };
    let mut after: Option<String> = None;
    loop {
        let entries = ports.storage.list(before, after.as_deref(), BATCH).await?;
        let Some(last) = entries.last() else { return Ok(found) };
        after = Some(last.key.clone());
        let ids: Vec<MediaId> = entries.iter().filter_map(|entry| entry.media_id).collect();
        found.listed += ids.len();
        let known: HashSet<MediaId> = ports.library.existing(&ids).await?.into_iter().collect();
        let is_orphan = |entry: &StoredEntry| entry.media_id.is_some_and(|id| !known.contains(&id));
        found.orphans.extend(entries.into_iter().filter(is_orphan).map(|entry| entry.key));
    }
}
