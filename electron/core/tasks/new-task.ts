/** Makes tasks of what callers send. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { ContentType, TaskInput, TaskSpec } from '../../../shared/models/tasks.ts';
import { withoutPassword } from '../../../shared/network/callable-address.ts';
import { oneLine } from '../../../shared/printable.ts';
import type { SharedFolder, TaskFiles } from '../ports/task-files.ts';
import { contentTypeOfName, contentTypeOfUrl } from './content-type.ts';
import type { InputFile, NewTaskInput, TaskRequest } from './model.ts';

const MINUTE_MS = 60_000;
const MIB = 1_048_576;
const LONGEST_TITLE = 300;

export interface TaskInputs {
  /** What is worked on, under the id of its task. Rejects with NOT_FOUND, FILE_OUTSIDE_FOLDER, DISK_FULL. */
  take(input: NewTaskInput, taskId: string, signal: AbortSignal): Promise<TaskInput>;
  /** The file on this computer; null for an address. Rejects with NOT_FOUND, FILE_OUTSIDE_FOLDER. */
  file(input: TaskInput): Promise<InputFile | null>;
}

export function createTaskInputs({
  files,
  sharedFolder,
  settings,
}: {
  files: TaskFiles;
  /** null if there is none. */
  sharedFolder(): SharedFolder | null;
  settings: { current(): Settings };
}): TaskInputs {
  function shared(): SharedFolder {
    const folder = sharedFolder();
    if (folder !== null) return folder;
    throw new PilotlightError('NOT_FOUND', {
      message: fact('NO_SHARED_FOLDER'),
      next: fact('SET_SHARED_FOLDER'),
    });
  }

  return {
    async take(input, taskId, signal) {
      switch (input.kind) {
        case 'url':
          return { kind: 'url', url: input.url };
        case 'shared':
          return { kind: 'shared', path: (await shared().resolve(input.path)).path };
        case 'upload': {
          const file = files.get(input.fileId);
          // One that another task uses would be deleted with that task.
          if (file === null || file.kind !== 'upload' || file.taskId !== null) {
            throw new PilotlightError('NOT_FOUND', {
              message: fact('NO_SUCH_UPLOAD'),
              next: fact('UPLOAD_AGAIN'),
            });
          }
          await files.attach(file.id, taskId);
          return fileInput(file);
        }
        case 'text': {
          const file = await files.save(
            { kind: 'upload', name: input.name ?? 'text.md', content: bytesOf(input.text), taskId },
            { mostBytes: settings.current().tasks.uploadLimitMb * MIB },
            signal,
          );
          return fileInput(file);
        }
      }
    },
    async file(input) {
      switch (input.kind) {
        case 'url':
          return null;
        case 'shared': {
          const { path, absolute, sizeBytes } = await shared().resolve(input.path);
          return { absolute, sizeBytes, name: path.split('/').at(-1) ?? path };
        }
        case 'file':
          return { absolute: files.path(input.fileId), sizeBytes: input.sizeBytes, name: input.name };
      }
    },
  };
}

const fileInput = ({ id, name, sizeBytes, sha256 }: Awaited<ReturnType<TaskFiles['save']>>): TaskInput => ({
  ...{ kind: 'file', fileId: id, name, sizeBytes, sha256 },
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

export function contentTypeOf(input: TaskInput): ContentType {
  switch (input.kind) {
    case 'url':
      return contentTypeOfUrl(input.url);
    case 'shared':
      return contentTypeOfName(input.path);
    case 'file':
      return contentTypeOfName(input.name);
  }
}

export const originOf = (input: TaskInput): string =>
  input.kind === 'url' ? withoutPassword(input.url) : input.kind === 'shared' ? input.path : input.name;

export function specOf(
  request: TaskRequest,
  {
    input,
    credentialId,
    webhookUrl,
    settings,
  }: { input: TaskInput; credentialId: string | null; webhookUrl: string | null; settings: Settings },
): TaskSpec {
  return {
    contentType: request.contentType ?? contentTypeOf(input),
    input,
    title: oneLine(originOf(input)).slice(0, LONGEST_TITLE) || 'task',
    options: request.options,
    metadata: request.metadata,
    store: request.store,
    gpu: request.gpu,
    whenGpuAsleep: request.whenGpuAsleep ?? settings.tasks.whenGpuAsleep,
    webhookUrl,
    batchId: request.batchId ?? null,
    credentialId,
    timeLimitMs: settings.tasks.timeLimitMinutes * MINUTE_MS,
    ...(request.onlyWorker === undefined ? {} : { onlyWorker: request.onlyWorker }),
  };
}
