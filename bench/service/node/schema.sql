-- The five tables of the service as its Node form has them: what a Prisma schema with these fields would create.
create table users (
  id uuid primary key,
  email text not null unique,
  first_name text not null,
  last_name text not null,
  password text not null,
  role text not null default 'USER',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table media (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  filename text not null,
  description text,
  url text not null,
  public_id text not null,
  mimetype text not null,
  size bigint not null,
  sha256 text not null,
  status text not null default 'QUEUED',
  media_type text not null,
  has_audio boolean,
  metadata jsonb,
  latest_analysis_run_id uuid unique,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index media_owner on media (user_id, created_at desc);

create table analysis_runs (
  id uuid primary key,
  media_id uuid not null references media (id) on delete cascade,
  run_number integer not null,
  status text not null default 'QUEUED',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (media_id, run_number)
);
alter table media add foreign key (latest_analysis_run_id) references analysis_runs (id) on delete set null;

create table deepfake_analyses (
  id uuid primary key,
  analysis_run_id uuid not null references analysis_runs (id) on delete cascade,
  model_name text not null,
  prediction text,
  confidence double precision,
  status text not null,
  error_message text,
  processing_time double precision,
  media_type text,
  result_payload jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index analyses_run on deepfake_analyses (analysis_run_id);
create index analyses_model on deepfake_analyses (model_name);
create index analyses_confidence on deepfake_analyses (confidence);

create table server_health (
  id uuid primary key,
  status text not null,
  response_time_ms integer,
  stats_payload jsonb,
  checked_at timestamptz not null default now()
);
