//! Nets that judge nothing and are needed by those that do: faces, landmarks, speech.

mod faces;
mod landmarks;
mod speech;

pub(crate) use faces::FaceFinder;
pub(crate) use landmarks::{LANDMARK_VALUES, LandmarkFinder};
pub(crate) use speech::{FRAME_SAMPLES, SpeechFinder};
