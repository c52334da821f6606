/** The one runner of a data folder: a private file says where it is; a second start finds it. */
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../system-code.ts';
import { type LinkEndpoint, readBootId, readLinkEndpoint, writeLinkEndpoint } from '../link/endpoint.ts';
import { hasToken } from './identity.ts';

/** Process id, boot id, port on 127.0.0.1, token, version. */
export type RunnerEndpoint = LinkEndpoint;

/** The folder of everything that the runner keeps. */
export const runnerFolder = (dataFolder: string): string => join(dataFolder, 'runner');
const fileOf = (dataFolder: string) => join(runnerFolder(dataFolder), 'endpoint.json');

/** The runner that runs now, proved; null if there is none. */
export async function findInstance(dataFolder: string, signal?: AbortSignal): Promise<RunnerEndpoint | null> {
  const endpoint = readLinkEndpoint(fileOf(dataFolder));
  return endpoint !== null && (await isLive(endpoint, signal)) ? endpoint : null;
}

async function isLive(endpoint: RunnerEndpoint, signal?: AbortSignal): Promise<boolean> {
  return mayRun(endpoint) && (await hasToken(endpoint, signal));
}

/** A process id of another boot belongs to another program. */
function mayRun({ pid, bootId }: RunnerEndpoint): boolean {
  if (bootId !== readBootId()) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

const MOST_TRIES = 20;

/**
 * Writes the file for the calling process, which listens already. Returns the endpoint of another one if that was
 * faster; null if the place is ours. Throws the system's error.
 */
export async function claimInstance(dataFolder: string, own: RunnerEndpoint): Promise<RunnerEndpoint | null> {
  const path = fileOf(dataFolder);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${own.pid}`;
  writeLinkEndpoint(draft, own);
  try {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (linked(draft, path)) return null;
      const other = readLinkEndpoint(path);
      if (other !== null && (await isLive(other))) return other;
      await removeStale(path, other);
    }
    throw new Error('The file of the runner cannot be written.');
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A link appears with all of its content, or not at all. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    // Some file systems have no links.
    renameSync(draft, path);
    return true;
  }
}

/** Between the check and now another start may have put a live one there: that is put back. */
async function removeStale(path: string, judged: RunnerEndpoint | null): Promise<void> {
  const aside = `${path}.old-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readLinkEndpoint(aside);
  try {
    if (moved !== null && moved.token !== judged?.token) linkSync(aside, path);
  } catch {
    // Yet another one is there.
  }
  rmSync(aside, { force: true });
}

/** Whether the file is still the one of this token. */
export function holdsInstance(dataFolder: string, token: string): boolean {
  return readLinkEndpoint(fileOf(dataFolder))?.token === token;
}

/** Removes the file, unless another runner has written its own since. */
export function releaseInstance(dataFolder: string, token: string): void {
  if (holdsInstance(dataFolder, token)) rmSync(fileOf(dataFolder), { force: true });
}
