// An ML server of the contract whose models look at nothing and answer at once, or after WAIT_MS, in which they wait and
// compute nothing. Both sides of the comparison use it, so it costs both the same. Keeps no file: only the checksums of
// those that were sent.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const { PORT = '8000', ML_API_KEY } = process.env;
const KINDS = ['image', 'video', 'audio'];
const WAIT_MS = Number(process.env.WAIT_MS ?? 0);
/** Requests that wait for their model at the same time; further ones stand in line. */
const LANES = Number(process.env.LANES ?? 64);
const FAMILY = WAIT_MS > 0 ? `simulated-${WAIT_MS}ms` : 'noop';
const NAMES = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${FAMILY}-${letter}`);
const sha256Of = (name) => createHash('sha256').update(name).digest('hex');
/** Fields of a form stand within the first and the last so many bytes; the file is between them. */
const EDGE_BYTES = 4096;

const LINES = 'application/x-ndjson';

const held = new Map();
/** How many requests about each file are here. */
const here = new Map();
/** What those in line are told when it is their turn. */
const line = [];
let active = 0;
let answered = 0;
/** Milliseconds since 1970 at which the last answer went out. */
let lastAt = 0;

const models = NAMES.map((name) => ({
  name,
  version: '1.0.0',
  sha256: sha256Of(name),
  title: WAIT_MS > 0 ? `Simulated: waits ${WAIT_MS} ms and looks at nothing` : 'Looks at nothing',
  family: FAMILY,
  weight: 'weak',
  kinds: KINDS,
  pipeline: 'image-classifier',
  licence: 'Apache-2.0',
  origin: 'this repository',
  limits: ['It says the same of every file.'],
  quality: 'not measured',
  isDetector: true,
  state: 'ready',
  engine: 'none',
  reason: null,
  hint: null,
  loadMs: 0,
  inferences: 0,
  failures: 0,
  latencyMs: null,
}));

const stats = () => ({
  service: 'noop-ml',
  version: '1.0.0',
  uptimeSecs: process.uptime(),
  ready: true,
  device: { kind: 'cpu', name: null, threads: 1 },
  engines: ['none'],
  memory: { rssBytes: process.memoryUsage.rss(), totalBytes: null, availableBytes: null },
  cpu: { seconds: null, percent: null },
  lanes: LANES,
  active,
  waiting: line.length,
  files: here.size,
  maxWaiting: 10000,
  blobs: { count: held.size, bytes: 0, maxBytes: 2 ** 40, maxBlobBytes: 2 ** 40 },
  models: models.map((model) => ({ ...model, inferences: answered })),
});

const result = (name, kind) => ({
  prediction: 'REAL',
  confidence: 0.9,
  probability: 0.1,
  score: -2.2,
  reasons: [],
  processing_time: Math.max(WAIT_MS, 1) / 1000,
  media_type: kind,
  model: { name, version: '1.0.0', sha256: sha256Of(name) },
  segments: [],
  metrics: {
    family: FAMILY,
    weight: 'weak',
    engine: 'none',
    probability: 0.1,
    fake_at: 0.95,
    real_below: 0.2,
    thinned: false,
  },
  visualization_path: null,
});

/** The kind of a file by its first bytes; the comparison sends pictures and sound only. */
const kindOf = (head) => (head.includes('RIFF') ? 'audio' : 'image');

const problem = (status, code, detail) => ({ type: `urn:drishtiksha:problem:${code}`, title: detail, status, detail, code });

function send(response, status, body, type = 'application/json') {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Reads a body to its end and keeps its edges. */
async function edges(request) {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  for await (const chunk of request) {
    if (head.length < EDGE_BYTES) head = Buffer.concat([head, chunk.subarray(0, EDGE_BYTES)]);
    tail = chunk.length >= EDGE_BYTES ? chunk.subarray(-EDGE_BYTES) : Buffer.concat([tail, chunk]).subarray(-EDGE_BYTES);
  }
  return { head: head.toString('latin1'), text: head.toString('latin1') + tail.toString('latin1') };
}

const field = (text, name) => text.match(new RegExp(`name="?${name}"?[^]*?\r\n\r\n([^\r]*)\r\n`))?.[1];

async function blob(request, response, sha256) {
  if (request.method === 'HEAD') return send(response, held.has(sha256) ? 200 : 404);
  const { head } = await edges(request);
  held.set(sha256, kindOf(head));
  return send(response, 204);
}

/** Simulates the work: takes a lane in turn and keeps it for the set time. */
async function simulate(file) {
  here.set(file, (here.get(file) ?? 0) + 1);
  if (active >= LANES) await new Promise((resolve) => line.push(resolve));
  else active += 1;
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  // The lane goes to the next in line, or is free.
  const next = line.shift();
  if (next) next();
  else active -= 1;
  if (here.get(file) === 1) here.delete(file);
  else here.set(file, here.get(file) - 1);
}

async function analyze(request, response) {
  const { head, text } = await edges(request);
  const model = field(text, 'model');
  if (!NAMES.includes(model)) return send(response, 404, problem(404, 'unknown_model', 'there is no such model'));
  const sha256 = field(text, 'sha256');
  if (sha256 && !held.has(sha256)) return send(response, 404, problem(404, 'blob_missing', 'the file is not held'));
  const inLines = request.headers.accept === LINES;
  if (WAIT_MS > 0) {
    const work = simulate(sha256 ?? request);
    // As the real server does: the head goes at once and tells how many files are here.
    if (inLines) response.writeHead(200, { 'Content-Type': LINES, 'X-ML-Files': here.size }).flushHeaders();
    await work;
  }
  answered += 1;
  lastAt = performance.timeOrigin + performance.now();
  const said = result(model, held.get(sha256) ?? kindOf(head));
  // Who can read lines is told progress in them, and then the result.
  if (response.headersSent) return response.end(`${JSON.stringify({ result: said })}\n`);
  return inLines ? send(response, 200, { result: said }, LINES) : send(response, 200, said);
}

async function route(request, response) {
  const path = request.url;
  if (path === '/ping') return send(response, 200, { status: 'ok' });
  if (request.headers['x-api-key'] !== ML_API_KEY) return send(response, 401, problem(401, 'unauthorized', 'the key is wrong'));
  if (path === '/ready') return send(response, 200, { status: 'ready' });
  if (path === '/stats') return send(response, 200, stats());
  if (path === '/models') return send(response, 200, models);
  // For whoever measures; no part of the contract.
  if (path === '/last') return send(response, 200, { at: lastAt });
  if (path.startsWith('/blobs/')) return blob(request, response, path.slice('/blobs/'.length));
  if (path === '/analyze' && request.method === 'POST') return analyze(request, response);
  return send(response, 404, problem(404, 'not_found', 'there is nothing here'));
}

const server = createServer((request, response) => {
  route(request, response).catch((error) => {
    console.error(error.message);
    response.destroy();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
