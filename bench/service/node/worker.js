// The worker: one job per model, and a finaliser that looks at what they wrote.
import { Worker } from 'bullmq';
import { config } from './config.js';
import * as ml from './ml.js';
import { CHANNEL, QUEUE, connection } from './queue.js';
import * as repository from './repository.js';
import * as storage from './storage.js';

const publisher = connection();

const publish = (type, job, more) =>
  publisher.publish(
    CHANNEL,
    JSON.stringify({ type, ...job.data, timestamp: new Date().toISOString(), ...more }),
  );

async function runSingleAnalysis(job) {
  const { mediaId, runId, userId, modelName } = job.data;
  const media = await repository.findMedia(mediaId);
  if (!media) return;
  await repository.markProcessing(mediaId);
  await publish('ANALYSIS_STARTED', job);
  try {
    const ids = { model: modelName, mediaId, runId, userId };
    const result = await ml.analyze(storage.pathOf(media.public_id), media.mimetype, ids);
    await repository.saveAnalysis(runId, modelName, result);
    await publish('ANALYSIS_COMPLETED', job, { prediction: result.prediction, probability: result.probability });
  } catch (error) {
    const willRetry = job.attemptsMade + 1 < job.opts.attempts;
    if (!willRetry) await repository.saveFailure(runId, modelName, error.message);
    await publish('ANALYSIS_FAILED', job, { message: error.message, willRetry });
    throw error;
  }
}

async function finalizeAnalysis(job) {
  const { mediaId, runId } = job.data;
  const analyses = await repository.analysesOfRun(runId);
  const answered = analyses.filter((analysis) => analysis.status === 'COMPLETED').length;
  const status = answered === 0 ? 'FAILED' : answered < analyses.length ? 'PARTIALLY_ANALYZED' : 'ANALYZED';
  await repository.finishRun(mediaId, runId, status);
  await publish('video_update', job, { status, analysisCount: answered });
}

const PROCESSORS = { 'run-single-analysis': runSingleAnalysis, 'finalize-analysis': finalizeAnalysis };

const worker = new Worker(QUEUE, (job) => PROCESSORS[job.name](job), {
  connection: connection(),
  concurrency: config.WORKER_CONCURRENCY,
});
worker.on('error', (error) => console.error(error));
worker.on('failed', (job, error) => console.error(`job ${job?.id} failed:`, error.message));
await worker.waitUntilReady();
console.log('ready');

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await worker.close();
    publisher.disconnect();
    await repository.close();
    process.exit(0);
  });
}
