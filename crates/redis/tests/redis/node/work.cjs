// A worker of Node's BullMQ. Ends after so many jobs; prints one JSON line per job. Arguments: port, number of jobs,
// and a model whose job it fails without another attempt.
const { UnrecoverableError, Worker } = require("bullmq");

const [port, jobs, fails] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port) };
let left = Number(jobs);

const worker = new Worker(
  "media-processing",
  async (job) => {
    if (job.data.modelName === fails) throw new UnrecoverableError("Node gives up");
    return { by: "node" };
  },
  { connection },
);
const ended = async (job) => {
  console.log(JSON.stringify({ name: job.name, data: job.data, attemptsMade: job.attemptsMade }));
  left -= 1;
  if (left === 0) await worker.close();
};
worker.on("completed", ended);
worker.on("failed", ended);
worker.on("error", (error) => console.error(error));
