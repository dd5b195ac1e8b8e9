//! Where a run and its analyses stand, and how a run ends.

use crate::words::words;

words! {
    /// Where a run stands; a medium stands where its latest run stands.
    RunStatus {
        /// Accepted; no model has begun.
        Queued = "QUEUED",
        /// At least one model has begun.
        Processing = "PROCESSING",
        /// Every model answered; "not applicable" is an answer.
        Analyzed = "ANALYZED",
        /// Some models answered, others failed.
        PartiallyAnalyzed = "PARTIALLY_ANALYZED",
        /// No model answered.
        Failed = "FAILED",
        /// Somebody stopped it before it ended.
        Cancelled = "CANCELLED",
    }
    /// Where one model's part of a run stands.
    AnalysisStatus {
        /// Planned; waits for its turn, or for its next attempt.
        Pending = "PENDING",
        /// Under way.
        Processing = "PROCESSING",
        /// Answered.
        Completed = "COMPLETED",
        /// Failed for good.
        Failed = "FAILED",
        /// Stopped before it ended.
        Cancelled = "CANCELLED",
    }
    /// Who waits for a run: a person in front of a page, or a program with a pile of files.
    Urgency {
        /// Goes first.
        Interactive = "interactive",
        /// Goes when nobody waits.
        Batch = "batch",
    }
}

impl RunStatus {
    /// Whether nothing more will happen to the run.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Processing)
    }

    /// How a run ends whose models have all ended: `answered` of them with an answer, `failed` without.
    pub fn of_ended(answered: usize, failed: usize) -> Self {
        match (answered, failed) {
            (0, _) => Self::Failed,
            (_, 0) => Self::Analyzed,
            _ => Self::PartiallyAnalyzed,
        }
    }
}

impl AnalysisStatus {
    /// Whether nothing more will happen to the analysis.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Pending | Self::Processing)
    }
}

/// Most of one person's unfinished runs that still push back the next one.
const MAX_BACKLOG: u32 = 99_999;
/// Every batch run stands behind every interactive one.
const BATCH_FROM: u32 = 1_000_000;

/// Place in the queue: lower goes first. `backlog` is how many runs of the same person are under way; the more
/// there are, the further back the next one stands, so that one person's pile does not block another's file.
pub fn place_in_queue(urgency: Urgency, backlog: u32) -> u32 {
    let base = match urgency {
        Urgency::Interactive => 1,
        Urgency::Batch => BATCH_FROM,
    };
    base + backlog.min(MAX_BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_by_what_its_models_did() {
        assert_eq!(RunStatus::of_ended(3, 0), RunStatus::Analyzed);
        assert_eq!(RunStatus::of_ended(1, 2), RunStatus::PartiallyAnalyzed);
        assert_eq!(RunStatus::of_ended(0, 2), RunStatus::Failed);
        assert_eq!(RunStatus::of_ended(0, 0), RunStatus::Failed);
    }

    #[test]
    fn interactive_goes_before_batch_and_a_pile_goes_behind_a_single_file() {
        assert!(place_in_queue(Urgency::Interactive, u32::MAX) < place_in_queue(Urgency::Batch, 0));
        assert!(place_in_queue(Urgency::Batch, 0) < place_in_queue(Urgency::Batch, 1));
        // The most that BullMQ takes.
        assert!(place_in_queue(Urgency::Batch, u32::MAX) <= 2_097_152);
    }

    #[test]
    fn every_word_reads_what_it_writes() {
        for status in RunStatus::ALL {
            assert_eq!(status.as_str().parse::<RunStatus>().unwrap(), *status);
        }
        let wrong = "DONE".parse::<AnalysisStatus>().unwrap_err().to_string();
        assert!(wrong.contains("PENDING, PROCESSING"), "{wrong}");
    }
}
