// Many sockets of some people, in one process, and the events that they count. Speaks with its parent by lines:
// writes `connected`; at `go` it publishes as fast as deliveries come and writes how long that took; at `steady COUNT MS`
// it publishes with pauses and writes how long each delivery took.
const { randomUUID } = require('node:crypto');
const { createInterface } = require('node:readline');
const { Redis } = require('ioredis');
const { io } = require('socket.io-client');

const { REDIS_URL, CHANNEL } = process.env;
/** Sockets take turns among them. */
const SERVERS = process.env.SERVER_URLS.split(',');
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

function connect({ token }, number) {
  const socket = io(SERVERS[number % SERVERS.length], { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
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
    sockets.push(...(await Promise.all(some.map((person, number) => connect(person, sockets.length + number)))));
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
      for (const socket of sockets) socket.off('progress_update', heard);
      resolve({ deliveries: delivered, secs: (performance.now() - begin) / 1000 });
    };
    for (const socket of sockets) socket.on('progress_update', heard);
    next();
  });
}

/** Publishes with pauses and resolves with the milliseconds that each delivery took, when all have come. */
function steady(sockets, redis, count, everyMs) {
  return new Promise((resolve, reject) => {
    const sentAt = [];
    const took = [];
    const due = count * SOCKETS_EACH;
    const late = setTimeout(() => reject(new Error(`${took.length} of ${due} deliveries came`)), PATIENCE_MS);
    const heard = ({ progress }) => {
      took.push(Math.round((performance.now() - sentAt[progress]) * 100) / 100);
      if (took.length < due) return;
      clearTimeout(late);
      for (const socket of sockets) socket.off('progress_update', heard);
      resolve(took);
    };
    for (const socket of sockets) socket.on('progress_update', heard);
    const timer = setInterval(() => {
      const number = sentAt.push(performance.now()) - 1;
      redis.publish(CHANNEL, message(number)).catch(reject);
      if (sentAt.length === count) clearInterval(timer);
    }, everyMs);
  });
}

async function main() {
  const redis = new Redis(REDIS_URL);
  const begin = performance.now();
  const sockets = await connectAll();
  console.log(`connected ${((performance.now() - begin) / 1000).toFixed(3)}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, count, everyMs] = line.split(' ');
    if (word === 'go') console.log(JSON.stringify(await fanOut(sockets, redis)));
    if (word === 'steady') console.log(JSON.stringify(await steady(sockets, redis, Number(count), Number(everyMs))));
    if (word === 'end') break;
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
