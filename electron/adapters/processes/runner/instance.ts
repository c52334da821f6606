/**
 * The one runner of a user on this machine, and of a data folder: private files say where it is, so that a second start
 * finds it. The shared file is for programs with other data folders; the one in the data folder is for scripts, and keeps
 * two users from writing to one folder.
 */
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../../../shared/json.ts';
import { writeDurably } from '../../durable-write.ts';
import { readOwn } from '../../ownership/read-own.ts';
import { systemCode } from '../../system-code.ts';
import { isRunning } from '../is-running.ts';
import { endpointSchema, readBootId } from '../link/endpoint.ts';
import { hasToken } from './identity.ts';

const runnerEndpointSchema = endpointSchema.extend({
  /** Whose models it has. Empty if it was written by an older version. */
  dataFolder: z.string().default(''),
});
export type RunnerEndpoint = z.infer<typeof runnerEndpointSchema>;

export interface RunnerPlaces {
  dataFolder: string;
  /** Of this user on this machine; null for a runner of this data folder alone. */
  sharedFolder: string | null;
}

/** The folder of everything that the runner keeps. */
export const runnerFolder = (dataFolder: string): string => join(dataFolder, 'runner');

/** The folder's own one first, always in this order. */
const filesOf = ({ dataFolder, sharedFolder }: RunnerPlaces): string[] => [
  join(runnerFolder(dataFolder), 'endpoint.json'),
  ...(sharedFolder === null ? [] : [join(sharedFolder, 'runner.json')]),
];

/** The runner that runs now, proved; null if there is none. */
export async function findInstance(
  places: RunnerPlaces,
  signal?: AbortSignal,
): Promise<RunnerEndpoint | null> {
  for (const path of filesOf(places)) {
    const endpoint = readEndpoint(path);
    if (endpoint !== null && (await isLive(endpoint, signal))) return endpoint;
  }
  return null;
}

/** null if there is none, it is damaged, or others could have changed or read it. */
function readEndpoint(path: string): RunnerEndpoint | null {
  try {
    const text = readOwn(path, 'secret').bytes.toString('utf8');
    return runnerEndpointSchema.safeParse(parseJson(text)).data ?? null;
  } catch {
    return null;
  }
}

async function isLive(endpoint: RunnerEndpoint, signal?: AbortSignal): Promise<boolean> {
  return mayRun(endpoint) && (await hasToken(endpoint, signal));
}

/** A process id of another boot belongs to another program. */
function mayRun({ pid, bootId }: RunnerEndpoint): boolean {
  return bootId === readBootId() && isRunning(pid);
}

const MOST_TRIES = 20;

/**
 * Writes the files for the calling process, which listens already, unless they are there. Returns the endpoint of another
 * one if that was faster; null if the places are ours. Throws the system's error.
 */
export async function claimInstance(
  places: RunnerPlaces,
  own: RunnerEndpoint,
): Promise<RunnerEndpoint | null> {
  for (const path of filesOf(places)) {
    const other = await claimFile(path, own);
    if (other === null) continue;
    releaseInstance(places, own.token);
    return other;
  }
  return null;
}

async function claimFile(path: string, own: RunnerEndpoint): Promise<RunnerEndpoint | null> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${own.pid}`;
  writeDurably(draft, `${JSON.stringify(own, null, 2)}\n`);
  try {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (linked(draft, path)) return null;
      const other = readEndpoint(path);
      if (other?.token === own.token) return null;
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
  const moved = readEndpoint(aside);
  try {
    if (moved !== null && moved.token !== judged?.token) linkSync(aside, path);
  } catch {
    // Yet another one is there.
  }
  rmSync(aside, { force: true });
}

/** Removes the files, unless another runner has written its own since. */
export function releaseInstance(places: RunnerPlaces, token: string): void {
  for (const path of filesOf(places)) {
    if (readEndpoint(path)?.token === token) rmSync(path, { force: true });
  }
}
