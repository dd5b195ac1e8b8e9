//! What the tests of this crate share: tools, files made on the fly, and reading a file in every way.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dk_app::{Silent, StopToken};
use dk_media::{Frame, FramePlan, Launcher, Limits, MediaError, MediaFile, Picture, Tools};
use tempfile::TempDir;

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
