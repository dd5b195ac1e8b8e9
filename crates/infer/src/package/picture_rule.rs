//! How a picture becomes a tensor: the part of a manifest that has to follow the net's publisher exactly.

/// Size, crop, colour order and scaling of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureRule {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// How the picture is brought to that size.
    pub resize: Resize,
    /// Which filter does it.
    pub filter: Filter,
    /// Order of the colours.
    pub colour: Colour,
    /// Whether colours come before or after the rows and columns.
    pub layout: Layout,
    /// Each 8-bit value is multiplied by this, then `(x - mean) / std` by colour.
    pub scale: f32,
    /// Mean by colour, in the order of `colour`.
    pub mean: [f32; 3],
    /// Spread by colour, in the order of `colour`.
    pub std: [f32; 3],
}

/// How a picture is brought to a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// The shorter side fits, the middle of the longer one is kept.
    ShortSideCrop,
    /// Both sides fit, whatever becomes of the proportions.
    Stretch,
    /// The picture stays as large as it is; the middle is cut out, with black around where it is smaller.
    Crop,
}

/// Filters, in the arithmetic that Pillow uses on 8-bit pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Cubic with a = -0.5.
    Bicubic,
    /// Triangle.
    Bilinear,
    /// Sinc over three lobes.
    Lanczos,
}

/// Order of the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// Order of the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Colours, rows, columns.
    Nchw,
    /// Rows, columns, colours.
    Nhwc,
}
