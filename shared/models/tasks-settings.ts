/** The settings of tasks. The address of Redis may contain a password, so it is a secret. */
import * as z from 'zod';
import { isCallableAddress } from '../network/callable-address.ts';
import { trimPasted } from '../network/pasted.ts';
import { whenGpuAsleepSchema } from './tasks.ts';

export const tasksSettingsSchema = z.object({
  /** `bullmq` needs Redis 6.2 or Valkey, at `tasks.redisUrl`. Changing it moves what waits. */
  engine: z.enum(['sqlite', 'bullmq']).default('sqlite'),
  /** Whether this computer works on tasks of the CPU queue itself. */
  embeddedWorker: z.boolean().default(true),
  /** Tasks that it works on at once. */
  embeddedSlots: z.number().int().min(1).max(64).default(2),
  /** For tasks that say nothing else. */
  whenGpuAsleep: whenGpuAsleepSchema.default('wake'),
  /** Attempts of a task. */
  attempts: z.number().int().min(1).max(20).default(3),
  /** How long one attempt may take, minutes. */
  timeLimitMinutes: z.number().int().min(1).max(10_080).default(240),
  /** Memory of one handler, MiB. */
  memoryLimitMb: z.number().int().min(64).max(1_048_576).default(2048),
  /** Largest upload, MiB. */
  uploadLimitMb: z.number().int().min(1).max(1_048_576).default(2048),
  /** Space for uploads and results, MiB; the oldest of ended tasks are deleted first. */
  filesLimitMb: z.number().int().min(1).max(10_485_760).default(20_480),
  /** Days after which ended tasks and their files are deleted. */
  keepDays: z.number().int().min(1).max(3650).default(30),
  /** Folder that this computer and its workers share; null for none. */
  sharedFolder: z.string().trim().min(1).max(4096).nullable().default(null),
  /** Whether webhooks may go to addresses of the own network and of this computer. */
  privateWebhooks: z.boolean().default(false),
  /** Hosts of the own network that tasks may fetch pages from, separated by commas; null for none. */
  privateHosts: z.string().trim().min(1).max(4096).nullable().default(null),
  /** What turns speech into text: a model of the fleet through the gateway, or a server at `speechUrl`. */
  speech: z.enum(['none', 'gateway', 'address']).default('none'),
  /** Of a server with OpenAI's `/v1/audio/transcriptions`; null for none. */
  speechUrl: z.string().max(2000).overwrite(trimPasted).refine(isCallableAddress).nullable().default(null),
  /** Its model; null for none. */
  speechModel: z.string().trim().min(1).max(300).nullable().default(null),
  /** Language of recordings, as ISO 639 names it (`en`); null if the server finds out. */
  speechLanguage: z
    .string()
    .trim()
    .min(2)
    .max(3)
    .regex(/^[a-z]+$/)
    .nullable()
    .default(null),
  /** Model of the fleet that describes pictures; null for none. */
  visionModel: z.string().trim().min(1).max(300).nullable().default(null),
  /** Whether the faces in pictures are found by a runner. */
  findFaces: z.boolean().default(true),
  /** `network`: workers and scripts on other computers may connect, with a key. */
  listen: z.enum(['loopback', 'network']).default('loopback'),
  /** Port of that listener. */
  port: z.number().int().min(1).max(65_535).default(8780),
});
export type TasksSettings = z.infer<typeof tasksSettingsSchema>;
