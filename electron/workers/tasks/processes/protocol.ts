/** The messages between the worker and a process that runs handlers. */
import type { ContentType, TaskSpec } from '../../../../shared/models/tasks.ts';
import type { HandlerInput, HandlerOutput } from '../handlers/handler.ts';
import type { HandlerMeans } from '../means.ts';

export interface HandlerJob {
  contentType: ContentType;
  input: HandlerInput;
  options: TaskSpec['options'];
  folder: string;
  allowedHosts: string[];
  means: HandlerMeans;
}

export interface HandlerResult extends Omit<HandlerOutput, 'content' | 'thumbnails'> {
  /** The text; if it is longer than a message may be, its beginning. */
  content: string;
  /** The file in the task's folder with the whole text; null if `content` is all. */
  contentPath: string | null;
  thumbnails: string[];
  /** Memory of the process afterwards. */
  memoryBytes: number;
}

export interface HandlerProgress {
  share: number | null;
  text: string | null;
  log: string;
}

export interface HandlerContract {
  config: null;
  calls: { handle: { params: HandlerJob; result: HandlerResult } };
  progress: HandlerProgress;
  event: { kind: 'ready'; memoryBytes: number };
}

/** Environment of such a process. */
export const handlerEnvironment = {
  role: 'PILOTLIGHT_TASK_ROLE',
  memoryMb: 'PILOTLIGHT_TASK_MEMORY_MB',
} as const;

/** Its last words when it has ended itself, because it needed more memory than its limit. */
export const MEMORY_LIMIT_NOTE = 'pilotlight: memory limit reached';

/** A longer text is passed on as a file: 1 MB in UTF-8. */
export const MOST_CONTENT_BYTES = 1_000_000;
