/**
 * Leases on disk: one JSON line for each that began, changed or ended, flushed before the answer is sent. A text
 * file, because a database would cost as much memory as the rest of the agent.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Damage } from '../damage.ts';
import { AgentError, errorText } from '../errors.ts';
import { checksum, writePrivate } from '../files.ts';

export interface LeaseRecord {
  id: string;
  holder: string;
  purpose: string;
  ttlSeconds: number;
  /** Wall time, milliseconds. Shown to people; nothing depends on it. */
  createdAt: number;
}

export interface LeaseJournal {
  /** The leases that were live when the process ended. */
  readonly kept: readonly LeaseRecord[];
  /** Durable when it returns. Throws DISK_TROUBLE and then keeps nothing. */
  begin(lease: LeaseRecord): void;
  end(ids: readonly string[]): void;
  close(): void;
}

/** This many lines of ended leases may accumulate before the file is rewritten. */
const SPARE_LINES = 2000;
const FILE = 'leases.jsonl';
/** The last line; a truncated file lacks it. */
const END = '{"complete":true}\n';

/** A file with damaged lines is set aside; its other lines apply. */
export function openLeaseJournal(
  folder: string,
  damage: Pick<Damage, 'marked' | 'read' | 'found'>,
): LeaseJournal {
  const path = join(folder, FILE);
  const { marked } = damage;
  const read = damage.read(FILE, 'leases', (text) => readLeases(text, marked));
  if (read?.damaged) damage.found(FILE, 'leases');
  const live = read?.live ?? new Map<string, LeaseRecord>();
  const kept = [...live.values()];
  let lines = 0;
  /** Where the last line begins. */
  let end = 0;
  let closed = false;
  let handle = rewrite();

  function rewrite(): number {
    const content = [...live.values()].map((lease) => line({ begin: lease })).join('');
    writePrivate(path, content + END);
    lines = live.size;
    end = Buffer.byteLength(content);
    return openSync(path, 'r+');
  }

  function append(content: string): void {
    try {
      writeSync(handle, content + END, end);
      fsyncSync(handle);
    } catch (error) {
      // A partial line would swallow the next one.
      ftruncateSync(handle, end);
      writeSync(handle, END, end);
      throw new AgentError('DISK_TROUBLE', { details: { reason: errorText(error) }, cause: error });
    }
    end += Buffer.byteLength(content);
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
    close() {
      if (!closed) closeSync(handle);
      closed = true;
    },
  };
}

function line(entry: { begin: LeaseRecord } | { end: readonly string[] }): string {
  return `${JSON.stringify({ ...entry, sum: checksum(JSON.stringify(entry)) })}\n`;
}

interface Read {
  live: Map<string, LeaseRecord>;
  /** A line is not ours, or the file does not end as it should. */
  damaged: boolean;
}

/** @param marked false for a file of an older version, which has no last line and no checksums */
function readLeases(text: string, marked: boolean): Read {
  const live = new Map<string, LeaseRecord>();
  const ended = text.endsWith(END);
  const lines = (ended ? text.slice(0, -END.length) : text).split('\n');
  let damaged = marked && !ended;
  // Each line ends with a line break, so nothing follows the last one.
  if (lines.pop() !== '') damaged = true;
  for (const one of lines) {
    const entry = parse(one, marked);
    if (entry === null) damaged = true;
    if (entry?.begin) live.set(entry.begin.id, entry.begin);
    for (const id of entry?.end ?? []) live.delete(id);
  }
  return { live, damaged };
}

function parse(one: string, marked: boolean): { begin?: LeaseRecord; end?: string[] } | null {
  try {
    const { sum, ...entry } = JSON.parse(one) as {
      sum?: unknown;
      begin?: Partial<LeaseRecord>;
      end?: unknown;
    };
    if ((marked || sum !== undefined) && sum !== checksum(JSON.stringify(entry))) return null;
    const { begin, end } = entry;
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
