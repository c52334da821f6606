/** The agent's name for machines: made once, kept beside the token, no secret. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Damage } from './damage.ts';
import { writePrivate } from './files.ts';

const FILE = 'id.json';

/** 20 hexadecimal digits. A damaged one is replaced by a new one: panels then take it for another agent. */
export function openAgentId(folder: string, damage: Pick<Damage, 'read'>): string {
  const kept = damage.read(FILE, 'nothing', (text) => {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' && /^[0-9a-f]{20}$/.test(value) ? value : null;
  });
  if (kept !== null) return kept;
  const id = randomBytes(10).toString('hex');
  writePrivate(join(folder, FILE), JSON.stringify(id));
  return id;
}
