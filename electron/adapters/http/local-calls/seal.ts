/**
 * The cryptography of local calls. Each key is for one token, one challenge and one purpose, so that nothing that was
 * sealed for one of them opens for another.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { parseJson } from '../../../../shared/json.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

export interface SealFor {
  token: string;
  challenge: string;
  purpose: 'call' | 'answer';
  /** What it belongs to, such as the sealed call of an answer. It opens only together with that. */
  bound?: string;
}

/** Shows that whoever made the challenge has the token. */
export function proofOf(token: string, { nonce, challenge }: { nonce: string; challenge: string }): string {
  return createHmac('sha256', keyOf(token, 'proof', challenge))
    .update(nonce)
    .digest('base64url');
}

/** Nonce, tag and ciphertext of a JSON value, in base64url. */
export function seal(value: unknown, { token, challenge, purpose, bound = '' }: SealFor): string {
  const nonce = randomBytes(nonceBytes);
  const options = { authTagLength: tagBytes };
  const cipher = createCipheriv(algorithm, keyOf(token, purpose, challenge), nonce, options);
  cipher.setAAD(Buffer.from(bound));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** null if it was not sealed like this. */
export function unseal(sealed: string, { token, challenge, purpose, bound = '' }: SealFor): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < nonceBytes + tagBytes) return null;
  const nonce = bytes.subarray(0, nonceBytes);
  const options = { authTagLength: tagBytes };
  const decipher = createDecipheriv(algorithm, keyOf(token, purpose, challenge), nonce, options);
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const opened = decipher.update(bytes.subarray(nonceBytes + tagBytes));
    return parseJson(Buffer.concat([opened, decipher.final()]).toString('utf8')) ?? null;
  } catch {
    // Another token, or changed on the way: GCM does not say which.
    return null;
  }
}

function keyOf(token: string, purpose: 'proof' | SealFor['purpose'], challenge: string): Buffer {
  return createHmac('sha256', token).update(`pilotlight local ${purpose}:${challenge}`).digest();
}
