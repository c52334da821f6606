/** The agent's files are trusted only if no other user could have changed them, nor read the token. */
import { statSync } from 'node:fs';
import { ownershipMessages, type UnsafePath } from '../../shared/text/messages/ownership.ts';
import { draftsOf, sweepLeftovers } from '../adapters/leftovers.ts';
import { inspectFolder, inspectPath } from '../adapters/ownership/inspect.ts';
import { UnsafePathsError } from '../adapters/ownership/read-own.ts';
import { trustHere } from '../adapters/ownership/trust.ts';
import type { Trust } from '../adapters/ownership/verdict.ts';
import { AgentError } from './errors.ts';

/** Every file in the folder of an agent. */
const parts: Readonly<Record<string, 'file' | 'secret'>> = {
  'agent.json': 'file',
  token: 'secret',
  'id.json': 'file',
  'listening.json': 'file',
  'leases.jsonl': 'file',
  'policies.json': 'file',
  'panels.json': 'file',
  'damage.json': 'file',
  'countdown.json': 'file',
};

export const partOf = (file: string) => parts[file] ?? 'file';

/** Throws UNSAFE_PERMISSIONS. The folder need not exist. */
export async function requireOwnFolder(folder: string, trust: Trust | null = trustHere()): Promise<void> {
  refuse(await inspectFolder(folder, parts, trust));
}

/** A file that may be elsewhere. Throws UNSAFE_PERMISSIONS. */
export async function requireOwnFile(path: string, trust: Trust | null = trustHere()): Promise<void> {
  refuse(await inspectPath(path, 'file', trust));
}

/**
 * For a command that talks to an agent of another user, such as one run with sudo: whoever owns the folder of an agent
 * is trusted with what is in it.
 */
export function trustWithOwner(folder: string): Trust | null {
  try {
    return trustHere([statSync(folder).uid]);
  } catch {
    return trustHere();
  }
}

/** Reads files; throws UNSAFE_PERMISSIONS in place of UnsafePathsError. */
export function checked<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof UnsafePathsError ? unsafe(error.paths, error) : error;
  }
}

/** Deletes what killed agents left in the folder. Returns the names. */
export function sweepOwnFolder(folder: string): string[] {
  return sweepLeftovers(folder, draftsOf(Object.keys(parts)));
}

function refuse(paths: readonly UnsafePath[]): void {
  if (paths.length > 0) throw unsafe(paths);
}

function unsafe(paths: readonly UnsafePath[], cause?: unknown): AgentError {
  return new AgentError('UNSAFE_PERMISSIONS', {
    message: ownershipMessages.UNSAFE_PATHS({ paths }),
    next: ownershipMessages.FIX_UNSAFE_PATHS({ paths }),
    details: { paths },
    cause,
  });
}
