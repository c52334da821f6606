/** Reads the body of a request, within a limit. */
import type { IncomingMessage } from 'node:http';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parseJson } from '../../../../shared/json.ts';

/** Rejects with RUNNER_BODY_TOO_LARGE as soon as the limit is passed. */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit)
      return reject(new PilotlightError('RUNNER_BODY_TOO_LARGE'));
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        request.pause();
        reject(new PilotlightError('RUNNER_BODY_TOO_LARGE'));
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks, size)));
    request.on('error', reject);
    request.on('close', () => reject(new PilotlightError('CANCELLED')));
  });
}

/** Rejects with RUNNER_BAD_JSON, RUNNER_BODY_TOO_LARGE. */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const value = parseJson((await readBytes(request, limit)).toString('utf8'));
  if (value === undefined) throw new PilotlightError('RUNNER_BAD_JSON');
  return value;
}
