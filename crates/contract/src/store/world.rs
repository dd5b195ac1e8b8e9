//! People, media and answers for the promises, and short ways through a run.

use std::sync::atomic::{AtomicU64, Ordering};

use dk_app::ports::{
    Accepted, AddUser, Answer, EndOfAnalysis, Ended, Event, EventKind, IdempotencyKey, Media, NewMedia,
    NewRun, PasswordHash, SecretHash, Start, User,
};
use dk_domain::{
    AnalysisId, AudioFacts, ErrorCode, Family, ImageFacts, MediaFacts, MediaId, MediaKind, ModelName,
    OperatingPoint, Prediction, Probability, Reason, Role, RunId, Says, Sha256, Urgency, UserId, VideoFacts,
    Vote, Weight,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Stores;

/// A moment, so many seconds after the begin of the test.
pub fn at(secs: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap() + Duration::seconds(secs)
}

/// A new id of version 7; later ones sort later.
pub fn id() -> Uuid {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    Uuid::from_u128((0x0199_0000_0000 + count) << 80 | 0x7 << 76 | 0x8 << 60 | count)
}

/// A secret that nobody else has.
pub fn secret() -> SecretHash {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(id().as_bytes());
    SecretHash(bytes)
}

/// The name of a model.
pub fn model(name: &str) -> ModelName {
    name.parse().unwrap()
}

/// A person who is not stored yet.
pub fn person(email: &str) -> User {
    User {
        id: UserId::from(id()),
        email: email.parse().unwrap(),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        role: Role::User,
        is_active: true,
        must_change_password: false,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The stored password of everybody.
pub fn password() -> PasswordHash {
    PasswordHash("hash".to_owned())
}

/// A stored person.
pub async fn member(stores: &Stores, email: &str) -> User {
    let user = person(email);
    let added = stores.accounts.add_user(&user, &password()).await.unwrap();
    assert_eq!(added, AddUser::Added);
    user
}

/// Facts that survive their message.
pub fn facts(kind: MediaKind) -> MediaFacts {
    let audio = AudioFacts { codec: "aac".to_owned(), sample_rate_hz: 48_000, channels: 2 };
    let video = VideoFacts {
        codec: "h264".to_owned(),
        width_px: 1920,
        height_px: 1080,
        fps: Some(29.97),
        rotation_deg: 90,
        bit_depth: 8,
    };
    let image =
        ImageFacts { width_px: 640, height_px: 480, animated: false, exif: dk_domain::Exif::default() };
    MediaFacts {
        kind,
        format: "mp4".to_owned(),
        bytes: 5_000_000_000,
        sha256: Sha256::from([7; 32]),
        duration_ms: (kind != MediaKind::Image).then_some(12_345),
        image: (kind == MediaKind::Image).then_some(image),
        video: (kind == MediaKind::Video).then_some(video),
        audio: (kind != MediaKind::Image).then_some(audio),
    }
}

/// A medium that is not stored yet.
pub fn upload(owner: UserId, filename: &str, kind: MediaKind) -> NewMedia {
    let id = MediaId::from(id());
    NewMedia {
        id,
        user_id: owner,
        filename: filename.to_owned(),
        description: None,
        key: format!("{kind}/{id}.bin"),
        url: format!("local:{kind}/{id}.bin"),
        mimetype: "video/mp4".to_owned(),
        facts: facts(kind),
    }
}

/// A run that is not stored yet.
pub fn new_run() -> NewRun {
    NewRun { id: RunId::from(id()), wanted: Vec::new(), urgency: Urgency::Interactive }
}

/// A stored medium with its first run, and the events of that.
pub async fn accepted(stores: &Stores, media: &NewMedia, now: OffsetDateTime) -> (Media, RunId, Vec<Event>) {
    let run = new_run();
    match stores.runs.accept(media, &run, None, now).await.unwrap() {
        Accepted::New(media, begun) => (*media, run.id, begun.events),
        Accepted::Again(_) | Accepted::KeyTaken | Accepted::Gone => panic!("nobody sent this before"),
    }
}

/// Plans a run with these models.
pub async fn planned(stores: &Stores, run: RunId, models: &[&str], now: OffsetDateTime) -> Vec<AnalysisId> {
    let parts: Vec<_> = models.iter().map(|name| (AnalysisId::from(id()), model(name))).collect();
    assert!(stores.runs.plan(run, &parts, 5, now).await.unwrap().is_some());
    parts.into_iter().map(|(id, _)| id).collect()
}

/// A stored medium whose run is planned with these models.
pub async fn under_way(stores: &Stores, owner: UserId, models: &[&str]) -> (Media, RunId) {
    let (media, run, _) = accepted(stores, &upload(owner, "clip.mp4", MediaKind::Video), at(0)).await;
    planned(stores, run, models, at(1)).await;
    (media, run)
}

/// What a model that found signs says.
pub fn answer(probability: f64) -> Answer {
    let probability = Probability::new(probability).unwrap();
    let point = OperatingPoint::new(0.2, 0.8).unwrap();
    let prediction = point.prediction(probability);
    Answer {
        vote: Vote {
            // Of its own family, so that one family's signs stand beside another's silence.
            family: format!("family-{}", prediction.as_str().to_lowercase()).parse::<Family>().unwrap(),
            weight: Weight::Strong,
            says: Says::Answer { probability, point: Some(point), reasons: vec![Reason::PartOnly] },
        },
        prediction,
        confidence: prediction.confidence(probability),
        probability: Some(probability),
        processing_secs: 1.25,
        kind: MediaKind::Video,
        model_version: "1.2.0".to_owned(),
        payload: format!(r#"{{"prediction":"{prediction}","score":{}}}"#, probability.get()),
    }
}

/// An analysis that ended with signs found.
pub fn fake() -> EndOfAnalysis {
    EndOfAnalysis::Answered(Box::new(answer(1.0 - 1.0 / 30.0)))
}

/// An analysis that ended without a sign found.
pub fn real() -> EndOfAnalysis {
    EndOfAnalysis::Answered(Box::new(answer(1.0 / 30.0)))
}

/// An analysis that failed for good.
pub fn broken() -> EndOfAnalysis {
    EndOfAnalysis::Failed { code: ErrorCode::ModelFailed, message: "it broke".to_owned() }
}

/// Begins one model's part.
pub async fn start(stores: &Stores, run: RunId, name: &str, now: OffsetDateTime) -> Vec<Event> {
    match stores.runs.start(run, &model(name), now).await.unwrap() {
        Start::Go(_, events) => events,
        Start::Over => panic!("{name} is not over"),
    }
}

/// Ends one model's part.
pub async fn end(stores: &Stores, run: RunId, name: &str, how: &EndOfAnalysis, now: OffsetDateTime) -> Ended {
    stores.runs.end(run, &model(name), how, now).await.unwrap()
}

/// What the predictions of the events of a run's end are.
pub fn verdicts(events: &[Event]) -> Vec<Option<Prediction>> {
    let verdict = |event: &Event| match event.kind {
        EventKind::Ended { verdict, .. } => Some(verdict),
        _ => None,
    };
    events.iter().filter_map(verdict).collect()
}

/// An idempotency key; `digest` stands for what is asked.
pub fn key(name: &str, digest: u8) -> IdempotencyKey {
    IdempotencyKey { name: name.to_owned(), digest: [digest; 32].into() }
}
