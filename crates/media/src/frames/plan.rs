//! Which frames to take and the cheapest way to them. Pure arithmetic over the list of packets.

use super::FramePlan;
use crate::probe::{Packets, Stamp, VideoStream};

/// What the decoder may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    /// Every frame is decoded.
    Nothing,
    /// Frames that no other frame needs are left out, where the codec tells.
    Unreferenced,
    /// Only key frames are decoded; the others are read.
    NonKey,
    /// Only key frames are decoded, and the demuxer passes over the others where it can. It then misplaces
    /// frames by up to the drift between showing and decoding (`mov` in ffmpeg 5.1), which is why this is only
    /// for key frames that are further apart.
    NonKeyUnread,
}

/// One run of ffmpeg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pass {
    /// Number of the key frame at which decoding begins; `None` for the start of the file.
    pub(super) from: Option<usize>,
    pub(super) skip: Skip,
    /// Numbers of the frames that are wanted, ascending, each with its window.
    pub(super) wanted: Vec<(usize, Option<u32>)>,
}

/// What things cost, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    frame: f64,
    start: f64,
}

impl Costs {
    /// Measured on H.264 1080p with two threads: 4.4 ms a frame; 0.15 s until a child has found its place.
    pub(super) fn of(video: &VideoStream) -> Self {
        Self { frame: f64::from(video.width_px) * f64::from(video.height_px) * 2.1e-9, start: 0.15 }
    }
}

/// About half of the frames of a usual stream are needed by others.
const REFERENCED_SHARE: f64 = 0.55;
/// With so many frames between two wanted ones, there is a referenced one among them.
const SPARSE_FRAMES: usize = 12;
/// A key frame is larger than others, and only one thread works on it.
const KEY_FACTOR: f64 = 2.0;

/// More would not fit into one command line.
const MOST_SPREAD: usize = 1000;

/// All passes for a plan, spread frames first.
pub(super) fn passes(packets: &Packets, plan: &FramePlan, costs: Costs) -> Vec<Pass> {
    let stamps = &packets.stamps;
    let mut passes = spread_passes(packets, plan, costs);
    let windows = windows(stamps, plan);
    let wanted: Vec<_> = windows
        .iter()
        .zip(0..)
        .flat_map(|(&first, window)| {
            (first..stamps.len().min(first + plan.window_frames)).map(move |frame| (frame, Some(window)))
        })
        .collect();
    passes.extend(grouped(stamps, &wanted, Skip::Nothing, costs));
    passes
}

fn spread_passes(packets: &Packets, plan: &FramePlan, costs: Costs) -> Vec<Pass> {
    let stamps = &packets.stamps;
    let spread = plan.spread.min(MOST_SPREAD);
    if stamps.is_empty() || spread == 0 {
        return Vec::new();
    }
    let alone = |frames: Vec<usize>| frames.into_iter().map(|frame| (frame, None)).collect::<Vec<_>>();
    let keys: Vec<usize> = (0..stamps.len()).filter(|&frame| stamps[frame].key).collect();
    let near_keys = nearest(stamps, &keys, spread);
    let everywhere: Vec<usize> = (0..stamps.len()).collect();
    let evenly = nearest(stamps, &everywhere, spread);
    // Guessed stamps cannot name a key frame exactly.
    let enough = near_keys.len() >= plan.min_spread.clamp(1, spread) && packets.exact;
    if !enough {
        let closest = evenly.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(stamps.len());
        if closest < SPARSE_FRAMES {
            return grouped(stamps, &alone(evenly), Skip::Nothing, costs);
        }
        return grouped(stamps, &alone(eased(stamps, &evenly)), Skip::Unreferenced, costs);
    }
    let all_keys = costs.start + keys.len() as f64 * costs.frame * KEY_FACTOR;
    let wanted = alone(near_keys);
    let by_seeking = wanted.len() as f64 * (costs.start + costs.frame * KEY_FACTOR);
    if all_keys <= by_seeking {
        let apart =
            keys.windows(2).map(|pair| stamps[pair[1]].ticks.saturating_sub(stamps[pair[0]].ticks)).min();
        let distinct = apart.is_none_or(|apart| apart / 3 > packets.reorder_ticks);
        let skip = if distinct { Skip::NonKeyUnread } else { Skip::NonKey };
        return vec![Pass { from: None, skip, wanted }];
    }
    grouped(stamps, &wanted, Skip::NonKey, costs)
}

/// Of the candidates, those nearest to `count` evenly spread times (the middles of equal parts), each once.
fn nearest(stamps: &[Stamp], candidates: &[usize], count: usize) -> Vec<usize> {
    let (Some(first), Some(last)) = (stamps.first(), stamps.last()) else { return Vec::new() };
    if candidates.len() <= count {
        return candidates.to_vec();
    }
    let length = last.ticks as f64 - first.ticks as f64;
    let mut chosen: Vec<usize> = (0..count)
        .filter_map(|part| {
            let target = first.ticks as f64 + length * (part as f64 + 0.5) / count as f64;
            let after = candidates.partition_point(|&frame| (stamps[frame].ticks as f64) < target);
            let distance = |&frame: &usize| (stamps[frame].ticks as f64 - target).abs();
            let around = candidates[after.saturating_sub(1)..].iter().take(2).copied();
            around.min_by(|a, b| distance(a).total_cmp(&distance(b)))
        })
        .collect();
    chosen.dedup();
    chosen
}

/// Moves frames by at most half their distance to where they cost less: onto a key frame that is near, and the
/// last one before each key frame towards the beginning, because what follows it need not be decoded.
fn eased(stamps: &[Stamp], evenly: &[usize]) -> Vec<usize> {
    let key_before = |frame: usize| stamps[..=frame].iter().rposition(|stamp| stamp.key).unwrap_or(0);
    let half = evenly.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0) / 2;
    let snapped: Vec<usize> = evenly
        .iter()
        .map(|&frame| {
            let near =
                (frame.saturating_sub(half)..stamps.len().min(frame + half)).filter(|&at| stamps[at].key);
            near.min_by_key(|at| at.abs_diff(frame)).unwrap_or(frame)
        })
        .collect();
    let mut eased: Vec<usize> = Vec::with_capacity(snapped.len());
    for (at, &frame) in snapped.iter().enumerate() {
        let key = key_before(frame);
        let is_last = snapped.get(at + 1).is_none_or(|&next| key_before(next) != key);
        let free_from = eased.last().map_or(0, |&before| before + half);
        let earliest = if is_last { frame.saturating_sub(half).max(key).max(free_from) } else { frame };
        eased.push(earliest.min(frame));
    }
    eased.dedup();
    eased
}

/// First frames of the runs. A run begins at a key frame where one is near, because it costs less there.
fn windows(stamps: &[Stamp], plan: &FramePlan) -> Vec<usize> {
    if stamps.is_empty() || plan.windows == 0 || plan.window_frames == 0 {
        return Vec::new();
    }
    let latest = stamps.len().saturating_sub(plan.window_frames);
    let count = plan.windows.min((stamps.len() / plan.window_frames).max(1));
    let slot = (latest + 1) as f64 / count as f64;
    let mut first_free = 0;
    let mut chosen = Vec::with_capacity(count);
    for window in 0..count {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of frames"
        )]
        let at = |share: f64| {
            (((window as f64 + share) * slot) as usize).clamp(first_free, latest.max(first_free))
        };
        let target = at(0.5);
        let near = (at(0.0)..=at(1.0)).filter(|&frame| stamps[frame].key);
        let first = near.min_by_key(|frame| frame.abs_diff(target)).unwrap_or(target);
        if first + plan.window_frames > stamps.len() && !chosen.is_empty() {
            break;
        }
        chosen.push(first);
        first_free = first + plan.window_frames;
    }
    chosen
}

/// Splits what is wanted into passes: a new one begins where finding a later key frame is cheaper than
/// decoding on.
fn grouped(stamps: &[Stamp], wanted: &[(usize, Option<u32>)], skip: Skip, costs: Costs) -> Vec<Pass> {
    let per_frame = match skip {
        Skip::Unreferenced => costs.frame * REFERENCED_SHARE,
        Skip::Nothing | Skip::NonKey | Skip::NonKeyUnread => costs.frame,
    };
    let mut passes: Vec<Pass> = Vec::new();
    // The frame that the current pass has reached.
    let mut reached = 0;
    for &(frame, window) in wanted {
        let key = stamps[..=frame].iter().rposition(|stamp| stamp.key).unwrap_or(0);
        let saved = key.saturating_sub(reached) as f64 * per_frame;
        match passes.last_mut() {
            Some(pass) if saved <= costs.start => pass.wanted.push((frame, window)),
            first_or_full => {
                // The first pass is started in any case; a seek costs it nothing.
                let from = (key > 0 && (first_or_full.is_some() || saved > 0.0)).then_some(key);
                passes.push(Pass { from, skip, wanted: vec![(frame, window)] });
            }
        }
        reached = frame;
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(frames: usize, key_every: usize) -> Packets {
        let times = (0..).step_by(512);
        let stamps = (0..frames).zip(times).map(|(n, ticks)| Stamp { ticks, key: n % key_every == 0 });
        let stamps: Vec<_> = stamps.collect();
        let end_ticks = stamps.last().map_or(0, |last| last.ticks + 512);
        Packets { stamps, exact: true, end_ticks, reorder_ticks: 1024 }
    }

    const COSTS: Costs = Costs { frame: 0.0044, start: 0.15 };

    fn plan(spread: usize, min_spread: usize, windows: usize, window_frames: usize) -> FramePlan {
        FramePlan { spread, min_spread, windows, window_frames, max_side_px: 100 }
    }

    fn frames_of(passes: &[Pass]) -> Vec<usize> {
        passes.iter().flat_map(|pass| pass.wanted.iter().map(|(frame, _)| *frame)).collect()
    }

    #[test]
    fn dense_key_frames_are_decoded_alone() {
        let passes = passes(&packets(18_000, 250), &plan(32, 16, 0, 0), COSTS);
        assert_eq!(passes.len(), 1);
        assert_eq!((passes[0].skip, passes[0].from), (Skip::NonKeyUnread, None));
        assert_eq!(passes[0].wanted.len(), 32);
        assert!(passes[0].wanted.iter().all(|(frame, _)| frame % 250 == 0));
    }

    #[test]
    fn few_key_frames_are_not_enough() {
        let passes = passes(&packets(1800, 250), &plan(32, 16, 0, 0), COSTS);
        assert!(passes.iter().all(|pass| pass.skip == Skip::Unreferenced));
        let frames = frames_of(&passes);
        assert_eq!(frames.len(), 32);
        assert!(frames.windows(2).all(|pair| (28..=112).contains(&(pair[1] - pair[0]))), "{frames:?}");
        let keys = frames.iter().filter(|&frame| frame % 250 == 0).count();
        assert_eq!(keys, 8, "every key frame that is near is taken: {frames:?}");
    }

    #[test]
    fn where_every_frame_is_a_key_frame_the_gaps_are_jumped_over() {
        let passes = passes(&packets(18_000, 1), &plan(16, 8, 0, 0), COSTS);
        assert_eq!(passes.len(), 16);
        assert!(passes.iter().all(|pass| pass.wanted.len() == 1 && pass.from == Some(pass.wanted[0].0)));
    }

    #[test]
    fn a_short_video_gives_each_frame_once() {
        for count in 1..5 {
            let passes = passes(&packets(count, 250), &plan(32, 16, 4, 16), COSTS);
            let frames: Vec<usize> = (0..count).collect();
            assert_eq!(frames_of(&passes), [frames.clone(), frames].concat());
        }
        assert!(passes(&packets(0, 1), &plan(32, 16, 4, 16), COSTS).is_empty());
    }

    #[test]
    fn windows_are_runs_that_do_not_overlap_and_begin_at_near_key_frames() {
        for (frames, key_every, count, length) in
            [(1800, 250, 4, 32), (300, 250, 4, 64), (100, 7, 9, 10), (65, 250, 2, 64)]
        {
            let passes = passes(&packets(frames, key_every), &plan(0, 0, count, length), COSTS);
            let wanted: Vec<_> = passes.iter().flat_map(|pass| pass.wanted.clone()).collect();
            assert_eq!(wanted.len() % length, 0, "{frames} {key_every}");
            for (window, run) in wanted.chunks(length).enumerate() {
                let expected: Vec<_> =
                    (run[0].0..run[0].0 + length).map(|f| (f, u32::try_from(window).ok())).collect();
                assert_eq!(run, expected);
            }
            assert!(wanted.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
        let passes = passes(&packets(18_000, 250), &plan(0, 0, 4, 32), COSTS);
        assert!(passes.iter().all(|pass| pass.from.unwrap_or(0) == pass.wanted[0].0));
    }

    #[test]
    fn stamps_at_the_ends_of_the_range_do_no_harm() {
        let stamps = vec![
            Stamp { ticks: i64::MIN, key: true },
            Stamp { ticks: 0, key: false },
            Stamp { ticks: i64::MAX, key: true },
        ];
        let packets = Packets { stamps, exact: true, end_ticks: i64::MAX, reorder_ticks: 0 };
        assert_eq!(frames_of(&passes(&packets, &plan(2, 9, 0, 0), COSTS)).len(), 2);
    }
}
