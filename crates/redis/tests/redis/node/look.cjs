// What Node's BullMQ and Bull Board see of the queue, as JSON. Arguments: port, id of a run.
const { FlowProducer, Queue } = require("bullmq");
const { BullMQAdapter } = require("@bull-board/api/bullMQAdapter");

const [port, runId] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port) };
const plain = (job) => ({
  id: job.id,
  name: job.name,
  data: job.data,
  attempts: job.opts.attempts,
  backoff: job.opts.backoff,
  priority: job.opts.priority,
  attemptsMade: job.attemptsMade,
  failedReason: job.failedReason,
});
const byId = (a, b) => a.id.localeCompare(b.id);

async function look() {
  const queue = new Queue("media-processing", { connection });
  const flows = new FlowProducer({ connection });
  const board = new BullMQAdapter(queue);
  const states = ["prioritized", "waiting", "active", "delayed", "failed", "completed", "waiting-children"];
  const tree = await flows.getFlow({ queueName: "media-processing", id: runId });
  const seen = {
    counts: await queue.getJobCounts(...states),
    jobs: (await queue.getJobs(states)).map(plain).sort(byId),
    tree: tree && { job: plain(tree.job), children: (tree.children ?? []).map((child) => plain(child.job)).sort(byId) },
    board: {
      name: board.getName(),
      counts: await board.getJobCounts(),
      jobs: (await board.getJobs(board.getJobStatuses())).map(plain).sort(byId),
    },
  };
  await flows.close();
  await queue.close();
  return seen;
}

look().then((seen) => console.log(JSON.stringify(seen)));
