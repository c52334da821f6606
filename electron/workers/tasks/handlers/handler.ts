/** What a handler of a kind of content is. It runs in a process of its own, one task at a time. */
import type * as z from 'zod';
import type { ContentType } from '../../../../shared/models/tasks.ts';
import type { HandlerMeans } from '../means.ts';

type Json = z.infer<ReturnType<typeof z.json>>;

export type HandlerInput =
  /** `path` is absolute, `name` the file's own. The file is not the handler's: it is never changed. */
  { kind: 'file'; path: string; name: string } | { kind: 'url'; url: string };

export interface HandlerContext {
  contentType: ContentType;
  /** The sender's. */
  options: Readonly<Record<string, Json>>;
  /** Hosts of own networks that may be fetched from, in lower case. */
  allowedHosts: readonly string[];
  /** Servers of models that it may use. */
  means: HandlerMeans;
  /** An empty folder that is deleted when the task has ended. */
  folder: string;
  /** Aborted when a person cancelled the task. A handler that does not end within 5 s is killed. */
  signal: AbortSignal;
  /** @param share 0 to 1 */
  progress(share: number, text?: string): void;
  /** Adds a line to the log of the task. */
  log(line: string): void;
}

export interface HandlerOutput {
  content: string;
  metadata: Record<string, Json>;
  /** Base64 pictures. */
  thumbnails?: string[];
}

/** Something that a handler needs, and how `worker check` finds out whether it works here. */
export interface HandlerComponent {
  /** For people: `PDF documents`. */
  name: string;
  /**
   * Uses it for real, on something small. Rejects if it does not work. `seen`: what it is, such as its version.
   * `unused`: why this worker does without it, which is no fault.
   */
  test(signal: AbortSignal, means: HandlerMeans): Promise<undefined | { seen: string } | { unused: string }>;
  /** What to do then. */
  fix: string;
}

export interface Handler {
  contentTypes: readonly ContentType[];
  components: readonly HandlerComponent[];
  /** Rejects with a PilotlightError; `isFinal` in `failures.ts` says whether another attempt makes sense. */
  handle(input: HandlerInput, context: HandlerContext): Promise<HandlerOutput>;
}
