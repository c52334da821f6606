/** The agent's token: created once, readable by this user only. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOwn } from '../adapters/ownership/read-own.ts';
import type { Trust } from '../adapters/ownership/verdict.ts';
import type { Damage } from './damage.ts';
import { AgentError } from './errors.ts';
import { writePrivate } from './files.ts';
import { checked } from './own-files.ts';

const FILE = 'token';

const form = /^[\w-]{32,128}$/;

/**
 * The token in this folder; created with mode 0600 if there is none. With `damage` a new one replaces a damaged one;
 * without it a damaged one throws BAD_CONFIG, because a running agent still has the token.
 */
export function openToken(
  folder: string,
  { damage, trust }: { damage?: Pick<Damage, 'read'>; trust?: Trust | null } = {},
): string {
  const kept = damage
    ? damage.read(FILE, 'panels', (text) => (form.test(text.trim()) ? text.trim() : null))
    : readToken(folder, trust);
  if (kept !== null) return kept;
  const token = randomBytes(32).toString('base64url');
  writePrivate(join(folder, FILE), `${token}\n`);
  return token;
}

/** null if there is none. Throws BAD_CONFIG for a file with other content, and UNSAFE_PERMISSIONS. */
export function readToken(folder: string, trust?: Trust | null): string | null {
  const path = join(folder, FILE);
  let content: string;
  try {
    content = checked(() => readOwn(path, 'secret', trust))
      .bytes.toString('utf8')
      .trim();
  } catch (error) {
    if (error instanceof AgentError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new AgentError('BAD_CONFIG', {
      message: `The token file cannot be read: ${error instanceof Error ? error.message : error}`,
      next: 'Run this as the user that the agent runs as.',
      cause: error,
    });
  }
  if (form.test(content)) return content;
  throw new AgentError('BAD_CONFIG', {
    message: 'The token file does not contain a token.',
    next: 'Restart the agent: it sets that file aside and creates a new token. Then pair the panels again.',
  });
}
