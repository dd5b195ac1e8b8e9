//! The first schema.

use super::Step;

pub(super) const FIRST: Step =
    Step { name: "m0001_first", statements: &[TABLES, INDEXES], postgres_only: POSTGRES_ONLY };

const TABLES: &[&str] = &[
    "create table users (
        id {uuid} primary key,
        email text not null unique,
        first_name text not null,
        last_name text not null,
        password text not null,
        role text not null,
        is_active boolean not null,
        search text not null,
        last_event bigint not null default 0,
        created_at {moment} not null,
        updated_at {moment} not null
    )",
    "create table media (
        id {uuid} primary key,
        user_id {uuid} not null references users (id) on delete cascade,
        filename text not null,
        description text,
        search text not null,
        url text not null,
        public_id text not null,
        mimetype text not null,
        size bigint not null,
        sha256 text not null,
        media_type text not null,
        has_audio boolean not null,
        metadata {json} not null,
        status text not null,
        verdict text,
        latest_analysis_run_id {uuid} {latest_run},
        created_at {moment} not null,
        updated_at {moment} not null
    )",
    "create table analysis_runs (
        id {uuid} primary key,
        media_id {uuid} not null references media (id) on delete cascade,
        run_number integer not null,
        status text not null,
        wanted_models {json} not null,
        urgency text not null,
        place integer not null default 0,
        remaining integer not null default 0,
        waiting_for text,
        verdict {json},
        created_at {moment} not null,
        planned_at {moment},
        started_at {moment},
        ended_at {moment},
        updated_at {moment} not null,
        unique (media_id, run_number)
    )",
    "create table deepfake_analyses (
        id {uuid} primary key,
        analysis_run_id {uuid} not null references analysis_runs (id) on delete cascade,
        model_name text not null,
        model_version text,
        status text not null,
        prediction text,
        confidence double precision,
        probability double precision,
        processing_time double precision,
        media_type text not null,
        error_code text,
        error_message text,
        progress {json},
        vote {json},
        result_payload {json},
        attempts integer not null default 0,
        created_at {moment} not null,
        updated_at {moment} not null,
        unique (analysis_run_id, model_name)
    )",
    "create table server_health (
        id {uuid} primary key,
        server_name text not null,
        status text not null,
        response_time_ms bigint,
        stats_payload {json},
        checked_at {moment} not null
    )",
    "create table sessions (
        id {uuid} primary key,
        user_id {uuid} not null references users (id) on delete cascade,
        token_hash {bytes} not null,
        previous_hash {bytes},
        rotated_at {moment},
        user_agent text not null,
        created_at {moment} not null,
        expires_at {moment} not null,
        ended_at {moment}
    )",
    "create table api_keys (
        id {uuid} primary key,
        user_id {uuid} not null references users (id) on delete cascade,
        name text not null,
        prefix text not null,
        scope text not null,
        secret_hash {bytes} not null unique,
        expires_at {moment},
        last_used_at {moment},
        created_at {moment} not null
    )",
    "create table audit_log (
        id {number},
        actor_id {uuid} references users (id) on delete set null,
        action text not null,
        subject text not null,
        at {moment} not null
    )",
    "create table idempotency_keys (
        user_id {uuid} not null references users (id) on delete cascade,
        key text not null,
        purpose text not null,
        media_id {uuid} not null references media (id) on delete cascade,
        run_id {uuid} not null references analysis_runs (id) on delete cascade,
        expires_at {moment} not null,
        primary key (user_id, key, purpose)
    )",
    "create table outbox (
        id {number},
        kind text not null,
        payload {json} not null,
        attempts integer not null default 0,
        due_at {moment} not null,
        created_at {moment} not null
    )",
    "create table events (
        user_id {uuid} not null references users (id) on delete cascade,
        number bigint not null,
        media_id {uuid} not null references media (id) on delete cascade,
        at {moment} not null,
        message {json} not null,
        primary key (user_id, number)
    )",
    "create table jobs (
        id text primary key,
        name text not null,
        media_id {uuid} not null,
        run_id {uuid} not null,
        model_name text,
        place integer not null,
        state text not null,
        attempts integer not null default 0,
        stalls integer not null default 0,
        locked_by {uuid},
        locked_until {moment},
        run_at {moment},
        error text,
        created_at {moment} not null,
        ended_at {moment}
    )",
];

const INDEXES: &[&str] = &[
    "create index media_of_user_by_time on media (user_id, created_at desc)",
    "create index media_of_user_by_id on media (user_id, id desc)",
    "create index media_latest_run on media (latest_analysis_run_id)",
    // One run of a medium at a time: the rule is kept by the code, and by the database against the code.
    "create unique index runs_under_way on analysis_runs (media_id) where ended_at is null",
    "create index runs_unfinished on analysis_runs (updated_at) where ended_at is null",
    "create index analyses_of_run on deepfake_analyses (analysis_run_id)",
    "create index analyses_by_model on deepfake_analyses (model_name)",
    "create index analyses_by_confidence on deepfake_analyses (confidence)",
    "create index health_by_time on server_health (checked_at desc)",
    "create index health_of_server on server_health (server_name, checked_at desc)",
    "create index sessions_of_user on sessions (user_id) where ended_at is null",
    "create index sessions_by_end on sessions (expires_at)",
    "create index api_keys_of_user on api_keys (user_id)",
    "create index audit_by_time on audit_log (at)",
    "create index idempotency_by_end on idempotency_keys (expires_at)",
    "create index idempotency_of_media on idempotency_keys (media_id)",
    "create index idempotency_of_run on idempotency_keys (run_id)",
    "create index outbox_due on outbox (due_at, id)",
    "create index events_by_time on events (at)",
    "create index events_of_media on events (media_id)",
    "create index jobs_to_take on jobs (place, created_at, id) where state in ('waiting', 'delayed')",
    "create index jobs_under_way on jobs (locked_until) where state = 'active'",
    "create index jobs_of_run on jobs (run_id)",
    "create index jobs_ended on jobs (state, ended_at) where state in ('completed', 'failed')",
];

const POSTGRES_ONLY: &[&str] = &[
    "alter table media add constraint media_latest_analysis_run_id_fkey
        foreign key (latest_analysis_run_id) references analysis_runs (id) on delete set null",
    "create index analyses_payload on deepfake_analyses using gin (result_payload jsonb_path_ops)",
    "create index media_metadata on media using gin (metadata jsonb_path_ops)",
];
