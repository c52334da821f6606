/** Which patterns of ignore files can be tried on every path. Pure. */

import { PilotlightError } from '../../../shared/contract/errors.ts';

/** A pattern with many wildcards in one name, or for many folders, can take for ever to try. */
const MAX_WILDCARDS = 4;
const MAX_ANY_FOLDERS = 2;

export function isTooComplex(line: string): boolean {
  const parts = line.split('/');
  const anyFolders = parts.filter((part, at) => part === '**' && at < parts.length - 1).length;
  return (
    anyFolders > MAX_ANY_FOLDERS ||
    parts.some((part) => (part.replaceAll(/\\./g, '').match(/\*+/g)?.length ?? 0) > MAX_WILDCARDS)
  );
}

/** Without empty lines and remarks. Throws BAD_PATTERN, naming the first that cannot be used. */
export function usablePatterns(lines: readonly string[]): string[] {
  const patterns = lines.map((line) => line.trimEnd()).filter((line) => line !== '' && !line.startsWith('#'));
  const wrong = patterns.find((line) => isTooComplex(line) || /[\0\r\n]/.test(line));
  if (wrong !== undefined)
    throw new PilotlightError('BAD_PATTERN', { details: { field: 'ignorePatterns', pattern: wrong } });
  return patterns;
}
