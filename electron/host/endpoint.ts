import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { fact } from '../../shared/models/message.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { folderError } from '../adapters/folder-error.ts';
import { readOwn } from '../adapters/ownership/read-own.ts';
import { isThere, setAside } from '../adapters/set-aside.ts';
import type { Problem } from '../core/compose.ts';
import { fileNotice } from './damage-notices.ts';

/** How a program of the same user reaches the core that runs with a data folder. */
const endpointSchema = z.object({
  /** Always on loopback: the token is never sent anywhere else. */
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/),
  /** A bearer that may do everything, including creating one-time addresses. */
  token: z.string().min(20),
  pid: z.number().int().positive(),
  startedAt: z.number(),
  version: z.string(),
});
export type Endpoint = z.infer<typeof endpointSchema>;

/** A copied data folder still contains the endpoint of the original; the inode tells them apart. */
const fileSchema = endpointSchema.extend({ folder: z.string().optional() });
const folderNumber = (dataFolder: string) => String(statSync(dataFolder, { bigint: true }).ino);

export const endpointPath = (dataFolder: string) => join(dataFolder, 'endpoint.json');

/**
 * Written to a second file and renamed, so that nobody reads a partial one; mode 0600 from the first byte. Throws
 * DISK_FULL or DATA_FOLDER_UNUSABLE.
 */
export function writeEndpoint(
  dataFolder: string,
  endpoint: Endpoint,
  onDamage: (problem: Problem) => void = () => {},
): void {
  const path = endpointPath(dataFolder);
  try {
    if (isThere(path) && readFile(dataFolder) === null) {
      onDamage(fileNotice('endpoint.json', setAside(path), fact('NO_ACTION_NEEDED')));
    }
    const content = { ...endpoint, folder: folderNumber(dataFolder) };
    writeDurably(path, `${JSON.stringify(content, null, 2)}\n`);
  } catch (error) {
    throw folderError(dataFolder, error);
  }
}

/**
 * The file's content; null if it is missing, invalid, not this user's own or from another folder. That core may no
 * longer answer.
 */
export function readEndpoint(dataFolder: string): Endpoint | null {
  const content = readFile(dataFolder);
  if (content === null) return null;
  const { folder, ...endpoint } = content;
  try {
    return folder === undefined || folder === folderNumber(dataFolder) ? endpoint : null;
  } catch {
    return null;
  }
}

/** null if it does not exist, is damaged, or could have been changed or read by others. */
function readFile(dataFolder: string): z.infer<typeof fileSchema> | null {
  try {
    const parsed = fileSchema.safeParse(
      JSON.parse(readOwn(endpointPath(dataFolder), 'secret').bytes.toString('utf8')),
    );
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Removes the file if it is still ours: another core may have started since. */
export function removeEndpoint(dataFolder: string, token: string): void {
  if (readEndpoint(dataFolder)?.token === token) rmSync(endpointPath(dataFolder), { force: true });
}
