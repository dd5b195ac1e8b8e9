//! The parsers of this room, for the fuzz targets, which stand outside of the workspace. Nobody else calls
//! them, and nothing about them is promised.

use std::io::Cursor;

use crate::Limits;
use crate::probe::{Packets, read_answer};

/// Decides what the bytes of a file are. True where they are something that is opened.
pub fn sniff(bytes: &[u8]) -> bool {
    matches!(crate::sniff::sniff(&mut Cursor::new(bytes)), Ok(Ok(_)))
}

/// Reads what ffprobe says about a container. True where it is accepted.
pub fn probe_answer(json: &[u8]) -> bool {
    let streams = read_answer(json, "fuzz", &Limits::default());
    streams.is_ok_and(|streams| streams.video.is_some_and(|video| video.shown_px().0 > 0))
}

/// Reads a list of packets. True where it holds at least one.
pub fn packet_list(text: &str) -> bool {
    Packets::parse(text).is_some_and(|packets| {
        let in_order = packets.stamps.is_sorted_by_key(|stamp| stamp.ticks);
        assert!(in_order, "frames come in the order of their times");
        !packets.stamps.is_empty()
    })
}
