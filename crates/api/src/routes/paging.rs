//! Opaque cursors: a client passes on what it was given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dk_app::ports::{MediaPlace, MediaSort, Page};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::{Code, Problem};

const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// From the answer before; the first part without it.
    pub(crate) cursor: Option<String>,
    /// How many items, 1 to 100; 20 unless told otherwise.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u16>,
}

impl PageParams {
    pub(crate) fn page(&self) -> Result<Page, Problem> {
        let before = self.cursor.as_deref().map(read_cursor).transpose()?;
        Ok(Page { limit: self.limit()?, before })
    }

    pub(crate) fn limit(&self) -> Result<u16, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::new(Code::MalformedRequest).detail("limit is a number from 1 to 100"))
        }
    }
}

pub(crate) fn write_cursor(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn read_cursor(text: &str) -> Result<Uuid, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok());
    bytes.ok_or_else(wrong_cursor)
}

/// Where a part of the list of media ended; holds what the order looks at, so that the next part begins there
/// although media came and went.
pub(crate) fn write_place(sort: MediaSort, place: &MediaPlace) -> String {
    let mut bytes = place.id.as_bytes().to_vec();
    match sort {
        MediaSort::Newest => {}
        MediaSort::Oldest => bytes.push(b'o'),
        MediaSort::Name => {
            bytes.push(b'n');
            bytes.extend_from_slice(place.text.as_bytes());
        }
        MediaSort::Largest => {
            bytes.push(b'l');
            bytes.extend_from_slice(&place.bytes.to_be_bytes());
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`write_place`] wrote for the same order.
pub(crate) fn read_place(sort: MediaSort, text: &str) -> Result<MediaPlace, Problem> {
    let place = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_at_checked(16)?;
        let place = MediaPlace { id: Uuid::from_slice(id).ok()?, text: String::new(), bytes: 0 };
        match (sort, rest) {
            (MediaSort::Newest, []) | (MediaSort::Oldest, [b'o']) => Some(place),
            (MediaSort::Name, [b'n', text @ ..]) => {
                let text = String::from_utf8(text.to_vec()).ok().filter(|text| !text.contains('\0'))?;
                Some(MediaPlace { text, ..place })
            }
            (MediaSort::Largest, [b'l', bytes @ ..]) => {
                let bytes = u64::from_be_bytes(bytes.try_into().ok()?);
                i64::try_from(bytes).ok().map(|_| MediaPlace { bytes, ..place })
            }
            _ => None,
        }
    };
    place().ok_or_else(wrong_cursor)
}

/// A cursor into a list that is counted by position.
pub(crate) fn write_offset(offset: u32) -> String {
    URL_SAFE_NO_PAD.encode(offset.to_be_bytes())
}

pub(crate) fn read_offset(text: &str) -> Result<u32, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(u32::from_be_bytes).ok_or_else(wrong_cursor)
}

fn wrong_cursor() -> Problem {
    Problem::new(Code::MalformedRequest).detail("the cursor is not one that a list gave")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_what_it_writes_in_its_own_order_only() {
        let place = MediaPlace { id: Uuid::from_u128(7), text: "ärger.mp4\nsommer".to_owned(), bytes: 77 };
        let orders = [MediaSort::Newest, MediaSort::Oldest, MediaSort::Name, MediaSort::Largest];
        for written in orders {
            let text = write_place(written, &place);
            for read in orders {
                assert_eq!(read_place(read, &text).is_ok(), read == written, "{written:?} as {read:?}");
            }
        }
        assert_eq!(
            read_place(MediaSort::Name, &write_place(MediaSort::Name, &place)).unwrap().text,
            place.text
        );
        assert_eq!(
            read_place(MediaSort::Largest, &write_place(MediaSort::Largest, &place)).unwrap().bytes,
            77
        );
    }

    #[test]
    fn a_cursor_reads_what_it_writes_and_nothing_else() {
        let id = Uuid::from_u128(77);
        assert_eq!(read_cursor(&write_cursor(id)).unwrap(), id);
        assert_eq!(read_offset(&write_offset(40)).unwrap(), 40);
        for bad in ["", "x", "../..", "AAAA"] {
            assert!(read_cursor(bad).is_err(), "{bad:?} was taken");
        }
    }
}
