/** Tokens of addresses that sign a browser in: each is accepted once, until Pilotlight stops. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { digestOf, findSecret } from '../../adapters/http/same-secret.ts';
import { newSecret } from '../../core/access/secret-format.ts';

const MOST_UNUSED = 16;
const MOST_USED = 256;

export interface OneTimeTokens {
  /** The newest 16 that were not used are kept. */
  mint(onUsed?: () => void): string;
  /** Throws TOKEN_USED the second time, UNAUTHORIZED for any other. */
  take(token: string): void;
}

export function createOneTimeTokens(): OneTimeTokens {
  const unused: { digest: Buffer; onUsed?: (() => void) | undefined }[] = [];
  const used: Buffer[] = [];
  return {
    mint(onUsed) {
      const token = newSecret('once');
      unused.push({ digest: digestOf(token), onUsed });
      if (unused.length > MOST_UNUSED) unused.shift();
      return token;
    },
    take(token) {
      const digests = unused.map(({ digest }) => digest);
      const index = findSecret(digests, token);
      if (index < 0) throw new PilotlightError(findSecret(used, token) < 0 ? 'UNAUTHORIZED' : 'TOKEN_USED');
      for (const { digest, onUsed } of unused.splice(index, 1)) {
        used.push(digest);
        onUsed?.();
      }
      if (used.length > MOST_USED) used.shift();
    },
  };
}
