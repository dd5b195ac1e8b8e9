//! One file from opening to its facts: size, content, checksum, streams, limits, in this order, so that the
//! cheapest check comes first. What is decoded from it is in the neighbouring modules.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dk_app::ports::Content;
use dk_app::{Phase, Progress, Silent, StopToken};
use dk_domain::{AudioFacts, MediaFacts, MediaKind, VideoFacts};

use crate::digest::digest;
use crate::probe::{self, Packets, Streams, VideoStream};
use crate::sniff::{self, Container};
use crate::{Limits, MediaError, Tools, picture};

/// A file that has been looked at and is within the limits. Shared by reference between threads.
#[derive(Debug)]
pub struct MediaFile {
    /// As it was named.
    pub path: PathBuf,
    /// What it is and holds.
    pub facts: MediaFacts,
    pub(crate) source: Source,
    pub(crate) inside: Inside,
}

/// What there is to decode.
#[derive(Debug)]
pub(crate) enum Inside {
    Picture(image::ImageFormat),
    CodedPicture(VideoStream),
    Streams { streams: Box<Streams>, packets: OnceLock<Arc<Packets>> },
}

/// The bytes of a file and the means to read them again.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    path: PathBuf,
    identity: Identity,
    pub(crate) container: Container,
    pub(crate) tools: Tools,
    pub(crate) limits: Limits,
}

/// What stays the same as long as nobody touches the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Source {
    /// Opens the file anew, as long as it is still the same.
    pub(crate) fn reopen(&self) -> Result<File, MediaError> {
        let file = open(&self.path)?;
        let metadata = file.metadata().map_err(|source| self.io(source))?;
        if Identity::of(&metadata) == self.identity { Ok(file) } else { Err(MediaError::Changed) }
    }

    /// The input as ffmpeg sees it: the descriptor that it inherits. The name of the file, whatever is in it,
    /// never reaches a command line.
    #[expect(clippy::unused_self, reason = "it belongs to the file that is passed as stdin")]
    pub(crate) fn input(&self) -> OsString {
        format!("file:{}", crate::sandbox::STDIN).into()
    }

    pub(crate) fn io(&self, source: std::io::Error) -> MediaError {
        MediaError::Io { path: self.path.clone(), source }
    }
}

/// Opens only regular files, following links; a pipe would block and a device never end.
fn open(path: &Path) -> Result<File, MediaError> {
    let io = |source| MediaError::Io { path: path.to_owned(), source };
    let kind = std::fs::metadata(path).map_err(io)?.file_type();
    if !kind.is_file() {
        let found = if kind.is_dir() {
            "folder"
        } else if kind.is_fifo() {
            "pipe"
        } else if kind.is_socket() {
            "socket"
        } else {
            "device"
        };
        return Err(MediaError::NotAFile { found });
    }
    File::open(path).map_err(io)
}

impl MediaFile {
    /// Looks at a file: size, type by content, checksum, streams, limits. Nothing is decoded but the headers
    /// of a picture. Reports bytes as [`Phase::Reading`] and the facts to `progress`.
    pub fn open(
        path: &Path,
        tools: &Tools,
        limits: &Limits,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Self, MediaError> {
        Self::look(path, None, tools, limits, progress, stop)
    }

    /// As [`MediaFile::open`], for a file whose checksum is known to whoever wrote it: its bytes are not read for
    /// that again. A file of another length is refused as one that has changed.
    pub fn open_known(
        path: &Path,
        known: Content,
        tools: &Tools,
        limits: &Limits,
        stop: &StopToken,
    ) -> Result<Self, MediaError> {
        Self::look(path, Some(known), tools, limits, &Silent, stop)
    }

    fn look(
        path: &Path,
        known: Option<Content>,
        tools: &Tools,
        limits: &Limits,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Self, MediaError> {
        let mut file = open(path)?;
        let io = |source| MediaError::Io { path: path.to_owned(), source };
        let identity = Identity::of(&file.metadata().map_err(io)?);
        let bytes = identity.bytes;
        if bytes > limits.max_bytes {
            return Err(MediaError::TooLarge { bytes, limit_bytes: limits.max_bytes });
        }
        let inside = sniff::sniff(&mut file).map_err(io)??;
        let sha256 = match known {
            Some(known) if known.bytes == bytes => known.sha256,
            Some(_) => return Err(MediaError::Changed),
            None => {
                progress.advanced(Phase::Reading, 0, Some(bytes));
                std::io::Seek::rewind(&mut file).map_err(io)?;
                digest(&mut file, bytes, progress, stop).map_err(io)?.ok_or(MediaError::Stopped)?
            }
        };
        let container = match inside {
            sniff::Content::Container(container) => container,
            sniff::Content::CodedPicture(name) => Container { name, demuxer: "mov" },
            // Never given to ffmpeg.
            sniff::Content::Picture(_) => Container { name: "picture", demuxer: "none" },
        };
        let source = Source {
            path: path.to_owned(),
            identity,
            container,
            tools: tools.clone(),
            limits: limits.clone(),
        };
        let empty = MediaFacts {
            kind: MediaKind::Image,
            format: container.name.to_owned(),
            bytes,
            sha256,
            duration_ms: None,
            image: None,
            video: None,
            audio: None,
        };
        let (facts, inside) = match inside {
            sniff::Content::Picture(format) => picture::look(&source, format, empty)?,
            sniff::Content::CodedPicture(_) => picture::look_coded(&source, empty, stop)?,
            sniff::Content::Container(_) => look_at_streams(&source, empty, stop)?,
        };
        progress.facts(&facts);
        Ok(Self { path: path.to_owned(), facts, source, inside })
    }

    /// The bytes of the file from their begin, as long as nobody has touched it.
    pub fn reopen(&self) -> Result<File, MediaError> {
        self.source.reopen()
    }

    pub(crate) fn streams(&self) -> Option<&Streams> {
        match &self.inside {
            Inside::Streams { streams, .. } => Some(streams),
            _ => None,
        }
    }

    /// The times of all frames, listed once.
    pub(crate) fn packets(&self, video: &VideoStream, stop: &StopToken) -> Result<Arc<Packets>, MediaError> {
        let Inside::Streams { packets, streams } = &self.inside else { return Err(MediaError::NoVideo) };
        if let Some(known) = packets.get() {
            return Ok(Arc::clone(known));
        }
        let listed = Arc::new(Packets::scan(&self.source, video.index, stop)?);
        // The header may lie about the length; the packets do not.
        listed.duration_ms(video.time_base, streams.start_secs, &self.source)?;
        Ok(Arc::clone(packets.get_or_init(|| listed)))
    }
}

fn look_at_streams(
    source: &Source,
    facts: MediaFacts,
    stop: &StopToken,
) -> Result<(MediaFacts, Inside), MediaError> {
    let streams = probe::probe(source, stop)?;
    let packets = OnceLock::new();
    let duration_ms = match streams.duration_ms {
        Some(stated) => stated,
        None => measure(source, &streams, &packets, stop)?,
    };
    let video = streams.video.as_ref().map(|video| {
        let (width_px, height_px) = video.shown_px();
        VideoFacts {
            codec: video.codec.clone(),
            width_px,
            height_px,
            fps: video.fps,
            rotation_deg: video.turn.clockwise_deg(),
            bit_depth: video.bit_depth,
        }
    });
    let audio = streams.audio.as_ref().map(|audio| AudioFacts {
        codec: audio.codec.clone(),
        sample_rate_hz: audio.sample_rate_hz,
        channels: audio.channels,
    });
    let kind = if video.is_some() { MediaKind::Video } else { MediaKind::Audio };
    let facts = MediaFacts { kind, duration_ms: Some(duration_ms), video, audio, ..facts };
    Ok((facts, Inside::Streams { streams: Box::new(streams), packets }))
}

/// Length of a file that states none, as browsers and cameras write it when they record live.
fn measure(
    source: &Source,
    streams: &Streams,
    packets: &OnceLock<Arc<Packets>>,
    stop: &StopToken,
) -> Result<u64, MediaError> {
    if let Some(video) = &streams.video {
        let listed = Packets::scan(source, video.index, stop)?;
        let duration_ms = listed.duration_ms(video.time_base, streams.start_secs, source)?;
        packets.get_or_init(|| Arc::new(listed));
        return Ok(duration_ms);
    }
    let audio = streams.audio.as_ref().ok_or(MediaError::NoDuration)?;
    let listed = Packets::scan(source, audio.index, stop)?;
    listed.duration_ms(audio.time_base, streams.start_secs, source)
}
