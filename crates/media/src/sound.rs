//! The sound of a file as mono samples at 16 kHz, second by second. Judges nothing, keeps nothing.

use std::ffi::OsString;

use dk_app::StopToken;

use crate::MediaError;
use crate::file::{MediaFile, Source};
use crate::probe::{AudioStream, millis};
use crate::sandbox::Running;
use crate::tools::{blame, input_options, tool_error};

/// Samples per second of what [`MediaFile::sound`] gives.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

const CHUNK_SAMPLES: usize = SAMPLE_RATE_HZ as usize;
const SAMPLE_BYTES: usize = size_of::<f32>();

/// Mono samples, nominally between -1 and 1, in chunks of one second; the last is shorter. Channels are mixed
/// in equal parts. An error ends it. Dropping it ends the child.
pub struct Sound {
    child: Option<Running>,
    source: Source,
    start_ms: u64,
    samples: u64,
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").field("samples", &self.samples).finish_non_exhaustive()
    }
}

impl MediaFile {
    /// Begins to decode the sound track.
    pub fn sound(&self, stop: &StopToken) -> Result<Sound, MediaError> {
        let streams = self.streams().ok_or(MediaError::NoSound)?;
        let audio = streams.audio.as_ref().ok_or(MediaError::NoSound)?;
        let source = self.source.clone();
        let child = source
            .tools
            .ffmpeg()?
            .args(args(&source, audio))
            .limits(source.limits.decoding())
            .stdin_file(source.reopen()?)
            .spawn(stop)
            .map_err(|error| tool_error("ffmpeg", error))?;
        let start_ms =
            audio.start_secs.and_then(|start| millis(start - streams.start_secs)).unwrap_or_default();
        Ok(Sound { child: Some(child), source, start_ms, samples: 0 })
    }
}

impl Sound {
    /// Time of the first sample on the clock of [`crate::Frame::time_ms`].
    pub fn start_ms(&self) -> u64 {
        self.start_ms
    }

    /// Length of what has come so far.
    pub fn heard_ms(&self) -> u64 {
        self.samples * 1000 / u64::from(SAMPLE_RATE_HZ)
    }

    fn read(&mut self, child: &mut Running) -> Result<Option<Vec<f32>>, MediaError> {
        let mut bytes = vec![0; CHUNK_SAMPLES * SAMPLE_BYTES];
        let filled = child.fill(&mut bytes).map_err(|error| tool_error("ffmpeg", error))?;
        bytes.truncate(filled);
        let samples: Vec<f32> = bytes.chunks_exact(SAMPLE_BYTES).map(sample).collect();
        self.samples += samples.len() as u64;
        // A file may be longer than its header says; a second is left for rounding and priming.
        let limit_ms = self.source.limits.max_duration_ms;
        if self.heard_ms() > limit_ms.saturating_add(1000) {
            return Err(MediaError::TooLong { duration_ms: self.heard_ms(), limit_ms });
        }
        Ok((!samples.is_empty()).then_some(samples))
    }

    /// At the end: nothing at all is an error, a damaged end after good sound is not.
    fn end(&self, child: Running) -> Option<Result<Vec<f32>, MediaError>> {
        let output = match child.finish() {
            Ok(output) => output,
            Err(error) => return Some(Err(tool_error("ffmpeg", error))),
        };
        if self.samples > 0 {
            return None;
        }
        let format = self.source.container.name;
        Some(Err(if output.success && output.stderr.trim().is_empty() {
            MediaError::Damaged {
                format: format.to_owned(),
                detail: "there is no sound in its track".to_owned(),
            }
        } else {
            blame(format, &output, &self.source.limits)
        }))
    }
}

impl Iterator for Sound {
    type Item = Result<Vec<f32>, MediaError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut child = self.child.take()?;
        match self.read(&mut child) {
            Ok(Some(samples)) => {
                self.child = Some(child);
                Some(Ok(samples))
            }
            Ok(None) => self.end(child),
            Err(error) => Some(Err(error)),
        }
    }
}

/// Broken decoders and hostile files give values that are no numbers; they count as silence.
fn sample(bytes: &[u8]) -> f32 {
    let bytes = bytes.try_into().expect("chunks have the size of a sample");
    let value = f32::from_le_bytes(bytes);
    if value.is_finite() { value.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}

/// Float files may go beyond 1; what is far beyond is damage.
const LOUDEST: f32 = 8.0;

fn args(source: &Source, audio: &AudioStream) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-nostdin", "-nostats", "-v", "error"].map(Into::into).to_vec();
    args.extend(input_options(source.container.demuxer));
    args.extend(["-vn".into(), "-sn".into(), "-dn".into(), "-i".into(), source.input()]);
    args.extend(["-map".into(), format!("0:{}", audio.index).into()]);
    args.extend(["-ac", "1", "-ar", "16000", "-f", "f32le", "pipe:1"].map(Into::into));
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_silence() {
        let heard = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5, 1e30].map(|v| sample(&v.to_le_bytes()));
        assert_eq!(heard.map(f32::to_bits), [0.0, 0.0, 0.0, 0.5, LOUDEST].map(f32::to_bits));
    }
}
