/** SIGKILLs of each kind of worker while a core uses it: the work is finished, nothing is lost or repeated. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  createForkWorkerHost,
  type WorkerHost,
  type WorkerProcess,
} from '../../electron/adapters/processes/worker-host.ts';
import { startHost } from '../../electron/host/start-host.ts';
import { textOf } from '../../shared/text/index.ts';
import { notes, verifySource, writeFiles } from '../fakes/indexing-world.ts';
import { createTally, type Part, times } from './part.ts';

const KILLS = 20;
const FILES = 150;
const JOB_MS = 120_000;

export const killWorker: Part = {
  name: 'kill-worker',
  summary: 'SIGKILLs of the index worker in jobs and searches',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const dataFolder = join(folder, 'data');
    const files = join(folder, 'notes');
    mkdirSync(files);
    writeFiles(files, notes(FILES));
    let worker: WorkerProcess | null = null;
    const createWorkerHost = (options: { entry: string }): WorkerHost => {
      const inner = createForkWorkerHost(options);
      return {
        start() {
          worker = inner.start();
          return worker;
        },
      };
    };
    const host = await startHost({
      dataFolder,
      environment: { OLLAMA_HOST: '127.0.0.1:9' },
      panelRoot: null,
      createWorkerHost,
    });
    try {
      const { indexing } = host.core.services;
      const source = await indexing.addSource({
        path: files,
        embedder: { kind: 'builtin' },
        wake: false,
        whenGpuGone: 'use-cpu',
      });
      const kills = times(context, KILLS);
      let made = 0;
      while (made < kills) {
        signal.throwIfAborted();
        const job = indexing.startJob({
          sourceIds: null,
          full: false,
          rebuild: true,
          useGpu: false,
          callbackUrl: null,
        });
        const ended = indexing.waitForJob(job.id, AbortSignal.timeout(JOB_MS));
        let running = true;
        ended.then(
          () => {
            running = false;
          },
          () => {
            running = false;
          },
        );
        // Up to four kills a job, at random moments of it.
        for (let kill = 0; kill < 4 && running && made < kills; kill += 1) {
          await new Promise((resolve) => setTimeout(resolve, random.next() * 250));
          if (!running) break;
          const pid = (worker as WorkerProcess | null)?.pid;
          const searching = indexing
            .search({ text: 'lamp room', sourceIds: null, limit: 5 }, signal)
            .catch(() => null);
          if (pid !== undefined) process.kill(pid, 'SIGKILL');
          await searching;
          made += 1;
          tried();
          if (made % 5 === 0) note(`${made} kills`);
        }
        const result = await ended.catch(() => null);
        if (result === null) {
          find('hangs', 'a job whose worker was killed does not end');
          break;
        }
        if (result.status !== 'completed')
          find('lost', `a job ended ${result.status}`, textOf(result.detail));
        else if (result.files.failed > 0)
          find(
            'lost',
            `${result.files.failed} files failed with their worker`,
            JSON.stringify(result.failures.slice(0, 2)),
          );
        const verdict = verifySource({ dataFolder, folder: files }, source.id);
        if (verdict.lost > 0) find('lost', `${verdict.lost} chunks`, verdict.findings.join('; '));
        if (verdict.repeated > 0)
          find('silent', `${verdict.repeated} chunks twice`, verdict.findings.join('; '));
      }
    } finally {
      await host.stop();
    }
    return tally;
  },
};
