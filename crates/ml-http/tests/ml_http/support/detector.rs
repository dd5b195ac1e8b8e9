//! A detector that reads no picture: what it says follows from the names of models and the first bytes of a file.
//!
//! A file that begins with `UNSUPPORTED` or `BROKEN` is refused, one with `PANIC` makes it panic; the model
//! `m-fails` fails, every other one answers. While its gate is closed it waits within a call.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use dk_app::{
    DetectError, Detection, Detector, ErrorCode, Illustration, ModelCard, ModelFailure, Phase, Progress,
    Quality, Request, StopToken, Unready,
};
use dk_domain::{Finding, MediaFacts, MediaKind, ModelId, ModelName, Outcome, Reason, Sha256, Weight};
use tokio::sync::watch;

use super::{sha_of, soon};

/// What was done so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Models of each call, in order.
    pub(crate) calls: Vec<Vec<String>>,
    /// Calls that were stopped.
    pub(crate) stopped: usize,
}

/// The detector.
pub(crate) struct Fake {
    cards: Vec<ModelCard>,
    load_failure: Option<ModelName>,
    gate: Arc<(Mutex<bool>, Condvar)>,
    counts: watch::Sender<Counts>,
}

/// A detector's card.
pub(crate) fn card(name: &str, version: &str) -> ModelCard {
    ModelCard {
        name: name.parse().unwrap(),
        version: version.into(),
        title: format!("The model {name}"),
        family: "synthetic-image".parse().unwrap(),
        weight: Weight::Weak,
        kinds: vec![MediaKind::Image, MediaKind::Video],
        pipeline: "image-classifier",
        licence: "MIT".into(),
        origin: "https://example.org".into(),
        limits: vec!["It sees nothing.".into()],
        quality: Quality::new("Never measured."),
        state: Ok("fake 1.0".into()),
        is_detector: true,
        on_request: false,
    }
}

/// A card of a model whose weights were never fetched.
pub(crate) fn absent(name: &str) -> ModelCard {
    let unready = Unready { why: "no weights".into(), hint: "pull them".into(), is_absent: true };
    ModelCard { state: Err(unready), ..card(name, "1.0.0") }
}

impl Fake {
    /// Ready models with an open gate.
    pub(crate) fn new(models: &[&str]) -> Arc<Self> {
        Self::of(models.iter().map(|name| card(name, "1.0.0")).collect(), None)
    }

    pub(crate) fn of(cards: Vec<ModelCard>, load_failure: Option<&str>) -> Arc<Self> {
        let load_failure = load_failure.map(|name| name.parse().unwrap());
        let gate = Arc::new((Mutex::new(true), Condvar::new()));
        Arc::new(Self { cards, load_failure, gate, counts: watch::Sender::default() })
    }

    /// Calls wait from now on.
    pub(crate) fn close_gate(&self) {
        *self.gate.0.lock().unwrap() = false;
    }

    /// Calls go on.
    pub(crate) fn open_gate(&self) {
        *self.gate.0.lock().unwrap() = true;
        self.gate.1.notify_all();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.borrow().clone()
    }

    /// Waits until it is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl FnMut(&Counts) -> bool) {
        soon(what, self.counts.subscribe().wait_for(is_so)).await.unwrap();
    }

    fn wait(&self, stop: &StopToken) -> Result<(), DetectError> {
        let gate = Arc::clone(&self.gate);
        let _watch = stop.on_stop(move || {
            drop(gate.0.lock().unwrap());
            gate.1.notify_all();
        });
        let open = self.gate.0.lock().unwrap();
        drop(self.gate.1.wait_while(open, |open| !*open && !stop.is_stopped()).unwrap());
        if stop.is_stopped() {
            self.counts.send_modify(|counts| counts.stopped += 1);
            return Err(error(ErrorCode::Stopped, "stopped"));
        }
        Ok(())
    }
}

fn error(code: ErrorCode, words: &str) -> DetectError {
    DetectError { code, hint: None, source: words.into() }
}

fn facts(bytes: &[u8]) -> MediaFacts {
    MediaFacts {
        kind: MediaKind::Image,
        format: "png".into(),
        bytes: bytes.len() as u64,
        sha256: sha_of(bytes),
        duration_ms: None,
        image: None,
        video: None,
        audio: None,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DetectError> {
    std::fs::read(path).map_err(|why| DetectError { code: ErrorCode::Io, hint: None, source: why.into() })
}

impl Detector for Fake {
    fn models(&self) -> Vec<ModelCard> {
        self.cards.clone()
    }

    fn load(&self, _: &StopToken) -> Vec<(ModelName, Duration, Result<(), Unready>)> {
        let unready = Unready {
            why: "the weights are cut off".into(),
            hint: "pull them again".into(),
            is_absent: false,
        };
        let end = |name: &ModelName| {
            if Some(name) == self.load_failure.as_ref() { Err(unready.clone()) } else { Ok(()) }
        };
        let cards = self.cards.iter().filter(|card| card.state.is_ok());
        cards.map(|card| (card.name.clone(), Duration::from_millis(7), end(&card.name))).collect()
    }

    fn detect(
        &self,
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Detection, DetectError> {
        let models = request.models.iter().map(ToString::to_string).collect();
        self.counts.send_modify(|counts| counts.calls.push(models));
        let bytes = read(request.path)?;
        match bytes.as_slice() {
            bytes if bytes.starts_with(b"UNSUPPORTED") => {
                return Err(error(
                    ErrorCode::UnsupportedMedia,
                    "the content is neither picture, video nor sound",
                ));
            }
            bytes if bytes.starts_with(b"BROKEN") => {
                return Err(error(ErrorCode::UnreadableMedia, "the png file is cut off"));
            }
            bytes if bytes.starts_with(b"PANIC") => panic!("a decoder panics"),
            _ => {}
        }
        let facts = facts(&bytes);
        progress.facts(&facts);
        progress.advanced(Phase::Frames, 1, Some(2));
        self.wait(stop)?;
        progress.advanced(Phase::Frames, 2, Some(2));
        let (mut findings, mut failures) = (Vec::new(), Vec::new());
        for name in request.models {
            if name.as_str() == "m-fails" {
                let message = "the net's answer cannot be used".to_owned();
                failures.push(ModelFailure { model: name.clone(), code: ErrorCode::ModelFailed, message });
            } else {
                let version =
                    self.cards.iter().find(|card| card.name == *name).map(|card| card.version.clone());
                findings.push(finding(name, version.unwrap_or_default()));
            }
        }
        Ok(Detection { facts, findings, failures, illustration: Illustration::default() })
    }
}

fn finding(name: &ModelName, version: String) -> Finding {
    Finding {
        model: ModelId {
            name: name.clone(),
            version,
            sha256: Sha256::from([5; 32]),
            engine: "fake 1.0".into(),
        },
        family: "synthetic-image".parse().unwrap(),
        weight: Weight::Weak,
        outcome: Outcome::NotApplicable(vec![Reason::NoFace]),
        origin: None,
        took_secs: 0.25,
    }
}
