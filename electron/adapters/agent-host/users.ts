/** Who has a session on this machine. */
import type { Exec } from '../hardware/exec.ts';
import type { HostPlatform } from './types.ts';

const DEADLINE_MS = 4000;

/** `who`: one session a line, the name first. */
export function parseWho(output: string): string[] {
  const names = output.split('\n').flatMap((line) => /^(\S+)\s+\S+/.exec(line)?.[1] ?? []);
  return [...new Set(names)];
}

/**
 * `quser`: a line of titles, then one session a line; `>` marks our own. Names are cut at 20 characters, and the
 * words are in the system's language.
 */
export function parseQuser(output: string): string[] {
  const [, ...lines] = output.split(/\r?\n/);
  const names = lines.flatMap((line) => /^[ >](\S+)\s/.exec(line)?.[1] ?? []);
  return [...new Set(names)];
}

export async function readUsers(exec: Exec, platform: HostPlatform, signal: AbortSignal): Promise<string[]> {
  if (platform !== 'win32') return parseWho(await exec('who', [], { deadlineMs: DEADLINE_MS, signal }));
  try {
    return parseQuser(await exec('quser.exe', [], { deadlineMs: DEADLINE_MS, signal }));
  } catch (error) {
    // With nobody logged in it says so and ends with 1.
    if (error instanceof Error && 'code' in error && error.code === 1) return [];
    throw error;
  }
}
