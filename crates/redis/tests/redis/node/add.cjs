// Adds a run to the queue as a program in Node would. Arguments: port, media id, run id, models.
const { FlowProducer } = require("bullmq");

const [port, mediaId, runId, ...models] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port) };
const queueName = "media-processing";

async function add() {
  const flows = new FlowProducer({ connection });
  await flows.add({
    name: "finalize-analysis",
    queueName,
    data: { mediaId, runId },
    opts: { jobId: runId },
    children: models.map((modelName) => ({
      name: "run-single-analysis",
      queueName,
      data: { mediaId, runId, modelName, remark: "from Node" },
      opts: { jobId: `${runId}.${modelName}`, attempts: 2, priority: 7, ignoreDependencyOnFailure: true },
    })),
  });
  await flows.close();
}

add();
