/** Follows what the queues tell on their streams, across reconnects. */
import type { Redis } from 'ioredis';
import type { Log } from '../../../core/ports/log.ts';

export interface QueueStreamEvent {
  /** Of its keys. */
  prefix: string;
  event: string;
  jobId: string;
  /** Of an added job: what its sender calls it. */
  name: string | undefined;
  /** Where it was before. */
  prev: string | undefined;
  /** The time from which a delayed job may start. */
  delay: string | undefined;
}

const wanted: ReadonlySet<string> = new Set(['event', 'jobId', 'delay', 'name', 'prev']);
const BLOCK_MS = 5000;
const AGAIN_MS = 500;

/**
 * @param client a connection of its own, because it waits in the server
 * @param onEvents called with what arrived together
 */
export async function followEvents(options: {
  client: Redis;
  prefixes: readonly string[];
  signal: AbortSignal;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  log: Log;
  onEvents(events: readonly QueueStreamEvent[]): void;
}): Promise<void> {
  const { client, prefixes, signal } = options;
  const keys = prefixes.map((prefix) => `${prefix}events`);
  const last = await Promise.all(keys.map((key) => newest(client, key)));
  void loop();

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      try {
        const answer = await client.xread('COUNT', 500, 'BLOCK', BLOCK_MS, 'STREAMS', ...keys, ...last);
        if (answer !== null && !signal.aborted) options.onEvents(read(answer as StreamAnswer));
      } catch (error) {
        if (signal.aborted) return;
        options.log.debug('The events of the task queue could not be read.', { error: String(error) });
        await options.sleep(AGAIN_MS, signal).catch(() => {});
      }
    }
  }

  function read(answer: StreamAnswer): QueueStreamEvent[] {
    const events: QueueStreamEvent[] = [];
    for (const [key, entries] of answer) {
      const number = keys.indexOf(key);
      for (const [id, fields] of entries) {
        last[number] = id;
        const read: QueueStreamEvent = {
          ...{ prefix: prefixes[number] ?? '', event: '', jobId: '' },
          ...{ delay: undefined, name: undefined, prev: undefined },
        };
        // Only these: a completed job's event has its whole result.
        for (let at = 0; at < fields.length; at += 2) {
          const field = fields[at] as string;
          if (wanted.has(field)) read[field as 'event'] = fields[at + 1] ?? '';
        }
        events.push(read);
      }
    }
    return events;
  }
}

type StreamAnswer = [key: string, entries: [id: string, fields: string[]][]][];

/** Nothing is missed between this and the first read. */
async function newest(client: Redis, key: string): Promise<string> {
  const [entry] = await client.xrevrange(key, '+', '-', 'COUNT', 1);
  return entry?.[0] ?? '0-0';
}
