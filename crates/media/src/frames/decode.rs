//! Runs ffmpeg for one pass and pairs each frame's pixels (stdout) with its time stamp (stderr).

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::mpsc;

use dk_app::StopToken;

use super::Frame;
use super::filter::Chain;
use super::plan::{Pass, Skip};
use crate::error::MediaError;
use crate::file::Source;
use crate::picture::Picture;
use crate::probe::{Packets, VideoStream};
use crate::sandbox::{Output, Running};
use crate::tools::{blame, input_options, tool_error};

/// All that a pass needs to know.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) source: Source,
    pub(super) video: VideoStream,
    pub(super) packets: Arc<Packets>,
    pub(super) start_secs: f64,
    pub(super) max_side_px: u32,
}

impl Job {
    /// What all passes share.
    pub(super) fn chain(&self, stop: &StopToken) -> Result<Chain, MediaError> {
        let map = self.video.high_range && can_tone_map(&self.source, stop)?;
        Ok(Chain::new(&self.video, self.max_side_px, map))
    }

    /// Decodes one pass; `emit` says whether more is wanted. Gives the number of frames, and what was wrong
    /// where there were none.
    pub(super) fn run(
        &self,
        pass: &Pass,
        chain: &Chain,
        stop: &StopToken,
        mut emit: impl FnMut(Frame) -> bool,
    ) -> Result<(usize, Option<MediaError>), MediaError> {
        let (stamps_in, stamps) = mpsc::channel();
        let mut child = self
            .source
            .tools
            .ffmpeg()?
            .args(self.args(pass, chain))
            .limits(self.source.limits.decoding())
            .stdin_file(self.source.reopen()?)
            .spawn_listening(stop, move |line| {
                let stamp = time_stamp(line);
                // A line about a frame is taken even when nobody waits for it any more.
                stamp.is_some_and(|ticks| stamps_in.send(ticks).is_ok()) || is_chatter(line)
            })
            .map_err(|error| tool_error("ffmpeg", error))?;
        let mut count = 0;
        // The filter may not give more than was asked for; a file that makes it do so is cut short.
        while count < pass.wanted.len() {
            let Some(picture) = read_picture(&mut child, chain)? else { break };
            let Ok(ticks) = child.while_waiting(|| stamps.recv()) else { break };
            count += 1;
            if !emit(self.frame(pass, ticks, picture)) {
                return Ok((count, None));
            }
        }
        if count == pass.wanted.len() {
            return Ok((count, None));
        }
        let output = child.finish().map_err(|error| tool_error("ffmpeg", error))?;
        Ok((count, Some(self.nothing(&output))))
    }

    fn frame(&self, pass: &Pass, ticks: i64, picture: Picture) -> Frame {
        let stamps = &self.packets.stamps;
        let index = if pass.skip == Skip::NonKeyUnread {
            let distance = |&(frame, _): &(usize, Option<u32>)| stamps[frame].ticks.abs_diff(ticks);
            pass.wanted.iter().min_by_key(|wanted| distance(wanted)).map_or(0, |&(frame, _)| frame)
        } else {
            let after = stamps.partition_point(|stamp| stamp.ticks < ticks);
            let is_known = stamps.get(after).is_some_and(|stamp| stamp.ticks == ticks);
            // A time that no packet has: the frame that was shown then.
            if is_known { after } else { after.saturating_sub(1) }
        };
        let ticks = stamps.get(index).map_or(ticks, |stamp| stamp.ticks);
        let wanted = pass.wanted.partition_point(|&(frame, _)| frame <= index).saturating_sub(1);
        let secs = self.video.time_base.secs(ticks) - self.start_secs;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates at both ends"
        )]
        let time_ms = (secs * 1000.0).round() as u64;
        Frame {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            time_ms,
            picture,
            window: pass.wanted.get(wanted).and_then(|&(_, window)| window),
        }
    }

    fn nothing(&self, output: &Output) -> MediaError {
        let format = self.source.container.name;
        if output.success && output.stderr.trim().is_empty() {
            let detail = "the decoder gave none of the frames".to_owned();
            return MediaError::Damaged { format: format.to_owned(), detail };
        }
        blame(format, output, &self.source.limits)
    }

    fn args(&self, pass: &Pass, chain: &Chain) -> Vec<OsString> {
        let mut args = common_args(&self.source);
        match pass.skip {
            Skip::Nothing => {}
            Skip::Unreferenced => args.extend(["-skip_frame", "noref"].map(Into::into)),
            Skip::NonKey => args.extend(["-skip_frame", "nokey"].map(Into::into)),
            Skip::NonKeyUnread => {
                args.extend(["-skip_frame", "nokey", "-discard:v", "nokey"].map(Into::into));
            }
        }
        if let Some(secs) = pass.from.map(|key| self.seek_secs(key)) {
            let secs = format!("{secs:.6}");
            args.extend(["-seek_timestamp", "1", "-noaccurate_seek", "-ss", &secs].map(Into::into));
        }
        args.extend(input(&self.source, &self.video));
        args.extend(["-copyts", "-vf"].map(Into::into));
        args.push(chain.picking(pass, &self.packets).into());
        args.extend(output_args(&self.source));
        args
    }

    /// A time from which the demuxer comes to lie on a key frame.
    fn seek_secs(&self, key: usize) -> f64 {
        let stamps = &self.packets.stamps;
        let at = |frame: usize| self.video.time_base.secs(stamps[frame].ticks);
        // ffmpeg itself steps 3/23 s back for containers that it does not trust with presentation times. The
        // step is added here, but never beyond the middle of the way to the next key frame.
        let back = if self.source.container.demuxer == "mov" { 0.0 } else { 0.131 };
        let next = (key + 1..stamps.len()).find(|&frame| stamps[frame].key);
        next.map_or(at(key) + back, |next| (at(key) + back).min(f64::midpoint(at(key), at(next))))
    }
}

/// The first frame of a coded picture at its full size.
pub(super) fn still(source: &Source, video: &VideoStream, stop: &StopToken) -> Result<Picture, MediaError> {
    let chain = Chain::new(video, u32::MAX, video.high_range && can_tone_map(source, stop)?);
    let mut args = common_args(source);
    args.extend(input(source, video));
    args.extend(["-vf".into(), chain.text.clone().into(), "-frames:v".into(), "1".into()]);
    args.extend(output_args(source));
    let mut child = source
        .tools
        .ffmpeg()?
        .args(args)
        .limits(source.limits.decoding())
        .stdin_file(source.reopen()?)
        .spawn_listening(stop, is_chatter)
        .map_err(|error| tool_error("ffmpeg", error))?;
    if let Some(picture) = read_picture(&mut child, &chain)? {
        return Ok(picture);
    }
    let output = child.finish().map_err(|error| tool_error("ffmpeg", error))?;
    Err(blame(source.container.name, &output, &source.limits))
}

/// One frame of raw pixels; `None` at the end, and for a last one that is cut off.
fn read_picture(child: &mut Running, chain: &Chain) -> Result<Option<Picture>, MediaError> {
    let (width_px, height_px) = (chain.width_px, chain.height_px);
    let mut rgb = vec![0; width_px as usize * height_px as usize * 3];
    let filled = child.fill(&mut rgb).map_err(|error| tool_error("ffmpeg", error))?;
    Ok((filled == rgb.len()).then_some(Picture { width_px, height_px, rgb }))
}

fn common_args(source: &Source) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-nostdin", "-nostats", "-v", "level+info"].map(Into::into).to_vec();
    args.extend(input_options(source.container.demuxer));
    let pixels = source.limits.max_pixels.to_string();
    args.extend(["-threads", &source.tools.threads.to_string(), "-max_pixels", &pixels].map(Into::into));
    args.push("-noautorotate".into());
    args
}

fn input(source: &Source, video: &VideoStream) -> [OsString; 4] {
    ["-i".into(), source.input(), "-map".into(), format!("0:{}", video.index).into()]
}

fn output_args(source: &Source) -> Vec<OsString> {
    // Debian 12 has 5.1, the first with the new name of this option; later ones drop the old name.
    let mut args: Vec<OsString> = ["-fps_mode", "passthrough", "-filter_threads"].map(Into::into).to_vec();
    args.push(source.tools.threads.to_string().into());
    args.extend(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"].map(Into::into));
    args
}

/// The time stamp in a line of ffmpeg's `showinfo`; texts of the file never stand at the start of a line.
fn time_stamp(line: &str) -> Option<i64> {
    let (_, rest) = line.strip_prefix("[Parsed_showinfo_")?.split_once("] ")?;
    let (_, rest) = rest.strip_prefix("[info] ").unwrap_or(rest).strip_prefix("n:")?.split_once(" pts:")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// What ffmpeg tells besides warnings and errors.
fn is_chatter(line: &str) -> bool {
    !["[warning]", "[error]", "[fatal]", "[panic]"].iter().any(|level| line.contains(level))
}

/// Whether this ffmpeg has what it takes to show high dynamic range on an ordinary screen. Without it the
/// picture is paler, but its matrix and depth are still right.
fn can_tone_map(source: &Source, stop: &StopToken) -> Result<bool, MediaError> {
    let filters = source
        .tools
        .ffmpeg()?
        .args(["-hide_banner", "-filters"])
        .run(stop)
        .map_err(|error| tool_error("ffmpeg", error))?;
    let text = String::from_utf8_lossy(&filters.stdout);
    Ok([" zscale ", " tonemap "].iter().all(|name| text.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_found_and_imitations_are_not() {
        let line = "[Parsed_showinfo_4 @ 0x55d1] [info] n:   0 pts:  76800 pts_time:5       pos:  3863526";
        assert_eq!(time_stamp(line), Some(76800));
        assert_eq!(time_stamp("[Parsed_showinfo_4 @ 0x55d1] n:   3 pts: -12 pts_time:5"), Some(-12));
        assert_eq!(time_stamp("[Parsed_showinfo_4 @ 0x55d1] [info] config in time_base: 1/15360"), None);
        assert_eq!(time_stamp(&format!("    title : {line}")), None);
        assert_eq!(time_stamp("[Parsed_showinfo_4 @ 0x1] [info] n: 0 pts:NOPTS pts_time:NOPTS"), None);
    }
}
