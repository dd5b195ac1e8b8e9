//! How a file asks its pictures to be turned or mirrored before they are shown.

/// One of the eight ways to put a picture on its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Turn {
    #[default]
    Upright,
    Clockwise90,
    Half,
    Clockwise270,
    MirrorX,
    MirrorY,
    /// Rows become columns.
    Transpose,
    /// Rows become columns, from the other corner.
    AntiTranspose,
}

impl Turn {
    /// From ffprobe's print of a display matrix: three rows of `address: a b u`, 16.16 fixed point.
    pub(super) fn from_matrix(text: &str) -> Option<Self> {
        let rows: Vec<Vec<i64>> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(_, numbers)| numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect())
            .collect();
        let cell = |row: usize, column: usize| rows.get(row)?.get(column).map(|value: &i64| value.signum());
        // A point (x, y) goes to (a x + c y, b x + d y), y pointing down.
        Some(match [cell(0, 0)?, cell(0, 1)?, cell(1, 0)?, cell(1, 1)?] {
            [1, 0, 0, 1] => Self::Upright,
            [0, 1, -1, 0] => Self::Clockwise90,
            [-1, 0, 0, -1] => Self::Half,
            [0, -1, 1, 0] => Self::Clockwise270,
            [-1, 0, 0, 1] => Self::MirrorX,
            [1, 0, 0, -1] => Self::MirrorY,
            [0, 1, 1, 0] => Self::Transpose,
            [0, -1, -1, 0] => Self::AntiTranspose,
            // Turned by an angle between, which no camera does; ffprobe's angle decides.
            _ => return None,
        })
    }

    /// From ffprobe's angle, which counts against the clock; the nearest quarter.
    pub(super) fn from_rotation(degrees: f64) -> Self {
        let quarters = (-degrees / 90.0).round().rem_euclid(4.0);
        #[expect(clippy::cast_possible_truncation, reason = "one of 0, 1, 2, 3; what is no number becomes 0")]
        match quarters as i8 {
            1 => Self::Clockwise90,
            2 => Self::Half,
            3 => Self::Clockwise270,
            _ => Self::Upright,
        }
    }

    /// Width becomes height.
    pub(crate) fn swaps_sides(self) -> bool {
        matches!(self, Self::Clockwise90 | Self::Clockwise270 | Self::Transpose | Self::AntiTranspose)
    }

    /// The turn without the mirror.
    pub(crate) fn clockwise_deg(self) -> u16 {
        match self {
            Self::Upright | Self::MirrorX | Self::MirrorY => 0,
            Self::Clockwise90 | Self::AntiTranspose => 90,
            Self::Half => 180,
            Self::Clockwise270 | Self::Transpose => 270,
        }
    }

    /// ffmpeg's filters for it, each ending in a comma.
    pub(crate) fn filters(self) -> &'static str {
        match self {
            Self::Upright => "",
            Self::Clockwise90 => "transpose=clock,",
            Self::Half => "hflip,vflip,",
            Self::Clockwise270 => "transpose=cclock,",
            Self::MirrorX => "hflip,",
            Self::MirrorY => "vflip,",
            Self::Transpose => "transpose=cclock_flip,",
            Self::AntiTranspose => "transpose=clock_flip,",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix_and_angle_agree() {
        let matrix = |a: i64, b: i64, c: i64, d: i64| {
            let one = 65536;
            let text = format!(
                "\n00000000: {} {} 0\n00000001: {} {} 0\n00000002: 0 0 1073741824\n",
                a * one,
                b * one,
                c * one,
                d * one
            );
            Turn::from_matrix(&text)
        };
        assert_eq!(matrix(0, -1, 1, 0), Some(Turn::from_rotation(90.0)));
        assert_eq!(matrix(0, 1, -1, 0), Some(Turn::from_rotation(-90.0)));
        assert_eq!(matrix(-1, 0, 0, -1), Some(Turn::from_rotation(180.0)));
        assert_eq!(matrix(1, 0, 0, 1), Some(Turn::from_rotation(0.0)));
        assert_eq!(matrix(1, 1, 1, 1), None);
        assert_eq!(Turn::from_matrix("nonsense"), None);
        assert_eq!(Turn::from_rotation(f64::NAN), Turn::Upright);
    }
}
