//! The time stamps of all packets of one stream, read without decoding. From them follow the length where the
//! file states none, the number of each frame, and the cheapest way to the frames that are wanted.

use std::io::{BufRead as _, BufReader, Read as _};

use dk_app::StopToken;

use super::answer::{TimeBase, check_length, millis};
use crate::MediaError;
use crate::file::Source;
use crate::tools::{blame, input_options, tool_error};

/// One frame's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Presentation time in ticks.
    pub(crate) ticks: i64,
    /// Decoding can begin here.
    pub(crate) key: bool,
}

/// The frames of a stream in the order in which they are shown.
#[derive(Debug, Clone)]
pub(crate) struct Packets {
    pub(crate) stamps: Vec<Stamp>,
    /// The stamps are those of the file; otherwise they are guessed from the order of decoding.
    pub(crate) exact: bool,
    /// End of the last packet, in ticks.
    pub(crate) end_ticks: i64,
    /// How far apart times of showing and of decoding drift, in ticks: by so much ffmpeg may misplace a frame
    /// when it passes over packets.
    pub(crate) reorder_ticks: i64,
}

impl Packets {
    /// Lists the packets of one stream.
    pub(crate) fn scan(source: &Source, stream: u32, stop: &StopToken) -> Result<Self, MediaError> {
        let mut args = vec!["-v".into(), "error".into()];
        args.extend(input_options(source.container.demuxer));
        args.extend(["-select_streams".into(), stream.to_string().into()]);
        args.extend(
            ["-show_entries", "packet=pts,dts,duration,flags", "-of", "csv=print_section=0", "-i"]
                .map(Into::into),
        );
        args.push(source.input());
        let mut child = source
            .tools
            .ffprobe()?
            .args(args)
            .limits(source.limits.decoding())
            .stdin_file(source.reopen()?)
            .spawn(stop)
            .map_err(|error| tool_error("ffprobe", error))?;
        let mut list = List::default();
        let mut lines = BufReader::with_capacity(64 << 10, &mut child);
        let mut line = String::new();
        loop {
            line.clear();
            match (&mut lines).take(256).read_line(&mut line) {
                // After an error the child says soon what happened.
                Ok(0) | Err(_) => break,
                Ok(_) => list.add(&line),
            }
            if list.stamps.len() > source.limits.max_frames {
                return Err(MediaError::TooManyFrames { limit: source.limits.max_frames });
            }
        }
        drop(lines);
        let output = child.finish().map_err(|error| tool_error("ffprobe", error))?;
        // What came before the damage is there and can be judged.
        if list.stamps.is_empty() && !output.success {
            return Err(blame(source.container.name, &output, &source.limits));
        }
        list.sorted().ok_or(MediaError::NoDuration)
    }

    /// Length from `start_secs` to the end of the last packet, refused where it is too long.
    pub(crate) fn duration_ms(
        &self,
        base: TimeBase,
        start_secs: f64,
        source: &Source,
    ) -> Result<u64, MediaError> {
        let duration_ms = millis(base.secs(self.end_ticks) - start_secs).unwrap_or_default();
        check_length(duration_ms, &source.limits)?;
        if duration_ms == 0 { Err(MediaError::NoDuration) } else { Ok(duration_ms) }
    }
}

impl Packets {
    /// Reads such a list as text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut list = List::default();
        text.lines().for_each(|line| list.add(line));
        list.sorted()
    }
}

#[derive(Default)]
struct List {
    stamps: Vec<Stamp>,
    decoding: Vec<i64>,
    guessed: bool,
    end_ticks: Option<i64>,
    /// Least and most of the time of showing less that of decoding.
    delays: Option<(i64, i64)>,
}

impl List {
    /// A line is `pts,dts,duration,flags`; unknown values are `N/A`.
    fn add(&mut self, line: &str) {
        let mut fields = line.trim_end().split(',');
        let mut ticks = || fields.next().map(|field| field.parse::<i64>().ok());
        let (Some(shown), Some(decoded), Some(length)) = (ticks(), ticks(), ticks()) else { return };
        let flags = fields.next().unwrap_or_default();
        // Packets that only help to decode others (before the start of an edit) are never shown.
        if flags.contains('D') {
            return;
        }
        let Some(ticks) = shown.or(decoded) else { return };
        self.guessed |= shown.is_none();
        let delay = ticks.saturating_sub(decoded.unwrap_or(ticks));
        let (least, most) = self.delays.unwrap_or((delay, delay));
        self.delays = Some((least.min(delay), most.max(delay)));
        self.stamps.push(Stamp { ticks, key: flags.contains('K') });
        self.decoding.push(decoded.unwrap_or(ticks));
        let end = ticks.saturating_add(length.unwrap_or(0).max(0));
        self.end_ticks = Some(self.end_ticks.map_or(end, |last| last.max(end)));
    }

    fn sorted(mut self) -> Option<Packets> {
        if self.guessed {
            // Without times of showing, the n-th frame shown is taken to come at the n-th time of decoding.
            self.decoding.sort_unstable();
            for (stamp, ticks) in self.stamps.iter_mut().zip(self.decoding) {
                stamp.ticks = ticks;
            }
        }
        self.stamps.sort_by_key(|stamp| stamp.ticks);
        self.stamps.dedup_by_key(|stamp| stamp.ticks);
        let reorder_ticks = self.delays.map_or(0, |(least, most)| most.saturating_sub(least));
        Some(Packets { exact: !self.guessed, end_ticks: self.end_ticks?, reorder_ticks, stamps: self.stamps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> Option<Packets> {
        Packets::parse(&lines.join("\n"))
    }

    #[test]
    fn frames_are_in_the_order_of_showing_without_the_discarded() {
        let packets =
            list(&["-512,-1024,512,KD", "0,-512,512,K_", "1024,0,512,__", "512,512,512,__"]).expect("frames");
        assert_eq!(packets.stamps.iter().map(|s| s.ticks).collect::<Vec<_>>(), [0, 512, 1024]);
        assert!(packets.exact && packets.stamps[0].key && !packets.stamps[1].key);
        assert_eq!((packets.end_ticks, packets.reorder_ticks), (1536, 1024));
    }

    #[test]
    fn missing_times_of_showing_are_filled_from_decoding() {
        let packets = list(&["N/A,0,1,K_", "2,1,1,__", "1,2,1,__"]).expect("frames");
        assert_eq!(packets.stamps.iter().map(|s| s.ticks).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(!packets.exact);
    }

    #[test]
    fn nonsense_is_passed_over() {
        assert!(list(&["", "x", "N/A,N/A,N/A,K_", "1,2", "9223372036854775808,1"]).is_none());
        let packets = list(&["9223372036854775807,0,5,K_", "-9223372036854775808,0,-5,K_"]).expect("frames");
        assert_eq!(packets.end_ticks, i64::MAX);
    }
}
