/** The log of a worker: its host keeps the end of its error output. */
import { printable } from '../../shared/printable.ts';
import type { Log } from '../core/ports/log.ts';

export function createProcessLog(write: (line: string) => void): Log {
  const line =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      write(`${printable(JSON.stringify({ level, message, ...fields }))}\n`);
  const silent = () => {};
  return { debug: silent, info: silent, warn: line('warn'), error: line('error') };
}
