/** The option `worker` of the config file. */
import { hostname } from 'node:os';
import { isAbsolute } from 'node:path';
import type { TaskQueueName, WorkerType } from '../../../shared/models/tasks.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';
import type { Reader } from '../config-readers.ts';

export interface WorkerConfig {
  /** Address of Pilotlight, without a slash at the end. */
  server: string;
  /** Key with the right `tasks`. */
  token: string;
  name: string;
  /** null: `gpu` if this machine has one. */
  type: WorkerType | null;
  /** null: those of its type. */
  queues: TaskQueueName[] | null;
  /** Tasks at once. */
  concurrency: number;
  sharedFolder: string | null;
  memoryMb: number;
  /** null for the one beside the agent. */
  program: string | null;
}

const wanted =
  'an object with "server" (http://ADDRESS:PORT of Pilotlight), "token", and optionally "name", "type" (gpu or cpu), "queues" (a list of gpu-tasks and celery), "concurrency" (1 to 256), "sharedFolder" and "program" (absolute paths), and "memoryMb" (64 to 1048576)';

/** Each is named, so that one that is missing here does not compile. */
const queueNames: Readonly<Record<TaskQueueName, true>> = { 'gpu-tasks': true, celery: true };
const types: Readonly<Record<WorkerType, true>> = { gpu: true, cpu: true };

const parts: Readonly<Record<keyof WorkerConfig, (value: unknown) => boolean>> = {
  server: (value) => typeof value === 'string' && parseWebUrl(value) !== null,
  token: (value) => typeof value === 'string' && /^[\x21-\x7e]{8,500}$/.test(value),
  name: (value) => typeof value === 'string' && value.trim() !== '' && value.length <= 100,
  type: (value) => typeof value === 'string' && Object.hasOwn(types, value),
  queues: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'string' && Object.hasOwn(queueNames, one)),
  concurrency: (value) => isWhole(value, 1, 256),
  sharedFolder: isPath,
  memoryMb: (value) => isWhole(value, 64, 1_048_576),
  program: isPath,
};

function isPath(value: unknown): boolean {
  return typeof value === 'string' && isAbsolute(value) && !value.includes('\0');
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

export const workerOption: Reader = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { wanted };
  const given = value as Partial<WorkerConfig>;
  const isRight =
    given.server !== undefined &&
    given.token !== undefined &&
    Object.entries(given).every(
      ([name, part]) => Object.hasOwn(parts, name) && parts[name as keyof WorkerConfig](part),
    );
  if (!isRight) return { wanted };
  const config: WorkerConfig = {
    name: hostname(),
    type: null,
    queues: null,
    concurrency: 1,
    sharedFolder: null,
    memoryMb: 2048,
    program: null,
    ...(given as Pick<WorkerConfig, 'server' | 'token'>),
  };
  return { value: { ...config, server: config.server.trim().replace(/\/+$/, '') } };
};
