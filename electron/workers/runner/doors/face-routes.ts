/** The routes of the Python face worker, for clients that were written for it. */
import { basename } from 'node:path';
import { isPilotlightError, PilotlightError, toWireError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { createSlots, type Slots } from '../../../core/runtime/slots.ts';
import type { FaceModel } from '../faces/face-model.ts';
import type { RunnerAnswer, RunnerRequest, RunnerRoute } from '../http/route.ts';
import { fromBase64 } from './base64.ts';
import { type FormFile, readForm } from './form.ts';
import { refusal } from './refusal.ts';
import {
  MOST_PICTURES,
  readBody,
  readOptions,
  type WorkerAnswer,
  type WorkerFace,
  type WorkerOptions,
  type WorkerPictureError,
  workerFace,
  workerGpuInfo,
  workerHealth,
} from './worker-shape.ts';

export interface FaceRoutesOptions {
  clock: Clock;
  /** Bytes of one picture's file. */
  pictureBytes: number;
  /** Pictures that are worked on at once, of all requests together: the file of each is in memory. */
  atOnce: number;
  workerId: string;
  /** Opens the face model if it is not open. Throws FACES_NO_MODEL. */
  withFaces<Result>(work: (model: FaceModel) => Promise<Result>): Promise<Result>;
  status(): RunnerStatus;
  /** Pictures of requests, as they arrive. */
  onPictures(count: number): void;
}

const BODY_BYTES = 128_000_000;

interface Sent {
  id: string | number | null;
  /** Throws for what cannot be decoded. */
  bytes(): Uint8Array;
}

export function createFaceRoutes(options: FaceRoutesOptions): RunnerRoute[] {
  const { clock, pictureBytes, workerId, status } = options;
  const slots = createSlots(options.atOnce);

  function fromJson(embed: boolean): RunnerRoute['handle'] {
    return async (request) => {
      const { images, options: wanted } = readBody(await request.json(BODY_BYTES));
      const sent = images.map(
        ({ data, image_id }): Sent => ({
          id: image_id ?? null,
          bytes: () => fromBase64(data),
        }),
      );
      return answer(sent, wanted, embed, request.signal);
    };
  }

  async function fromForm(request: RunnerRequest): Promise<RunnerAnswer> {
    const form = await readForm(request, {
      fileBytes: pictureBytes,
      files: MOST_PICTURES,
      fileFields: ['files', 'file', 'images', 'image'],
      signal: request.signal,
    });
    if (form.files.length === 0)
      throw new PilotlightError('FACES_BAD_REQUEST', { message: fact('FACES_NO_FILES') });
    const wanted = readOptions({ ...Object.fromEntries(request.query), ...Object.fromEntries(form.fields) });
    return answer(form.files.map(sentFile), wanted, false, request.signal);
  }

  async function answer(
    sent: readonly Sent[],
    wanted: WorkerOptions,
    embed: boolean,
    signal: AbortSignal,
  ): Promise<RunnerAnswer> {
    const began = clock.monotonic();
    options.onPictures(sent.length);
    const body = await options.withFaces(async (model): Promise<WorkerAnswer> => {
      const outcomes = await Promise.all(
        sent.map((picture, index) => outcomeOf(picture, index, { model, wanted, embed, signal, slots })),
      );
      return {
        results: outcomes.map(({ faces }) => faces),
        errors: outcomes.map(({ error }) => error).filter((error) => error !== null),
        processing_time_ms: Math.round((clock.monotonic() - began) * 10) / 10,
        gpu_used: model.graphs.some((graph) => graph.provider() !== 'cpu'),
        worker_id: workerId,
      };
    });
    return { status: 200, body };
  }

  const post = (path: string, handle: RunnerRoute['handle']): RunnerRoute => ({
    method: 'POST',
    path,
    handle,
    refusal,
  });
  return [
    post('/detect_faces_batch', fromJson(false)),
    post('/detect_and_embed_batch', fromJson(true)),
    post('/detect_faces_batch_multipart', fromForm),
    {
      method: 'GET',
      path: '/health',
      access: 'open',
      handle() {
        const now = status();
        return { status: now.ready ? 200 : 503, body: workerHealth(now, workerId) };
      },
    },
    {
      method: 'GET',
      path: '/gpu_info',
      handle: () => ({ status: 200, body: workerGpuInfo(status(), workerId, clock.now()) }),
    },
  ];
}

function sentFile({ fileName, bytes, isCut }: FormFile): Sent {
  return {
    id: fileName === null ? null : basename(fileName),
    bytes() {
      if (isCut) throw new PilotlightError('PICTURE_TOO_LARGE');
      return bytes;
    },
  };
}

interface Outcome {
  faces: WorkerFace[];
  error: WorkerPictureError | null;
}

/** A picture that cannot be used fails alone; a runner that stops fails the request. */
async function outcomeOf(
  sent: Sent,
  index: number,
  {
    model,
    wanted,
    embed,
    signal,
    slots,
  }: {
    model: FaceModel;
    wanted: WorkerOptions;
    embed: boolean;
    signal: AbortSignal;
    slots: Slots;
  },
): Promise<Outcome> {
  try {
    const { faces } = await slots.run(
      () =>
        model.analyse(sent.bytes(), {
          signal,
          embed,
          minQuality: wanted.min_face_quality,
          cropMargin: wanted.crop_faces ? wanted.face_margin : null,
        }),
      signal,
    );
    if (faces.length === 0 && wanted.require_face) throw new PilotlightError('FACE_NOT_FOUND');
    return { faces: faces.map(workerFace), error: null };
  } catch (error) {
    if (!isPilotlightError(error) || !failsAlone(error)) throw error;
    const { code, message, next } = toWireError(error);
    return { faces: [], error: { index, image_id: sent.id, code, message, next } };
  }
}

const failsAlone = ({ code }: PilotlightError) =>
  code.startsWith('PICTURE_') || code.startsWith('FACE_') || code === 'RUNNER_INPUT_REFUSED';
