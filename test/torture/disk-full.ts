/** A core on a file system that fills up in the middle of its work, and is freed again. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexJob } from '../../shared/models/indexing.ts';
import { notes, writeFiles } from '../fakes/indexing-world.ts';
import { type RunningCore, startCore } from './core-process.ts';
import { createTally, type Part, times } from './part.ts';

const ROUNDS = 6;
const SIZE = '24m';
const JOB_MS = 120_000;
/** How soon after space is free again what could not be saved must be. */
const SAVED_MS = 120_000;

/** Fills what is left, to the last block. */
function fill(folder: string): void {
  const file = openSync(join(folder, 'filler'), 'w');
  try {
    for (const size of [1 << 20, 1 << 16, 1 << 12, 1]) {
      const block = Buffer.alloc(size, 1);
      try {
        for (;;) writeSync(file, block);
      } catch {
        // The next smaller block may still fit.
      }
    }
  } finally {
    closeSync(file);
  }
}

const jobOf = async (core: RunningCore, jobId: string): Promise<IndexJob | null> => {
  const reply = await core.call('index.job', { jobId });
  return reply !== null && 'result' in reply ? reply.result : null;
};

async function untilEnded(core: RunningCore, jobId: string, limitMs: number): Promise<IndexJob | null> {
  const end = performance.now() + limitMs;
  for (;;) {
    const job = await jobOf(core, jobId);
    if (job !== null && job.status !== 'running' && job.status !== 'pending') return job;
    if (performance.now() > end) return null;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export const diskFull: Part = {
  name: 'disk-full',
  summary: 'a full disk in calls and in an index job',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const mount = join(folder, 'small');
    mkdirSync(mount);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', mount], {
      encoding: 'utf8',
    });
    if (mounted.status !== 0) throw new Error(`A small file system could not be mounted: ${mounted.stderr}`);
    try {
      const files = join(folder, 'notes');
      mkdirSync(files);
      writeFiles(files, notes(400, 6));
      const rounds = times(context, ROUNDS);
      for (let round = 0; round < rounds; round += 1) {
        signal.throwIfAborted();
        note(`round ${round + 1} of ${rounds}`);
        const dataFolder = join(mount, `data-${round}`);
        await oneRound({ dataFolder, mount, files });
        rmSync(dataFolder, { recursive: true, force: true });
      }
    } finally {
      spawnSync('umount', [mount]);
    }
    return tally;

    async function oneRound({
      dataFolder,
      mount,
      files,
    }: {
      dataFolder: string;
      mount: string;
      files: string;
    }) {
      let core = await startCore(dataFolder);
      if ('failed' in core) return find('crashes', 'the core does not start', core.failed);
      const nodes = new Set<string>();
      const add = async (running: RunningCore, label: string) => {
        tried();
        const url = `http://127.0.0.1:1/${label}`;
        const reply = await running.call('fleet.add', { url });
        if (reply === null) find('hangs', `fleet.add ${label}`);
        else if ('result' in reply) nodes.add(reply.result.id);
        else if (reply.code !== 'DISK_FULL') find('crashes', `fleet.add on a full disk: ${reply.code}`);
      };
      for (let index = 0; index < 3; index += 1) await add(core, `before-${index}`);
      const source = await core.call('index.addSource', { path: files });
      if (source === null || !('result' in source)) return find('crashes', 'a source cannot be added');
      const started = await core.call('index.start', { sourceIds: [source.result.id], rebuild: true });
      if (started === null || !('result' in started)) return find('crashes', 'a job cannot be started');
      const jobId = started.result.id;
      await new Promise((resolve) => setTimeout(resolve, random.next() * 900));
      fill(mount);
      tried();
      for (let index = 0; index < 20; index += 1) await add(core, `full-${index}`);
      for (const [method, params] of [
        ['settings.update', { fleet: { lookIntervalMs: 9999 } }],
        ['power.keepAwake', { nodeId: [...nodes][0] ?? '', until: null }],
        ['power.setPolicy', { nodeId: [...nodes][0] ?? '', policy: { idleMinutes: 7 } }],
        ['index.search', { text: 'lamp' }],
        ['core.status', {}],
      ] as const) {
        tried();
        const reply = await core.call(method, params as never);
        if (reply === null) find('hangs', `${method} on a full disk`);
        else if ('code' in reply && reply.code !== 'DISK_FULL')
          find('crashes', `${method} on a full disk: ${reply.code}`);
      }
      const ended = await untilEnded(core, jobId, JOB_MS);
      if (ended === null) find('hangs', 'a job on a full disk reads as running for ever');
      else if (ended.status === 'failed' && ended.error?.code !== 'DISK_FULL')
        find('silent', `a job on a full disk failed with ${ended.error?.code}`, ended.error?.message);
      const running = core;
      if (running.child.exitCode !== null || running.child.signalCode !== null)
        return find('crashes', 'the core ended on a full disk', running.complaints().slice(-300));

      rmSync(join(mount, 'filler'));
      if (statfsSync(mount).bavail === 0) throw new Error('The small file system stays full.');
      await add(core, 'after');
      if (![...nodes].length) find('lost', 'no node could be added after space was freed');
      // Killed, not stopped: what ended must have been saved by itself meanwhile.
      if (ended !== null) await untilSaved(dataFolder, jobId, ended.status, find);
      await core.kill();
      core = await startCore(dataFolder);
      if ('failed' in core) return find('crashes', 'the core does not start after a full disk', core.failed);
      const list = await core.call('fleet.list', {});
      const there = new Set(list !== null && 'result' in list ? list.result.map(({ id }) => id) : []);
      for (const id of nodes) if (!there.has(id)) find('lost', 'a node that was added', id);
      const job = await jobOf(core, jobId);
      if (ended !== null && job?.status !== ended.status)
        find('lost', `a job that ended ${ended.status} is ${job?.status ?? 'missing'} after a restart`);
      const again = await core.call('index.start', { sourceIds: [source.result.id] });
      if (again === null || !('result' in again))
        find('lost', 'the source cannot be indexed after a full disk', JSON.stringify(again));
      else {
        const second = await untilEnded(core, again.result.id, JOB_MS);
        if (second?.status !== 'completed')
          find(
            'lost',
            `the job after a full disk: ${second?.status ?? 'never ends'}`,
            second?.error?.message,
          );
      }
      if (!(await core.stop())) find('hangs', 'the core does not stop');
    }
  },
};

/** Reads the saved state beside the core until the job in it has ended. */
async function untilSaved(
  dataFolder: string,
  jobId: string,
  status: string,
  find: ReturnType<typeof createTally>['find'],
): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const end = performance.now() + SAVED_MS;
  for (;;) {
    const database = new DatabaseSync(join(dataFolder, 'state.sqlite'), { readOnly: true, timeout: 2000 });
    let saved = '';
    try {
      saved = String(database.prepare('SELECT status FROM jobs WHERE id = ?').get(jobId)?.status ?? '');
    } finally {
      database.close();
    }
    if (saved === status) return;
    if (performance.now() > end)
      return find('lost', 'the end of a job is not saved after space was freed', saved.slice(0, 120));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
