/** Remote indexes in every state, from fixed values. */
import { fact, plainText } from '../../../shared/models/message.ts';
import type { RemoteIndexView } from '../../../shared/models/remote-index.ts';
import { aRemoteIndex } from '../../fakes/records.ts';
import type { BridgeScene } from './bridge-core.ts';
import { everyState } from './scenes.ts';

const now = Date.now();
const run: NonNullable<RemoteIndexView['run']> = {
  ...{ full: false, rebuild: false, startedAt: now - 90_000, phase: 'running', jobId: 'job-7', found: false },
  ...{ cancelRequested: false, processed: 1204, total: 4100, percent: 29.4, etaMs: 240_000 },
  ...{
    currentFile: 'letters/2024/a-very-long-file-name-that-somebody-gave-to-a-letter-about-the-harbour.md',
  },
  ...{
    answeredAt: now,
    trouble: null,
    detail: fact('REMOTE_RUNNING', { processed: 1204, total: 4100, found: false }),
  },
};
const silent = {
  code: 'REMOTE_INDEX_UNREACHABLE',
  message: '192.168.7.9:8000 did not answer in time.',
  next: 'Check that it runs, and its address. If it runs on a machine that sleeps, choose that machine.',
};
const end = { startedAt: now - 900_000, endedAt: now - 600_000, trouble: null };

const remotes: RemoteIndexView[] = [
  aRemoteIndex({ id: 'r1', name: 'NAS notes', hasKey: true, nodeIds: ['gpu-tower'], run }),
  aRemoteIndex({
    ...{ id: 'r2', name: 'Lab papers', addedAt: 2, url: 'http://192.168.7.9:8000', vault: 'papers' },
    run: {
      ...run,
      ...{ phase: 'silent', trouble: silent },
      detail: fact('REMOTE_SILENT', { reason: plainText(silent.message) }),
    },
  }),
  aRemoteIndex({
    ...{ id: 'r3', name: 'Recipes', addedAt: 3 },
    lastRun: { ...end, status: 'completed', indexed: 312 },
  }),
  aRemoteIndex({
    ...{ id: 'r4', name: 'Archive of the harbour office with a long name', addedAt: 4 },
    lastRun: {
      ...{ ...end, status: 'failed', indexed: null },
      trouble: {
        code: 'REMOTE_JOB_FAILED',
        message: 'The run failed on the server: out of memory',
        next: 'Check the log of the index server, then start it again.',
      },
    },
  }),
];

export const remoteEvery: BridgeScene = {
  ...everyState,
  streams: { ...everyState.streams, remoteIndexes: remotes.map((remote) => [remote.id, remote]) },
};
