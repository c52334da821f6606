/**
 * The recordings, videos and pictures from which stored texts were made, for the panel to play and show. A page cannot
 * send a key with them, so each is at an address that is signed: for one file and one caller, for a few minutes.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { mediaPath } from '../../../shared/models/media-types.ts';
import { errorMessage, fact, plainText } from '../../../shared/models/message.ts';
import { facesIn } from '../../../shared/models/picture-faces.ts';
import type { TaskInput, TaskMedia, TaskRecord } from '../../../shared/models/tasks.ts';
import type { Secrets } from '../ports/state.ts';
import type { IngestedRecord } from '../ports/task-state.ts';
import type { Clock } from '../ports/time.ts';
import { createSignedAddresses } from '../runtime/signed-addresses.ts';
import { keptKey } from './kept-key.ts';
import { LINK_MS } from './signed-links.ts';

/** Content that a browser plays or shows. */
const shown: ReadonlySet<string> = new Set(['audio', 'video', 'image']);

/** On this computer. */
interface MediaFile {
  absolute: string;
  name: string;
  sizeBytes: number;
}

export interface Media {
  /**
   * What there is of the file of a task, or of the text that it stored. Rejects with NOT_FOUND.
   * @param credentialId of the caller: the address ends with it
   */
  view(taskId: string, credentialId: string | null): Promise<TaskMedia>;
  /** Rejects with FORBIDDEN, LINK_EXPIRED, NOT_FOUND, FILE_OUTSIDE_FOLDER. */
  open(query: Readonly<Record<string, unknown>>): Promise<MediaFile>;
}

export function createMedia({
  clock,
  secrets,
  inputs,
  taskOf,
  storedText,
  isValid,
}: {
  clock: Pick<Clock, 'now'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  /** null for an address. Rejects with NOT_FOUND or FILE_OUTSIDE_FOLDER. */
  inputs: { file(input: TaskInput): Promise<MediaFile | null> };
  /** null if it was deleted. */
  taskOf(taskId: string): Promise<TaskRecord | null>;
  storedText(taskId: string): IngestedRecord | null;
  /** Whether a credential has not ended. */
  isValid(credentialId: string): boolean;
}): Media {
  const addresses = () =>
    createSignedAddresses({
      ...{ clock, key: keptKey(secrets, 'links') },
      ...{ path: mediaPath, names: ['task', 'caller'] },
    });
  let signed: ReturnType<typeof addresses> | null = null;
  const links = () => {
    signed ??= addresses();
    return signed;
  };

  /** A text outlives its task: where its file was shared, that is still known. */
  async function found(taskId: string) {
    const task = await taskOf(taskId);
    if (task !== null) {
      const { input, contentType, title } = task.spec;
      return { input, contentType, title, result: task.result };
    }
    const text = storedText(taskId);
    if (text === null || text.state === 'deleted') {
      throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_TASK') });
    }
    const { contentType, title, origin } = text;
    const input =
      text.input === 'shared'
        ? ({ kind: 'shared', path: origin } as const)
        : text.input === 'url' || /^https?:\/\//.test(origin)
          ? ({ kind: 'url', url: origin } as const)
          : null;
    return { input, contentType, title, result: null };
  }

  type Found = Awaited<ReturnType<typeof found>>;

  /** The file, or why there is none. */
  async function fileOf({ input }: Found): Promise<{ file: MediaFile | null } | { gone: TaskMedia['gone'] }> {
    if (input === null) return { gone: notKept };
    try {
      return { file: await inputs.file(input) };
    } catch (error) {
      if (!isPilotlightError(error)) throw error;
      if (input.kind === 'file') return { gone: notKept };
      if (input.kind === 'shared' && error.code === 'NOT_FOUND' && error.said === null) {
        const message = fact('MEDIA_NOT_THERE', { path: input.path });
        return { gone: { message, next: fact('MEDIA_PUT_BACK') } };
      }
      return { gone: { message: errorMessage(error), next: plainText(error.next) } };
    }
  }

  return {
    async view(taskId, credentialId) {
      const one = await found(taskId);
      const { input, contentType, result } = one;
      const url = input?.kind === 'url' ? input.url : null;
      const faces = result === null ? null : facesIn(result.metadata);
      const view = {
        contentType,
        url,
        faces:
          faces === null ? null : { count: faces.count, boxes: faces.boxes?.map((face) => face) ?? null },
        thumbnail: contentType === 'image' ? (result?.thumbnails[0] ?? null) : null,
      };
      if (!shown.has(contentType) || url !== null) return { ...view, file: null, gone: null };
      const source = await fileOf(one);
      if ('gone' in source) return { ...view, file: null, gone: source.gone };
      if (source.file === null) return { ...view, file: null, gone: null };
      const { name, sizeBytes } = source.file;
      const address = links().sign({ task: taskId, caller: credentialId ?? '' }, LINK_MS);
      return { ...view, file: { name, sizeBytes, address }, gone: null };
    },
    async open(query) {
      const { task, caller } = links().check(query);
      if (caller !== '' && !isValid(caller)) throw new PilotlightError('FORBIDDEN');
      const one = await found(task);
      if (one.input === null || !shown.has(one.contentType)) throw new PilotlightError('NOT_FOUND');
      const file = await inputs.file(one.input);
      if (file === null) throw new PilotlightError('NOT_FOUND');
      return file;
    },
  };
}

const notKept = { message: fact('MEDIA_NOT_KEPT'), next: fact('MEDIA_ADD_AGAIN') };
