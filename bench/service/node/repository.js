// The repository layer: the statements that an ORM would send, written by hand, so that the ORM costs nothing.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { config } from './config.js';

const pool = new pg.Pool({ connectionString: config.DATABASE_URL, max: 10 });

export const ping = () => pool.query('select 1');
export const close = () => pool.end();

/** Runs `work` in one transaction. */
async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

export async function createUser({ email, firstName, lastName, password }) {
  const { rows } = await pool.query({
    name: 'create-user',
    text: `insert into users (id, email, first_name, last_name, password) values ($1, $2, $3, $4, $5)
           on conflict (email) do nothing returning *`,
    values: [randomUUID(), email, firstName, lastName, password],
  });
  return rows[0];
}

export async function findUserByEmail(email) {
  const { rows } = await pool.query({
    name: 'user-by-email',
    text: 'select * from users where email = $1',
    values: [email],
  });
  return rows[0];
}

/** The medium and its first run, together. */
export function createMedia(media) {
  return transaction(async (client) => {
    const { rows } = await client.query({
      name: 'create-media',
      text: `insert into media (id, user_id, filename, description, url, public_id, mimetype, size, sha256, media_type)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning *`,
      values: [
        media.id, media.userId, media.filename, media.description, media.url, media.publicId,
        media.mimetype, media.size, media.sha256, media.mediaType,
      ],
    });
    const runId = randomUUID();
    await client.query({
      name: 'create-run',
      text: 'insert into analysis_runs (id, media_id, run_number) values ($1, $2, 1)',
      values: [runId, media.id],
    });
    return { media: rows[0], runId };
  });
}

export async function findMedia(id) {
  const { rows } = await pool.query({ name: 'media', text: 'select * from media where id = $1', values: [id] });
  return rows[0];
}

export async function listMedia(userId, limit) {
  const { rows } = await pool.query({
    name: 'media-of-user',
    text: 'select * from media where user_id = $1 order by created_at desc limit $2',
    values: [userId, limit],
  });
  return rows;
}

export function markProcessing(mediaId) {
  return pool.query({
    name: 'processing',
    text: `update media set status = 'PROCESSING', updated_at = now() where id = $1 and status = 'QUEUED'`,
    values: [mediaId],
  });
}

export function saveAnalysis(runId, modelName, result) {
  return pool.query({
    name: 'save-analysis',
    text: `insert into deepfake_analyses (id, analysis_run_id, model_name, prediction, confidence, status,
             processing_time, media_type, result_payload)
           values ($1, $2, $3, $4, $5, 'COMPLETED', $6, $7, $8)`,
    values: [
      randomUUID(), runId, modelName, result.prediction, result.confidence, result.processing_time,
      result.media_type, JSON.stringify(result),
    ],
  });
}

export function saveFailure(runId, modelName, message) {
  return pool.query({
    name: 'save-failure',
    text: `insert into deepfake_analyses (id, analysis_run_id, model_name, status, error_message)
           values ($1, $2, $3, 'FAILED', $4)`,
    values: [randomUUID(), runId, modelName, message],
  });
}

export async function analysesOfRun(runId) {
  const { rows } = await pool.query({
    name: 'analyses-of-run',
    text: 'select model_name, status, prediction, confidence from deepfake_analyses where analysis_run_id = $1',
    values: [runId],
  });
  return rows;
}

export function finishRun(mediaId, runId, status) {
  return transaction(async (client) => {
    await client.query({
      name: 'finish-run',
      text: 'update analysis_runs set status = $2, updated_at = now() where id = $1',
      values: [runId, status],
    });
    await client.query({
      name: 'finish-media',
      text: 'update media set status = $2, latest_analysis_run_id = $3, updated_at = now() where id = $1',
      values: [mediaId, status, runId],
    });
  });
}
