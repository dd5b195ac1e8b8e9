//! Single steps of a run, each for use under the lock.

use std::collections::BTreeMap;

use dk_domain::{
    AnalysisId, AnalysisStatus, EventKind, MediaId, MediaKind, ModelName, RunId, RunStatus, UserId, Verdict,
    conclude_votes,
};
use time::OffsetDateTime;

use super::{Led, Part, RunRow, State};
use crate::ports::{
    Analysis, Assignment, Begun, EndOfAnalysis, Ended, ErrandKind, HEAD_START, IdempotencyKey, Media,
    NewMedia, NewRun, Run,
};

impl State {
    pub(super) fn led_to(
        &self,
        owner: UserId,
        key: Option<&IdempotencyKey>,
        purpose: &str,
        now: OffsetDateTime,
    ) -> Option<Led> {
        let key = key?;
        let request = (owner, key.name.clone(), purpose.to_owned());
        let (digest, (media, run, expires_at)) = self.requests.get(&request)?;
        (*expires_at > now).then_some(Led { media: *media, run: *run, is_same: *digest == key.digest })
    }

    pub(super) fn note(
        &mut self,
        owner: UserId,
        key: Option<&IdempotencyKey>,
        purpose: &str,
        led: (MediaId, RunId, OffsetDateTime),
    ) {
        if let Some(key) = key {
            self.requests.insert((owner, key.name.clone(), purpose.to_owned()), (key.digest, led));
        }
    }

    /// The run, the medium that now stands where it stands, the errand and the event.
    pub(super) fn begin(&mut self, media: MediaId, run: &NewRun, now: OffsetDateTime) -> (Run, Begun) {
        let number = self.runs.values().filter(|row| row.run.media_id == media).count();
        let row = Run {
            id: run.id,
            media_id: media,
            number: u32::try_from(number).unwrap_or(u32::MAX) + 1,
            status: RunStatus::Queued,
            wanted: run.wanted.clone(),
            urgency: run.urgency,
            waiting_for: None,
            verdict: None,
            created_at: now,
            started_at: None,
            ended_at: None,
        };
        if let Some(media) = self.media.get_mut(&media) {
            (media.latest_run, media.updated_at) = (Some(run.id), now);
        }
        let parts = BTreeMap::new();
        let stored = RunRow { run: row.clone(), is_planned: false, place: 0, updated_at: now, parts };
        self.runs.insert(run.id, stored);
        self.stand(run.id, RunStatus::Queued, now);
        let errand = self.write_errand(ErrandKind::Plan(run.id), now + HEAD_START);
        let events = self.write_events(run.id, vec![EventKind::Accepted], now);
        (row, Begun { events, errand })
    }

    /// A run that has not ended.
    pub(super) fn open_run(&mut self, id: RunId) -> Option<&mut RunRow> {
        self.runs.get_mut(&id).filter(|row| row.is_under_way())
    }

    /// An analysis that has not ended, of a run that has not.
    pub(super) fn open_part(&mut self, id: RunId, model: &ModelName) -> Option<&mut Part> {
        let part = self.open_run(id)?.parts.get_mut(model)?;
        Some(part).filter(|part| !part.analysis.status.is_ended())
    }

    pub(super) fn conclude(&mut self, id: RunId, now: OffsetDateTime) -> Option<(RunStatus, EventKind)> {
        let row = self.open_run(id).filter(|row| row.is_planned && row.unfinished().is_empty())?;
        let votes: Vec<_> = row.parts.values().filter_map(|part| part.vote.clone()).collect();
        let failed = row.parts.len() - votes.len();
        let verdict = (!votes.is_empty()).then(|| conclude_votes(&votes, failed));
        let status = RunStatus::of_ended(votes.len(), failed);
        Some((status, self.close(id, status, verdict, votes.len(), now)))
    }

    pub(super) fn close(
        &mut self,
        id: RunId,
        status: RunStatus,
        verdict: Option<Verdict>,
        answered: usize,
        now: OffsetDateTime,
    ) -> EventKind {
        let prediction = verdict.as_ref().map(|verdict| verdict.prediction);
        if let Some(row) = self.runs.get_mut(&id) {
            (row.run.verdict, row.run.ended_at, row.run.waiting_for) = (verdict, Some(now), None);
        }
        self.stand(id, status, now);
        let answered = u32::try_from(answered).unwrap_or(u32::MAX);
        EventKind::Ended { status, verdict: prediction, answered }
    }

    pub(super) fn process(&mut self, id: RunId, now: OffsetDateTime) {
        if let Some(row) = self.runs.get_mut(&id) {
            row.run.started_at.get_or_insert(now);
        }
        self.stand(id, RunStatus::Processing, now);
    }

    pub(super) fn assignment(&self, id: RunId, model: &ModelName) -> Option<Assignment> {
        let media = self.media.get(&self.runs.get(&id)?.run.media_id)?;
        Some(Assignment {
            user_id: media.user_id,
            media_id: media.id,
            run_id: id,
            model: model.clone(),
            key: media.key.clone(),
            sha256: media.facts.sha256,
            bytes: media.facts.bytes,
        })
    }
}

pub(super) fn nothing() -> Ended {
    Ended { events: Vec::new(), run: None }
}

pub(super) fn new_media(new: &NewMedia, now: OffsetDateTime) -> Media {
    Media {
        id: new.id,
        user_id: new.user_id,
        filename: new.filename.clone(),
        description: new.description.clone(),
        key: new.key.clone(),
        url: new.url.clone(),
        mimetype: new.mimetype.clone(),
        facts: new.facts.clone(),
        status: RunStatus::Queued,
        verdict: None,
        latest_run: None,
        created_at: now,
        updated_at: now,
    }
}

pub(super) fn pending(
    id: AnalysisId,
    run: RunId,
    model: &ModelName,
    kind: MediaKind,
    now: OffsetDateTime,
) -> Part {
    let analysis = Analysis {
        id,
        run_id: run,
        model: model.clone(),
        model_version: None,
        status: AnalysisStatus::Pending,
        prediction: None,
        confidence: None,
        probability: None,
        processing_secs: None,
        kind,
        error: None,
        progress: None,
        attempts: 0,
        created_at: now,
        updated_at: now,
    };
    Part { analysis, vote: None, payload: None }
}

/// Writes an end into an analysis; says what the event of it is.
pub(super) fn end_part(part: &mut Part, how: &EndOfAnalysis, now: OffsetDateTime) -> EventKind {
    let analysis = &mut part.analysis;
    analysis.updated_at = now;
    let model = analysis.model.clone();
    match how {
        EndOfAnalysis::Answered(answer) => {
            analysis.status = AnalysisStatus::Completed;
            analysis.model_version = Some(answer.model_version.clone());
            analysis.prediction = Some(answer.prediction);
            (analysis.confidence, analysis.probability) = (answer.confidence, answer.probability);
            (analysis.processing_secs, analysis.kind) = (Some(answer.processing_secs), answer.kind);
            analysis.error = None;
            part.vote = Some(answer.vote.clone());
            part.payload = Some(answer.payload.clone());
            EventKind::Completed { model, prediction: answer.prediction, probability: answer.probability }
        }
        EndOfAnalysis::Failed { code, message } => {
            analysis.status = AnalysisStatus::Failed;
            analysis.error = Some((*code, message.clone()));
            EventKind::Failed { model, code: *code, message: message.clone(), will_retry: false }
        }
    }
}
