//! Whether a file still carries what a camera notes while it records. Such notes prove nothing, as anybody can write them;
//! where they are absent, or do not fit the picture, the file is hardly as a camera wrote it.

use crate::fields::Field;

/// What a camera noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraNotes {
    /// Width and height of the recording in pixels, in either order; unknown for a video.
    pub sides_px: Option<(u32, u32)>,
}

/// The notes of a picture (EXIF: maker, model, exposure) or of a video (QuickTime: maker).
pub(crate) fn notes(fields: &[Field]) -> Option<CameraNotes> {
    let text = |key: &str| fields.iter().find(|field| field.key == key).map(|field| field.text.as_str());
    let picture = ["Make", "Model", "ExposureTime"].iter().all(|key| text(key).is_some());
    let film = text("com.apple.quicktime.make").or(text("©mak")).is_some();
    let side = |key: &str| text(key).and_then(|number| number.parse().ok());
    let sides_px = side("PixelXDimension").zip(side("PixelYDimension"));
    (picture || film).then_some(CameraNotes { sides_px })
}
