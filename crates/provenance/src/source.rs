//! Bytes of a file by position, with a budget for what is read and how many steps are taken.

use std::io::{Read, Seek, SeekFrom};

/// All that is read of one file, however often it is asked for.
const READ_BYTES: u64 = 48 << 20;
/// Chunks, boxes, pages and the like in one file.
const STEPS: u32 = 20_000;

trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// A file that is read by position.
pub(crate) struct Source<'a> {
    file: &'a mut dyn Bytes,
    len: u64,
    budget: u64,
    steps: u32,
    /// True once a limit was reached.
    pub(crate) cut: bool,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a mut (impl Read + Seek)) -> Self {
        let len = file.seek(SeekFrom::End(0)).unwrap_or(0);
        Self { file, len, budget: READ_BYTES, steps: STEPS, cut: false }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether another step may be taken.
    pub(crate) fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.cut |= self.steps == 0;
        self.steps > 0
    }

    /// Exactly `count` bytes at a position; `None` where they are not there or the budget is used up.
    pub(crate) fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        let wanted = count as u64;
        if at.checked_add(wanted)? > self.len {
            return None;
        }
        if wanted > self.budget {
            self.cut = true;
            return None;
        }
        self.budget -= wanted;
        self.file.seek(SeekFrom::Start(at)).ok()?;
        let mut bytes = vec![0; count];
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// As many bytes as there are, up to `most`.
    pub(crate) fn up_to(&mut self, at: u64, most: usize) -> Vec<u8> {
        let there = self.len.saturating_sub(at).min(most as u64);
        self.bytes(at, usize::try_from(there).unwrap_or(0)).unwrap_or_default()
    }

    /// The payload of a chunk; one that is longer than `most` is passed over and counts as cut.
    pub(crate) fn payload(&mut self, at: u64, count: u64, most: usize) -> Option<Vec<u8>> {
        match usize::try_from(count) {
            Ok(count) if count <= most => self.bytes(at, count),
            _ => {
                self.cut = true;
                None
            }
        }
    }
}
