// Many sockets of some people, in one process, and the events that they count. Speaks with its parent by lines:
// writes `connected`, waits for `go`, publishes, and writes how long it took.
const { randomUUID } = require('node:crypto');
const { createInterface } = require('node:readline');
const { Redis } = require('ioredis');
const { io } = require('socket.io-client');

const { SERVER_URL, REDIS_URL, CHANNEL } = process.env;
/** `{ userId, token }` of each. */
const PEOPLE = JSON.parse(process.env.PEOPLE);
const SOCKETS_EACH = Number(process.env.SOCKETS_EACH);
/** In all, to one person after the other. */
const EVENTS = Number(process.env.EVENTS);
/** Events that are under way at the same time: fewer than the packets that a server keeps for a slow client. */
const WINDOW = Number(process.env.WINDOW);
const CONNECTING = 50;
const PATIENCE_MS = 60_000;

/** Each of another run: a server may leave out marks of one analysis that come too fast for people. */
const message = (number) =>
  JSON.stringify({
    type: 'ANALYSIS_PROGRESS',
    mediaId: randomUUID(),
    runId: randomUUID(),
    userId: PEOPLE[number % PEOPLE.length].userId,
    timestamp: new Date().toISOString(),
    modelName: 'noop-a',
    progress: number,
    total: EVENTS,
    phase: 'frames',
  });

function connect({ token }) {
  const socket = io(SERVER_URL, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

async function connectAll() {
  const wanted = PEOPLE.flatMap((person) => Array(SOCKETS_EACH).fill(person));
  const sockets = [];
  while (sockets.length < wanted.length) {
    const some = wanted.slice(sockets.length, sockets.length + CONNECTING);
    sockets.push(...(await Promise.all(some.map(connect))));
  }
  return sockets;
}

/** Publishes all events, a window at a time, and resolves when every socket has had every one. */
function fanOut(sockets, redis) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let sent = 0;
    let delivered = 0;
    let awaited = 0;
    const late = setTimeout(
      () => reject(new Error(`${delivered} of ${awaited} deliveries came, ${sent} events were sent`)),
      PATIENCE_MS,
    );
    const next = () => {
      const batch = redis.pipeline();
      for (let i = 0; i < WINDOW && sent < EVENTS; i += 1) batch.publish(CHANNEL, message((sent += 1)));
      awaited = sent * SOCKETS_EACH;
      batch.exec().catch(reject);
    };
    const heard = () => {
      delivered += 1;
      if (delivered < awaited) return;
      if (sent < EVENTS) return next();
      clearTimeout(late);
      resolve({ deliveries: delivered, secs: (performance.now() - begin) / 1000 });
    };
    for (const socket of sockets) socket.on('progress_update', heard);
    next();
  });
}

async function main() {
  const redis = new Redis(REDIS_URL);
  const begin = performance.now();
  const sockets = await connectAll();
  console.log(`connected ${((performance.now() - begin) / 1000).toFixed(3)}`);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'go') console.log(JSON.stringify(await fanOut(sockets, redis)));
    if (line === 'end') break;
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
