//! The chain of ffmpeg filters that picks frames by time, turns them upright, makes their samples square,
//! scales them down and converts them to RGB. Picking comes first, so that nothing else is computed in vain.

use crate::probe::{Packets, VideoStream};

use super::plan::{Pass, Skip};

/// What a chain gives.
pub(super) struct Chain {
    pub(super) text: String,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
}

/// Kept chroma and exact rounding cost little on the few frames that get here.
const SCALE: &str = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";

/// Light beyond white is brought into range; the matrix and transfer of the stream are undone properly.
const TONE_MAP: &str = "setparams=color_primaries=bt2020:colorspace=bt2020nc,zscale=transfer=linear:npl=100,\
    format=gbrpf32le,zscale=primaries=bt709,tonemap=tonemap=hable:desat=0,\
    zscale=transfer=bt709:matrix=bt709:range=tv,format=yuv444p,";

impl Chain {
    pub(super) fn new(video: &VideoStream, max_side_px: u32, tone_map: bool) -> Self {
        let (shown_width, shown_height) = video.shown_px();
        let (width_px, height_px) = fit(shown_width, shown_height, max_side_px);
        // Scaling comes before turning, so its sides are those of the stored picture.
        let (wide, high) =
            if video.turn.swaps_sides() { (height_px, width_px) } else { (width_px, height_px) };
        let scale = format!("scale={wide}:{high}:{SCALE},");
        let map = if tone_map { format!("{scale}{TONE_MAP}") } else { String::new() };
        let text = format!("{map}{scale}format=rgb24,{}setsar=1", video.turn.filters());
        Self { text, width_px, height_px }
    }

    /// Puts the choice of a pass before the chain and a report of time stamps behind it.
    pub(super) fn picking(&self, pass: &Pass, packets: &Packets) -> String {
        if pass.skip == Skip::NonKeyUnread {
            return self.picking_near(pass, packets);
        }
        let slack = slack_ticks(pass, packets);
        let ticks = |frame: usize| packets.stamps[frame].ticks;
        let last = pass.wanted.last().map_or(0, |&(frame, _)| ticks(frame));
        let end = last.saturating_add(slack).saturating_add(1);
        let terms: Vec<String> = if slack == 0 {
            runs(pass).map(|run| format!("between(pts,{},{})", ticks(run.0), ticks(run.1))).collect()
        } else {
            // The first frame at or after each wanted time, once.
            let once = |from: i64| format!("(isnan(prev_selected_pts)+lt(prev_selected_pts,{from}))");
            let term =
                |from: i64| format!("between(pts,{from},{})*{}", from.saturating_add(slack), once(from));
            pass.wanted.iter().map(|&(frame, _)| term(ticks(frame))).collect()
        };
        self.after(end, &terms)
    }

    /// For key frames whose times may be off by the drift; there is only one within it.
    fn picking_near(&self, pass: &Pass, packets: &Packets) -> String {
        let drift = packets.reorder_ticks;
        let around = |frame: usize| {
            let ticks = packets.stamps[frame].ticks;
            (ticks.saturating_sub(drift), ticks.saturating_add(drift))
        };
        let terms: Vec<String> = pass
            .wanted
            .iter()
            .map(|&(frame, _)| around(frame))
            .map(|(from, to)| format!("between(pts,{from},{to})"))
            .collect();
        let end = pass.wanted.last().map_or(0, |&(frame, _)| around(frame).1).saturating_add(1);
        self.after(end, &terms)
    }

    fn after(&self, end_ticks: i64, choices: &[String]) -> String {
        format!("trim=end_pts={end_ticks},select='{}',{},showinfo=checksum=0", choices.join("+"), self.text)
    }
}

/// First and last frame of each row of consecutive ones.
fn runs(pass: &Pass) -> impl Iterator<Item = (usize, usize)> + '_ {
    let consecutive = |a: &(usize, Option<u32>), b: &(usize, Option<u32>)| a.0 + 1 == b.0;
    pass.wanted.chunk_by(consecutive).filter_map(|run| Some((run.first()?.0, run.last()?.0)))
}

/// How much later than wanted a frame may be: nothing where the very frame will come; anything before the next
/// wanted one where it may have been left out by the decoder or has only a guessed time.
fn slack_ticks(pass: &Pass, packets: &Packets) -> i64 {
    if packets.exact && pass.skip != Skip::Unreferenced {
        return 0;
    }
    let ticks: Vec<i64> = pass.wanted.iter().map(|&(frame, _)| packets.stamps[frame].ticks).collect();
    let closest = ticks.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).min();
    let alone = || packets.end_ticks.saturating_sub(ticks.first().copied().unwrap_or_default());
    closest.unwrap_or_else(alone).saturating_sub(1).max(0)
}

/// Scales down, never up; no side vanishes.
fn fit(width_px: u32, height_px: u32, max_side_px: u32) -> (u32, u32) {
    let longer = width_px.max(height_px);
    if longer <= max_side_px {
        return (width_px, height_px);
    }
    let scaled = |side: u32| {
        let rounded = (u64::from(side) * u64::from(max_side_px) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(max_side_px).max(1)
    };
    (scaled(width_px), scaled(height_px))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_shrink_to_the_longer_side_and_never_grow() {
        assert_eq!(fit(1920, 1080, 1280), (1280, 720));
        assert_eq!(fit(1079, 1919, 640), (360, 640));
        assert_eq!(fit(101, 57, 640), (101, 57));
        assert_eq!(fit(32_768, 1, 640), (640, 1));
    }
}
