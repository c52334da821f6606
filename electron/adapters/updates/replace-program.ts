/** Puts a new program in the place of one file, by a rename, and keeps the former one. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { flushFolder } from '../durable-write.ts';
import { draftOf } from '../leftovers.ts';
import { systemCode } from '../system-code.ts';

/** The steps that touch the disk, so that a test can let each of them fail. */
export interface ReplacingSteps {
  copy: typeof copyFileSync;
  link: typeof linkSync;
  rename: typeof renameSync;
}

export interface Replacement {
  /** The file that runs. */
  program: string;
  /** A verified file; it stays where it is. */
  fresh: string;
  /** Where the former program goes, on the same disk; null if it isn't kept. */
  keepAs: string | null;
  platform?: NodeJS.Platform;
  steps?: ReplacingSteps;
}

/**
 * At every moment there is a whole program at `program`; only on Windows, where a file that runs can be renamed but not
 * replaced, there is none for the time between two renames, and a failed second one undoes the first. Throws
 * UPDATE_NOT_INSTALLED or DISK_FULL, and then nothing has changed.
 */
export function replaceProgram(replacement: Replacement): void {
  const { program, fresh, keepAs, platform = process.platform } = replacement;
  const { copy, link, rename } = replacement.steps ?? {
    copy: copyFileSync,
    link: linkSync,
    rename: renameSync,
  };
  const draft = draftOf(program);
  const aside = keepAs ?? `${program}.replaced`;
  const keptDraft = draftOf(aside);
  try {
    rmSync(draft, { force: true });
    rmSync(keptDraft, { force: true });
    copy(fresh, draft);
    chmodSync(draft, (statSync(program).mode & 0o777) | 0o100);
    flushFile(draft);
    if (platform === 'win32') {
      rename(program, keptDraft);
      try {
        rename(draft, program);
      } catch (error) {
        rename(keptDraft, program);
        throw error;
      }
      try {
        rename(keptDraft, aside);
      } catch {
        // The new one is in place; the former one only keeps its other name.
      }
      return;
    }
    if (keepAs !== null) {
      keep({ program, draft: keptDraft, link, copy });
      rename(keptDraft, keepAs);
    }
    rename(draft, program);
    flushFolder(dirname(program));
  } catch (error) {
    rmSync(draft, { force: true });
    if (existsSync(program)) rmSync(keptDraft, { force: true });
    const code = systemCode(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new PilotlightError('DISK_FULL', { cause: error });
    throw new PilotlightError('UPDATE_NOT_INSTALLED', {
      details: { program, reason: code ?? String(error) },
      cause: error,
    });
  }
}

/** A second name for it; on a disk without such names, a copy. */
function keep({
  program,
  draft,
  link,
  copy,
}: { program: string; draft: string } & Pick<ReplacingSteps, 'link' | 'copy'>) {
  try {
    link(program, draft);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK'].includes(systemCode(error) ?? '')) throw error;
    copy(program, draft);
    flushFile(draft);
  }
}

function flushFile(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
