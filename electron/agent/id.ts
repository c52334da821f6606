/** The agent's name for machines: made once, kept beside the token, no secret. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writePrivate } from './files.ts';

const FILE = 'id.json';

/** 20 hexadecimal digits. A file that holds something else is replaced: panels then take it for another agent. */
export function openAgentId(folder: string): string {
  const path = join(folder, FILE);
  const kept = readJson(path);
  if (typeof kept === 'string' && /^[0-9a-f]{20}$/.test(kept)) return kept;
  const id = randomBytes(10).toString('hex');
  writePrivate(path, JSON.stringify(id));
  return id;
}
