/** Tokens of addresses that sign a browser in: each is accepted once, until Pilotlight stops or for a short time. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { digestOf, findSecret } from '../../adapters/http/same-secret.ts';
import { newSecret } from '../../core/access/secret-format.ts';

const MOST_UNUSED = 16;
const MOST_USED = 256;

export interface OneTimeTokens {
  /** The newest 16 that were not used are kept. @param validMs default: until Pilotlight stops */
  mint(onUsed?: () => void, validMs?: number): string;
  /** Throws TOKEN_USED the second time, UNAUTHORIZED for any other. */
  take(token: string): void;
}

export function createOneTimeTokens(monotonic: () => number = () => performance.now()): OneTimeTokens {
  const unused: { digest: Buffer; until: number; onUsed?: (() => void) | undefined }[] = [];
  const used: Buffer[] = [];
  return {
    mint(onUsed, validMs = Number.POSITIVE_INFINITY) {
      const token = newSecret('once');
      unused.push({ digest: digestOf(token), until: monotonic() + validMs, onUsed });
      if (unused.length > MOST_UNUSED) unused.shift();
      return token;
    },
    take(token) {
      const digests = unused.map(({ digest }) => digest);
      const index = findSecret(digests, token);
      if (index < 0) throw new PilotlightError(findSecret(used, token) < 0 ? 'UNAUTHORIZED' : 'TOKEN_USED');
      for (const { digest, until, onUsed } of unused.splice(index, 1)) {
        used.push(digest);
        if (monotonic() > until) throw new PilotlightError('TOKEN_USED');
        onUsed?.();
      }
      if (used.length > MOST_USED) used.shift();
    },
  };
}
