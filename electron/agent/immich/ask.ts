/** Short JSON calls to another agent, or to a runner. */
import { request as send } from 'node:http';
import { eitherOf } from '../../../shared/either.ts';

const DEADLINE_MS = 3000;
const MOST_BYTES = 1024 * 1024;

/** Resolves with the JSON of a 2xx answer. Rejects otherwise, and if it takes longer than 3 s. */
export async function ask(
  { url, token }: { url: string; token: string },
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  { body, signal }: { body?: object; signal?: AbortSignal } = {},
): Promise<unknown> {
  const content = body === undefined ? null : Buffer.from(JSON.stringify(body));
  using limited = eitherOf(signal, AbortSignal.timeout(DEADLINE_MS));
  return await new Promise((resolve, reject) => {
    const asked = send(`${url}${path}`, {
      method,
      agent: false,
      signal: limited.signal,
      headers: {
        authorization: `Bearer ${token}`,
        ...(content && { 'content-type': 'application/json', 'content-length': content.length }),
      },
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('error', reject);
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) answer.destroy(new Error('The answer is too large.'));
      });
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        if (status < 200 || status > 299) return reject(new Error(`It answered ${status}.`));
        try {
          resolve(JSON.parse(text));
        } catch {
          reject(new Error('It did not answer with JSON.'));
        }
      });
    });
    asked.end(content ?? undefined);
  });
}
