/** The agent's machine-readable id: created once, stored beside the token, not a secret. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Damage } from './damage.ts';
import { checksum, writePrivate } from './files.ts';

const FILE = 'id.json';
const form = /^[0-9a-f]{20}$/;

interface Kept {
  id: string;
  /** Checksum of the token at the last start; null in a file of an older version. */
  tokenSum: number | null;
}

export interface AgentIdOptions {
  damage: Pick<Damage, 'read' | 'changed' | 'isReported'>;
  /** The agent's token. If it differs from that of the last start, this is reported: panels have the old one. */
  token: string;
}

/** 20 hexadecimal digits. A damaged id is replaced by a new one, which panels see as another agent. */
export function openAgentId(folder: string, { damage, token }: AgentIdOptions): string {
  const kept = damage.read(FILE, 'nothing', readKept);
  const tokenSum = checksum(token);
  if (kept !== null && kept.tokenSum === tokenSum) return kept.id;
  // A newly created token has already been reported: its file was damaged or missing.
  if (kept !== null && kept.tokenSum !== null && !damage.isReported('token'))
    damage.changed('token', 'panels');
  const id = kept?.id ?? randomBytes(10).toString('hex');
  writePrivate(join(folder, FILE), JSON.stringify({ id, tokenSum, sum: checksum(`${id} ${tokenSum}`) }));
  return id;
}

/** null for anything that no agent wrote. Older versions wrote the id alone. */
function readKept(text: string): Kept | null {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'string') return form.test(value) ? { id: value, tokenSum: null } : null;
  const { id, tokenSum, sum } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof tokenSum !== 'number' || !form.test(id)) return null;
  return sum === checksum(`${id} ${tokenSum}`) ? { id, tokenSum } : null;
}
