/** Replaces the desktop program when it quits: an AppImage by a rename, the others by electron-updater. */
import { accessSync, constants, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { systemCode } from '../adapters/system-code.ts';
import { replaceProgram } from '../adapters/updates/replace-program.ts';
import type { ProgramInstaller, StagedProgram } from '../core/ports/updates.ts';
import { openUpdateFeed } from './update-feed.ts';

/** What is used of electron-updater. It checks the signature of the system on top. */
export interface SystemUpdater {
  /** Takes the file over from a folder on loopback; rejects if the system's signature is wrong. */
  take(feed: { url: string; allowsOlder: boolean }, signal: AbortSignal): Promise<void>;
  /** Starts the installer and quits. */
  quitAndInstall(restarts: boolean): void;
}

export interface UpdateInstaller extends ProgramInstaller {
  /**
   * When everything else has ended: replaces the program if that was staged. True if what was started quits the program
   * by itself.
   */
  finish(): boolean;
}

export interface UpdateInstallerOptions {
  form: 'appimage' | 'nsis' | 'mac';
  /** The file that is replaced. */
  program: string;
  /** Where the version before is kept. */
  keepIn: string;
  openUpdater(): Promise<SystemUpdater>;
  /** Asks the program to quit, as a person does. */
  quit(): void;
  /** Starts this program again when it has quit. */
  relaunch(program: string): void;
  complain(line: string): void;
}

export function createUpdateInstaller(options: UpdateInstallerOptions): UpdateInstaller {
  const { form, program, keepIn, quit, relaunch, complain } = options;
  let staged: { program: StagedProgram; kept: string | null; updater: SystemUpdater | null } | null = null;
  let restarts = false;

  /** The installer of a version, as it was downloaded: the next update keeps it to go back to. */
  const installerOf = (version: string, path: string) => join(keepIn, `${version}${extname(path)}`);

  function stageImage(fresh: StagedProgram): string | null {
    // Missing rights are reported now; at quitting they would go unnoticed.
    accessSync(dirname(program), constants.W_OK);
    accessSync(program, constants.R_OK);
    return fresh.keeps ? join(keepIn, `${fresh.replaces}.AppImage`) : null;
  }

  async function stageBySystem(fresh: StagedProgram, signal: AbortSignal): Promise<SystemUpdater> {
    const updater = await options.openUpdater();
    const feed = await openUpdateFeed(fresh);
    try {
      await updater.take({ url: feed.url, allowsOlder: !fresh.keeps }, signal);
    } finally {
      await feed.close();
    }
    return updater;
  }

  return {
    async stage(fresh, signal) {
      try {
        mkdirSync(keepIn, { recursive: true, mode: 0o700 });
        if (form === 'appimage') {
          const kept = stageImage(fresh);
          staged = { program: fresh, kept, updater: null };
          return { kept };
        }
        const updater = await stageBySystem(fresh, signal);
        signal.throwIfAborted();
        const before = installerOf(fresh.replaces, fresh.path);
        const kept = fresh.keeps && existsSync(before) ? before : null;
        if (fresh.keeps) keepInstaller(fresh, kept);
        staged = { program: fresh, kept, updater };
        return { kept };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw refusal(error);
      }
    },
    unstage() {
      staged = null;
      restarts = false;
    },
    restart() {
      restarts = true;
      quit();
    },
    finish() {
      if (staged === null) return false;
      const { program: fresh, kept, updater } = staged;
      staged = null;
      if (updater !== null) {
        updater.quitAndInstall(restarts);
        return true;
      }
      try {
        replaceProgram({ program, fresh: fresh.path, keepAs: kept });
      } catch (error) {
        // The next start sees that it did not happen, and says so.
        complain(`The update was not installed: ${String(error)}`);
      }
      if (restarts) relaunch(program);
      return false;
    },
  };

  function keepInstaller(fresh: StagedProgram, before: string | null): void {
    const own = installerOf(fresh.version, fresh.path);
    for (const name of readdirSync(keepIn)) {
      const path = join(keepIn, name);
      if (path !== before && path !== own) rmSync(path, { force: true, recursive: true });
    }
    copyFileSync(fresh.path, own);
  }
}

function refusal(error: unknown): PilotlightError {
  if (isPilotlightError(error)) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause: error });
  return new PilotlightError('UPDATE_NOT_INSTALLED', {
    details: { reason: code ?? (error instanceof Error ? error.message : String(error)) },
    cause: error,
  });
}
