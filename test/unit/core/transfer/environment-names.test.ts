/** Every name that the settings of the existing servers have, in one file. */
import { expect, it } from 'vitest';
import { applyPatch } from '../../../../electron/core/settings/read.ts';
import { readEnvironment } from '../../../../electron/core/transfer/environment.ts';
import { planEnvironment } from '../../../../electron/core/transfer/environment-plan.ts';
import { isPossible, type Present } from '../../../../electron/core/transfer/import-plan.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';

const present: Present = {
  settings: defaultSettings,
  check: (patch) => applyPatch(defaultSettings, patch),
  nodes: [],
  sources: [],
};

/** Each with a value that is not the default of Pilotlight. */
const variables = {
  GPU_OLLAMA_URL: 'http://gpu-pc.lan:11434',
  GPU_OLLAMA_ENABLED: 'true',
  GPU_WOL_MAC: '02:00:00:00:00:09',
  GPU_WOL_SERVER_URL: 'http://nas.lan:9753',
  GPU_BOOT_WAIT_SECONDS: '5',
  GPU_HEALTH_TIMEOUT_SECONDS: '120',
  GPU_AUTO_SHUTDOWN: 'true',
  GPU_SHUTDOWN_URL: 'http://gpu-pc.lan:8765',
  GPU_SHUTDOWN_SECRET: 'a-secret-of-a-test',
  AUTO_OPTIMIZE_GPU: 'false',
  GPU_PRIORITY_MODELS: 'mxbai-embed-large',
  CHECK_INTERVAL: '120',
  GPU_WORKER_ENABLED: 'true',
  GPU_WORKER_URL: 'http://gpu-pc.lan:8765',
  GPU_WORKER_TIMEOUT: '90',
  GPU_WORKER_MAX_RETRIES: '3',
  GPU_WORKER_BATCH_SIZE: '16',
  GPU_WORKER_HEALTH_CHECK_INTERVAL: '15',
  GPU_BACKEND: 'directml',
  FACE_DETECTION_GPU: 'true',
  FACE_EMBEDDING_GPU: 'true',
};

const textOf = (names: readonly string[]) =>
  names.map((name) => `${name}=${variables[name as keyof typeof variables]}`).join('\n');
const plan = (text: string) => planEnvironment(readEnvironment(text), present);

it.each([
  ['in capitals', (text: string) => text],
  ['in small letters', (text: string) => text.replace(/^\w+/gm, (name) => name.toLowerCase())],
])('all are imported, %s', (_, written) => {
  const { entries, changes } = plan(written(textOf(Object.keys(variables))));
  expect(isPossible(entries)).toBe(true);
  expect(entries.filter(({ action }) => action === 'refuse')).toEqual([]);
  // The waits and the choice of the GPU are found out here; everything else is used.
  expect(entries.filter(({ action }) => action === 'leave-out').map(({ what }) => what)).toEqual([
    'GPU_BOOT_WAIT_SECONDS',
    'FACE_DETECTION_GPU',
    'FACE_EMBEDDING_GPU',
  ]);
  expect(changes.settings).toMatchObject({
    optimizer: { on: false, priorityModels: ['mxbai-embed-large'], intervalMs: 120_000 },
    power: { wakeTimeoutMs: 120_000 },
    runner: {
      urls: ['http://gpu-pc.lan:8765'],
      timeoutMs: 90_000,
      retries: 3,
      batchSize: 16,
      healthIntervalMs: 15_000,
      provider: 'dml',
    },
  });
  expect(changes.nodes).toMatchObject([
    {
      url: 'http://gpu-pc.lan:11434',
      mac: '02:00:00:00:00:09',
      wakeWays: [{ kind: 'relay', url: 'http://nas.lan:9753' }, { kind: 'direct' }],
      shutdownUrl: 'http://gpu-pc.lan:8765',
    },
  ]);
  expect(JSON.stringify(changes)).toContain(variables.GPU_SHUTDOWN_SECRET);
  expect(JSON.stringify(entries)).not.toContain(variables.GPU_SHUTDOWN_SECRET);
});

it.each(Object.keys(variables))('%s is known, also alone', (name) => {
  const { entries } = plan(textOf([name]));
  expect(entries.length).toBeGreaterThan(0);
  expect(entries.map(({ message }) => message.code)).not.toContain('NAMES_UNKNOWN');
});
