/**
 * Both ends of a connection on this computer show that they have the token, which is never sent. Each proof is for one
 * port and one pair of nonces, so that it cannot be passed on.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { parseJson } from '../../../../shared/json.ts';
import { sameSecret } from '../../http/same-secret.ts';

/** The other end does not have the token, or says nothing in time. */
export class UnprovedError extends Error {}

export const PROOF_MS = 3000;
/** Longer than any line of the exchange. */
const MAX_LINE = 512;

type End = 'core' | 'process';

interface Exchange {
  token: string;
  /** Of the process, as each end sees it. */
  port: number;
}

const newNonce = () => randomBytes(24).toString('base64url');

function proofOf(
  { token, port }: Exchange,
  end: End,
  nonces: readonly [core: string, process: string],
): string {
  const key = createHmac('sha256', token).update(`pilotlight process link ${end}`).digest();
  return createHmac('sha256', key).update(`${port} ${nonces[0]} ${nonces[1]}`).digest('base64url');
}

/** The core's end. Resolves when the process has shown that it has the token. Rejects with UnprovedError. */
export async function proveToProcess(socket: Socket, exchange: Exchange): Promise<void> {
  const lines = readLines(socket);
  const nonce = newNonce();
  write(socket, { nonce });
  const { nonce: other, proof } = await lines.next();
  const nonces = [nonce, other] as const;
  if (!sameSecret(proof, proofOf(exchange, 'process', nonces)))
    throw new UnprovedError('The proof is wrong.');
  write(socket, { proof: proofOf(exchange, 'core', nonces) });
  // Whoever has the token accepts the proof; this says from which byte on messages are sent.
  await lines.next();
  lines.end();
}

/** The process's end. Resolves when the core has shown that it has the token. Rejects with UnprovedError. */
export async function proveToCore(socket: Socket, exchange: Exchange): Promise<void> {
  const lines = readLines(socket);
  const { nonce: other } = await lines.next();
  const nonce = newNonce();
  const nonces = [other, nonce] as const;
  write(socket, { nonce, proof: proofOf(exchange, 'process', nonces) });
  const { proof } = await lines.next();
  if (!sameSecret(proof, proofOf(exchange, 'core', nonces))) throw new UnprovedError('The proof is wrong.');
  lines.end();
  write(socket, { nonce: '' });
}

function write(socket: Socket, line: Readonly<Record<string, string>>): void {
  socket.write(`${JSON.stringify(line)}\n`);
}

interface Line {
  nonce: string;
  proof: string;
}

/** Reads one line after the other, and leaves what follows the last one in the socket. */
function readLines(socket: Socket): { next(): Promise<Line>; end(): void } {
  let buffered = Buffer.alloc(0);
  let waiting: { resolve(line: Line): void; reject(error: Error): void } | null = null;
  let failure: Error | null = null;

  function fail(error: Error): void {
    failure ??= error;
    waiting?.reject(failure);
    waiting = null;
  }
  const timer = setTimeout(() => fail(new UnprovedError('It says nothing in time.')), PROOF_MS);
  const onClose = () => fail(new UnprovedError('It closed the connection.'));

  function serve(): void {
    if (waiting === null) return;
    const end = buffered.indexOf(10);
    if (end < 0) {
      if (buffered.length > MAX_LINE) fail(new UnprovedError('It says something else.'));
      return;
    }
    const read = parseJson(buffered.subarray(0, end).toString('utf8'));
    buffered = buffered.subarray(end + 1);
    const { nonce = '', proof = '' } = (
      typeof read === 'object' && read !== null ? read : {}
    ) as Partial<Line>;
    if (typeof nonce !== 'string' || typeof proof !== 'string') {
      fail(new UnprovedError('It says something else.'));
      return;
    }
    const { resolve } = waiting;
    waiting = null;
    resolve({ nonce, proof });
  }
  function onData(chunk: Buffer): void {
    buffered = Buffer.concat([buffered, chunk]);
    serve();
  }
  socket.on('data', onData);
  socket.on('close', onClose);

  function end(): void {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('close', onClose);
    socket.pause();
    if (buffered.length > 0) socket.unshift(buffered);
  }

  return {
    next() {
      return new Promise<Line>((resolve, reject) => {
        if (failure !== null) return reject(failure);
        waiting = { resolve, reject };
        serve();
      }).catch((error: unknown) => {
        clearTimeout(timer);
        throw error;
      });
    },
    end,
  };
}
