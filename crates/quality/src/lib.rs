//! How good a detector is, as numbers with intervals. Pure mathematics on scores and labels: knows no file, no model
//! and no verdict, reads nothing, and draws at random only from a seed that it is given.
//!
//! Everywhere a higher score speaks for "synthetic", scores are finite, and rates are shares from 0 to 1.

mod calibration;
mod interval;
mod measures;
mod normal;
mod rank;
mod resample;

pub use calibration::{Bin, EVEN_ODDS, brier, calibration_error, cllr, reliability};
pub use interval::{Estimate, Rate};
pub use measures::{Measures, measures};
pub use normal::probit;
pub use rank::{CurvePoint, Ranking};
pub use resample::{Draw, Half, Rounds, bootstrap, estimate, halves};

/// One judged file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// Raw or calibrated; finite.
    pub score: f64,
    /// Whether it was made or altered by AI.
    pub synthetic: bool,
}
