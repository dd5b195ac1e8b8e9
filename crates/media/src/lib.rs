//! What is in a file: its type by content, its properties, its pictures, frames and sound.
//!
//! Every file is taken for hostile. Limits on bytes, streams, length and pixels are checked before
//! anything is decoded; ffmpeg and ffprobe run as children that can read one file, write none, open no
//! socket and live no longer than allowed. This room judges nothing and knows no model.

mod change;
mod code;
mod digest;
mod error;
mod file;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod jpeg;
mod limits;
mod mime;
mod picture;
mod probe;
pub mod sandbox;
mod sniff;
mod sound;
mod thumbnail;
mod tools;

pub use change::{Change, ChangeError};
pub use error::{MediaError, Why};
pub use file::MediaFile;
pub use frames::{Frame, FramePlan, Frames};
pub use jpeg::JpegError;
pub use limits::Limits;
pub use mime::{mime, mimetypes};
pub use picture::{Opacity, Picture};
pub use sandbox::Launcher;
pub use sound::{SAMPLE_RATE_HZ, Sound};
pub use tools::{ToolVersion, Tools};
