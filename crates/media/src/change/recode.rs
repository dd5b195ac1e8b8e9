//! Videos and sounds are changed by ffmpeg, as a child that writes to its standard output.

use std::ffi::OsString;
use std::io::{Read as _, Write};

use dk_app::StopToken;

use super::ChangeError;
use crate::MediaError;
use crate::file::{MediaFile, Source};
use crate::tools::{input_options, tool_error};

const CHUNK_BYTES: usize = 1 << 16;

/// Pictures through a filter and H.264, sound as AAC.
#[derive(Debug)]
pub(super) struct Video {
    pub(super) filter: &'static str,
    /// Constant rate factor: 18 is fine, 40 is coarse.
    pub(super) quality: u8,
}

/// Sound through a filter and an encoder.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) filter: Option<&'static str>,
    pub(super) encode: &'static [&'static str],
}

impl Video {
    pub(super) fn args(&self, file: &MediaFile) -> Result<Vec<OsString>, ChangeError> {
        let streams = file.streams().ok_or(ChangeError::OtherKind)?;
        let video = streams.video.as_ref().ok_or(ChangeError::OtherKind)?;
        let mut args = input(&file.source);
        args.extend(["-map".into(), format!("0:{}", video.index).into()]);
        if let Some(audio) = &streams.audio {
            args.extend(["-map".into(), format!("0:{}", audio.index).into()]);
            args.extend(["-c:a", "aac", "-b:a", "64k"].map(Into::into));
        }
        let quality = self.quality.to_string();
        args.extend(["-vf", self.filter, "-c:v", "libx264", "-preset", "veryfast"].map(Into::into));
        args.extend(["-crf", &quality, "-pix_fmt", "yuv420p"].map(Into::into));
        // Standard output cannot be wound back, so the index comes in pieces.
        args.extend(["-movflags", "frag_keyframe+empty_moov", "-f", "mp4"].map(Into::into));
        Ok(args)
    }
}

impl Sound {
    pub(super) fn args(&self, file: &MediaFile) -> Result<Vec<OsString>, ChangeError> {
        let streams = file.streams().ok_or(ChangeError::OtherKind)?;
        let audio = streams.audio.as_ref().ok_or(ChangeError::OtherKind)?;
        let mut args = input(&file.source);
        args.extend(["-map".into(), format!("0:{}", audio.index).into()]);
        if let Some(filter) = self.filter {
            args.extend(["-af", filter].map(Into::into));
        }
        args.extend(self.encode.iter().map(OsString::from));
        Ok(args)
    }
}

/// Everything up to the input, and that nothing of what the file says of itself is taken over.
fn input(source: &Source) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-nostdin", "-nostats", "-v", "error"].map(Into::into).to_vec();
    args.extend(["-threads".into(), source.tools.threads.to_string().into()]);
    args.extend(input_options(source.container.demuxer));
    args.extend(["-i".into(), source.input()]);
    args.extend(["-map_metadata", "-1", "-map_chapters", "-1"].map(Into::into));
    args
}

impl MediaFile {
    /// Runs ffmpeg and hands its output on as it comes.
    pub(super) fn recode(
        &self,
        mut args: Vec<OsString>,
        to: &mut impl Write,
        stop: &StopToken,
    ) -> Result<(), ChangeError> {
        args.push("pipe:1".into());
        let failed = |error| ChangeError::Media(tool_error("ffmpeg", error));
        let command = self.source.tools.ffmpeg()?.args(args).limits(self.source.limits.decoding());
        let mut child = command.stdin_file(self.source.reopen()?).spawn(stop).map_err(failed)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut written = 0_u64;
        // A child that was ended closes its end too; why is told by `finish`.
        while let Ok(count) = child.read(&mut chunk) {
            if count == 0 {
                break;
            }
            written += count as u64;
            if written > self.source.limits.max_bytes {
                let limit_bytes = self.source.limits.max_bytes;
                return Err(ChangeError::Media(MediaError::TooMuchOutput { limit_bytes }));
            }
            to.write_all(&chunk[..count]).map_err(ChangeError::Write)?;
        }
        let output = child.finish().map_err(failed)?;
        if output.success && written > 0 {
            return Ok(());
        }
        let said = output.stderr.lines().find(|line| !line.trim().is_empty());
        let said = said.unwrap_or("the encoder gave nothing").replace(crate::sandbox::STDIN, "the file");
        Err(ChangeError::Encoder { said })
    }
}
