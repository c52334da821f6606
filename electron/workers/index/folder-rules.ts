/** What the rules of an indexed folder leave out while it is walked, and how much that is. */
import { join } from 'node:path';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { IgnoredFiles } from '../../core/ports/vectors.ts';
import {
  type IgnoreRules,
  ignoredBy,
  type ReadRules,
  readRules,
  readRulesAbove,
  rulesOfPatterns,
  seenFrom,
} from './ignore-rules.ts';

export interface FolderRules {
  /** Whether the ignore files above the folder, if any, could be read. */
  readonly canObeyAbove: boolean;
  /**
   * Reads the ignore files of a folder, after that of the one above it. Without them it must not be indexed, because they
   * may protect what is in it.
   * @param path relative to the indexed folder, with `/`; empty for that folder
   * @param names of what may be an ignore file in it
   * @returns whether they could be read
   */
  read(path: string, names: ReadonlySet<string>): Promise<boolean>;
  isIgnored(path: string, isFolder: boolean): boolean;
  /** By ignore file; the patterns of the folder itself have an empty path. */
  ignored(): IgnoredFiles[];
}

export const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * @param options.root canonical absolute path
 * @param options.patterns set for the folder by a person; ignore files in it overrule them
 * @param options.onProblem a file that could not be obeyed, whole or in part
 */
export async function openFolderRules(options: {
  root: string;
  ignoreFiles: boolean;
  patterns: readonly string[];
  onProblem: (file: string, reason: Message) => void;
}): Promise<FolderRules> {
  const { root, ignoreFiles } = options;
  const inherited = ignoreFiles ? await readRulesAbove(root) : { within: '', rules: null, problems: [] };
  const { within } = inherited;
  const outermost = rulesOfPatterns(options.patterns, inherited);
  const rulesOf = new Map<string, IgnoreRules | null>();
  const counted = new Map<string, IgnoredFiles>();

  function canObey({ problems }: Pick<ReadRules, 'problems'>): boolean {
    for (const { file, kind, lines } of problems) {
      options.onProblem(
        seenFrom(within, file),
        kind === 'unreadable' ? fact('IGNORE_FILE_UNREADABLE') : fact('IGNORE_LINES_LEFT_OUT', { lines }),
      );
    }
    return !problems.some(({ kind }) => kind === 'unreadable');
  }

  return {
    canObeyAbove: canObey(inherited),
    async read(path, names) {
      const above = path === '' ? outermost : (rulesOf.get(parentOf(path)) ?? null);
      if (!ignoreFiles) {
        rulesOf.set(path, above);
        return true;
      }
      const folder = path === '' ? root : join(root, ...path.split('/'));
      const read = await readRules(folder, path === '' ? within.slice(0, -1) : within + path, names, above);
      rulesOf.set(path, read.rules);
      return canObey(read);
    },
    isIgnored(path, isFolder) {
      const by = ignoredBy(rulesOf.get(parentOf(path)) ?? null, within + path, isFolder);
      if (by === null) return false;
      const file = by === '' ? '' : seenFrom(within, by);
      const counts = counted.get(file) ?? { path: file, files: 0, folders: 0 };
      counts[isFolder ? 'folders' : 'files'] += 1;
      counted.set(file, counts);
      return true;
    },
    ignored: () => [...counted.values()],
  };
}
