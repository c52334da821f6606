/**
 * A program that ends with the process that started it, however that ends. A handler of the command line's worker leads
 * a group, which is ended as a whole; a utility process of Electron cannot lead one. There a shell leads the group of the
 * program, and ends it when its input closes: the system closes that with the last process that holds it.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { leadsGroup } from '../../adapters/processes/process-group.ts';
import { systemCode } from '../../adapters/system-code.ts';

export interface LeashedStart {
  program: string;
  args: readonly string[];
  /** Its input is the leash: kept open, and never written to. */
  isLeashed: boolean;
}

/** The program and what watches it are two jobs of the shell; the first one that ends is the end of the other. */
const SCRIPT = [
  'exec 3<&0',
  '"$@" </dev/null 3<&- & program=$!',
  '{ read -r _ <&3; kill -s KILL 0; } >/dev/null 2>&1 & watch=$!',
  'exec 3<&-',
  'wait "$program"; code=$?',
  'kill -s KILL "$watch" 2>/dev/null',
  'exit "$code"',
].join('\n');

/** Throws the system's error if a leashed program is not there or may not be run: its shell could only say so in words. */
export function leashedStart(
  { program, args, folder }: { program: string; args: readonly string[]; folder: string },
  { platform = process.platform, isGroup = leadsGroup(), path = process.env.PATH ?? '' } = {},
): LeashedStart {
  // Windows has no groups: there the main process ends the tree.
  if (platform === 'win32' || isGroup) return { program, args, isLeashed: false };
  const found = findProgram(program, folder, path);
  return { program: '/bin/sh', args: ['-c', SCRIPT, 'sh', found, ...args], isLeashed: true };
}

function findProgram(program: string, folder: string, path: string): string {
  const candidates = program.includes('/')
    ? [isAbsolute(program) ? program : join(folder, program)]
    : path.split(delimiter).flatMap((place) => (place === '' ? [] : join(place, program)));
  let error: unknown = Object.assign(new Error(`${program} is not on PATH.`), { code: 'ENOENT' });
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch (failure) {
      if (systemCode(failure) !== 'ENOENT') error = failure;
    }
  }
  throw error;
}
