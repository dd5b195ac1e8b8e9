// The queue: one flow per run, a finaliser above one job per model.
import { FlowProducer, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { config } from './config.js';

export const QUEUE = 'media-processing';
export const CHANNEL = 'media-progress-events';

/** BullMQ asks for connections that never give up on a request. */
export const connection = () => new Redis(config.REDIS_URL, { maxRetriesPerRequest: null });

const KEPT = { removeOnComplete: true, removeOnFail: 1000 };
const ATTEMPTS = { attempts: 3, backoff: { type: 'exponential', delay: 1000 } };

export class Producer {
  #connection = connection();
  #flows = new FlowProducer({ connection: this.#connection });
  #queue = new Queue(QUEUE, { connection: this.#connection });

  enqueue({ mediaId, runId, userId }, models) {
    return this.#flows.add({
      name: 'finalize-analysis',
      queueName: QUEUE,
      data: { mediaId, runId, userId },
      opts: { jobId: `finalize-${runId}`, ...ATTEMPTS, ...KEPT },
      children: models.map((modelName) => ({
        name: 'run-single-analysis',
        queueName: QUEUE,
        data: { mediaId, runId, userId, modelName },
        opts: { jobId: `${runId}-${modelName}`, ignoreDependencyOnFailure: true, ...ATTEMPTS, ...KEPT },
      })),
    });
  }

  counts = () => this.#queue.getJobCounts();
  ping = () => this.#connection.ping();

  async close() {
    await this.#flows.close();
    await this.#queue.close();
    this.#connection.disconnect();
  }
}
