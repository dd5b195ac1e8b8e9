// Settings from the environment, checked before anything listens.
import { z } from 'zod';

const Settings = z.object({
  PORT: z.coerce.number().int().default(3000),
  DATABASE_URL: z.string(),
  REDIS_URL: z.string(),
  JWT_SECRET: z.string().min(32),
  STORAGE_PATH: z.string(),
  ML_SERVER_URL: z.url(),
  ML_API_KEY: z.string().min(16),
  MAX_FILE_BYTES: z.coerce.number().int().default(524288000),
  WORKER_CONCURRENCY: z.coerce.number().int().default(5),
});

export const config = Settings.parse(process.env);
