/** A folder for the files of tasks, and one below it for each task. What a killed worker left is deleted. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsElsewhere } from '../../../adapters/processes/is-running.ts';

export interface Scratch {
  /** A new, empty folder. */
  open(): Promise<{ path: string } & AsyncDisposable>;
  /** Deletes all of it. */
  remove(): void;
}

const PREFIX = 'pilotlight-tasks-';

/** @param root default: the system's folder for temporary files */
export function openScratch(root: string = tmpdir()): Scratch {
  sweep(root);
  // Only this user can enter it.
  const folder = mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
  return {
    async open() {
      const path = await mkdtemp(join(folder, 'task-'));
      return {
        path,
        [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }).catch(() => {}),
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^pilotlight-tasks-([1-9]\d{0,9})-/.exec(name)?.[1];
    // Another process may have the id by now; then the folder stays until that one has ended.
    if (pid === undefined || runsElsewhere(Number(pid))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      // That of another user; it costs nothing but space.
    }
  }
}
