/** Plain HTTP over kept connections, with a deadline that counts as a hang. */
import { Agent, request } from 'node:http';

export interface HttpReply {
  status: number;
  text: string;
  ms: number;
}

export type HttpOutcome = HttpReply | { failed: 'hang' | 'refused'; reason: string };

export interface HttpCall {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export function createHttpClient({
  base,
  deadlineMs,
  connections = 16,
  localAddress,
}: {
  base: string;
  deadlineMs: number;
  connections?: number;
  localAddress?: string;
}) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    call({ method, path, headers = {}, body }: HttpCall): Promise<HttpOutcome> {
      const began = performance.now();
      return new Promise((resolve) => {
        const outgoing = request(
          `${base}${path}`,
          {
            method,
            agent,
            headers: {
              ...headers,
              ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
            },
            ...(localAddress === undefined ? {} : { localAddress }),
          },
          (reply) => {
            let text = '';
            reply.setEncoding('utf8').on('data', (chunk: string) => {
              if (text.length < 8_000_000) text += chunk;
            });
            reply.once('end', () => {
              clearTimeout(timer);
              resolve({ status: reply.statusCode ?? 0, text, ms: performance.now() - began });
            });
            reply.once('error', (error) => give('refused', error.message));
          },
        );
        const give = (failed: 'hang' | 'refused', reason: string) => {
          clearTimeout(timer);
          resolve({ failed, reason });
        };
        const timer = setTimeout(() => {
          give('hang', `no answer in ${deadlineMs} ms`);
          outgoing.destroy();
        }, deadlineMs);
        outgoing.once('error', (error) => give('refused', error.message));
        outgoing.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

export type HttpClient = ReturnType<typeof createHttpClient>;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
