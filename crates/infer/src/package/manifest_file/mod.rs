//! The text of a manifest, key by key, and the checks that turn it into a [`Manifest`].

mod sections;
mod weights;

use std::str::FromStr;

use dk_domain::{Calibration, MediaKind, OperatingPoint, Platt, Sha256, Weight};

use sha2::{Digest, Sha256 as Hasher};

use super::manifest::{
    Aggregate, Compare, EmbeddingRule, FaceAlign, FaceDetectorRule, FaceRule, FaceShape, HeadFile,
    LipSyncRule, Manifest, ManifestError, Net, Pipeline, SequenceRule, SoundRule, VideoRule, WeightsFile,
};
use super::picture_rule::{Layout, PictureRule, Resize};
use crate::engine::EngineKind;
use sections::{
    AggregateSection, CalibrationSection, CompareName, FaceSection, LipSyncSection, PipelineName, Positive,
};

pub(super) use sections::File;

/// Most samples per window, pixels per side, frames per run and so on; far above what any net wants, and
/// low enough that a manifest cannot ask for all memory.
const MAX_COUNT: usize = 1 << 20;
const MAX_SIDE_PX: u32 = 2048;
const MAX_FACES_BYTES: usize = 256 << 20;
/// Longest sound beside a face in samples: 2 s, as far as sound is kept round a run.
const MAX_HEARD: usize = 32_000;

fn wrong(key: &str, problem: impl Into<String>) -> ManifestError {
    ManifestError::Value { key: key.to_owned(), problem: problem.into() }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(key: &str, text: &str) -> Result<T, ManifestError> {
    text.parse().map_err(|error: T::Err| wrong(key, format!("is wrong: {error}")))
}

fn within(key: &str, value: usize, least: usize) -> Result<usize, ManifestError> {
    if (least..=MAX_COUNT).contains(&value) {
        Ok(value)
    } else {
        Err(wrong(key, format!("is {value}, allowed are {least} to {MAX_COUNT}")))
    }
}

fn needed<T>(key: &str, section: Option<T>) -> Result<T, ManifestError> {
    section.ok_or_else(|| wrong(key, "is missing, and this pipeline needs it"))
}

fn positive(key: &str, value: f32) -> Result<f32, ManifestError> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(wrong(key, "must be a number above 0")) }
}

/// A plain name in the package's own folder: never a path, never hidden.
fn file_name(key: &str, name: &str) -> Result<String, ManifestError> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if plain && !name.starts_with('.') && !name.is_empty() {
        Ok(name.to_owned())
    } else {
        Err(wrong(key, "must be a plain file name in the package's folder"))
    }
}

impl File {
    /// `text` is the whole manifest.
    pub(super) fn check(mut self, text: &str) -> Result<Manifest, ManifestError> {
        let kinds = self.kinds()?;
        let weight = self.weight()?;
        let calibration = self.calibration(&kinds, weight)?;
        self.check_helper(&kinds)?;
        self.check_weight(weight)?;
        self.check_sections()?;
        let rates = self.rates(&kinds);
        let engines = self.engines()?;
        let video = VideoRule {
            spread: within("video.spread", self.video.spread, 0)?,
            min_spread: within("video.min_spread", self.video.min_spread, 0)?,
            windows: within("video.windows", self.video.windows, 0)?,
        };
        let aggregate = match self.aggregate {
            AggregateSection::Mean => Aggregate::Mean,
            AggregateSection::Top { share } if share > 0.0 && share <= 1.0 => Aggregate::Top(share),
            AggregateSection::Top { .. } => {
                return Err(wrong("aggregate.share", "must be above 0 and at most 1"));
            }
        };
        let version_ok = self.version.split('.').count() == 3
            && self.version.split('.').all(|part| part.parse::<u32>().is_ok_and(|n| n.to_string() == part));
        if !version_ok {
            return Err(wrong("version", "must be three numbers, such as 1.0.0"));
        }
        let pipeline = self.pipeline()?;
        let weights = self.take_weights(text)?;
        Ok(Manifest {
            name: parsed("name", &self.name)?,
            family: parsed("family", &self.family)?,
            max_batch: within("runtime.max_batch", self.runtime.max_batch, 1)?,
            pipeline,
            weights,
            version: self.version,
            title: self.title,
            kinds,
            weight,
            licence: self.licence,
            origin: self.origin,
            quality: self.quality,
            rates,
            limits: self.limits,
            engines,
            video,
            aggregate,
            calibration,
        })
    }

    fn kinds(&self) -> Result<Vec<MediaKind>, ManifestError> {
        let known = |name: &String| MediaKind::ALL.iter().any(|kind| kind.as_str() == name);
        if let Some(bad) = self.kinds.iter().find(|name| !known(name)) {
            return Err(wrong("kinds", format!("names {bad:?}, allowed are image, video, audio")));
        }
        Ok(MediaKind::ALL.into_iter().filter(|kind| self.kinds.iter().any(|k| k == kind.as_str())).collect())
    }

    fn weight(&self) -> Result<Weight, ManifestError> {
        Weight::ALL.into_iter().find(|weight| weight.as_str() == self.weight).ok_or_else(|| {
            wrong("weight", format!("is {:?}, allowed are unrated, weak, strong, declared", self.weight))
        })
    }

    /// A net only estimates, and what a file declares is no estimate; but a net may read a mark that a generator left in sound. Such a
    /// mark is there or nothing is said.
    fn check_weight(&self, weight: Weight) -> Result<(), ManifestError> {
        let silent = self.calibration.values().all(|section| section.real_below == 0.0);
        match (weight == Weight::Declared, self.pipeline) {
            (true, PipelineName::Provenance) => Ok(()),
            (true, PipelineName::AudioWindows) if silent => Ok(()),
            (true, PipelineName::AudioWindows) => Err(wrong(
                "calibration",
                "must have `real_below` 0: a mark that is missing speaks for nothing",
            )),
            (true, _) => Err(wrong(
                "weight",
                "is \"declared\", which only the pipelines \"provenance\" and \"audio-windows\" may be",
            )),
            (false, PipelineName::Provenance) => {
                Err(wrong("weight", "must be \"declared\" for this pipeline"))
            }
            (false, _) => Ok(()),
        }
    }

    /// Without a net the manifest itself stands for the weights, so that every answer has a checksum.
    fn take_weights(&mut self, text: &str) -> Result<WeightsFile, ManifestError> {
        if self.pipeline != PipelineName::Provenance {
            return needed("weights", self.weights.take())?.check();
        }
        let digest: [u8; 32] = Hasher::digest(text.as_bytes()).into();
        let (sha256, bytes) = (Sha256::from(digest), text.len() as u64);
        Ok(WeightsFile { file: "model.toml".to_owned(), sha256, bytes, source: None })
    }

    fn engines(&self) -> Result<Vec<EngineKind>, ManifestError> {
        let engines = self
            .runtime
            .engines
            .iter()
            .map(|name| {
                [EngineKind::Ort, EngineKind::Rten]
                    .into_iter()
                    .find(|kind| kind.as_str() == name)
                    .ok_or_else(|| wrong("runtime.engines", format!("names {name:?}, allowed are ort, rten")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if engines.is_empty() { Err(wrong("runtime.engines", "is empty")) } else { Ok(engines) }
    }

    fn is_helper(&self) -> bool {
        use PipelineName::{FaceDetector, FaceLandmarks, VoiceActivity};
        matches!(self.pipeline, FaceDetector | FaceLandmarks | VoiceActivity)
    }

    fn check_helper(&self, kinds: &[MediaKind]) -> Result<(), ManifestError> {
        let kinds_allowed: &[MediaKind] = match self.pipeline {
            PipelineName::ImageClassifier | PipelineName::FaceClassifier => {
                &[MediaKind::Image, MediaKind::Video]
            }
            PipelineName::FrameSequence | PipelineName::AudioVisual => &[MediaKind::Video],
            PipelineName::AudioWindows => &[MediaKind::Audio, MediaKind::Video],
            PipelineName::Provenance => &MediaKind::ALL,
            PipelineName::FaceDetector | PipelineName::FaceLandmarks | PipelineName::VoiceActivity => &[],
        };
        if let Some(kind) = kinds.iter().find(|kind| !kinds_allowed.contains(kind)) {
            return Err(wrong("kinds", format!("names {kind}, which this pipeline cannot read")));
        }
        if kinds.is_empty() && !self.is_helper() {
            return Err(wrong("kinds", "is empty, and a detector reads at least one"));
        }
        Ok(())
    }

    /// A section that the pipeline does not read is as suspect as an unknown key.
    fn check_sections(&self) -> Result<(), ManifestError> {
        use PipelineName::{AudioWindows, FaceClassifier, FrameSequence, ImageClassifier, Provenance};
        let is = |names: &[PipelineName]| names.contains(&self.pipeline);
        let allowed = [
            ("weights", self.weights.is_some(), !is(&[Provenance])),
            ("tensor", self.tensor.is_some(), !self.is_helper() && !is(&[Provenance])),
            ("head", self.head.is_some(), !self.is_helper() && !is(&[Provenance])),
            ("picture", self.picture.is_some(), is(&[ImageClassifier, FaceClassifier])),
            ("face", self.face.is_some(), is(&[FaceClassifier, FrameSequence])),
            ("sound", self.sound.is_some(), is(&[AudioWindows])),
            ("sequence", self.sequence.is_some(), is(&[FrameSequence])),
            ("lip_sync", self.lip_sync.is_some(), is(&[PipelineName::AudioVisual])),
            ("face_detector", self.face_detector.is_some(), is(&[PipelineName::FaceDetector])),
        ];
        match allowed.iter().find(|(_, there, may)| *there && !may) {
            Some((section, ..)) => Err(wrong(section, "is not read by this pipeline")),
            None => Ok(()),
        }
    }

    fn calibration(
        &self,
        kinds: &[MediaKind],
        weight: Weight,
    ) -> Result<Vec<(MediaKind, Calibration)>, ManifestError> {
        if let Some(name) = self.calibration.keys().find(|name| !kinds.iter().any(|k| k.as_str() == *name)) {
            return Err(wrong(&format!("calibration.{name}"), "is for media that the package does not read"));
        }
        let mut all = Vec::new();
        for kind in kinds {
            match self.calibration.get(kind.as_str()) {
                Some(section) => all.push((*kind, section.check(*kind)?)),
                None if weight == Weight::Unrated => {}
                None => {
                    let key = format!("calibration.{kind}");
                    return Err(wrong(
                        &key,
                        "is missing; only a package of weight \"unrated\" may do without",
                    ));
                }
            }
        }
        Ok(all)
    }

    /// How often it erred on the files on which its thresholds were set, one sentence for each kind.
    fn rates(&self, kinds: &[MediaKind]) -> Vec<(MediaKind, String)> {
        let rated =
            |kind: &MediaKind| Some((*kind, self.calibration.get(kind.as_str())?.rates(kind.as_str())));
        kinds.iter().filter_map(rated).collect()
    }

    fn pipeline(&self) -> Result<Pipeline, ManifestError> {
        Ok(match self.pipeline {
            PipelineName::ImageClassifier => Pipeline::ImageClassifier(self.net(None)?, self.picture()?),
            PipelineName::FaceClassifier => {
                Pipeline::FaceClassifier(self.net(None)?, self.picture()?, self.face()?)
            }
            PipelineName::FrameSequence => {
                Pipeline::FrameSequence(self.net(Some("landmarks"))?, self.face()?, self.sequence()?)
            }
            PipelineName::AudioWindows => Pipeline::AudioWindows(self.net(Some("wave"))?, self.sound()?),
            PipelineName::AudioVisual => Pipeline::AudioVisual(self.net(Some("wave"))?, self.lip_sync()?),
            PipelineName::Provenance => Pipeline::Provenance,
            PipelineName::FaceDetector => Pipeline::FaceDetector(self.face_detector()?),
            PipelineName::FaceLandmarks => Pipeline::FaceLandmarks,
            PipelineName::VoiceActivity => Pipeline::VoiceActivity,
        })
    }

    fn net(&self, layout: Option<&str>) -> Result<Net, ManifestError> {
        let tensor = needed("tensor", self.tensor.as_ref())?;
        if let Some(expected) = layout
            && tensor.layout != expected
        {
            return Err(wrong("tensor.layout", format!("must be {expected:?} for this pipeline")));
        }
        let head = match &self.head {
            None => None,
            Some(head) => Some(HeadFile {
                file: file_name("head.file", &head.file)?,
                sha256: parsed("head.sha256", &head.sha256)?,
                normalise: head.normalise,
            }),
        };
        Ok(Net {
            input: tensor.input.clone(),
            output: tensor.output.clone(),
            index: tensor.index,
            activation: tensor.activation,
            speaks_for_real: tensor.positive == Positive::Real,
            head,
        })
    }

    fn picture(&self) -> Result<PictureRule, ManifestError> {
        let picture = needed("picture", self.picture.as_ref())?;
        let [width_px, height_px] = picture.size;
        if !(1..=MAX_SIDE_PX).contains(&width_px) || !(1..=MAX_SIDE_PX).contains(&height_px) {
            return Err(wrong("picture.size", format!("must be 1 to {MAX_SIDE_PX} pixels each")));
        }
        for (key, values) in [("picture.std", &picture.std), ("picture.scale", &[picture.scale; 3])] {
            values.iter().try_for_each(|v| positive(key, *v).map(drop))?;
        }
        if picture.mean.iter().any(|v| !v.is_finite()) {
            return Err(wrong("picture.mean", "must be finite numbers"));
        }
        let layout = match self.tensor.as_ref().map(|tensor| tensor.layout.as_str()) {
            Some("nchw") => Layout::Nchw,
            Some("nhwc") => Layout::Nhwc,
            _ => return Err(wrong("tensor.layout", "must be \"nchw\" or \"nhwc\" for this pipeline")),
        };
        Ok(PictureRule {
            width_px,
            height_px,
            resize: picture.resize,
            filter: picture.filter,
            colour: picture.colour,
            layout,
            scale: picture.scale,
            mean: picture.mean,
            std: picture.std,
        })
    }

    fn face(&self) -> Result<FaceRule, ManifestError> {
        let face = needed("face", self.face.as_ref())?;
        if !(0.5..=4.0).contains(&face.crop) {
            return Err(wrong("face.crop", "must be 0.5 to 4"));
        }
        let (boxed, aligned) = (face.shape == FaceShape::Box, face.align == FaceAlign::FivePoints);
        for (key, word, said) in [("shape", "box", boxed), ("align", "five-points", aligned)] {
            if said && self.pipeline != PipelineName::FaceClassifier {
                let problem = format!("is {word:?}, which only the pipeline \"face-classifier\" reads");
                return Err(wrong(&format!("face.{key}"), problem));
            }
        }
        if boxed && aligned {
            return Err(wrong("face.align", "cuts out a square, and `face.shape` is \"box\""));
        }
        if aligned && self.picture.as_ref().is_some_and(|picture| picture.resize == Resize::Crop) {
            return Err(wrong("face.align", "sets faces to one size, and `picture.resize` is \"crop\""));
        }
        let FaceSection { crop, min_side_px, shape, align } = *face;
        Ok(FaceRule { crop, min_side_px, shape, align })
    }

    fn face_detector(&self) -> Result<FaceDetectorRule, ManifestError> {
        let rule = needed("face_detector", self.face_detector.as_ref())?;
        if !(32..=MAX_SIDE_PX).contains(&rule.side_px) {
            return Err(wrong("face_detector.side_px", format!("must be 32 to {MAX_SIDE_PX}")));
        }
        for (key, share) in [("min_score", rule.min_score), ("max_overlap", rule.max_overlap)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(wrong(&format!("face_detector.{key}"), "must be a share from 0 to 1"));
            }
        }
        Ok(FaceDetectorRule {
            decode: rule.decode,
            side_px: rule.side_px,
            min_score: rule.min_score,
            max_overlap: rule.max_overlap,
            preference: rule.preference,
        })
    }

    fn sound(&self) -> Result<SoundRule, ManifestError> {
        let sound = needed("sound", self.sound.as_ref())?;
        let level_rms = sound.level_rms.map(|level| positive("sound.level_rms", level)).transpose()?;
        Ok(SoundRule {
            samples: within("sound.samples", sound.samples, 160)?,
            hop: within("sound.hop", sound.hop, 160)?,
            pad: sound.pad,
            level_rms,
            min_ms: sound.min_ms,
        })
    }

    fn sequence(&self) -> Result<SequenceRule, ManifestError> {
        let sequence = needed("sequence", self.sequence.as_ref())?;
        if sequence.points != 68 {
            return Err(wrong(
                "sequence.points",
                "must be 68, the only layout that the landmark helper gives",
            ));
        }
        self.has_windows()?;
        Ok(SequenceRule { frames: within("sequence.frames", sequence.frames, 2)?, step: sequence.step })
    }

    fn lip_sync(&self) -> Result<LipSyncRule, ManifestError> {
        let rule = needed("lip_sync", self.lip_sync.as_ref())?;
        self.has_windows()?;
        let frames = within("lip_sync.frames", rule.frames, 2)?;
        let compare = match rule.compare {
            CompareName::Embeddings => Compare::Embeddings(rule.embeddings(self.video.windows)?),
            CompareName::Curves if rule.side_px.is_some() || rule.samples.is_some() => {
                let problem = "is \"curves\", which reads neither `side_px` nor `samples`";
                return Err(wrong("lip_sync.compare", problem));
            }
            CompareName::Curves => Compare::Curves,
        };
        Ok(LipSyncRule { frames, min_side_px: rule.min_side_px, compare })
    }

    fn has_windows(&self) -> Result<(), ManifestError> {
        if self.video.windows == 0 {
            return Err(wrong("video.windows", "must be at least 1 for this pipeline"));
        }
        Ok(())
    }
}

impl LipSyncSection {
    /// All faces of all runs are kept until the sound was heard, so their size is limited.
    fn embeddings(&self, windows: usize) -> Result<EmbeddingRule, ManifestError> {
        let side_px = needed("lip_sync.side_px", self.side_px)?;
        let face_bytes = (side_px as usize).saturating_mul(side_px as usize).saturating_mul(3);
        let bytes = face_bytes.saturating_mul(self.frames).saturating_mul(windows);
        if !(8..=MAX_SIDE_PX).contains(&side_px) || bytes > MAX_FACES_BYTES {
            let problem =
                format!("must be at least 8, and all faces together at most {MAX_FACES_BYTES} bytes");
            return Err(wrong("lip_sync.side_px", problem));
        }
        let samples = needed("lip_sync.samples", self.samples)?;
        if !(160..=MAX_HEARD).contains(&samples) {
            return Err(wrong("lip_sync.samples", format!("must be 160 to {MAX_HEARD}")));
        }
        Ok(EmbeddingRule { side_px, samples })
    }
}

impl CalibrationSection {
    /// With n, so that nobody takes a rate for more than it is.
    fn rates(&self, kind: &str) -> String {
        let (alarms, misses) = (percent(self.false_positive_rate), percent(self.miss_rate));
        let missed = match (self.n_synthetic, self.real_below) {
            (0, _) => String::new(),
            (_, 0.0) => "; it never says REAL".to_owned(),
            (n, _) => format!(", and in {misses} of {n} made by AI, called REAL"),
        };
        format!(
            "Where its thresholds were set ({kind}) it was wrong in {alarms} of {} real files, called FAKE{missed}.",
            self.n_real
        )
    }

    fn check(&self, kind: MediaKind) -> Result<Calibration, ManifestError> {
        let section = |key: &str| format!("calibration.{kind}.{key}");
        for (key, rate) in [("false_positive_rate", self.false_positive_rate), ("miss_rate", self.miss_rate)]
        {
            if !(0.0..=0.5).contains(&rate) {
                return Err(wrong(&section(key), "must be a share from 0 to 0.5"));
            }
        }
        if self.fit_data.trim().is_empty() || self.n_real == 0 {
            return Err(wrong(&section("fit_data"), "must name the data, with n_real above 0"));
        }
        let platt = Platt::new(self.slope, self.intercept);
        let point = OperatingPoint::new(self.real_below, self.fake_at);
        match (platt, point) {
            (Ok(platt), Ok(point)) => Ok(Calibration { platt, point }),
            (Err(error), _) | (_, Err(error)) => Err(wrong(&section("*"), error.to_string())),
        }
    }
}

/// A share with at most one decimal.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}
