//! How often models and the verdict are right on labelled files, as one JSON document.

use dk_quality::{Bin, CurvePoint, Estimate, Measures, Rate};
use serde::{Deserialize, Serialize};

use crate::round4;

/// Name and version of the document's form.
pub const QUALITY_SCHEMA: &str = "drishtiksha.quality/1";

/// What came of a set of labelled files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityDocument {
    /// [`QUALITY_SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub program: String,
    /// The folder or manifest, by its last name only.
    pub set: String,
    /// Seed of everything that was drawn.
    pub seed: u64,
    /// Draws of each bootstrap interval.
    pub rounds: usize,
    /// Rate of false alarms for which thresholds were chosen on one half.
    pub false_alarm_target: f64,
    /// Files that were named.
    pub listed: usize,
    /// Files that were named again with the same bytes, and counted once.
    pub repeated: usize,
    /// Files that could not be judged; they are in no other number.
    pub left_out: Vec<LeftOut>,
    /// Who judged.
    pub models: Vec<JudgeMessage>,
    /// One part for each kind of media.
    pub kinds: Vec<KindQuality>,
}

/// A file that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// As the set names it.
    pub file: String,
    /// Why, in one line.
    pub why: String,
}

/// A model with what makes its answers the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeMessage {
    /// Name of the package.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// Checksum of the weights.
    pub sha256: String,
    /// The engine that ran it.
    pub engine: String,
    /// One line for people.
    pub title: String,
    /// unrated, weak, strong or declared.
    pub weight: String,
}

/// Quality on one kind of media.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindQuality {
    /// image, video or audio.
    pub kind: String,
    /// Real files.
    pub real: usize,
    /// Files made or altered by AI.
    pub synthetic: usize,
    /// The verdict first, then every model.
    pub subjects: Vec<Subject>,
}

/// How good one judge is: the verdict, or one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// `verdict`, `verdict-without-declarations`, or the name of a model.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Whether its words count: false for a model that was never rated, which decides nothing.
    pub rated: bool,
    /// What it says of real files.
    pub real: Words,
    /// What it says of synthetic files.
    pub synthetic: Words,
    /// On files for which it has a probability; null unless there are five of both classes among them.
    pub measured: Option<Measured>,
    /// By source.
    pub sources: Vec<Part>,
    /// By generator, each against all real files.
    pub generators: Vec<Part>,
    /// How it stands against changed copies; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<Rung>,
}

/// How often which word was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// Files.
    pub n: usize,
    /// Called FAKE.
    pub fake: usize,
    /// Called REAL: no sign found.
    pub real: usize,
    /// INCONCLUSIVE.
    pub inconclusive: usize,
    /// NOT_APPLICABLE: could not look.
    pub not_applicable: usize,
    /// Ended with an error.
    pub failed: usize,
    /// Share called FAKE; null without files.
    pub called_fake: Option<RateMessage>,
    /// Share called REAL.
    pub called_real: Option<RateMessage>,
    /// Share of files that got no answer: INCONCLUSIVE, NOT_APPLICABLE or failed.
    pub cannot_tell: Option<RateMessage>,
}

/// A share with its 95 % interval by Wilson's method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateMessage {
    /// Files that count.
    pub hits: usize,
    /// All files.
    pub n: usize,
    /// The share.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A number with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EstimateMessage {
    /// On the files as they are.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Numbers that need both classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Real files with a probability.
    pub real: usize,
    /// Synthetic files with a probability.
    pub synthetic: usize,
    /// Area under the curve.
    pub auc: EstimateMessage,
    /// Equal error rate.
    pub equal_error_rate: EstimateMessage,
    /// Found where at most 1 % of real files raise an alarm.
    pub recall_at_1_percent: EstimateMessage,
    /// Found where at most 5 % of real files raise an alarm.
    pub recall_at_5_percent: EstimateMessage,
    /// At probability 0.5; null, like the three below, for a model without a calibration.
    pub balanced_accuracy: Option<EstimateMessage>,
    /// Expected calibration error, ten bins of equal mass.
    pub calibration_error: Option<EstimateMessage>,
    /// Brier score.
    pub brier: Option<EstimateMessage>,
    /// Cost of the log-likelihood ratio, in bits.
    pub cllr: Option<EstimateMessage>,
    /// What is said against what is; empty without a calibration.
    pub reliability: Vec<BinMessage>,
    /// The curve, at most a few hundred points.
    pub curve: Vec<CurveMessage>,
    /// A threshold from one half, on the other.
    pub proof: Option<Proof>,
}

/// Files of neighbouring probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinMessage {
    /// How many.
    pub n: usize,
    /// Mean probability.
    pub said: f64,
    /// Share of synthetic files, with its interval.
    pub synthetic: RateMessage,
}

/// One threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurveMessage {
    /// Share of real files that raise an alarm.
    pub false_alarms: f64,
    /// Share of synthetic files that raise an alarm.
    pub found: f64,
}

/// A threshold that was chosen on one half of the files and proven on the other. No group is in both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Real files of the half on which it was chosen.
    pub chosen_on_real: usize,
    /// The threshold on the probability, or on the score of an unrated model; null where no score is high enough.
    pub threshold: Option<f64>,
    /// False alarms on the other half.
    pub false_alarms: RateMessage,
    /// Found on the other half.
    pub found: RateMessage,
}

/// One source, or one generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Real files: those of the source.
    pub real: Words,
    /// Synthetic files.
    pub synthetic: Words,
    /// Of a source: within it. Of a generator: against all real files of the kind. Null with fewer than five of a class.
    pub auc: Option<EstimateMessage>,
}

/// What became of the words when files were changed as the world changes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Short name.
    pub name: String,
    /// What was done.
    pub what: String,
    /// Copies that were judged.
    pub n: usize,
    /// Copies that could not be made or judged.
    pub left_out: usize,
    /// Copies of which another word is said than of their original.
    pub changed: Option<RateMessage>,
    /// Of synthetic files called FAKE: copies called REAL.
    pub fake_to_real: Option<RateMessage>,
    /// Of synthetic files called FAKE: copies without an answer.
    pub fake_to_open: Option<RateMessage>,
    /// Of real files not called FAKE: copies called FAKE.
    pub real_to_fake: Option<RateMessage>,
    /// Area under the curve over the copies; null unless both classes are there.
    pub auc: Option<EstimateMessage>,
}

impl Words {
    /// Fills in the shares.
    #[must_use]
    pub fn with_shares(mut self) -> Self {
        let rate = |hits| Rate::new(hits, self.n).map(RateMessage::from);
        let open = self.inconclusive + self.not_applicable + self.failed;
        (self.called_fake, self.called_real, self.cannot_tell) =
            (rate(self.fake), rate(self.real), rate(open));
        self
    }
}

impl From<Rate> for RateMessage {
    fn from(rate: Rate) -> Self {
        let (share, low, high) = (round4(rate.share()), round4(rate.low), round4(rate.high));
        Self { hits: rate.hits, n: rate.n, share, low, high }
    }
}

impl From<Estimate> for EstimateMessage {
    fn from(estimate: Estimate) -> Self {
        Self { value: round4(estimate.value), low: round4(estimate.low), high: round4(estimate.high) }
    }
}

impl BinMessage {
    /// `None` for an empty bin.
    pub fn new(bin: &Bin) -> Option<Self> {
        let hits = (bin.synthetic * bin.n as f64).round() as usize;
        Some(Self { n: bin.n, said: round4(bin.said), synthetic: Rate::new(hits, bin.n)?.into() })
    }
}

impl From<CurvePoint> for CurveMessage {
    fn from(point: CurvePoint) -> Self {
        Self { false_alarms: round4(point.false_alarms), found: round4(point.found) }
    }
}

impl Measured {
    /// The numbers without bins, curve and proof. `calibrated` says whether the scores are probabilities.
    pub fn new(real: usize, synthetic: usize, measures: Measures<Estimate>, calibrated: bool) -> Self {
        let of = measures.map(EstimateMessage::from);
        let kept = |estimate| calibrated.then_some(estimate);
        Self {
            real,
            synthetic,
            auc: of.auc,
            equal_error_rate: of.equal_error_rate,
            recall_at_1_percent: of.recall_at_1,
            recall_at_5_percent: of.recall_at_5,
            balanced_accuracy: kept(of.balanced_accuracy),
            calibration_error: kept(of.calibration_error),
            brier: kept(of.brier),
            cllr: kept(of.cllr),
            reliability: Vec::new(),
            curve: Vec::new(),
            proof: None,
        }
    }
}
