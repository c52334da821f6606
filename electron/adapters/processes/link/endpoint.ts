/** The private file by which a restarted core finds a process that outlived the one before. */
import { readFileSync, rmSync } from 'node:fs';
import * as z from 'zod';
import { parseJson } from '../../../../shared/json.ts';
import { writeDurably } from '../../durable-write.ts';
import { readOwn } from '../../ownership/read-own.ts';

export const endpointSchema = z.object({
  pid: z.number().int().positive(),
  /** Of the system; null where it has none. A process id of another boot belongs to another program. */
  bootId: z.string().nullable(),
  /** On 127.0.0.1. */
  port: z.number().int().min(1).max(65_535),
  /** Never sent: each end proves that it has it. */
  token: z.string().min(20),
  /** Of the program. */
  version: z.string(),
});
export type LinkEndpoint = z.infer<typeof endpointSchema>;

/** Mode 0600 from the first byte. Throws the system's error. */
export function writeLinkEndpoint(path: string, endpoint: LinkEndpoint): void {
  writeDurably(path, `${JSON.stringify(endpoint, null, 2)}\n`);
}

/** null if there is none, it is damaged, or others could have changed or read it. */
export function readLinkEndpoint(path: string): LinkEndpoint | null {
  try {
    return endpointSchema.safeParse(parseJson(readOwn(path, 'secret').bytes.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Removes the file, unless another process has written its own since. */
export function removeLinkEndpoint(path: string, token: string): void {
  if (readLinkEndpoint(path)?.token === token) rmSync(path, { force: true });
}

/** Changes with each start of the system; null where that cannot be read. */
export function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
