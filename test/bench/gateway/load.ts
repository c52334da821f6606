/**
 * The clients of the gateway's benchmarks, in a process of their own: one order as a line of JSON, one result as a
 * line. They use undici, as Node programs do, with connections that stay open.
 */
import { createInterface } from 'node:readline';
import { Pool } from 'undici';

export type Order =
  /** Embeds one after another on each connection, for so long. */
  | { kind: 'embeds'; port: number; connections: number; ms: number }
  /** Streams begun at the same moment, `pace` tokens a second each, 0 for full speed; cut off after `ms`, if given. */
  | { kind: 'streams'; port: number; count: number; tokens: number; pace: number; ms?: number }
  /** Chats with a picture of so many bytes of base64, one after another. */
  | { kind: 'pictures'; port: number; bytes: number; count: number }
  /** Streams of four tokens that are begun one after another within `ms`, and may be kept waiting. */
  | { kind: 'held'; port: number; count: number; ms: number }
  /** As `embeds`, but a failure is counted instead of ending it. */
  | { kind: 'steady'; port: number; connections: number; ms: number };

export interface EmbedsResult {
  requests: number;
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface StreamsResult {
  tokens: number;
  seconds: number;
  /** Milliseconds until the first token, of each stream. */
  firstMs: number[];
  completed: number;
}

export interface PicturesResult {
  statuses: number[];
}

export interface HeldResult {
  completed: number;
  /** Streams that began with a sign of life. */
  signed: number;
}

export interface SteadyResult {
  /** Whatever was not a whole embedding. */
  failed: { at: number; why: string }[];
  /** For each client, when its embeddings came: milliseconds since the epoch. */
  goodAt: number[][];
}

const EMBED = {
  path: '/api/embed',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'bench', input: 'The small flame that lights the furnace.' }),
} as const;

function openPool(port: number, connections: number): Pool {
  return new Pool(`http://127.0.0.1:${port}`, {
    connections,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 600_000,
  });
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

async function embeds({ port, connections, ms }: Order & { kind: 'embeds' }): Promise<EmbedsResult> {
  const pool = openPool(port, connections);
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let now = performance.now(); now - began < ms; ) {
        const { statusCode, body } = await pool.request(EMBED);
        await body.arrayBuffer();
        if (statusCode !== 200) throw new Error(`An embed was answered with ${statusCode}.`);
        const after = performance.now();
        times.push(after - now);
        now = after;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  await pool.destroy();
  times.sort((one, other) => one - other);
  return { requests: times.length, seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

async function streams(order: Order & { kind: 'streams' }): Promise<StreamsResult> {
  const { port, count, tokens, pace, ms } = order;
  const pool = openPool(port, count);
  const body = JSON.stringify({
    model: 'bench',
    messages: [{ role: 'user', content: 'Count.' }],
    options: { num_predict: tokens, pace },
  });
  const signal = ms === undefined ? null : AbortSignal.timeout(ms);
  const began = performance.now();
  const result: StreamsResult = { tokens: 0, seconds: 0, firstMs: [], completed: 0 };
  await Promise.all(
    Array.from({ length: count }, async () => {
      const asked = { path: '/api/chat', method: 'POST', headers: EMBED.headers, body } as const;
      let last: Buffer = Buffer.alloc(0);
      try {
        const answer = await pool.request({ ...asked, ...(signal !== null && { signal }) });
        if (answer.statusCode !== 200) throw new Error(`A stream was answered with ${answer.statusCode}.`);
        for await (const part of answer.body as AsyncIterable<Buffer>) {
          if (last.length === 0) result.firstMs.push(performance.now() - began);
          result.tokens += linesIn(part);
          last = part.length < 64 ? Buffer.concat([last.subarray(-64), part]) : part;
        }
      } catch (error) {
        if (!signal?.aborted) throw error;
      }
      if (last.includes('"done":true')) result.completed += 1;
    }),
  );
  result.seconds = (performance.now() - began) / 1000;
  await pool.destroy();
  return result;
}

function linesIn(part: Buffer): number {
  let count = 0;
  for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) count += 1;
  return count;
}

async function pictures({ port, bytes, count }: Order & { kind: 'pictures' }): Promise<PicturesResult> {
  const picture = Buffer.alloc(bytes, 'iVBORw0KGgoAAAANSUhEUgAA').toString('latin1');
  // The model is named behind the picture, where some clients write it.
  const body = JSON.stringify({
    messages: [{ role: 'user', content: 'What is this?', images: [picture] }],
    model: 'bench',
    options: { num_predict: 8 },
  });
  const pool = openPool(port, 1);
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const answer = await pool.request({ ...EMBED, path: '/api/chat', body });
    await answer.body.arrayBuffer();
    statuses.push(answer.statusCode);
  }
  await pool.destroy();
  return { statuses };
}

async function held({ port, count, ms }: Order & { kind: 'held' }): Promise<HeldResult> {
  const pool = openPool(port, count);
  const body = JSON.stringify({
    model: 'bench',
    messages: [{ role: 'user', content: 'Count.' }],
    options: { num_predict: 4, pace: 0 },
  });
  const result: HeldResult = { completed: 0, signed: 0 };
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * ms) / count));
      const answer = await pool.request({ ...EMBED, path: '/api/chat', body });
      const text = await answer.body.text();
      if (answer.statusCode === 200 && text.includes('"done":true')) result.completed += 1;
      if (text.startsWith(' ')) result.signed += 1;
    }),
  );
  await pool.destroy();
  return result;
}

async function steady({ port, connections, ms }: Order & { kind: 'steady' }): Promise<SteadyResult> {
  const pool = openPool(port, connections);
  const failed: SteadyResult['failed'] = [];
  const until = Date.now() + ms;
  const goodAt = await Promise.all(
    Array.from({ length: connections }, async () => {
      const good: number[] = [];
      while (Date.now() < until) {
        try {
          const { statusCode, body } = await pool.request(EMBED);
          const text = await body.text();
          if (statusCode === 200 && text.startsWith('{"model":"bench","embeddings":[['))
            good.push(Date.now());
          else failed.push({ at: Date.now(), why: `${statusCode} ${text.slice(0, 200)}` });
        } catch (error) {
          failed.push({ at: Date.now(), why: String(error) });
        }
      }
      return good;
    }),
  );
  await pool.destroy();
  return { failed, goodAt };
}

function follow(order: Order): Promise<unknown> {
  if (order.kind === 'embeds') return embeds(order);
  if (order.kind === 'streams') return streams(order);
  if (order.kind === 'pictures') return pictures(order);
  if (order.kind === 'held') return held(order);
  return steady(order);
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    process.stdout.write(`${JSON.stringify({ result: await follow(JSON.parse(line) as Order) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
