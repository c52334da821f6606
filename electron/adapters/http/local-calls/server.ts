import { createHmac, randomBytes } from 'node:crypto';
import type {
  Challenge,
  ChallengeRequest,
  SealedAnswer,
  SealedCall,
} from '../../../../shared/contract/local-calls.ts';
import { sameSecret } from '../same-secret.ts';
import { proofOf, seal, unseal } from './seal.ts';

/** A call whose sender has the token. */
export interface OpenedCall {
  call: unknown;
  answer(value: unknown): SealedAnswer;
}

export interface LocalCalls {
  challenge(request: ChallengeRequest): Challenge;
  /** null if its sender does not have the token, or if the challenge is not ours, too old, or was used before. */
  open(request: SealedCall): OpenedCall | null;
}

const VALID_MS = 10_000;

/** The server's side. It stores challenges only once they are used, so that asking for them costs it no memory. */
export function createLocalCalls({
  token,
  monotonic,
}: {
  token: string;
  /** Milliseconds. */
  monotonic: () => number;
}): LocalCalls {
  /** New at each start: no challenge of an earlier process is valid. */
  const key = randomBytes(32);
  /** Until when each used challenge is remembered. */
  const used = new Map<string, number>();

  const sign = (body: string) => createHmac('sha256', key).update(body).digest('base64url');

  function isValid(challenge: string): boolean {
    const [issued = '', random = '', signature = '', ...rest] = challenge.split('.');
    if (rest.length > 0 || !sameSecret(signature, sign(`${issued}.${random}`))) return false;
    return monotonic() - Number.parseInt(issued, 36) < VALID_MS && !used.has(challenge);
  }

  function use(challenge: string): void {
    const now = monotonic();
    for (const [old, until] of used) if (until <= now) used.delete(old);
    used.set(challenge, now + VALID_MS);
  }

  return {
    challenge({ nonce }) {
      const body = `${Math.floor(monotonic()).toString(36)}.${randomBytes(16).toString('base64url')}`;
      const challenge = `${body}.${sign(body)}`;
      return { challenge, proof: proofOf(token, { nonce, challenge }) };
    },
    open({ challenge, sealed }) {
      if (!isValid(challenge)) return null;
      const call = unseal(sealed, { token, challenge, purpose: 'call' });
      if (call === null) return null;
      use(challenge);
      return {
        call,
        answer: (value) => ({ sealed: seal(value, { token, challenge, purpose: 'answer', bound: sealed }) }),
      };
    },
  };
}
