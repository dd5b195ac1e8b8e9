//! Media that tests make for themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A BMP of one colour, different for each `seed`, so that each is a file of its own.
pub(crate) fn picture(seed: u32) -> Vec<u8> {
    const SIDE: u32 = 64;
    let pixels = SIDE * SIDE * 3;
    let mut bytes = Vec::new();
    bytes.extend(b"BM");
    bytes.extend((54 + pixels).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(54_u32.to_le_bytes());
    bytes.extend(40_u32.to_le_bytes());
    bytes.extend(SIDE.to_le_bytes());
    bytes.extend(SIDE.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(24_u16.to_le_bytes());
    bytes.extend([0; 24]);
    let colour = seed.to_le_bytes();
    bytes.extend((0..pixels).map(|at| colour[(at % 3) as usize]));
    bytes
}

/// A clip of moving pictures, `seconds` long.
pub(crate) fn clip(folder: &Path, name: &str, seconds: u32) -> PathBuf {
    let path = folder.join(name);
    let source = format!("testsrc2=size=320x240:rate=25:duration={seconds}");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-pix_fmt", "yuv420p", "-g", "12"])
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    assert!(made.expect("ffmpeg can be run").success());
    path
}
