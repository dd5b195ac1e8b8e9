//! What the tests of this crate share: tools, files made on the fly, and reading a file in every way.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use dk_app::{Silent, StopToken};
use dk_media::{Frame, FramePlan, Launcher, Limits, MediaError, MediaFile, Picture, Tools};
use image::{DynamicImage, ImageFormat};
use tempfile::TempDir;

/// Asserts the error, and that it says something to a person.
#[allow(unused_macros, reason = "each test file uses its own part")]
macro_rules! refuses {
    ($path:expr, $($pattern:tt)+) => {{
        let path = $path;
        let result = $crate::support::read(&path);
        assert!(matches!(&result, Err($($pattern)+)), "{}: {result:?}", path.display());
        assert!(!result.expect_err("checked").to_string().is_empty());
    }};
}

/// The executable that is launcher and probe in one.
pub(crate) fn child() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_dk-media-child"))
}

pub(crate) fn launcher() -> Launcher {
    Launcher { program: child(), args: vec!["__sandbox".into()] }
}

pub(crate) fn tools() -> Tools {
    Tools::find(launcher())
}

/// A folder that is gone after the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a temporary file");
        path
    }

    /// Makes a file with ffmpeg; `args` stand between the program and the name of the file.
    pub(crate) fn make<T: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = T>) -> PathBuf {
        let path = self.path(name);
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-threads", "1"])
            .args(args)
            .arg(&path)
            .output()
            .expect("ffmpeg is installed");
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        path
    }

    /// A grey video whose brightness tells the number of each frame; `rest` names codec and format.
    pub(crate) fn counting(&self, name: &str, frames: usize, rest: &str) -> PathBuf {
        self.counting_through(name, frames, "null", rest)
    }

    /// The same, with a filter that changes anything but the brightness.
    pub(crate) fn counting_through(&self, name: &str, frames: usize, filter: &str, rest: &str) -> PathBuf {
        let source = format!("nullsrc=s=64x48:r=25,geq=lum='16+2*N':cb=128:cr=128,{filter}");
        let frames = frames.to_string();
        let start = ["-f", "lavfi", "-i", &source, "-frames:v", &frames];
        self.make(name, start.into_iter().chain(rest.split_whitespace()))
    }
}

/// The number that a frame of [`Folder::counting`] carries.
pub(crate) fn number_in(picture: &Picture) -> u32 {
    let middle = (picture.height_px / 2 * picture.width_px + picture.width_px / 2) as usize * 3;
    // Brightness 16 + 2 n of 16 to 235 became a value of 0 to 255.
    (u32::from(picture.rgb[middle + 1]) * 219 + 255) / 510
}

pub(crate) fn open(path: &Path) -> Result<MediaFile, MediaError> {
    MediaFile::open(path, &tools(), &Limits::default(), &Silent, &StopToken::new())
}

pub(crate) fn frames(path: &Path, plan: &FramePlan) -> Vec<Frame> {
    let media = open(path).expect("a readable video");
    let frames = media.frames(plan, &StopToken::new()).expect("frames");
    frames.collect::<Result<_, _>>().expect("decodable frames")
}

/// All frames as they come, at full size.
pub(crate) fn every(spread: usize) -> FramePlan {
    FramePlan { spread, min_spread: spread, windows: 0, window_frames: 0, max_side_px: 4096 }
}

pub(crate) fn sound(path: &Path) -> Vec<f32> {
    let media = open(path).expect("a readable sound");
    let chunks = media.sound(&StopToken::new()).expect("sound");
    chunks.collect::<Result<Vec<_>, _>>().expect("decodable sound").concat()
}

/// What reading gave, where it gave anything.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) pictures: usize,
    pub(crate) frames: usize,
    pub(crate) samples: usize,
}

/// Opens a file and decodes all that it claims to hold.
pub(crate) fn read_all(path: &Path, limits: &Limits) -> Result<Read, MediaError> {
    let stop = StopToken::new();
    let media = MediaFile::open(path, &tools(), limits, &Silent, &stop)?;
    let mut read = Read::default();
    if media.facts.image.is_some() {
        let picture = media.picture(&stop)?;
        assert_eq!(picture.rgb.len(), picture.width_px as usize * picture.height_px as usize * 3);
        read.pictures = 1;
    }
    if media.facts.video.is_some() {
        let plan = FramePlan { spread: 8, min_spread: 2, windows: 1, window_frames: 4, max_side_px: 320 };
        for frame in media.frames(&plan, &stop)? {
            frame?;
            read.frames += 1;
        }
    }
    if media.facts.audio.is_some() {
        for chunk in media.sound(&stop)? {
            read.samples += chunk?.len();
        }
    }
    Ok(read)
}

/// The same within the usual limits.
pub(crate) fn read(path: &Path) -> Result<Read, MediaError> {
    read_all(path, &Limits::default())
}

/// A small picture with some noise in it.
pub(crate) fn encoded(format: ImageFormat) -> Vec<u8> {
    let noise =
        |x: u32, y: u32| image::Rgb([0, 1, 2].map(|c| (x * 37 + y * 91 + c * 53 + x * y).to_le_bytes()[0]));
    let image = DynamicImage::from(image::RgbImage::from_fn(48, 32, noise));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("memory takes it");
    bytes.into_inner()
}

/// A usual codec at nearly no loss, with key frames near each other.
pub(crate) const H264: &str = "-c:v libx264 -crf 1 -g 10 -pix_fmt yuv420p";

/// Every frame is the one that it says it is.
pub(crate) fn check_numbers(frames: &[Frame], step_ms: u64) {
    for frame in frames {
        assert_eq!(number_in(&frame.picture), frame.index, "at {} ms", frame.time_ms);
        assert_eq!(frame.time_ms, u64::from(frame.index) * step_ms);
    }
    assert!(frames.windows(2).all(|pair| pair[0].index < pair[1].index), "by time");
}
