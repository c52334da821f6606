/** `pilotlight worker init DIR`: a folder with all that a worker needs on another computer. */
import { chmod, copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { systemCode } from '../../../adapters/system-code.ts';
import {
  composeFile,
  dockerfile,
  type FolderSettings,
  KEY_FILE,
  PROGRAM_FILE,
  readme,
  SETTINGS_FILE,
  serviceUnit,
  settingsFile,
  startPowerShell,
  startScript,
} from './templates.ts';

export interface MadeFolder {
  folder: string;
  written: string[];
  /** Files that were there and are a person's own. */
  kept: string[];
}

/** Makes the folder, or updates one: settings and the key that are there stay. @param entry the worker's program */
export async function makeWorkerFolder(
  folder: string,
  { settings, token, entry }: { settings: FolderSettings; token: string; entry: string },
): Promise<MadeFolder> {
  if (!basename(entry).endsWith('.mjs')) {
    throw new PilotlightError('BAD_REQUEST', {
      message: 'The program of the worker is not built.',
      next: 'Run it as npm run pilotlight -- worker init, which builds it.',
    });
  }
  // Before anything is written: it refuses what cannot be saved.
  const saved = settingsFile(settings);
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const kept: string[] = [];

  async function own(name: string, content: string, mode: number): Promise<void> {
    try {
      await writeFile(join(folder, name), content, { flag: 'wx', mode });
      written.push(name);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      kept.push(name);
    }
  }

  async function generated(name: string, content: string, mode = 0o644): Promise<void> {
    const path = join(folder, name);
    await writeFile(path, content, { mode });
    await chmod(path, mode);
    written.push(name);
  }

  await own(KEY_FILE, `${token}\n`, 0o600);
  await own(SETTINGS_FILE, saved, 0o644);
  const program = join(folder, PROGRAM_FILE);
  // Run from the folder itself, it is there.
  if ((await realpath(program).catch(() => null)) !== (await realpath(entry))) {
    await copyFile(entry, program);
    written.push(PROGRAM_FILE);
  }
  await generated('start.sh', startScript, 0o755);
  await generated('start.ps1', startPowerShell.replaceAll('\n', '\r\n'));
  await generated('pilotlight-worker.service', serviceUnit);
  await generated('Dockerfile', dockerfile);
  await generated('compose.yaml', composeFile(settings));
  await generated('.dockerignore', `*\n!${PROGRAM_FILE}\n`);
  await generated('README.md', readme);
  return { folder, written, kept };
}
