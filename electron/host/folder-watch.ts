/**
 * Notices that the state was deleted, moved or replaced while a core uses it. The system keeps a deleted file for the
 * process that has it open, so writes would succeed and be lost when the process ends.
 */

import { statSync } from 'node:fs';
import { fact } from '../../shared/models/message.ts';
import type { Problem } from '../core/compose.ts';
import type { Clock, Timer } from '../core/ports/time.ts';

const CHECK_EVERY_MS = 10_000;

/** Reports it once. Returns a function that stops watching. */
export function watchState(options: {
  dataFolder: string;
  /** The state file; it must exist when watching starts. */
  path: string;
  clock: Pick<Clock, 'timer'>;
  report(problem: Problem): void;
}): () => void {
  const { dataFolder, path, clock, report } = options;
  const before = identityOf(path);
  let timer: Timer | null = null;

  function check(): void {
    const now = identityOf(path);
    // A file that cannot be checked at this moment may still be there.
    if (before === 'unknown' || now === 'unknown' || now === before) plan();
    else report(lostNotice(dataFolder));
  }

  function plan(): void {
    timer = clock.timer(CHECK_EVERY_MS, check);
  }

  plan();
  return () => timer?.cancel();
}

function identityOf(path: string): string | 'unknown' | 'missing' {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}

function lostNotice(dataFolder: string): Problem {
  return {
    id: 'data-folder-gone',
    code: 'DATA_FOLDER_UNUSABLE',
    message: fact('DATA_FOLDER_LOST', { folder: dataFolder }),
    next: fact('EXPORT_AND_RESTORE'),
  };
}
