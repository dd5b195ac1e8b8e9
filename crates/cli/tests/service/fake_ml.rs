//! An ML server of the test's own: the real server with a detector that does what it is told, so that a test can
//! hold an analysis in the middle, let it fail, or see it stopped.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use dk_app::{
    DetectError, Detection, Detector, ErrorCode, Illustration, ModelCard, ModelFailure, Phase, Progress,
    Quality, Request, StopToken,
};
use dk_domain::{
    Evidence, Finding, ImageFacts, MediaFacts, MediaKind, ModelId, ModelName, OperatingPoint, Opinion,
    Outcome, Probability, Score, Weight,
};
use sha2::Digest as _;

/// What a model of the fake does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Answers at once.
    Answer,
    /// Begins, tells of half of the work, and waits until it is let go or stopped.
    Hold,
    /// Fails so that another attempt cannot help.
    Fail,
    /// Fails this often so that another attempt may help, then answers.
    FailTimes(u32),
}

/// The detector.
pub(crate) struct Scripted {
    models: BTreeMap<ModelName, Does>,
    tried: BTreeMap<ModelName, AtomicU32>,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    is_open: bool,
    holding: u32,
    stopped: u32,
}

impl Scripted {
    pub(crate) fn new(models: &[(&str, Does)]) -> Arc<Self> {
        let models: BTreeMap<ModelName, Does> =
            models.iter().map(|(name, does)| (name.parse().expect("a model name"), *does)).collect();
        let tried = models.keys().map(|name| (name.clone(), AtomicU32::new(0))).collect();
        Arc::new(Self { models, tried, gate: Mutex::default(), moved: Condvar::new() })
    }

    /// Lets everything go that is held, now and later.
    pub(crate) fn let_go(&self) {
        self.gate.lock().expect("no other holder panicked").is_open = true;
        self.moved.notify_all();
    }

    /// Waits until this many are held.
    pub(crate) fn wait_until_holding(&self, many: u32) {
        let gate = self.gate.lock().expect("no other holder panicked");
        let (_gate, timeout) = self
            .moved
            .wait_timeout_while(gate, crate::process::DEADLINE, |gate| gate.holding < many)
            .expect("no other holder panicked");
        assert!(!timeout.timed_out(), "nothing is held");
    }

    /// Waits until this many were stopped while they were held.
    pub(crate) fn wait_until_stopped(&self, many: u32) {
        let gate = self.gate.lock().expect("no other holder panicked");
        let (_gate, timeout) = self
            .moved
            .wait_timeout_while(gate, crate::process::DEADLINE, |gate| gate.stopped < many)
            .expect("no other holder panicked");
        assert!(!timeout.timed_out(), "nothing was stopped");
    }

    /// How often a model was tried.
    pub(crate) fn tries(&self, name: &str) -> u32 {
        self.tried[&name.parse::<ModelName>().expect("a model name")].load(Ordering::SeqCst)
    }

    /// True when it was stopped.
    fn hold(&self, stop: &StopToken) -> bool {
        let (sender, receiver) = std::sync::mpsc::channel();
        let _watch = stop.on_stop(move || {
            let _ = sender.send(());
        });
        self.gate.lock().expect("no other holder panicked").holding += 1;
        self.moved.notify_all();
        loop {
            if receiver.recv_timeout(std::time::Duration::from_millis(10)).is_ok() || stop.is_stopped() {
                let mut gate = self.gate.lock().expect("no other holder panicked");
                gate.holding -= 1;
                gate.stopped += 1;
                self.moved.notify_all();
                return true;
            }
            let mut gate = self.gate.lock().expect("no other holder panicked");
            if gate.is_open {
                gate.holding -= 1;
                return false;
            }
        }
    }

    fn one(
        &self,
        name: &ModelName,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Finding, ModelFailure> {
        let try_number = self.tried[name].fetch_add(1, Ordering::SeqCst) + 1;
        let failure =
            |code, message: &str| ModelFailure { model: name.clone(), code, message: message.to_owned() };
        progress.model_started(name);
        progress.advanced(Phase::Frames, 1, Some(2));
        match self.models[name] {
            Does::Fail => return Err(failure(ErrorCode::ModelFailed, "it was told to fail")),
            Does::FailTimes(times) if try_number <= times => {
                return Err(failure(ErrorCode::LimitReached, "it was told to fail for now"));
            }
            Does::Hold if self.hold(stop) => return Err(failure(ErrorCode::Stopped, "stopped")),
            _ => {}
        }
        progress.advanced(Phase::Frames, 2, Some(2));
        let finding = finding(name);
        progress.model_finished(&finding);
        Ok(finding)
    }
}

impl Detector for Scripted {
    fn models(&self) -> Vec<ModelCard> {
        self.models.keys().map(card).collect()
    }

    fn detect(
        &self,
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Detection, DetectError> {
        let bytes = std::fs::read(request.path).map_err(|error| DetectError {
            code: ErrorCode::Io,
            hint: None,
            source: Box::new(error),
        })?;
        let sha256: [u8; 32] = sha2::Sha256::digest(&bytes).into();
        let facts = MediaFacts {
            kind: MediaKind::Image,
            format: "bmp".to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256.into(),
            duration_ms: None,
            image: Some(ImageFacts {
                width_px: 64,
                height_px: 64,
                animated: false,
                exif: dk_domain::Exif::default(),
            }),
            video: None,
            audio: None,
        };
        progress.facts(&facts);
        let (mut findings, mut failures) = (Vec::new(), Vec::new());
        // Requests for one file that come together share one look: who is held must not keep the others waiting.
        let mut models: Vec<&ModelName> = request.models.iter().collect();
        models.sort_by_key(|name| self.models[*name] == Does::Hold);
        for name in models {
            match self.one(name, progress, stop) {
                Ok(finding) => findings.push(finding),
                Err(failure) => failures.push(failure),
            }
        }
        Ok(Detection { facts, findings, failures, illustration: Illustration::default() })
    }
}

fn card(name: &ModelName) -> ModelCard {
    ModelCard {
        name: name.clone(),
        version: "1.0.0".to_owned(),
        title: "does what it is told".to_owned(),
        family: "told".parse().expect("a family"),
        weight: Weight::Weak,
        kinds: MediaKind::ALL.into(),
        pipeline: "image-classifier",
        licence: "Apache-2.0".to_owned(),
        origin: "a test".to_owned(),
        limits: Vec::new(),
        quality: Quality::new("none was measured"),
        state: Ok("told 1".to_owned()),
        is_detector: true,
        on_request: false,
    }
}

fn finding(name: &ModelName) -> Finding {
    let probability = Probability::new(0.97).expect("a probability");
    let opinion = Opinion {
        score: Score::new(3.0).expect("a score"),
        probability,
        point: Some(OperatingPoint::new(0.1, 0.9).expect("thresholds")),
        evidence: Evidence::Image { faces: Vec::new(), heatmap: None },
        spans: Vec::new(),
        reasons: Vec::new(),
        left_out: 0,
    };
    Finding {
        model: ModelId {
            name: name.clone(),
            version: "1.0.0".to_owned(),
            sha256: [7; 32].into(),
            engine: "told 1".to_owned(),
        },
        family: "told".parse().expect("a family"),
        weight: Weight::Weak,
        outcome: Outcome::Answer(Box::new(opinion)),
        origin: None,
        took_secs: 0.01,
    }
}
