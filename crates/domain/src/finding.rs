//! What one model says of one file, with the evidence a person can check.

use crate::{
    Family, ModelName, OperatingPoint, Origin, Prediction, Probability, Reason, Score, Sha256, Weight,
};

/// Which model spoke: enough to get the same answer again.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelId {
    /// Name of the package.
    pub name: ModelName,
    /// Version of the package.
    pub version: String,
    /// Checksum of the weights.
    pub sha256: Sha256,
    /// The engine that ran it, with its version, such as `ort 1.31.1`.
    pub engine: String,
}

/// One model's finding on one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Who says it.
    pub model: ModelId,
    /// What it looks for, together with its family.
    pub family: Family,
    /// How much may follow from it.
    pub weight: Weight,
    /// The answer, or why there is none.
    pub outcome: Outcome,
    /// What the file says of its own origin; only from a model that reads that, and only where there is something.
    pub origin: Option<Box<Origin>>,
    /// Seconds of wall time from the first input to the answer.
    pub took_secs: f64,
}

/// An answer or a reasoned silence. Failures are no findings; see the detector port.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The model looked and has an opinion.
    Answer(Box<Opinion>),
    /// The model could not look; never counted as REAL. At least one reason.
    NotApplicable(Vec<Reason>),
}

/// What a model that looked says.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// Raw score of the whole file.
    pub score: Score,
    /// Calibrated probability of the whole file.
    pub probability: Probability,
    /// Where its predictions change; `None` for a model that was never rated, whose answer decides nothing.
    pub point: Option<OperatingPoint>,
    /// What the model saw where.
    pub evidence: Evidence,
    /// Spans that stand out, merged and in order.
    pub spans: Vec<Span>,
    /// Remarks on the answer, such as that only a part could be judged.
    pub reasons: Vec<Reason>,
    /// Moments that were judged and are not in the evidence, because it travelled as a thinned series; 0 where
    /// the file was judged.
    pub left_out: usize,
}

impl Opinion {
    /// What this model alone would say. A model that was never rated cannot tell anything.
    pub fn prediction(&self) -> Prediction {
        self.point.map_or(Prediction::Inconclusive, |point| point.prediction(self.probability))
    }
}

impl Finding {
    /// What this model alone would say.
    pub fn prediction(&self) -> Prediction {
        match &self.outcome {
            Outcome::Answer(opinion) => opinion.prediction(),
            Outcome::NotApplicable(_) => Prediction::NotApplicable,
        }
    }
}

/// What the model looked at, by kind of media.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// One picture.
    Image {
        /// Faces, where the model looks at faces.
        faces: Vec<Face>,
        /// Scores over a small grid, where they were asked for.
        heatmap: Option<Heatmap>,
    },
    /// Frames of a video, in order of time.
    Video {
        /// Every frame that was looked at.
        frames: Vec<FrameScore>,
    },
    /// Windows of sound, in order of time.
    Audio {
        /// Every window that was listened to.
        windows: Vec<WindowScore>,
    },
    /// A mouth and a voice, moment by moment.
    Sync(SyncEvidence),
    /// What the file says of itself; it stands in [`Finding::origin`].
    Origin,
}

/// How well a mouth and the sound go together.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncEvidence {
    /// By how much the sound is later than the mouth where both agree best; negative where it is earlier.
    pub offset_ms: i32,
    /// How clear the agreement is there, in units of which chance rarely reaches 0.7.
    pub best: f64,
    /// The same within 0.2 s of no offset.
    pub in_place: f64,
    /// How long mouth and sound were compared.
    pub compared_ms: u64,
    /// The two curves, in order of time.
    pub moments: Vec<SyncMoment>,
}

/// Mouth and voice at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SyncMoment {
    /// When.
    pub time_ms: u64,
    /// How far the mouth is open, 0 to 1 between its extremes.
    pub mouth: f32,
    /// How far a mouth that speaks like this would be open, 0 to 1 between its extremes.
    pub voice: f32,
}

/// One frame of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameScore {
    /// Number of the frame in its stream, from 0.
    pub index: u32,
    /// Presentation time.
    pub time_ms: u64,
    /// Probability of this frame alone, read in the same way; `None` where the model could not look.
    pub probability: Option<Probability>,
    /// Faces that were found, where the model looks at faces.
    pub faces: Vec<Face>,
}

/// One stretch of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowScore {
    /// Begin of the window.
    pub start_ms: u64,
    /// End of the window.
    pub end_ms: u64,
    /// Probability of this window alone.
    pub probability: Probability,
}

/// A face and what the model says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Where it is.
    pub at: FaceBox,
    /// Sureness of the face detector, 0 to 1.
    pub sureness: f32,
    /// Which person within the file, counted from 0; the same number follows a face through the frames.
    pub track: u32,
    /// Probability of this face alone.
    pub probability: Option<Probability>,
}

/// A rectangle as shares of the picture's width and height: 0 to 1, from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// Probabilities over a grid laid on the picture, row by row from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// Number of rows.
    pub rows: u16,
    /// Number of columns.
    pub columns: u16,
    /// `rows * columns` probabilities.
    pub cells: Vec<Probability>,
}

/// What a span belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// The whole picture.
    Picture,
    /// A face.
    Face,
    /// The sound.
    Sound,
}

impl Track {
    /// Every value there is.
    pub const ALL: [Self; 3] = [Self::Picture, Self::Face, Self::Sound];

    /// The name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Face => "face",
            Self::Sound => "sound",
        }
    }
}

impl std::str::FromStr for Track {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, &Self::ALL, Self::as_str)
    }
}

/// A stretch of time that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Begin.
    pub start_ms: u64,
    /// End, not before the begin.
    pub end_ms: u64,
    /// Where.
    pub track: Track,
    /// Highest probability inside.
    pub probability: Probability,
}

/// Joins spans of one track that overlap or lie within `gap_ms` of each other, and sorts them by time.
/// The joined span keeps the highest probability.
pub fn merge_spans(mut spans: Vec<Span>, gap_ms: u64) -> Vec<Span> {
    spans.sort_by_key(|span| (span.track, span.start_ms, span.end_ms));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.track == span.track && span.start_ms <= last.end_ms.saturating_add(gap_ms) => {
                last.end_ms = last.end_ms.max(span.end_ms);
                if span.probability > last.probability {
                    last.probability = span.probability;
                }
            }
            _ => merged.push(span),
        }
    }
    merged.sort_by_key(|span| (span.start_ms, span.track));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(start_ms: u64, end_ms: u64, track: Track, p: f64) -> Span {
        Span { start_ms, end_ms, track, probability: Probability::new(p).unwrap() }
    }

    #[test]
    fn neighbours_of_one_track_become_one_span_with_the_highest_probability() {
        let merged = merge_spans(
            vec![
                span(2000, 3000, Track::Sound, 0.8),
                span(0, 1000, Track::Sound, 0.9),
                span(1200, 1500, Track::Sound, 0.95),
                span(0, 1000, Track::Picture, 0.99),
            ],
            300,
        );
        let short: Vec<_> = merged.iter().map(|s| (s.start_ms, s.end_ms, s.track)).collect();
        assert_eq!(short, [(0, 1000, Track::Picture), (0, 1500, Track::Sound), (2000, 3000, Track::Sound)]);
        assert!((merged[1].probability.get() - 0.95).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn merging_covers_every_moment_and_leaves_real_gaps(
            raw in proptest::collection::vec((0u64..10_000, 0u64..500), 0..40), gap in 0u64..400,
        ) {
            let spans: Vec<_> = raw.iter().map(|&(s, l)| span(s, s + l, Track::Face, 0.5)).collect();
            let merged = merge_spans(spans.clone(), gap);
            for s in &spans {
                prop_assert!(merged.iter().any(|m| m.start_ms <= s.start_ms && s.end_ms <= m.end_ms));
            }
            for pair in merged.windows(2) {
                prop_assert!(pair[1].start_ms > pair[0].end_ms + gap);
            }
        }
    }
}
