//! Still pictures as eight-bit RGB, upright. Decoded in pure Rust; AVIF and HEIC by ffmpeg as a child.
//!
//! Choices: transparency is left out and the colours under it kept; sixteen-bit samples are scaled; profiles are
//! not applied, as in the pictures that the models were trained on; of several pictures the first is taken;
//! a cut-off picture is refused, because what a viewer paints in the missing part is nobody's evidence.

mod animation;
mod coded;
mod jpeg_end;
mod sides;

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dk_app::StopToken;
use dk_domain::{Exif, ImageFacts, MediaFacts};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

pub(crate) use coded::look_coded;
pub(crate) use sides::drop_alpha;

use crate::file::{Inside, MediaFile, Source};
use crate::{Limits, MediaError};

/// Pixels in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Red, green, blue for each pixel, row by row from the top left; `width_px * height_px * 3` bytes.
    pub rgb: Vec<u8>,
}

/// How opaque each pixel is, as it is stored: not turned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opacity {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// One value for each pixel, row by row; `width_px * height_px` bytes.
    pub values: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} x {})", self.width_px, self.height_px)
    }
}

impl MediaFile {
    /// Decodes a picture.
    pub fn picture(&self, stop: &StopToken) -> Result<Picture, MediaError> {
        match &self.inside {
            Inside::Picture(format) => {
                if stop.is_stopped() {
                    return Err(MediaError::Stopped);
                }
                decode(&self.source, *format)
            }
            Inside::CodedPicture(stream) => coded::decode(&self.source, stream, stop),
            Inside::Streams { .. } => Err(MediaError::NoPicture),
        }
    }

    /// The opacity of a still picture with eight bits for it; `None` where there is none.
    pub fn opacity(&self, stop: &StopToken) -> Result<Option<Opacity>, MediaError> {
        let Inside::Picture(format) = &self.inside else { return Ok(None) };
        if stop.is_stopped() {
            return Err(MediaError::Stopped);
        }
        let source = &self.source;
        guarded(*format, || {
            let decoder = decoder(source, *format)?;
            let (width_px, height_px) = decoder.dimensions();
            source.limits.check_size(width_px, height_px)?;
            if decoder.color_type() != ColorType::Rgba8 {
                return Ok(None);
            }
            let image = DynamicImage::from_decoder(decoder)
                .map_err(|error| image_error(*format, &source.limits, error))?;
            let values = image.into_rgba8().pixels().map(|pixel| pixel.0[3]).collect();
            Ok(Some(Opacity { width_px, height_px, values }))
        })
    }
}

/// Reads the header of a picture and checks it against the limits.
pub(crate) fn look(
    source: &Source,
    format: ImageFormat,
    facts: MediaFacts,
) -> Result<(MediaFacts, Inside), MediaError> {
    let (size, orientation) = guarded(format, || {
        let mut decoder = decoder(source, format)?;
        Ok((decoder.dimensions(), orientation(&mut decoder)))
    })?;
    source.limits.check_size(size.0, size.1)?;
    let upright = orientation.unwrap_or(Orientation::NoTransforms);
    let (width_px, height_px) = if turns(upright) { (size.1, size.0) } else { size };
    let animated =
        animation::several(&mut BufReader::new(source.reopen()?), format).map_err(|e| source.io(e))?;
    let exif = Exif { orientation: orientation.map(Orientation::to_exif) };
    let image = Some(ImageFacts { width_px, height_px, animated, exif });
    Ok((MediaFacts { format: name(format).to_owned(), image, ..facts }, Inside::Picture(format)))
}

fn decode(source: &Source, format: ImageFormat) -> Result<Picture, MediaError> {
    if format == ImageFormat::Jpeg {
        jpeg_end::check(source.reopen()?).map_err(|e| source.io(e))?.map_err(|detail| {
            MediaError::Truncated { format: name(format).to_owned(), detail: detail.to_owned() }
        })?;
    }
    let image = guarded(format, || {
        let mut decoder = decoder(source, format)?;
        let (width_px, height_px) = decoder.dimensions();
        source.limits.check_size(width_px, height_px)?;
        let limit_bytes = most_bytes(&source.limits);
        if decoder.total_bytes() > limit_bytes {
            return Err(MediaError::OutOfMemory { limit_bytes });
        }
        let orientation = orientation(&mut decoder);
        let mut image =
            DynamicImage::from_decoder(decoder).map_err(|e| image_error(format, &source.limits, e))?;
        image.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
        Ok(image)
    })?;
    Ok(drop_alpha(image))
}

fn decoder(source: &Source, format: ImageFormat) -> Result<impl ImageDecoder + use<>, MediaError> {
    let mut reader: ImageReader<BufReader<File>> =
        ImageReader::with_format(BufReader::with_capacity(64 << 10, source.reopen()?), format);
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(most_bytes(&source.limits));
    reader.limits(limits);
    reader.into_decoder().map_err(|error| image_error(format, &source.limits, error))
}

/// Enough for the largest allowed picture at sixteen bits with transparency, and the decoder's own tables.
fn most_bytes(limits: &Limits) -> u64 {
    limits.max_pixels.saturating_mul(8).saturating_add(64 << 20)
}

/// Decoders of hostile bytes should not panic; one that does costs this file, not the process.
fn guarded<T>(format: ImageFormat, work: impl FnOnce() -> Result<T, MediaError>) -> Result<T, MediaError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(MediaError::Damaged {
            format: name(format).to_owned(),
            detail: "the decoder gave up on it".to_owned(),
        })
    })
}

/// What the file says about its orientation; a broken statement counts as none, as in browsers.
fn orientation(decoder: &mut impl ImageDecoder) -> Option<Orientation> {
    let exif = decoder.exif_metadata().ok().flatten();
    let stated = exif.and_then(|chunk| Orientation::from_exif_chunk(&chunk));
    // TIFF states it outside EXIF.
    stated.or_else(|| decoder.orientation().ok().filter(|found| *found != Orientation::NoTransforms))
}

fn turns(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "jpeg",
        ImageFormat::Png => "png",
        ImageFormat::Gif => "gif",
        ImageFormat::WebP => "webp",
        ImageFormat::Tiff => "tiff",
        _ => "bmp",
    }
}

fn image_error(format: ImageFormat, limits: &Limits, error: ImageError) -> MediaError {
    let format = name(format).to_owned();
    let detail = error.to_string();
    match error {
        ImageError::Limits(_) => MediaError::OutOfMemory { limit_bytes: most_bytes(limits) },
        ImageError::Unsupported(_) => MediaError::Unsupported { format: format!("{format} ({detail})") },
        ImageError::IoError(reason) if reason.kind() == std::io::ErrorKind::UnexpectedEof => {
            MediaError::Truncated { format, detail }
        }
        _ => {
            let lower = detail.to_ascii_lowercase();
            let cut =
                ["unexpected end", "unexpected eof", "eof", "end of file", "failed to fill", "exhausted"];
            if cut.iter().any(|words| lower.contains(words)) {
                MediaError::Truncated { format, detail }
            } else {
                MediaError::Damaged { format, detail }
            }
        }
    }
}
