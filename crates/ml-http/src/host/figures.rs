//! How often each model answered, and how long it took.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dk_app::Found;
use dk_app::ports::AskError;
use dk_domain::{ErrorCode, ModelName, Sha256};

use crate::message::LatencyStats;

/// Answers that the percentiles look back on.
const RECENT: usize = 512;

/// Figures of all models.
#[derive(Default)]
pub(super) struct Figures(Mutex<BTreeMap<ModelName, Counts>>);

#[derive(Default)]
struct Counts {
    sha256: Option<Sha256>,
    inferences: u64,
    failures: u64,
    total_secs: f64,
    recent_secs: VecDeque<f64>,
}

/// Figures of one model.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ModelFigures {
    pub(super) sha256: Option<Sha256>,
    pub(super) inferences: u64,
    pub(super) failures: u64,
    pub(super) latency: Option<LatencyStats>,
}

impl Figures {
    /// Counts are valid between two statements.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ModelName, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one end of a request.
    pub(super) fn record(&self, model: &ModelName, answer: &Result<Found, AskError>) {
        let outcome = match answer {
            Ok(_) => "answered",
            Err(error) if error.code == ErrorCode::Stopped => "stopped",
            Err(_) => "failed",
        };
        let name = model.to_string();
        metrics::counter!("ml_analyses_total", "model" => name.clone(), "outcome" => outcome).increment(1);
        let mut models = self.lock();
        let counts = models.entry(model.clone()).or_default();
        match answer {
            Ok((_, finding)) => {
                metrics::histogram!("ml_inference_seconds", "model" => name).record(finding.took_secs);
                counts.add(finding.model.sha256, finding.took_secs);
            }
            Err(error) if error.code != ErrorCode::Stopped => counts.failures += 1,
            Err(_) => {}
        }
    }

    pub(super) fn of(&self, model: &ModelName) -> ModelFigures {
        let models = self.lock();
        let Some(counts) = models.get(model) else { return ModelFigures::default() };
        ModelFigures {
            sha256: counts.sha256,
            inferences: counts.inferences,
            failures: counts.failures,
            latency: counts.latency(),
        }
    }

    /// Mean of all answers of all models.
    pub(super) fn mean_secs(&self) -> f64 {
        let models = self.lock();
        let inferences: u64 = models.values().map(|counts| counts.inferences).sum();
        models.values().map(|counts| counts.total_secs).sum::<f64>() / inferences.max(1) as f64
    }
}

impl Counts {
    fn add(&mut self, sha256: Sha256, secs: f64) {
        self.sha256 = Some(sha256);
        self.inferences += 1;
        self.total_secs += secs;
        if self.recent_secs.len() == RECENT {
            self.recent_secs.pop_front();
        }
        self.recent_secs.push_back(secs);
    }

    fn latency(&self) -> Option<LatencyStats> {
        if self.inferences == 0 {
            return None;
        }
        let mut sorted: Vec<f64> = self.recent_secs.iter().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        // The nearest rank: the smallest value that so many others do not exceed.
        let at = |share: f64| {
            let rank = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        let ms = |secs: f64| (secs * 1e6).round() / 1e3;
        let mean = self.total_secs / self.inferences as f64;
        Some(LatencyStats { mean: ms(mean), p50: ms(at(0.50)), p95: ms(at(0.95)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_last_answers_and_the_mean_is_that_of_all() {
        let mut counts = Counts::default();
        assert_eq!(counts.latency(), None);
        for number in 1..=100 {
            counts.add(Sha256::from([1; 32]), f64::from(number) / 1000.0);
        }
        let latency = counts.latency().unwrap();
        assert_eq!((latency.mean, latency.p50, latency.p95), (50.5, 50.0, 95.0));
        for _ in 0..RECENT {
            counts.add(Sha256::from([1; 32]), 1.0);
        }
        assert!(counts.latency().unwrap().p50 > 999.0);
        assert_eq!(counts.recent_secs.len(), RECENT);
    }
}
