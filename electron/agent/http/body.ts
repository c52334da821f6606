import type { IncomingMessage } from 'node:http';
import type * as z from 'zod/mini';
import { AgentError } from '../errors.ts';
import { mistakesIn } from './mistakes.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** The JSON body; undefined without one. Throws BODY_TOO_LARGE as soon as the limit is passed, BAD_JSON, TOO_SLOW. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  return parseBody(await readBytes(request, MAX_BODY_BYTES));
}

/** Throws BAD_JSON. */
export function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new AgentError('BAD_JSON', { cause: error });
  }
}

/** The whole body. Throws BODY_TOO_LARGE as soon as the limit is passed, TOO_SLOW. */
export function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > most) {
      reject(new AgentError('BODY_TOO_LARGE'));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
      else {
        request.pause();
        reject(new AgentError('BODY_TOO_LARGE'));
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks, size)));
    request.on('error', reject);
    request.on('close', () => reject(new AgentError('TOO_SLOW')));
  });
}

/** Throws BAD_REQUEST that names every mistake. */
export function checked<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  name?: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = mistakesIn(result.error, value, name);
  throw new AgentError('BAD_REQUEST', { message: mistakes.join(' '), details: { mistakes } });
}
