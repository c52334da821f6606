/** In the place of what replaces the program: it remembers what it was asked for. */
import type { ProgramInstaller, StagedProgram } from '../../../electron/core/ports/updates.ts';

export interface StandInInstaller extends ProgramInstaller {
  readonly staged: StagedProgram[];
  readonly current: StagedProgram | null;
  readonly restarts: number;
  /** The next `stage` rejects with it. */
  failure: Error | null;
}

export function createStandInInstaller(kept: string | null = null): StandInInstaller {
  const staged: StagedProgram[] = [];
  let current: StagedProgram | null = null;
  let restarts = 0;
  const installer = {
    failure: null as Error | null,
    staged,
    get current() {
      return current;
    },
    get restarts() {
      return restarts;
    },
    async stage(program: StagedProgram) {
      if (installer.failure !== null) throw installer.failure;
      staged.push(program);
      current = program;
      return { kept: program.keeps ? kept : null };
    },
    unstage() {
      current = null;
    },
    restart() {
      restarts += 1;
    },
  };
  return installer;
}
