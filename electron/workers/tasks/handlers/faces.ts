/** The faces in a picture: Pilotlight asks the runner that it chooses. Without one, the rest of the work counts. */
import {
  type ErrorCode,
  errorCatalogue,
  errorCodes,
  isPilotlightError,
  PilotlightError,
} from '../../../../shared/contract/errors.ts';
import { type WorkerFacesAnswer, workerFacesAnswer } from '../../../../shared/contract/task-worker.ts';
import { parseJson } from '../../../../shared/json.ts';
import { type FoundFaces, pictureFace } from '../../../../shared/models/picture-faces.ts';
import { MOST_PICTURE_BYTES } from '../../../../shared/models/picture-limit.ts';
import { errorTextOf, type ModelReply, sendPatiently } from '../../media/model-call.ts';
import type { FacesDoor, Means } from '../means.ts';
import type { HandlerComponent, HandlerContext } from './handler.ts';
import type { MediaTools } from './media.ts';

export interface SentPicture {
  bytes: Uint8Array;
  /** Of the picture when it is upright; null if it is not known. */
  size: { width: number; height: number } | null;
}

/** A machine may have to wake for it. */
const DEADLINE_MS = 15 * 60_000;

/** null if they could not be found; the log of the task says why, and what to do. */
export async function findFaces(
  picture: SentPicture,
  {
    door,
    log,
    ...options
  }: { door: FacesDoor; tools: MediaTools; signal: AbortSignal; log: HandlerContext['log'] },
): Promise<FoundFaces | null> {
  try {
    const { faces } = await askForFaces(picture.bytes, { door, ...options });
    const { size } = picture;
    return {
      count: faces.length,
      boxes: size === null ? null : faces.map((face) => pictureFace(face, size)),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isPilotlightError(error)) throw error;
    log(`Faces were not looked for: ${error.message} ${error.next} (${error.code})`);
    return null;
  }
}

/** Rejects with what Pilotlight says: NO_RUNNER, PICTURE_UNREADABLE, why a machine did not wake; HOST_UNREACHABLE. */
export async function askForFaces(
  picture: Uint8Array,
  { door, tools: { clock, send }, signal }: { door: FacesDoor; tools: MediaTools; signal: AbortSignal },
): Promise<WorkerFacesAnswer> {
  if (picture.byteLength > MOST_PICTURE_BYTES) throw new PilotlightError('PICTURE_TOO_LARGE');
  const reply = await sendPatiently(
    {
      ...{ server: { url: door.url, key: null }, path: '', contentType: 'application/octet-stream' },
      ...{ body: [Buffer.from(picture)], clock, deadlineMs: DEADLINE_MS, signal },
    },
    send,
    mayAskAgain,
  );
  const answer = reply.status === 200 ? workerFacesAnswer.safeParse(parseJson(reply.text)) : null;
  if (answer?.success) return answer.data;
  throw refusal(reply);
}

/** Pilotlight has tried the runners by itself: only what it says of its own state is worth another try. */
const mayAskAgain = ({ status, retryAfter }: ModelReply) => status === 401 || retryAfter !== null;

const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.includes(code as ErrorCode);

function refusal(reply: ModelReply): PilotlightError {
  const { code, next } = Object(parseJson(reply.text)) as Record<string, unknown>;
  if (!isErrorCode(code))
    return new PilotlightError('NOT_A_TASK_SERVER', { details: { status: reply.status } });
  return new PilotlightError(code, {
    message: errorTextOf(reply),
    next: typeof next === 'string' ? next : errorCatalogue[code].next,
  });
}

/** null if a person does not want faces to be found, or an older Pilotlight cannot. */
export const facesDoorOf = (means: Means<FacesDoor>): FacesDoor | null =>
  'server' in means ? means.server : null;

/** 64 × 64 pixels of grey, as JPEG. */
const GREY =
  '/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCABAAEADASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/9k=';

export const facesComponent = (tools: MediaTools): HandlerComponent => ({
  name: 'pictures with a runner that finds faces',
  async test(signal, { faces }) {
    const door = facesDoorOf(faces);
    if (door === null) return { unused: 'It is switched off in Settings → Tasks.' };
    try {
      await askForFaces(Buffer.from(GREY, 'base64'), { door, tools, signal });
    } catch (error) {
      if (isPilotlightError(error) && error.code === 'NO_RUNNER') {
        return { unused: `${error.message} ${error.next}` };
      }
      throw error;
    }
    return { seen: 'a runner answers' };
  },
  fix: 'Check the runners on the page Runner, and add a model that finds faces.',
});
