// Listens as a browser does and writes one JSON line for everything that comes: node sockets.cjs URL TOKEN [LAST]
const { io } = require("socket.io-client");

const [url, token, last] = process.argv.slice(2);
const say = (name, data) => process.stdout.write(`${JSON.stringify({ name, data })}\n`);
const auth = last === undefined ? { token } : { token, lastEventId: Number(last) };
const socket = io(url, { auth, transports: ["websocket"], reconnectionDelay: 100, reconnectionDelayMax: 300 });

socket.on("connect", () => say("connect", null));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", error.message));
for (const name of ["upload_complete", "progress_update", "video_update"]) {
  socket.on(name, (data) => say(name, data));
}
