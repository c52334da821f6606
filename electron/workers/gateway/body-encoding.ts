/** Bodies that the client has compressed: decoded to read what routing needs, and sent on as they came. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import { Refusal } from './refusal.ts';

/** Of a decoded body. A zip bomb is refused when it gets there. */
const MOST_DECODED = 20 * 1024 * 1024;

const decoders = {
  zstd: promisify(zstdDecompress),
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

export type Encoding = keyof typeof decoders;

/** null for none. Throws ENCODING_NOT_SUPPORTED. */
export function readEncoding(header: string | undefined): Encoding | null {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  if (Object.hasOwn(decoders, name)) return name as Encoding;
  throw new Refusal('ENCODING_NOT_SUPPORTED', {
    message: fact('GATEWAY_ENCODING', { encoding: printable(name) }),
  });
}

/** Rejects with REQUEST_TOO_LARGE, or BAD_ENCODING for what is not encoded so. */
export async function decodeBody(encoding: Encoding, chunks: readonly Buffer[]): Promise<Buffer> {
  try {
    return await decoders[encoding](Buffer.concat(chunks), { maxOutputLength: MOST_DECODED });
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) {
      throw new Refusal('REQUEST_TOO_LARGE', {
        message: fact('GATEWAY_BODY_LIMIT', { limitBytes: MOST_DECODED }),
      });
    }
    throw new Refusal('BAD_ENCODING');
  }
}
