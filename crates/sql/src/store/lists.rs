//! Parts of lists, newest first, by id: ids made later sort later.

use dk_app::ports::{Page, Paged};
use uuid::Uuid;

use crate::fault::Fault;

/// One more row than is shown tells whether more follow.
pub(super) fn rows_to_read(page: &Page) -> u64 {
    u64::from(page.limit) + 1
}

/// Cuts off the row too many.
pub(super) fn paged<Row, Item>(
    mut rows: Vec<Row>,
    page: &Page,
    id: impl Fn(&Row) -> Uuid,
    read: impl FnMut(Row) -> Result<Item, Fault>,
) -> Result<Paged<Item>, Fault> {
    let more = rows.len() > usize::from(page.limit);
    rows.truncate(usize::from(page.limit));
    let next = rows.last().filter(|_| more).map(id);
    Ok(Paged { items: rows.into_iter().map(read).collect::<Result<_, _>>()?, next })
}
