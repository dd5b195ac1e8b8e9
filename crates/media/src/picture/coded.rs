//! AVIF and HEIC: pictures that are one frame of a video codec, decoded by ffmpeg where it can.

use std::io::{self, Read, Seek};

use dk_app::StopToken;
use dk_domain::{Exif, ImageFacts, MediaFacts};

use super::Picture;
use crate::MediaError;
use crate::file::{Inside, Source};
use crate::frames::one;
use crate::probe::{self, VideoStream};

/// Asks ffprobe for the size and checks it.
pub(crate) fn look_coded(
    source: &Source,
    facts: MediaFacts,
    stop: &StopToken,
) -> Result<(MediaFacts, Inside), MediaError> {
    let video = match probe::probe(source, stop) {
        Ok(streams) => streams.video,
        // An ffmpeg that does not know the format calls it cut off or damaged.
        Err(MediaError::Truncated { .. } | MediaError::Damaged { .. } | MediaError::NoStreams { .. }) => None,
        Err(other) => return Err(other),
    };
    let Some(video) = video else { return Err(blame(source)?) };
    let (width_px, height_px) = video.shown_px();
    let image = Some(ImageFacts { width_px, height_px, animated: false, exif: Exif::default() });
    Ok((MediaFacts { image, ..facts }, Inside::CodedPicture(video)))
}

pub(super) fn decode(source: &Source, video: &VideoStream, stop: &StopToken) -> Result<Picture, MediaError> {
    one(source, video, stop)
}

/// Cut off, or whole and beyond this ffmpeg.
fn blame(source: &Source) -> Result<MediaError, MediaError> {
    let whole = boxes_fit(&mut source.reopen()?).map_err(|error| source.io(error))?;
    let format = source.container.name;
    Ok(if whole {
        MediaError::Unsupported { format: format!("this {} picture", format.to_ascii_uppercase()) }
    } else {
        MediaError::Truncated {
            format: format.to_owned(),
            detail: "its boxes are longer than the file".to_owned(),
        }
    })
}

/// Whether the outermost boxes end where the file ends.
fn boxes_fit(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let end = file.seek(io::SeekFrom::End(0))?;
    let mut position = 0;
    // A picture has a handful of them.
    for _ in 0..64 {
        if position == end {
            return Ok(true);
        }
        file.seek(io::SeekFrom::Start(position))?;
        let mut header = [0; 16];
        if file.read(&mut header)? < 8 {
            return Ok(false);
        }
        let short = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        let bytes = match short {
            0 => return Ok(true),
            1 => header[8..].iter().fold(0, |size, &byte| size << 8 | u64::from(byte)),
            _ => short.into(),
        };
        position = position.saturating_add(bytes.max(8));
        if position > end {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_file_is_whole_when_its_boxes_end_with_it() {
        let whole = b"\0\0\0\x08ftyp\0\0\0\x0cmeta1234\0\0\0\0mdat...";
        assert!(boxes_fit(&mut Cursor::new(&whole[..])).expect("memory reads"));
        assert!(!boxes_fit(&mut Cursor::new(&whole[..17])).expect("memory reads"));
        assert!(!boxes_fit(&mut Cursor::new(&whole[..5])).expect("memory reads"));
    }
}
