//! What is in a file and how long it takes to get it out: `cargo run -p dk-media --example look -- FILE [SPREAD
//! MIN_SPREAD WINDOWS WINDOW_FRAMES MAX_SIDE]`.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use dk_app::{Silent, StopToken};
use dk_media::{FramePlan, Launcher, Limits, MediaFile, Tools, sandbox};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.next_if(|arg| arg == "__sandbox").is_some() {
        return Ok(sandbox::main(args));
    }
    let file = args.next().ok_or("name a file")?;
    let mut numbers = args.filter_map(|arg| arg.to_str()?.parse().ok());
    let usual = FramePlan::default();
    let plan = FramePlan {
        spread: numbers.next().unwrap_or(usual.spread),
        min_spread: numbers.next().unwrap_or(usual.min_spread),
        windows: numbers.next().unwrap_or(usual.windows),
        window_frames: numbers.next().unwrap_or(usual.window_frames),
        max_side_px: numbers.next().and_then(|side| u32::try_from(side).ok()).unwrap_or(usual.max_side_px),
    };
    let tools = Tools::find(Launcher { program: std::env::current_exe()?, args: vec!["__sandbox".into()] });
    look(Path::new(&file), &tools, &plan)?;
    Ok(ExitCode::SUCCESS)
}

fn look(file: &Path, tools: &Tools, plan: &FramePlan) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    let stop = StopToken::new();
    writeln!(out, "layers: {}", tools.layers()?)?;
    let clock = Instant::now();
    let limits = Limits { max_bytes: 4 << 30, ..Limits::default() };
    let media = MediaFile::open(file, tools, &limits, &Silent, &stop)?;
    writeln!(out, "{:#?}\nopened in {:?}", media.facts, clock.elapsed())?;
    if media.facts.image.is_some() {
        let clock = Instant::now();
        writeln!(out, "{:?} in {:?}", media.picture(&stop)?, clock.elapsed())?;
    }
    if media.facts.video.is_some() {
        let clock = Instant::now();
        let frames = media.frames(plan, &stop)?;
        writeln!(out, "{} frames planned after {:?}", frames.planned(), clock.elapsed())?;
        for frame in frames {
            let frame = frame?;
            writeln!(
                out,
                "frame {} at {} ms, window {:?}, {:?}",
                frame.index, frame.time_ms, frame.window, frame.picture
            )?;
        }
        writeln!(out, "all frames in {:?}", clock.elapsed())?;
    }
    if media.facts.audio.is_some() {
        let clock = Instant::now();
        let mut sound = media.sound(&stop)?;
        sound.by_ref().try_for_each(|chunk| chunk.map(drop))?;
        let heard_ms = sound.heard_ms();
        writeln!(out, "sound from {} ms, {heard_ms} ms in {:?}", sound.start_ms(), clock.elapsed())?;
    }
    Ok(())
}
