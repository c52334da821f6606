/** SHA-512 of a file in base64, as a manifest states it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Rejects with the system's error. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}
