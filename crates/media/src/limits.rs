//! How much one file may cost. All of it is checked before, or enforced while, something is decoded.

use crate::MediaError;
use crate::sandbox::ChildLimits;

/// What a file may hold and what reading it may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub max_bytes: u64,
    /// Width times height of a picture or of a frame.
    pub max_pixels: u64,
    /// The longer side of a picture or of a frame.
    pub max_side_px: u32,
    /// Length of video and sound.
    pub max_duration_ms: u64,
    /// Streams of all kinds in one container.
    pub max_streams: usize,
    /// Frames in one video; a bound for the list of their times.
    pub max_frames: usize,
    /// Address space of a child, which is more than it really uses.
    pub child_memory_bytes: u64,
    /// Processor time of a child.
    pub child_cpu_secs: u64,
    /// Time for which anybody waits for a child; while nobody reads, the clock stands still.
    pub child_wall_secs: u64,
    /// What a child may print when it lists properties.
    pub max_output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 500 << 20,
            max_pixels: 50_000_000,
            max_side_px: 32_768,
            max_duration_ms: 20 * 60 * 1000,
            max_streams: 16,
            max_frames: 400_000,
            child_memory_bytes: 4 << 30,
            child_cpu_secs: 1800,
            child_wall_secs: 900,
            max_output_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// Refuses a size before a pixel of it is stored.
    pub(crate) fn check_size(&self, width_px: u32, height_px: u32) -> Result<(), MediaError> {
        let side_px = width_px.max(height_px);
        if u64::from(width_px) * u64::from(height_px) > self.max_pixels {
            return Err(MediaError::TooManyPixels { width_px, height_px, limit_pixels: self.max_pixels });
        }
        if side_px > self.max_side_px {
            return Err(MediaError::SideTooLong { side_px, limit_px: self.max_side_px });
        }
        Ok(())
    }

    /// For a child that decodes: it works as long as somebody waits for it.
    pub(crate) fn decoding(&self) -> ChildLimits {
        ChildLimits {
            memory_bytes: self.child_memory_bytes,
            cpu_secs: self.child_cpu_secs,
            wall_secs: self.child_wall_secs,
            output_bytes: u64::MAX,
            open_files: 64,
        }
    }

    /// For a child that only lists properties: it answers soon or not at all.
    pub(crate) fn probing(&self) -> ChildLimits {
        ChildLimits {
            cpu_secs: self.child_cpu_secs.min(60),
            wall_secs: self.child_wall_secs.min(120),
            output_bytes: self.max_output_bytes,
            ..self.decoding()
        }
    }
}
