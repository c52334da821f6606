/** Pictures that arrive and leave as text. Pure. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';

const DATA_URL = /^\s*data:[^,]{0,200},/i;
const ALPHABET = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Also the URL-safe alphabet, with white space, without padding, and after `data:image/jpeg;base64,`.
 * @throws PICTURE_NOT_BASE64
 */
export function fromBase64(text: string): Buffer {
  const content = text.replace(DATA_URL, '').replace(/\s+/g, '');
  const digits = content.replace(/=+$/, '').length;
  if (!ALPHABET.test(content) || digits % 4 === 1) throw new PilotlightError('PICTURE_NOT_BASE64');
  return Buffer.from(content, 'base64');
}

export const toBase64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
