/** The agent's token: made once, for this user only. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Damage } from './damage.ts';
import { AgentError } from './errors.ts';
import { writePrivate } from './files.ts';

const FILE = 'token';

const form = /^[\w-]{32,128}$/;

/**
 * The token in this folder; made, with mode 0600, where there is none. With `damage` a new one takes the place of a
 * damaged one; without it that throws BAD_CONFIG, because an agent that runs has the token still.
 */
export function openToken(folder: string, damage?: Pick<Damage, 'read'>): string {
  const kept = damage
    ? damage.read(FILE, 'panels', (text) => (form.test(text.trim()) ? text.trim() : null))
    : readToken(folder);
  if (kept !== null) return kept;
  const token = randomBytes(32).toString('base64url');
  writePrivate(join(folder, FILE), `${token}\n`);
  return token;
}

/** null where there is none. Throws BAD_CONFIG for a file that holds something else. */
export function readToken(folder: string): string | null {
  const path = join(folder, FILE);
  let content: string;
  try {
    content = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new AgentError('BAD_CONFIG', {
      message: `The token file cannot be read: ${error instanceof Error ? error.message : error}`,
      next: 'Run this as the user that the agent runs as.',
      cause: error,
    });
  }
  if (form.test(content)) return content;
  throw new AgentError('BAD_CONFIG', {
    message: 'The token file does not hold a token.',
    next: 'Start the agent again: it keeps that file aside and makes a new token, with which panels pair again.',
  });
}
