//! Documents read back into the domain, so that whoever gets one can print it with the same code as whoever
//! judged the file. Trusts nothing: what cannot be is refused by the name of its field.

use dk_domain::{
    ErrorCode, Evidence, Face, FaceBox, Finding, FrameScore, Heatmap, MediaFacts, MediaKind, ModelId,
    ModelName, Opinion, Origin, Outcome, Prediction, Probability, Reason, Says, Score, Span, SyncEvidence,
    SyncMoment, Verdict, Weight, WindowScore, conclude,
};

use crate::{
    ChunkPrediction, FaceMessage, FailureMessage, FileDocument, FramePrediction, HeatmapMessage,
    MessageError, ResultPayload, Segment, SyncMessage, SyncMomentMessage, VerdictMessage,
};

/// What a document says, in the words of the domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What the file is.
    pub facts: MediaFacts,
    /// What is said of it as a whole.
    pub verdict: Verdict,
    /// What each model says.
    pub findings: Vec<Finding>,
    /// Models that ended with an error.
    pub failures: Vec<Failed>,
}

/// A model that ended with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which one.
    pub model: ModelName,
    /// Kind of error.
    pub code: ErrorCode,
    /// One line.
    pub message: String,
}

impl TryFrom<&FileDocument> for Judged {
    type Error = MessageError;

    fn try_from(document: &FileDocument) -> Result<Self, MessageError> {
        if document.schema != crate::SCHEMA {
            let why = format!("{:?} is not {:?}", document.schema, crate::SCHEMA);
            return Err(MessageError { field: "schema", why });
        }
        let findings = document.analyses.iter().map(Finding::try_from).collect::<Result<Vec<_>, _>>()?;
        let failures = document.failures.iter().map(Failed::try_from).collect::<Result<Vec<_>, _>>()?;
        let facts = MediaFacts::try_from(&document.media)?;
        let verdict = verdict(&document.verdict, &findings, failures.len())?;
        Ok(Self { facts, verdict, findings, failures })
    }
}

/// The verdict of the document. Its probability is rounded; where the rule comes to the same verdict, the
/// unrounded one is taken, because a number that is rounded twice may differ in the last digit shown.
fn verdict(message: &VerdictMessage, findings: &[Finding], failed: usize) -> Result<Verdict, MessageError> {
    let again = conclude(findings, failed);
    if VerdictMessage::from(&again) == *message { Ok(again) } else { Verdict::try_from(message) }
}

impl TryFrom<&FailureMessage> for Failed {
    type Error = MessageError;

    fn try_from(message: &FailureMessage) -> Result<Self, MessageError> {
        Ok(Self {
            model: message.model.parse().map_err(MessageError::at("failures.model"))?,
            code: message.code.parse().map_err(MessageError::at("failures.code"))?,
            message: message.message.clone(),
        })
    }
}

impl TryFrom<&ResultPayload> for Finding {
    type Error = MessageError;

    /// Numbers of series come back as they were rounded; the probability of the whole file and the thresholds,
    /// which decide, to the last digit.
    fn try_from(payload: &ResultPayload) -> Result<Self, MessageError> {
        let vote = payload.vote()?;
        let outcome = match vote.says {
            Says::NotApplicable(reasons) => Outcome::NotApplicable(reasons),
            Says::Answer { probability, point, reasons } => {
                let mut opinion = Opinion {
                    score: score(payload)?,
                    probability,
                    point,
                    evidence: evidence(payload)?,
                    spans: payload.segments.iter().map(span).collect::<Result<_, _>>()?,
                    reasons,
                    left_out: left_out(payload),
                };
                drop_between(&mut opinion);
                Outcome::Answer(Box::new(opinion))
            }
        };
        let finding = Self {
            model: model(payload)?,
            family: vote.family,
            weight: vote.weight,
            outcome,
            origin: payload.provenance.as_ref().map(Origin::try_from).transpose()?.map(Box::new),
            took_secs: payload.processing_time,
        };
        let prediction = finding.prediction();
        if prediction.as_str() != payload.prediction {
            let why = format!("{:?}, and the numbers say {prediction}", payload.prediction);
            return Err(MessageError { field: "prediction", why });
        }
        Ok(finding)
    }
}

/// This reason follows from probability and thresholds, and is added again whenever a payload is made.
fn drop_between(opinion: &mut Opinion) {
    if opinion.prediction() == Prediction::Inconclusive {
        opinion.reasons.retain(|reason| *reason != Reason::BetweenThresholds);
    }
}

fn model(payload: &ResultPayload) -> Result<ModelId, MessageError> {
    Ok(ModelId {
        name: payload.model_name()?,
        version: payload.model.version.clone(),
        sha256: payload.model.sha256.parse().map_err(MessageError::at("model.sha256"))?,
        engine: payload.metrics.engine.clone(),
    })
}

fn score(payload: &ResultPayload) -> Result<Score, MessageError> {
    let missing =
        || MessageError { field: "score", why: "there is a probability without a score".to_owned() };
    Score::new(payload.score.ok_or_else(missing)?).map_err(MessageError::at("score"))
}

fn evidence(payload: &ResultPayload) -> Result<Evidence, MessageError> {
    if let Some(frames) = &payload.frame_predictions {
        return Ok(Evidence::Video { frames: frames.iter().map(frame).collect::<Result<_, _>>()? });
    }
    if let Some(chunks) = &payload.chunk_predictions {
        return Ok(Evidence::Audio { windows: chunks.iter().map(window).collect::<Result<_, _>>()? });
    }
    if let Some(message) = &payload.sync {
        return Ok(Evidence::Sync(sync(message)?));
    }
    if payload.metrics.weight == Weight::Declared.as_str() {
        return Ok(Evidence::Origin);
    }
    match payload.media_type.parse().map_err(MessageError::at("media_type"))? {
        MediaKind::Image => Ok(Evidence::Image {
            faces: faces(payload.faces.as_deref().unwrap_or_default())?,
            heatmap: payload.heatmap.as_ref().map(heatmap).transpose()?,
        }),
        kind => {
            let why = format!("an answer on a file of kind {kind} has neither frames nor windows of sound");
            Err(MessageError { field: "frame_predictions", why })
        }
    }
}

/// How many moments the thinning of the series left out.
fn left_out(payload: &ResultPayload) -> usize {
    let of = |judged: Option<usize>, kept: Option<usize>| judged?.checked_sub(kept?);
    let frames = payload.frame_predictions.as_ref().map(Vec::len);
    let chunks = payload.chunk_predictions.as_ref().map(Vec::len);
    of(payload.frames_analyzed, frames).or_else(|| of(payload.chunks_analyzed, chunks)).unwrap_or(0)
}

fn share(field: &'static str, value: f64) -> Result<Probability, MessageError> {
    Probability::new(value).map_err(MessageError::at(field))
}

fn frame(frame: &FramePrediction) -> Result<FrameScore, MessageError> {
    Ok(FrameScore {
        index: frame.index,
        time_ms: frame.time_ms,
        probability: frame.score.map(|score| share("frame_predictions.score", score)).transpose()?,
        faces: faces(&frame.faces)?,
    })
}

fn window(chunk: &ChunkPrediction) -> Result<WindowScore, MessageError> {
    let probability = share("chunk_predictions.score", chunk.score)?;
    in_order("chunk_predictions", chunk.start_ms, chunk.end_ms)?;
    Ok(WindowScore { start_ms: chunk.start_ms, end_ms: chunk.end_ms, probability })
}

fn sync(message: &SyncMessage) -> Result<SyncEvidence, MessageError> {
    let finite = |field, value: f64| {
        let why = || MessageError { field, why: "is no number".to_owned() };
        value.is_finite().then_some(value).ok_or_else(why)
    };
    let moment = |m: &SyncMomentMessage| {
        let (mouth, voice) = (share("sync.moments", m.mouth)?, share("sync.moments", m.voice)?);
        Ok(SyncMoment { time_ms: m.time_ms, mouth: mouth.get() as f32, voice: voice.get() as f32 })
    };
    Ok(SyncEvidence {
        offset_ms: message.offset_ms,
        best: finite("sync.best", message.best)?,
        in_place: finite("sync.in_place", message.in_place)?,
        compared_ms: message.compared_ms,
        moments: message.moments.iter().map(moment).collect::<Result<_, MessageError>>()?,
    })
}

fn span(segment: &Segment) -> Result<Span, MessageError> {
    in_order("segments", segment.start_ms, segment.end_ms)?;
    Ok(Span {
        start_ms: segment.start_ms,
        end_ms: segment.end_ms,
        track: segment.track.parse().map_err(MessageError::at("segments.track"))?,
        probability: share("segments.score", segment.score)?,
    })
}

fn in_order(field: &'static str, start_ms: u64, end_ms: u64) -> Result<(), MessageError> {
    if start_ms <= end_ms {
        return Ok(());
    }
    Err(MessageError { field, why: format!("{start_ms} ms to {end_ms} ms ends before it begins") })
}

fn faces(faces: &[FaceMessage]) -> Result<Vec<Face>, MessageError> {
    faces.iter().map(face).collect()
}

fn face(face: &FaceMessage) -> Result<Face, MessageError> {
    let edge = |value: f64| {
        let narrow = value as f32;
        let why = || MessageError { field: "faces.box", why: format!("{value} is no share of a picture") };
        narrow.is_finite().then_some(narrow).ok_or_else(why)
    };
    let [x, y, width, height] = face.r#box;
    Ok(Face {
        at: FaceBox { x: edge(x)?, y: edge(y)?, width: edge(width)?, height: edge(height)? },
        sureness: edge(face.detection)?,
        track: face.track,
        probability: face.score.map(|score| share("faces.score", score)).transpose()?,
    })
}

fn heatmap(map: &HeatmapMessage) -> Result<Heatmap, MessageError> {
    let cells = usize::from(map.rows) * usize::from(map.columns);
    if map.cells.len() != cells {
        let why = format!("{} rows of {} columns have {} cells", map.rows, map.columns, map.cells.len());
        return Err(MessageError { field: "heatmap", why });
    }
    let cells = map.cells.iter().map(|cell| share("heatmap.cells", *cell)).collect::<Result<_, _>>()?;
    Ok(Heatmap { rows: map.rows, columns: map.columns, cells })
}

#[cfg(test)]
mod tests;
