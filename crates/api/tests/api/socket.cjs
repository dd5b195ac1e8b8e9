// Listens as a browser does and writes one JSON line for everything that comes:
// node socket.cjs URL AUTH [TRANSPORT], and for each line {"emit": NAME, "data": DATA} that is read, the answer.
const { io } = require("socket.io-client");
const readline = require("node:readline");

const [url, auth, transport = "websocket"] = process.argv.slice(2);
const say = (name, data) => process.stdout.write(`${JSON.stringify({ name, data })}\n`);
const socket = io(url, { auth: JSON.parse(auth), transports: [transport], reconnection: false });

socket.on("connect", () => say("connect", null));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.onAny((name, data) => say(name, data));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { emit, data } = JSON.parse(line);
  const args = data === undefined ? [] : [data];
  socket.timeout(10000).emit(emit, ...args, (error, answer) => say("ack", error ? String(error) : answer));
});
