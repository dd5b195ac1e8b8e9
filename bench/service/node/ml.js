// The client of the ML server.
import { openAsBlob } from 'node:fs';
import { config } from './config.js';

const headers = { 'X-API-Key': config.ML_API_KEY };
const STATS_KEPT_MS = 5000;
let known = { at: -Infinity, models: [] };

/** Names of the models that read this kind; asked again after five seconds, not for every upload. */
export async function compatibleModels(mediaType) {
  if (performance.now() - known.at > STATS_KEPT_MS) {
    const answer = await fetch(new URL('/stats', config.ML_SERVER_URL), { headers });
    if (!answer.ok) throw new Error(`the ML server answered ${answer.status} to /stats`);
    known = { at: performance.now(), models: (await answer.json()).models };
  }
  return known.models.filter((model) => model.kinds.includes(mediaType)).map((model) => model.name);
}

/** Sends the file to one model and returns its result. */
export async function analyze(path, mimetype, ids) {
  const form = new FormData();
  for (const [name, value] of Object.entries(ids)) form.append(name, value);
  form.append('media', await openAsBlob(path, { type: mimetype }), 'media');
  const answer = await fetch(new URL('/analyze', config.ML_SERVER_URL), { method: 'POST', headers, body: form });
  if (!answer.ok) throw new Error(`the ML server answered ${answer.status} to /analyze`);
  return answer.json();
}
