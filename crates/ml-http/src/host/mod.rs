//! The models of this process, with what they did so far. Shared by the server and by the in-process analyst.

mod figures;
mod machine;

pub use machine::{TICKS_PER_SEC, cpu_ticks};

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use dk_app::ports::{AskError, Watcher};
use dk_app::{Ask, Busy, Detector, Found, Gather, GatherOptions, HeldFile, ModelCard, StopToken, Unready};
use dk_domain::{ErrorCode, ModelName, Sha256};
use tokio::sync::oneshot;

use crate::message::{BlobStats, ModelStats, StatsMessage};
use figures::Figures;
use machine::Processor;

/// What came of loading each model.
type Loads = BTreeMap<ModelName, (Duration, Result<(), Unready>)>;

/// A detector with its waiting room and its figures.
pub(crate) struct Host {
    detector: Arc<dyn Detector>,
    gather: Gather,
    figures: Figures,
    /// `None` until everything was loaded.
    loads: RwLock<Option<Loads>>,
    processor: Mutex<Processor>,
    started: Instant,
}

/// One model is to look at one file.
pub(crate) struct Question {
    pub(crate) sha256: Sha256,
    pub(crate) file: Arc<dyn HeldFile>,
    pub(crate) model: ModelName,
    pub(crate) watcher: Watcher,
}

impl Host {
    pub(crate) fn open(detector: Arc<dyn Detector>, options: GatherOptions) -> io::Result<Arc<Self>> {
        let gather = Gather::new(&detector, options)?;
        Ok(Arc::new(Self {
            detector,
            gather,
            figures: Figures::default(),
            loads: RwLock::default(),
            processor: Mutex::new(Processor::new(Instant::now())),
            started: Instant::now(),
        }))
    }

    /// Loads every model; blocks.
    pub(crate) fn load(&self, stop: &StopToken) {
        let loads: Loads =
            self.detector.load(stop).into_iter().map(|(name, took, end)| (name, (took, end))).collect();
        for (name, (took, end)) in &loads {
            let ready = if end.is_ok() { 1.0 } else { 0.0 };
            metrics::gauge!("ml_model_ready", "model" => name.to_string()).set(ready);
            match end {
                Ok(()) => tracing::info!(model.name = %name, took_ms = took.as_millis(), "model loaded"),
                Err(unready) => tracing::error!(model.name = %name, reason = %unready.why, "model refused"),
            }
        }
        *self.loads.write().unwrap_or_else(PoisonError::into_inner) = Some(loads);
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.loads.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Every package; one that could not be loaded is refused with that reason.
    pub(crate) fn cards(&self) -> Vec<ModelCard> {
        let loads = self.loads.read().unwrap_or_else(PoisonError::into_inner);
        let mut cards = self.detector.models();
        for card in &mut cards {
            if let Some((_, Err(unready))) = loads.as_ref().and_then(|loads| loads.get(&card.name)) {
                card.state = Err(unready.clone());
            }
        }
        cards
    }

    /// Whether a model can be asked now.
    pub(crate) fn offers(&self, model: &ModelName) -> bool {
        self.cards().iter().any(|card| card.is_detector && card.name == *model && card.state.is_ok())
    }

    /// Adds a request. Dropping what is returned stops it.
    pub(crate) fn submit(self: &Arc<Self>, question: Question) -> Result<Pending, Busy> {
        let (stop, (sender, answer)) = (StopToken::new(), oneshot::channel());
        let (host, model) = (Arc::clone(self), question.model.clone());
        let ask = Ask {
            sha256: question.sha256,
            file: question.file,
            model: question.model,
            watcher: question.watcher,
            stop: stop.clone(),
        };
        let reply = move |answer: Result<Found, AskError>| {
            host.figures.record(&model, &answer);
            // Who asked may have gone.
            let _ = sender.send(answer);
        };
        self.gather.submit(ask, Box::new(reply))?;
        self.publish_load();
        Ok(Pending { host: Arc::clone(self), stop, answer })
    }

    /// Seconds after which another request may find room: the time of what waits, shared by the lanes.
    pub(crate) fn retry_after_secs(&self) -> u64 {
        let waiting = self.gather.figures().files as f64 / self.gather.options().lanes as f64;
        (waiting * self.figures.mean_secs()).ceil().clamp(1.0, 60.0) as u64
    }

    /// Files that are looked at or wait.
    pub(crate) fn files(&self) -> usize {
        self.gather.figures().files
    }

    /// Ends all work.
    pub(crate) fn close(&self) {
        self.gather.close();
    }

    fn publish_load(&self) {
        let figures = self.gather.figures();
        metrics::gauge!("ml_waiting").set(figures.waiting as f64);
        metrics::gauge!("ml_active").set(figures.active as f64);
    }

    /// What there is to say of this process and its models.
    pub(crate) fn stats(&self, blobs: Option<BlobStats>) -> StatsMessage {
        self.publish_load();
        let (figures, options) = (self.gather.figures(), self.gather.options());
        let cards = self.cards();
        let mut engines: Vec<String> = cards.iter().filter_map(|card| card.state.clone().ok()).collect();
        engines.sort_unstable();
        engines.dedup();
        let mut processor = self.processor.lock().unwrap_or_else(PoisonError::into_inner);
        StatsMessage {
            service: "drishtiksha-ml".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_secs: self.started.elapsed().as_secs_f64(),
            ready: self.is_loaded(),
            device: machine::device(),
            engines,
            memory: machine::memory(),
            cpu: processor.read(Instant::now()),
            lanes: options.lanes,
            active: figures.active,
            waiting: figures.waiting,
            files: figures.files,
            max_waiting: options.max_waiting,
            blobs,
            models: cards.iter().map(|card| self.model_stats(card)).collect(),
        }
    }

    fn model_stats(&self, card: &ModelCard) -> ModelStats {
        let loads = self.loads.read().unwrap_or_else(PoisonError::into_inner);
        let figures = self.figures.of(&card.name);
        let state = match (&card.state, loads.is_some()) {
            (Err(unready), _) => crate::message::state_of(unready),
            (Ok(_), true) => "ready",
            (Ok(_), false) => "loading",
        };
        let unready = card.state.as_ref().err();
        let load = loads.as_ref().and_then(|loads| loads.get(&card.name));
        ModelStats {
            name: card.name.to_string(),
            version: card.version.clone(),
            sha256: figures.sha256.map(|sha256| sha256.to_string()),
            kinds: card.kinds.iter().map(ToString::to_string).collect(),
            is_detector: card.is_detector,
            state: state.to_owned(),
            engine: card.state.as_ref().ok().cloned(),
            reason: unready.map(|u| u.why.clone()),
            hint: unready.map(|u| u.hint.clone()),
            load_ms: load.map(|(took, _)| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            inferences: figures.inferences,
            failures: figures.failures,
            latency_ms: figures.latency,
        }
    }
}

/// An answer that will come.
pub(crate) struct Pending {
    host: Arc<Host>,
    stop: StopToken,
    answer: oneshot::Receiver<Result<Found, AskError>>,
}

impl Future for Pending {
    type Output = Result<Found, AskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|answer| {
            // A reply that was dropped without an answer belongs to a process that ends.
            let over = AskError { code: ErrorCode::Stopped, message: "the analysis was stopped".to_owned() };
            answer.unwrap_or(Err(over))
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.stop.stop();
        self.host.publish_load();
    }
}
