import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { challengeSchema, sealedAnswerSchema } from '../../../../shared/contract/local-calls.ts';
import { eitherOf } from '../../../../shared/either.ts';
import { parseJson } from '../../../../shared/json.ts';
import { sameSecret } from '../same-secret.ts';
import { proofOf, seal, unseal } from './seal.ts';

export interface LocalServer {
  host: string;
  port: number;
  paths: { challenge: string; call: string };
  token: string;
}

/**
 * `unreachable`: nothing accepts a connection there. `silent`: it does not answer in time, or is too busy. `stranger`: what
 * answers does not have the token. None of them has learned anything.
 */
export type NoAnswer = 'unreachable' | 'silent' | 'stranger';

export class LocalCallError extends Error {
  readonly reason: NoAnswer;

  constructor(reason: NoAnswer, cause?: unknown) {
    super(`The local server could not be called: ${reason}.`, { cause });
    this.reason = reason;
  }
}

/** How long a server on this computer may take to prove that it has the token. */
const PROOF_MS = 3000;
const MAX_PROOF_BYTES = 4096;

export interface SealedCallOptions {
  signal: AbortSignal;
  maxAnswerBytes: number;
}

/**
 * Resolves with what the server answered. Rejects with LocalCallError, or with the signal's reason. The call itself is
 * sent only to a server that has proved that it has the token.
 */
export async function callSealed(
  { token, paths, ...at }: LocalServer,
  call: unknown,
  { signal, maxAnswerBytes }: SealedCallOptions,
): Promise<unknown> {
  const challenge = await proved({ token, at, path: paths.challenge, signal });
  const sealed = seal(call, { token, challenge, purpose: 'call' });
  const body = { challenge, sealed };
  const reply = await postLocal({ at, path: paths.call, body, signal, most: maxAnswerBytes });
  const answer = sealedAnswerSchema.safeParse(reply.body);
  const bound = { token, challenge, purpose: 'answer', bound: sealed } as const;
  const opened = answer.success ? unseal(answer.data.sealed, bound) : null;
  if (opened === null) throw new LocalCallError('stranger');
  return opened;
}

/** A challenge of the server that has the token. */
async function proved(options: {
  token: string;
  at: Address;
  path: string;
  signal: AbortSignal;
}): Promise<string> {
  const { token, at, path, signal } = options;
  const nonce = randomBytes(18).toString('base64url');
  const late = AbortSignal.timeout(PROOF_MS);
  let offered: LocalReply;
  try {
    using either = eitherOf(signal, late);
    offered = await postLocal({ at, path, body: { nonce }, signal: either.signal, most: MAX_PROOF_BYTES });
  } catch (error) {
    signal.throwIfAborted();
    throw late.aborted ? new LocalCallError('silent', error) : error;
  }
  const { data } = challengeSchema.safeParse(offered.body);
  if (data === undefined || !sameSecret(data.proof, proofOf(token, { nonce, challenge: data.challenge })))
    throw new LocalCallError('stranger');
  return data.challenge;
}

type Address = Pick<LocalServer, 'host' | 'port'>;

export interface LocalReply {
  status: number;
  /** Its JSON; undefined for anything else. */
  body: unknown;
}

/** Sends JSON in the clear. Rejects with LocalCallError, or with the signal's reason. */
export function postLocal(options: {
  at: Address;
  path: string;
  body: object;
  signal: AbortSignal;
  most: number;
}): Promise<LocalReply> {
  const { at, path, body, signal, most } = options;
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const outgoing = request({ ...at, path, method: 'POST', headers, signal }, (reply) => {
      const chunks: Buffer[] = [];
      let size = 0;
      reply.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > most) reply.destroy(new LocalCallError('stranger'));
        else chunks.push(chunk);
      });
      reply.on('error', failed);
      reply.on('end', () => {
        const { statusCode: status = 0 } = reply;
        if (status === 503) reject(new LocalCallError('silent'));
        else resolve({ status, body: parseJson(Buffer.concat(chunks, size).toString('utf8')) });
      });
    });
    function failed(error: unknown): void {
      if (signal.aborted) reject(signal.reason);
      else reject(error instanceof LocalCallError ? error : new LocalCallError('unreachable', error));
    }
    outgoing.on('error', failed);
    // Otherwise Node would report nothing, not even that the signal aborts.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      failed(new LocalCallError('stranger'));
    });
    outgoing.end(text);
  });
}
