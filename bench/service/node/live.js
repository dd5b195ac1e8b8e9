// Live events: what comes over Redis goes to the room of its owner.
import { Server } from 'socket.io';
import { CHANNEL, connection } from './queue.js';
import * as token from './token.js';

export const room = (userId) => `user-${userId}`;

export async function listen(httpServer) {
  const io = new Server(httpServer);
  io.use((socket, next) => {
    try {
      socket.data.userId = token.verify(socket.handshake.auth.token).userId;
      next();
    } catch {
      next(new Error('unauthorized'));
    }
  });
  io.on('connection', (socket) => socket.join(room(socket.data.userId)));

  const subscriber = connection();
  subscriber.on('message', (_channel, text) => {
    const event = JSON.parse(text);
    const name = event.type === 'video_update' ? 'video_update' : 'progress_update';
    io.to(room(event.userId)).emit(name, event);
  });
  await subscriber.subscribe(CHANNEL);
  return { io, close: () => subscriber.disconnect() };
}
