/** How a runner proves that it is the one of a private file, before a token is sent to it. */
import { createHmac, randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { eitherOf } from '../../../../shared/either.ts';
import { parseJson } from '../../../../shared/json.ts';
import { sameSecret } from '../../http/same-secret.ts';

export const identityPath = '/runner/identity';

/** The port is part of it: a program on another port cannot pass the question on. */
export function proofOf(token: string, nonce: string, port: number): string {
  return createHmac('sha256', token).update(`runner\0${port}\0${nonce}`).digest('base64url');
}

const DEADLINE_MS = 2000;
const MAX_ANSWER = 1024;

/** Whether the program at this port of 127.0.0.1 has the token. Never rejects. */
export async function hasToken(
  { port, token }: { port: number; token: string },
  signal?: AbortSignal,
): Promise<boolean> {
  const nonce = randomBytes(16).toString('base64url');
  using limited = eitherOf(signal, AbortSignal.timeout(DEADLINE_MS));
  return await new Promise((resolve) => {
    const request = get(
      {
        host: '127.0.0.1',
        port,
        path: `${identityPath}?nonce=${nonce}`,
        agent: false,
        signal: limited.signal,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER) response.destroy();
        });
        response.on('error', () => resolve(false));
        response.on('close', () => {
          const answer = parseJson(text) as { proof?: unknown } | undefined;
          const proof = typeof answer?.proof === 'string' ? answer.proof : '';
          resolve(sameSecret(proof, proofOf(token, nonce, port)));
        });
      },
    );
    request.on('error', () => resolve(false));
  });
}
