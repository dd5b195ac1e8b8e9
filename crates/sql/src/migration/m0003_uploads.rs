//! Files that come in part by part.

use super::Step;

pub(super) const UPLOADS: Step =
    Step { name: "m0003_uploads", statements: &[STATEMENTS], postgres_only: &[] };

const STATEMENTS: &[&str] = &[
    // The medium may be removed before the upload is forgotten, which still says what it had become.
    "create table uploads (
        id {uuid} primary key,
        user_id {uuid} not null references users (id) on delete cascade,
        filename text not null,
        description text,
        urgency text not null,
        wanted_models {json} not null,
        length_bytes bigint not null,
        received_bytes bigint not null default 0,
        media_id {uuid},
        refusal {json},
        created_at {moment} not null,
        updated_at {moment} not null,
        expires_at {moment} not null
    )",
    "create table upload_parts (
        key text primary key,
        upload_id {uuid} not null references uploads (id) on delete cascade,
        start_byte bigint,
        bytes bigint
    )",
    "create index uploads_of_user on uploads (user_id)",
    "create index uploads_by_end on uploads (expires_at)",
    "create index uploads_left_whole on uploads (updated_at)
        where media_id is null and refusal is null and received_bytes = length_bytes",
    "create index parts_of_upload on upload_parts (upload_id, start_byte)",
];
