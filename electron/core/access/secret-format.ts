/** What a secret is made of, and its digest. Only the digest is saved. */
import { createHash, randomBytes } from 'node:crypto';
import { type SecretKind, secretPrefix } from '../../../shared/redact.ts';

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Enough for 256 bits. */
const LENGTH = 43;

/**
 * A prefix that names it, and 256 random bits as letters and digits: a double click selects it whole, and it needs no
 * escaping in a header, an address or a WebSocket subprotocol.
 */
export function newSecret(kind: SecretKind): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let text = '';
  for (let place = 0; place < LENGTH; place += 1) {
    text += letters[Number(rest % 62n)];
    rest /= 62n;
  }
  return secretPrefix(kind) + text;
}

/** SHA-256 in hexadecimal. A secret of 256 random bits cannot be found from it. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
