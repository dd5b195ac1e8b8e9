// The API server: controllers over the services and repositories beside this file.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { unlink } from 'node:fs/promises';
import bcrypt from 'bcrypt';
import express from 'express';
import multer from 'multer';
import { z } from 'zod';
import { config } from './config.js';
import * as live from './live.js';
import * as ml from './ml.js';
import { Producer } from './queue.js';
import * as repository from './repository.js';
import * as storage from './storage.js';
import * as token from './token.js';

const BCRYPT_ROUNDS = 10;
const TYPES = /^(image|video|audio)\//;

const SignUp = z.object({
  email: z.email(),
  password: z.string().min(12).max(128),
  firstName: z.string().min(1).max(100),
  lastName: z.string().min(1).max(100),
});
const LogIn = SignUp.pick({ email: true, password: true });
const Upload = z.object({ description: z.string().max(500).optional() });
const Page = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) });

class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

await storage.prepare();
const producer = new Producer();
const app = express();
app.disable('x-powered-by');
const server = createServer(app);
const events = await live.listen(server);

const upload = multer({
  storage: multer.diskStorage({
    destination: storage.temporary,
    filename: (_request, _file, done) => done(null, randomUUID()),
  }),
  limits: { fileSize: config.MAX_FILE_BYTES, files: 1 },
  fileFilter: (_request, file, done) => {
    if (TYPES.test(file.mimetype)) done(null, true);
    else done(new Problem(415, 'this type is not accepted'));
  },
});

const userView = (row) => ({
  id: row.id,
  email: row.email,
  firstName: row.first_name,
  lastName: row.last_name,
  role: row.role,
  createdAt: row.created_at,
});

const mediaView = (row) => ({
  id: row.id,
  filename: row.filename,
  description: row.description,
  url: row.url,
  mimetype: row.mimetype,
  size: Number(row.size),
  sha256: row.sha256,
  status: row.status,
  mediaType: row.media_type,
  hasAudio: row.has_audio,
  metadata: row.metadata,
  latestAnalysisRunId: row.latest_analysis_run_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

function authenticate(request, _response, next) {
  const sent = request.get('authorization')?.match(/^Bearer (.+)$/)?.[1];
  try {
    request.user = token.verify(sent);
    next();
  } catch {
    next(new Problem(401, 'sign in first'));
  }
}

async function signUp(request, response) {
  const person = SignUp.parse(request.body);
  const password = await bcrypt.hash(person.password, BCRYPT_ROUNDS);
  const user = await repository.createUser({ ...person, password });
  if (!user) throw new Problem(409, 'this address is taken');
  response.status(201).json({ token: token.sign(user), user: userView(user) });
}

async function logIn(request, response) {
  const { email, password } = LogIn.parse(request.body);
  const user = await repository.findUserByEmail(email);
  if (!user || !(await bcrypt.compare(password, user.password))) throw new Problem(401, 'wrong address or password');
  response.json({ token: token.sign(user), user: userView(user) });
}

async function uploadMedia(request, response) {
  if (!request.file) throw new Problem(422, 'a file named media is missing');
  const { description } = Upload.parse(request.body);
  const id = randomUUID();
  const { userId } = request.user;
  const kept = await storage.keep(request.file, id);
  if (!kept) {
    await unlink(request.file.path);
    throw new Problem(415, 'this type is not accepted');
  }
  const { media, runId } = await repository.createMedia({
    id,
    userId,
    filename: request.file.originalname,
    description,
    url: `/api/v1/media/${id}/content`,
    mimetype: request.file.mimetype,
    size: request.file.size,
    ...kept,
  });
  response.status(202).location(`/api/v1/media/${id}`).json(mediaView(media));
  // The person has the answer; what follows is the second phase.
  enqueue(media, runId).catch((error) => console.error('a run was not enqueued:', error));
}

async function enqueue(media, runId) {
  const models = await ml.compatibleModels(media.media_type);
  await producer.enqueue({ mediaId: media.id, runId, userId: media.user_id }, models);
  events.io.to(live.room(media.user_id)).emit('upload_complete', mediaView(media));
}

async function listMedia(request, response) {
  const { limit } = Page.parse(request.query);
  const rows = await repository.listMedia(request.user.userId, limit);
  response.json({ items: rows.map(mediaView), nextCursor: null });
}

async function getMedia(request, response) {
  const media = await repository.findMedia(request.params.id);
  if (media?.user_id !== request.user.userId) throw new Problem(404, 'there is no such medium');
  response.json(mediaView(media));
}

async function ready(_request, response) {
  await Promise.all([repository.ping(), producer.ping()]);
  response.json({ status: 'ready' });
}

const v1 = express.Router();
v1.post('/auth/signup', express.json(), signUp);
v1.post('/auth/login', express.json(), logIn);
v1.post('/media', authenticate, upload.single('media'), uploadMedia);
v1.get('/media', authenticate, listMedia);
v1.get('/media/:id', authenticate, getMedia);
v1.get('/monitoring/queue-status', authenticate, async (_request, response) => response.json(await producer.counts()));

app.get('/api/health', (_request, response) => response.json({ status: 'ok' }));
app.get('/api/ready', ready);
app.use('/api/v1', v1);
app.use((error, _request, response, _next) => {
  const status = error instanceof z.ZodError ? 422 : error instanceof multer.MulterError ? 413 : (error.status ?? 500);
  if (status >= 500) console.error(error);
  response.status(status).json({ title: status >= 500 ? 'internal error' : error.message, status });
});

server.listen(config.PORT, '127.0.0.1');

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    events.close();
    await events.io.close();
    await producer.close();
    await repository.close();
    process.exit(0);
  });
}
