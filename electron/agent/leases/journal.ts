/**
 * Leases on the disk: one JSON line for each that began, changed or ended, flushed before it is answered. A file
 * of lines, not a database: that one would cost as much memory as the rest of the agent.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { AgentError, wordsOf } from '../errors.ts';
import { writePrivate } from '../files.ts';

export interface LeaseRecord {
  id: string;
  holder: string;
  purpose: string;
  ttlSeconds: number;
  /** Wall time, milliseconds. For people; nothing is decided by it. */
  createdAt: number;
}

export interface LeaseJournal {
  /** What was held when the process ended. */
  readonly kept: readonly LeaseRecord[];
  /** Durable when it returns. Throws DISK_TROUBLE, and keeps nothing then. */
  begin(lease: LeaseRecord): void;
  end(ids: readonly string[]): void;
  close(): void;
}

/** So many lines of ended leases are let stand before the file is written anew. */
const SPARE_LINES = 2000;

export function openLeaseJournal(path: string): LeaseJournal {
  const live = readLeases(path);
  const kept = [...live.values()];
  let lines = 0;
  let handle = rewrite();

  function rewrite(): number {
    const content = [...live.values()].map((lease) => line({ begin: lease })).join('');
    writePrivate(path, content);
    lines = live.size;
    return openSync(path, 'a');
  }

  function append(content: string): void {
    const { size } = fstatSync(handle);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } catch (error) {
      // Half a line would swallow the next one.
      ftruncateSync(handle, size);
      throw new AgentError('DISK_TROUBLE', { details: { reason: wordsOf(error) }, cause: error });
    }
    lines += 1;
    if (lines > live.size + SPARE_LINES) {
      closeSync(handle);
      handle = rewrite();
    }
  }

  return {
    kept,
    begin(lease) {
      const before = live.get(lease.id);
      live.set(lease.id, lease);
      try {
        append(line({ begin: lease }));
      } catch (error) {
        if (before === undefined) live.delete(lease.id);
        else live.set(lease.id, before);
        throw error;
      }
    },
    end(ids) {
      append(line({ end: ids }));
      for (const id of ids) live.delete(id);
    },
    close: () => closeSync(handle),
  };
}

function line(entry: { begin: LeaseRecord } | { end: readonly string[] }): string {
  return `${JSON.stringify(entry)}\n`;
}

/** What stands in the file, in order. A line that a crash cut off, or that is none of ours, says nothing. */
function readLeases(path: string): Map<string, LeaseRecord> {
  const live = new Map<string, LeaseRecord>();
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return live;
  }
  for (const one of content.split('\n')) {
    const entry = parse(one);
    if (entry?.begin) live.set(entry.begin.id, entry.begin);
    for (const id of entry?.end ?? []) live.delete(id);
  }
  return live;
}

function parse(one: string): { begin?: LeaseRecord; end?: string[] } | null {
  try {
    const { begin, end } = JSON.parse(one) as { begin?: Partial<LeaseRecord>; end?: unknown };
    if (Array.isArray(end)) return { end: end.filter((id) => typeof id === 'string') };
    return isRecord(begin) ? { begin } : null;
  } catch {
    return null;
  }
}

function isRecord(value: Partial<LeaseRecord> | undefined): value is LeaseRecord {
  return (
    typeof value?.id === 'string' &&
    typeof value.holder === 'string' &&
    typeof value.purpose === 'string' &&
    typeof value.createdAt === 'number' &&
    typeof value.ttlSeconds === 'number' &&
    value.ttlSeconds > 0
  );
}
