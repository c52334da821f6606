/** What clients of the Python face worker send and expect. Pure. */
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import type { AnalysedFace } from '../faces/analysed.ts';
import { toBase64 } from './base64.ts';
import { rounded, vectorNumbers } from './numbers.ts';

export const MOST_PICTURES = 32;

const options = {
  /** Faces below it are left out. */
  min_face_quality: z.coerce.number().min(0).max(1).default(0.5),
  /** Whether a picture without a face is named in `errors`. */
  require_face: z.stringbool().or(z.boolean()).default(true),
  /** Whether each face is sent as JPEG, too. */
  crop_faces: z.stringbool().or(z.boolean()).default(true),
  /** Share of the box that is added on each side of such a JPEG. */
  face_margin: z.coerce.number().min(0).max(2).default(0.2),
};

const optionsSchema = z.object(options);
export type WorkerOptions = z.infer<typeof optionsSchema>;

const bodySchema = z.object({
  // Only strings are required here: what is in them is checked for each picture.
  images: z.array(z.object({ data: z.string(), image_id: z.union([z.string(), z.number()]).nullish() })),
  ...options,
});

export interface WorkerRequest {
  images: { data: string; image_id?: string | number | null | undefined }[];
  options: WorkerOptions;
}

/** @throws FACES_BAD_REQUEST, PICTURES_TOO_MANY */
export function readBody(value: unknown): WorkerRequest {
  const { images, ...rest } = parsed(bodySchema, value);
  checkCount(images.length);
  return { images, options: rest };
}

/** Of a form, or a query. @throws FACES_BAD_REQUEST */
export const readOptions = (values: Readonly<Record<string, string>>): WorkerOptions =>
  parsed(optionsSchema, values);

function parsed<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const field = first?.path.join('.') ?? '';
  throw new PilotlightError('FACES_BAD_REQUEST', {
    // A body that is no object has no fields.
    ...(first === undefined || field === ''
      ? {}
      : { message: fact('FACES_BAD_FIELD', { field, problem: first.message }) }),
    fields: result.error.issues.slice(0, 10).map(({ path, message }) => ({
      path: path.join('.'),
      message: plainText(message),
    })),
  });
}

export function checkCount(count: number): void {
  if (count <= MOST_PICTURES) return;
  throw new PilotlightError('PICTURES_TOO_MANY', {
    message: fact('PICTURES_COUNT', { count, limit: MOST_PICTURES }),
  });
}

export interface WorkerFace {
  /** x1, y1, x2, y2 in pixels of the upright picture; it may reach beyond it. */
  bbox: [number, number, number, number];
  /** Five pairs of x, y; null if the detector finds none. */
  landmarks: [number, number][] | null;
  embedding: number[] | null;
  quality: number;
  /** No model here says them. */
  age: null;
  gender: null;
  /** The detector's, 0 to 1. */
  score: number;
  /** JPEG as base64. */
  crop: string | null;
}

export function workerFace({ box, landmarks, embedding, quality, score, crop }: AnalysedFace): WorkerFace {
  const pixels = (value: number) => rounded(value, 4);
  return {
    bbox: [pixels(box.x1), pixels(box.y1), pixels(box.x2), pixels(box.y2)],
    landmarks: landmarks?.map(({ x, y }): [number, number] => [pixels(x), pixels(y)]) ?? null,
    embedding: embedding && vectorNumbers(embedding),
    quality: rounded(quality, 4),
    age: null,
    gender: null,
    score: rounded(score, 6),
    crop: crop === null ? null : toBase64(crop),
  };
}

/** Why a picture has no faces. Clients that do not know the field see an empty list. */
export interface WorkerPictureError {
  /** Place in the request. */
  index: number;
  image_id: string | number | null;
  code: string;
  message: string;
  next: string;
}

export interface WorkerAnswer {
  results: WorkerFace[][];
  errors: WorkerPictureError[];
  processing_time_ms: number;
  gpu_used: boolean;
  worker_id: string;
}

const queueSize = ({ queue }: RunnerStatus) => queue.queries + queue.bulk + queue.pictures;
const works = new Set(['used', 'slower']);
const hasDirectml = ({ ladder }: RunnerStatus) =>
  ladder.some(({ provider, state }) => provider === 'dml' && works.has(state));

function metrics({ totals, latencyMs, restarts, memoryBytes }: RunnerStatus) {
  return {
    total_requests: totals.requests,
    failed_requests: totals.failed,
    success_rate: totals.requests === 0 ? null : rounded(1 - totals.failed / totals.requests, 4),
    images_processed: totals.pictures,
    gpu_usage_rate: totals.runs === 0 ? null : rounded(totals.gpuRuns / totals.runs, 4),
    latency_ms: latencyMs,
    restarts,
    memory_bytes: memoryBytes,
  };
}

/** `GET /health` */
export const workerHealth = (status: RunnerStatus, workerId: string) => ({
  status: status.ready ? 'healthy' : 'starting',
  gpu_available: status.provider !== 'cpu',
  directml_available: hasDirectml(status),
  model_loaded: status.models.some(({ state }) => state === 'ready'),
  uptime_seconds: status.uptimeSeconds,
  worker_id: workerId,
  queue_size: queueSize(status),
  metrics: metrics(status),
});

/** `GET /gpu_info`. @param now milliseconds since the epoch */
export const workerGpuInfo = (status: RunnerStatus, workerId: string, now: number) => ({
  directml_available: hasDirectml(status),
  gpu_actually_used: status.models.some(({ state, provider }) => state === 'ready' && provider !== 'cpu'),
  model_info: {
    provider: status.provider,
    providers: status.ladder.map(({ provider, state }) => ({ provider, state })),
    models: status.models.map(({ name, kind, state, provider, dimensions }) => ({
      name,
      kind,
      state,
      provider,
      dimensions,
    })),
  },
  worker_id: workerId,
  queue_size: queueSize(status),
  metrics: metrics(status),
  timestamp: new Date(now).toISOString(),
});
