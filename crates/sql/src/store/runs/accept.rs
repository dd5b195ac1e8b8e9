//! The beginning: a medium with its first run, and another run of a medium.

use dk_app::ports::{
    Accepted, AddRun, Before, Begun, Errand, ErrandKind, EventKind, IdempotencyKey, NewMedia, NewRun, Once,
    UploadState,
};
use dk_domain::{MediaId, ModelName, RunStatus, UploadId, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::{analysis_runs, media};
use crate::fault::Fault;
use crate::rows;
use crate::store::events::{self, About};
use crate::store::idempotency::{self, Request};
use crate::store::library::owned;
use crate::store::{outbox, uploads};

pub(super) async fn accept(
    db: &Database,
    new: &NewMedia,
    run: &NewRun,
    once: Option<&Once>,
    now: OffsetDateTime,
) -> Result<Accepted, Fault> {
    let key = match once {
        Some(Once::Key(key)) => Some(key),
        Some(Once::Upload(_)) | None => None,
    };
    loop {
        if let Some(key) = key
            && let Some(before) = accepted_before(db, new.user_id, key, now).await?
        {
            return Ok(match before {
                Before::Same(media) => Accepted::Again(media),
                Before::Other => Accepted::KeyTaken,
            });
        }
        let tx = db.begin().await?;
        if let Some(Once::Upload(upload)) = once
            && let Some(ended) = ended_before(&tx, new.user_id, *upload).await?
        {
            return Ok(ended);
        }
        let row = rows::media_row(new, now)?;
        media::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
        let (_, errand) = add_first_or_next(&tx, new.id, run, 1, now).await?;
        if let Some(key) = key
            && !idempotency::note(&tx, &Request::upload(new.user_id, key), new.id, run.id, now).await?
        {
            // The same request was faster; the next round finds what it led to.
            tx.rollback().await?;
            continue;
        }
        if let Some(Once::Upload(upload)) = once {
            uploads::taken(&tx, *upload, new.id, now).await?;
        }
        let about = About { user: new.user_id, media: new.id, run: run.id };
        let events = events::write(&tx, about, vec![EventKind::Accepted], now).await?;
        tx.commit().await?;
        let media = rows::media(media::Model { latest_analysis_run_id: Some(run.id.get()), ..row })?;
        return Ok(Accepted::New(Box::new(media), Begun { events, errand }));
    }
}

/// What an upload that is over has led to; `None` while it is open, and held until the transaction ends.
async fn ended_before(tx: &Transaction, owner: UserId, upload: UploadId) -> Result<Option<Accepted>, Fault> {
    let media = match uploads::held_state(tx, upload).await? {
        Some(UploadState::Open) => return Ok(None),
        Some(UploadState::Taken(media)) => owned(owner, media).one(tx).await?,
        Some(UploadState::Refused(_)) | None => None,
    };
    let media = media.map(rows::media).transpose()?;
    Ok(Some(media.map_or(Accepted::Gone, |media| Accepted::Again(Box::new(media)))))
}

pub(super) async fn accepted_before(
    db: &Database,
    owner: UserId,
    key: &IdempotencyKey,
    now: OffsetDateTime,
) -> Result<Option<Before>, Fault> {
    let Some(led) = idempotency::led_to(&db.read(), &Request::upload(owner, key), now).await? else {
        return Ok(None);
    };
    if !led.is_same {
        return Ok(Some(Before::Other));
    }
    let media = owned(owner, led.media).one(&db.read()).await?.map(rows::media).transpose()?;
    Ok(media.map(|media| Before::Same(Box::new(media))))
}

pub(super) async fn add_run(
    db: &Database,
    owner: UserId,
    media: MediaId,
    run: &NewRun,
    key: Option<&IdempotencyKey>,
    now: OffsetDateTime,
) -> Result<AddRun, Fault> {
    let tx = db.begin().await?;
    // Whoever asks at the same time waits here.
    if owned(owner, media).lock_exclusive().one(&tx).await?.is_none() {
        return Ok(AddRun::NoMedia);
    }
    let request = key.map(|key| Request::rerun(owner, media, key));
    if let Some(request) = &request
        && let Some(led) = idempotency::led_to(&tx, request, now).await?
        && let Some(row) = analysis_runs::Entity::find_by_id(led.run.get()).one(&tx).await?
    {
        if !led.is_same {
            return Ok(AddRun::KeyTaken);
        }
        return Ok(AddRun::Again(Box::new(rows::run(row)?)));
    }
    let latest = analysis_runs::Entity::find()
        .filter(analysis_runs::Column::MediaId.eq(media.get()))
        .order_by_desc(analysis_runs::Column::RunNumber);
    let under_way = latest.clone().filter(analysis_runs::Column::EndedAt.is_null());
    if under_way.one(&tx).await?.is_some() {
        return Ok(AddRun::UnderWay);
    }
    let number = latest.limit(1).one(&tx).await?.map_or(0, |row| row.run_number) + 1;
    let (row, errand) = add_first_or_next(&tx, media, run, number, now).await?;
    if let Some(request) = &request {
        idempotency::note(&tx, request, media, run.id, now).await?;
    }
    let about = About { user: owner, media, run: run.id };
    let events = events::write(&tx, about, vec![EventKind::Accepted], now).await?;
    tx.commit().await?;
    Ok(AddRun::Added(Box::new(rows::run(row)?), Begun { events, errand }))
}

/// The run, the medium that now stands where it stands, and the errand to plan it.
async fn add_first_or_next(
    tx: &Transaction,
    media: MediaId,
    run: &NewRun,
    number: i32,
    now: OffsetDateTime,
) -> Result<(analysis_runs::Model, Errand), Fault> {
    let wanted: Vec<&str> = run.wanted.iter().map(ModelName::as_str).collect();
    let row = analysis_runs::Model {
        id: run.id.get(),
        media_id: media.get(),
        run_number: number,
        status: RunStatus::Queued.to_string(),
        wanted_models: serde_json::to_value(wanted)?,
        urgency: run.urgency.to_string(),
        place: 0,
        remaining: 0,
        waiting_for: None,
        verdict: None,
        created_at: now,
        planned_at: None,
        started_at: None,
        ended_at: None,
        updated_at: now,
    };
    analysis_runs::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    let changed = media::ActiveModel {
        status: Set(RunStatus::Queued.to_string()),
        verdict: Set(None),
        latest_analysis_run_id: Set(Some(row.id)),
        updated_at: Set(now),
        ..media::ActiveModel::default()
    };
    media::Entity::update_many().set(changed).filter(media::Column::Id.eq(media.get())).exec(tx).await?;
    let errand = outbox::write(tx, ErrandKind::Plan(run.id), now).await?;
    Ok((row, errand))
}
