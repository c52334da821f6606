/**
 * Kills a core in the middle of an index, again and again, at random points; then lets it finish and counts
 * what the index has lost or holds twice. Half of the files are embedded on a node, half in the worker.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assembleFleet } from '../../electron/simulator/fleet.ts';
import { type ChildProcess, fork } from './children.ts';
import {
  addMachines,
  fleetEmbedder,
  machineSetups,
  notes,
  startHostAt,
  verifySource,
  writeFiles,
} from './indexing-world.ts';

export interface KillResumeResult {
  /** How often it was killed while a job ran. */
  kills: number;
  /** How often a job was taken up again by the next process. */
  resumes: number;
  completions: number;
  lost: number;
  repeated: number;
  findings: string[];
}

type RunnerMessage =
  | { kind: 'running'; resumed: boolean }
  | { kind: 'ended'; status: string; detail: string };

const runner = fileURLToPath(new URL('kill-resume-runner.ts', import.meta.url));

export async function killAndResume(options: {
  kills: number;
  /** Files in each of the two folders. */
  files: number;
  /** Milliseconds; each kill comes at a random moment up to so long after the job has begun. */
  withinMs: number;
  random: () => number;
  signal: AbortSignal;
  note?: (text: string) => void;
}): Promise<KillResumeResult> {
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-kill-'));
  const dataFolder = join(root, 'data');
  const folders = { node: join(root, 'node'), builtin: join(root, 'builtin') };
  for (const folder of Object.values(folders)) writeFiles(folder, notes(options.files));
  const fleet = await assembleFleet(machineSetups({ gpuTextsPerSecond: 400 }));
  const result: KillResumeResult = {
    kills: 0,
    resumes: 0,
    completions: 0,
    lost: 0,
    repeated: 0,
    findings: [],
  };
  try {
    const sources = await prepare();
    const check = () => {
      for (const [name, folder] of Object.entries(folders)) {
        const verdict = verifySource({ dataFolder, folder }, sources[name as keyof typeof folders]);
        result.lost += verdict.lost;
        result.repeated += verdict.repeated;
        result.findings.push(...verdict.findings);
      }
    };
    while (result.kills < options.kills) {
      if (await runOnce(options.random() * options.withinMs)) {
        result.kills += 1;
        if (result.kills % 10 === 0)
          options.note?.(`${result.kills} kills, ${result.completions} whole runs`);
      } else {
        result.completions += 1;
        check();
      }
    }
    await runOnce(null);
    result.completions += 1;
    check();
    return result;
  } finally {
    await fleet.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }

  async function prepare(): Promise<Record<keyof typeof folders, string>> {
    const host = await startHostAt(dataFolder);
    try {
      await addMachines(host, fleet);
      const { indexing } = host.core.services;
      const common = { wake: true, whenGpuGone: 'use-cpu' as const };
      const node = await indexing.addSource({ ...common, path: folders.node, embedder: fleetEmbedder });
      const builtin = await indexing.addSource({
        ...common,
        path: folders.builtin,
        embedder: { kind: 'builtin' },
      });
      return { node: node.id, builtin: builtin.id };
    } finally {
      await host.stop();
    }
  }

  /** True when it was killed before it was done. */
  async function runOnce(killAfterMs: number | null): Promise<boolean> {
    options.signal.throwIfAborted();
    const child = fork(runner, [dataFolder], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const stop = () => child.kill('SIGKILL');
    options.signal.addEventListener('abort', stop, { once: true });
    try {
      const running = await next(child, 'running');
      if (running.resumed) result.resumes += 1;
      const ended = next(child, 'ended');
      ended.catch(() => undefined);
      if (killAfterMs !== null) {
        const done = await Promise.race([ended.then(() => true), wait(killAfterMs, false)]);
        if (!done) {
          child.kill('SIGKILL');
          await exited;
          return true;
        }
      }
      const { status, detail } = await ended;
      if (status !== 'completed') throw new Error(`The job ended so: ${detail}`);
      await exited;
      return false;
    } finally {
      options.signal.removeEventListener('abort', stop);
      child.kill('SIGKILL');
    }
  }
}

function next<Kind extends RunnerMessage['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<RunnerMessage, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      const told = message as RunnerMessage;
      if (told.kind === kind) finish(() => resolve(told as Extract<RunnerMessage, { kind: Kind }>));
    };
    const onExit = () => finish(() => reject(new Error(`The runner ended before it was ${kind}.`)));
    const finish = (settle: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle();
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
