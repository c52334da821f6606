/**
 * Whether a streamed answer is complete: `done:true` in lines, `[DONE]`, `message_stop` or `response.completed` in
 * events. Pure. Each chunk is searched natively; nothing is copied unless a line ends in a later chunk.
 */

import type { Dialect } from '../../core/gateway/model.ts';
import { SPACE } from './json-bytes.ts';

export type StreamKind = 'lines' | 'events';

export interface StreamWatch {
  write(chunk: Buffer): void;
  /** The server has said that it is done, or which error it met. */
  readonly end: 'done' | 'error' | null;
  /** Whether what was written ends with a line break; true before anything was written. */
  readonly onNewLine: boolean;
  /** Nothing more comes: a last line may have no line break. */
  finish(): void;
}

const NEWLINE = 0x0a;
/** A line that is not complete is kept up to this length, bytes: the last line of `generate` repeats the context. */
const MOST_KEPT = 1024 * 1024;

const endOfEvents: Readonly<Record<'openai' | 'anthropic', readonly Buffer[]>> = {
  openai: ['data: [DONE]', 'data:[DONE]', 'event: response.completed', 'event: response.incomplete'].map(
    (text) => Buffer.from(text),
  ),
  anthropic: ['event: message_stop', 'event:message_stop'].map((text) => Buffer.from(text)),
};
const errorEvents = ['event: error', 'event: response.failed', 'data: {"error"'].map((text) =>
  Buffer.from(text),
);

export function streamKind(contentType: string | undefined): StreamKind | null {
  if (contentType === undefined) return null;
  if (contentType.startsWith('application/x-ndjson')) return 'lines';
  return contentType.startsWith('text/event-stream') ? 'events' : null;
}

export function createStreamWatch(kind: StreamKind, dialect: Dialect): StreamWatch {
  /** The beginning of a line whose end has not come. */
  let open: Buffer[] = [];
  let openBytes = 0;
  const done = endOfEvents[dialect === 'anthropic' ? 'anthropic' : 'openai'];

  function read(text: Buffer): void {
    if (kind === 'lines') {
      if (isDone(text)) watch.end = 'done';
      else if (isError(text)) watch.end = 'error';
      return;
    }
    if (done.some((needle) => isAtLineStart(text, needle))) watch.end = 'done';
    else if (watch.end === null && errorEvents.some((needle) => isAtLineStart(text, needle)))
      watch.end = 'error';
  }

  // Without getters: see exchange.ts.
  const watch: { -readonly [Key in keyof StreamWatch]: StreamWatch[Key] } = {
    end: null,
    onNewLine: true,
    write(chunk) {
      const { length } = chunk;
      if (length === 0) return;
      watch.onNewLine = chunk[length - 1] === NEWLINE;
      const lineEnd = watch.onNewLine ? length : chunk.lastIndexOf(NEWLINE) + 1;
      if (lineEnd > 0) {
        const lines = lineEnd === length ? chunk : chunk.subarray(0, lineEnd);
        read(open.length === 0 ? lines : Buffer.concat([...open, lines]));
        if (open.length > 0) open = [];
        openBytes = 0;
      }
      if (lineEnd < length && openBytes < MOST_KEPT) {
        open.push(chunk.subarray(lineEnd));
        openBytes += length - lineEnd;
      }
    },
    finish() {
      if (open.length > 0) read(Buffer.concat(open));
      open = [];
    },
  };
  return watch;
}

const DONE = Buffer.from('"done"');

/** Whether the last of these lines says `done:true` itself, not something inside of it: nothing comes after it. */
function isDone(text: Buffer): boolean {
  let end = text.length;
  while (end > 0 && (text[end - 1] as number) <= SPACE) end -= 1;
  const start = end === 0 ? 0 : text.lastIndexOf(NEWLINE, end - 1) + 1;
  const line = text.subarray(start, end);
  for (let at = line.lastIndexOf(DONE); at >= 0; at = at === 0 ? -1 : line.lastIndexOf(DONE, at - 1)) {
    if (saysTrue(line, at + DONE.length) && depthAt(line, at) === 1) return true;
  }
  return false;
}

function saysTrue(text: Buffer, from: number): boolean {
  let at = from;
  while (text[at] === 0x20 || text[at] === 0x3a) at += 1;
  return text[at] === 0x74;
}

/** How many objects and arrays of its line are open at this place; -1 within a string. */
function depthAt(text: Buffer, at: number): number {
  let depth = 0;
  let inString = false;
  for (let index = text.lastIndexOf(NEWLINE, at) + 1; index < at; index += 1) {
    const byte = text[index];
    if (inString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return inString ? -1 : depth;
}

const ERROR = Buffer.from('{"error"');

function isError(text: Buffer): boolean {
  return isAtLineStart(text, ERROR);
}

function isAtLineStart(text: Buffer, needle: Buffer): boolean {
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
    if (at === 0 || text[at - 1] === NEWLINE) return true;
  }
  return false;
}
