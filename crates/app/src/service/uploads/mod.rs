//! Files that come in part by part: each part is stored and counted by itself, so that whoever was cut off goes on
//! where the count stands, at any server. When the last byte is there the parts become one file, which is taken in
//! like any other.

mod begin;
mod finish;
mod keep;
mod tend;

use time::Duration;

pub use begin::{Announcement, BeginError, begin_upload};
pub use finish::{FinishError, finish_upload};
pub use keep::{KeepPart, KeepPartError, keep_part};
pub use tend::tend_uploads;

/// Most uploads of one person that are not finished.
const MAX_OPEN: u32 = 200;
/// Most parts of one upload; each is a row and a file.
const MAX_PARTS: u32 = 10_000;
/// An upload of which nothing comes for so long is given up.
const KEPT_FOR: Duration = Duration::hours(24);
