//! Changed copies of a file, as they come about when it is passed on: saved anew, scaled, cropped, photographed from a
//! screen by software, sent by a messenger, heard over a telephone. What a file says of itself is lost in all of them.

mod picture;
mod recode;

use std::io::{self, Write};

use dk_app::StopToken;
use dk_domain::MediaKind;

use crate::{MediaError, MediaFile};

/// One way to change a file.
#[derive(Debug)]
pub struct Change {
    /// Short name, fit for a file's name.
    pub name: &'static str,
    /// What is done, in a few words.
    pub what: &'static str,
    how: How,
}

#[derive(Debug)]
enum How {
    Picture(picture::Steps),
    Video(recode::Video),
    Sound(recode::Sound),
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The file itself.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Nothing is left of a picture this small.
    #[error("a picture of {width_px} x {height_px} pixels is too small for that")]
    TooSmall {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
    },
    /// The encoder failed, or is not part of this ffmpeg.
    #[error("cannot be encoded: {said}")]
    Encoder {
        /// What it said.
        said: String,
    },
    /// The copy could not be written.
    #[error("cannot write the copy")]
    Write(#[source] io::Error),
    /// The change is one for another kind of media.
    #[error("that is a change for another kind of media")]
    OtherKind,
}

impl Change {
    /// Every change for this kind of media, mild ones first.
    pub fn all(kind: MediaKind) -> &'static [Self] {
        match kind {
            MediaKind::Image => &PICTURE,
            MediaKind::Video => &VIDEO,
            MediaKind::Audio => &SOUND,
        }
    }
}

impl MediaFile {
    /// Writes a changed copy. What was written before an error is of no use.
    pub fn write_changed(
        &self,
        change: &Change,
        to: &mut impl Write,
        stop: &StopToken,
    ) -> Result<(), ChangeError> {
        match &change.how {
            How::Picture(steps) => {
                let bytes = steps.apply(self.picture(stop)?)?;
                to.write_all(&bytes).map_err(ChangeError::Write)
            }
            How::Video(video) => self.recode(video.args(self)?, to, stop),
            How::Sound(sound) => self.recode(sound.args(self)?, to, stop),
        }
    }
}

use picture::{Save, Scale, Steps};

static PICTURE: [Change; 7] = [
    picture("jpeg-90", "saved as JPEG, quality 90", 1.0, Scale::No, Save::Jpeg(90)),
    picture("jpeg-70", "saved as JPEG, quality 70", 1.0, Scale::No, Save::Jpeg(70)),
    picture("jpeg-50", "saved as JPEG, quality 50", 1.0, Scale::No, Save::Jpeg(50)),
    picture("half", "scaled to half, JPEG 90", 1.0, Scale::By(0.5), Save::Jpeg(90)),
    picture("crop", "the middle 80 % of each side, PNG", 0.8, Scale::No, Save::Png),
    picture("screenshot", "scaled by 0.83, PNG, as a shot of a screen", 1.0, Scale::By(0.83), Save::Png),
    picture("messenger", "at most 1280 pixels, JPEG 75", 1.0, Scale::Longest(1280), Save::Jpeg(75)),
];

const fn picture(name: &'static str, what: &'static str, keep: f64, scale: Scale, save: Save) -> Change {
    Change { name, what, how: How::Picture(Steps { keep, scale, save }) }
}

static VIDEO: [Change; 6] = [
    video("h264-28", "H.264, quality factor 28", "scale=trunc(iw/2)*2:trunc(ih/2)*2", 28),
    video("h264-36", "H.264, quality factor 36", "scale=trunc(iw/2)*2:trunc(ih/2)*2", 36),
    video("half", "scaled to half, H.264 26", "scale=trunc(iw/4)*2:trunc(ih/4)*2", 26),
    video("crop", "the middle 80 % of each side, H.264 23", "crop=trunc(iw*0.4)*2:trunc(ih*0.4)*2", 23),
    video(
        "screenshot",
        "scaled by 0.83, H.264 20, as a recording of a screen",
        "scale=trunc(iw*0.415)*2:trunc(ih*0.415)*2",
        20,
    ),
    video(
        "messenger",
        "at most 640 pixels, H.264 30",
        "scale=w=640:h=640:force_original_aspect_ratio=decrease:force_divisible_by=2",
        30,
    ),
];

const fn video(name: &'static str, what: &'static str, filter: &'static str, quality: u8) -> Change {
    Change { name, what, how: How::Video(recode::Video { filter, quality }) }
}

static SOUND: [Change; 4] = [
    sound("mp3-128", "MP3 at 128 kbit/s", None, &["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"]),
    sound("mp3-48", "MP3 at 48 kbit/s", None, &["-c:a", "libmp3lame", "-b:a", "48k", "-f", "mp3"]),
    sound(
        "messenger",
        "Opus at 16 kbit/s, mono",
        None,
        &["-ac", "1", "-c:a", "libopus", "-b:a", "16k", "-f", "ogg"],
    ),
    sound(
        "telephone",
        "300 to 3400 Hz, 8000 Hz, A-law",
        Some("highpass=f=300:p=2,lowpass=f=3400:p=2"),
        &["-ac", "1", "-ar", "8000", "-c:a", "pcm_alaw", "-f", "wav"],
    ),
];

const fn sound(
    name: &'static str,
    what: &'static str,
    filter: Option<&'static str>,
    encode: &'static [&'static str],
) -> Change {
    Change { name, what, how: How::Sound(recode::Sound { filter, encode }) }
}
