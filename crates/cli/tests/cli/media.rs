//! Pictures and recordings made for a test, by hand or with ffmpeg.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::support::Home;

/// A grey picture of one value, as BMP: the simplest format there is.
pub(crate) fn bmp(grey: u8) -> Vec<u8> {
    const SIDE: u32 = 16;
    let pixels = SIDE * SIDE * 3;
    let mut file = b"BM".to_vec();
    for word in [54 + pixels, 0, 54, 40, SIDE, SIDE] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    // One plane, 24 bits per pixel.
    file.extend_from_slice(&[1, 0, 24, 0]);
    for word in [0, pixels, 2835, 2835, 0, 0] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.resize(file.len() + pixels as usize, grey);
    file
}

pub(crate) const DARK: u8 = 10;
pub(crate) const GREY: u8 = 128;
pub(crate) const BRIGHT: u8 = 245;

impl Home {
    /// Makes a file with ffmpeg; `args` stand between the program and the name of the file.
    pub(crate) fn make<T: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = T>) -> PathBuf {
        let path = self.media(name);
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-threads", "1"])
            .args(args)
            .arg(&path)
            .output()
            .expect("ffmpeg is installed");
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        path
    }

    /// Two seconds of one colour with a tone; `rest` names codecs and format.
    pub(crate) fn clip(&self, name: &str, colour: &str, rest: &str) -> PathBuf {
        let picture = format!("color=c={colour}:s=64x48:r=10:d=2");
        let start = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", "sine=f=440:d=2"];
        self.make(name, start.into_iter().chain(rest.split_whitespace()))
    }

    /// Two seconds of a tone.
    pub(crate) fn tone(&self, name: &str, rest: &str) -> PathBuf {
        let start = ["-f", "lavfi", "-i", "sine=f=440:d=2"];
        self.make(name, start.into_iter().chain(rest.split_whitespace()))
    }
}
