import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunnerStatistics } from '../../electron/core/runner/runner-statistics.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { createDispatcher } from '../../electron/transport/dispatcher.ts';
import { serveMessagePort } from '../../electron/transport/message-port.ts';
import {
  type Cursor,
  type Frame,
  type StreamName,
  streamNames,
  streamSchemas,
} from '../../shared/contract/streams.ts';
import { plainText } from '../../shared/models/message.ts';
import { defaultPowerPolicy } from '../../shared/models/power.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { aJob, aMove, aNode, aRemoteIndex, aRequest, aSource } from '../fakes/records.ts';
import { aRunnerStatus } from '../fakes/runner.ts';
import { createRememberingLog, someHandlers } from '../fakes/transport.ts';
import { openLink, startTestHost, streamingLinks, type TestHost, type TestLink } from './links.ts';

/** A value of each stream, to be set by hand beside what the core sets by itself. */
const values: Record<StreamName, unknown> = {
  requests: aRequest(),
  tasks: {
    ...{
      id: 'task_1',
      queue: 'celery',
      state: 'waiting',
      priority: 0,
      addedAt: 1,
      runAt: null,
      startedAt: null,
    },
    ...{ endedAt: null, attempts: 0, maxAttempts: 3, workerId: null, progress: 0, progressText: '' },
    ...{ failure: null, contentType: 'document', title: 'notes.md', input: 'file', gpu: false, store: true },
    ...{ storing: 'pending', batchId: null, credentialId: null, workerName: null },
    why: { code: 'TASK_WAITS_FOR_WORKER', params: {} },
  },
  pulls: {
    ...{ nodeId: 'lab-2', model: 'all-minilm:latest', copyOf: null, state: 'downloading', doneBytes: 1 },
    ...{
      totalBytes: null,
      bytesPerSecond: null,
      startedAt: 1,
      endedAt: null,
      sameFiles: null,
      problem: null,
    },
  },
  taskWorkers: {
    ...{ id: 'by-hand', name: 'tower', type: 'gpu', queues: ['gpu-tasks', 'celery'], slots: 2, active: 1 },
    ...{ version: '0', contentTypes: ['audio'], nodeId: null, state: 'online', seenAt: 1, startedAt: 1 },
    ...{ load: { cpu: 0.5, memoryBytes: 1 }, done: 1, failed: 0, sharedFolder: false, trouble: null },
  },
  agentUpdates: {
    ...{ version: '1.2.0', noRelease: null, run: 'running' },
    agents: [
      {
        ...{
          nodeId: 'lab-2',
          name: 'lab-2',
          version: '1.1.0',
          state: 'waiting',
          trouble: null,
          progress: null,
        },
        why: { code: 'AGENT_UPDATE_ASLEEP', params: {} },
      },
    ],
  },
  remoteIndexes: aRemoteIndex(),
  taskQueues: {
    queue: 'celery',
    counts: { waiting: 1, delayed: 0, active: 0, completed: 0, failed: 0, cancelled: 0 },
    workers: 1,
    oldestMs: 5,
  },
  queues: { at: 1, waiting: { indexing: 3, requests: 0, tasks: 0 } },
  gateway: {
    state: 'running',
    url: 'http://127.0.0.1:11435',
    listening: 'loopback',
    problem: null,
    restarts: 0,
    version: 1,
  },
  immich: {
    state: 'running',
    urls: ['http://127.0.0.1:3003'],
    listening: 'loopback',
    problem: null,
    held: 2,
    working: 0,
    bytes: 4096,
    lastWake: { nodeId: 'by-hand', name: 'tower', at: 1, outcome: 'running', reason: null },
    missing: [],
  },
  runners: {
    nodeId: 'by-hand',
    name: 'tower',
    from: 'agent',
    url: 'http://127.0.0.1:8765',
    state: 'ready',
    problem: null,
    status: aRunnerStatus(),
    sharedFrom: null,
    breaker: 'closed',
    pulls: [],
    client: createRunnerStatistics({ clock: { monotonic: () => 0 } }).view(false),
  },
  access: {
    id: 'by-hand',
    kind: 'script',
    name: 'backup',
    rights: ['view'],
    chosen: false,
    damaged: false,
    createdAt: 1,
    lastUsedAt: null,
    expiresAt: null,
    models: ['llama3*'],
    requestsPerMinute: 60,
  },
  core: {
    version: '0',
    startedAt: 1,
    simulated: false,
    offers: [],
    notices: [],
    secrets: { kind: 'key-file', message: plainText('In a file.') },
  },
  fleet: aNode({ id: 'by-hand' }),
  wake: {
    nodeId: 'by-hand',
    startedAt: 1,
    step: 'packet-sent',
    expectedMs: null,
    deadlineAt: 2,
    packetsSent: 1,
    failedDestinations: [],
    ways: [],
  },
  power: {
    nodeId: 'by-hand',
    policy: defaultPowerPolicy,
    means: 'none',
    agent: null,
    leases: [],
    whyOn: [],
    wokenByUs: null,
    idleSince: null,
    offAt: null,
    countdown: null,
    leaving: null,
    lastOffError: null,
    gpuLost: null,
    sleepTrouble: null,
  },
  discovery: { state: 'never', startedAt: null, endedAt: null, done: 0, total: 0, found: [], notes: [] },
  checks: {
    id: 'diagnosis:by-hand',
    kind: 'diagnosis',
    nodeId: 'by-hand',
    startedAt: 1,
    endedAt: null,
    outcome: 'running',
    steps: [],
  },
  telemetry: { nodeId: 'by-hand', at: 1, gpus: [], host: null, vramByModel: { a: 1 } },
  work: { at: 1, vectorsPerSecondByNode: { a: 2 } },
  optimizer: {
    on: true,
    intervalMs: 1,
    running: false,
    lastLookAt: null,
    nextLookAt: null,
    summary: { code: 'NOT_CHECKED_YET', params: {} },
    explanations: [],
  },
  moves: aMove(),
  sources: aSource(),
  jobs: aJob(),
  embedders: { embedder: { kind: 'builtin' }, label: plainText('x'), dimensions: 384, nodes: [] },
  activity: {
    id: 1,
    at: 1,
    kind: 'fleet',
    severity: 'info',
    message: { code: 'NODE_WOKE', params: { node: 'tower', tookMs: 1000 } },
    why: null,
    nodeId: null,
    notify: false,
  },
  updates: {
    ...{ version: '0.1.0', form: 'source', checks: false, installs: false, address: null, state: 'idle' },
    ...{
      checkedAt: null,
      found: null,
      offer: null,
      progress: null,
      problem: null,
      previous: null,
      news: null,
    },
    instead: { code: 'UPDATE_BY_GIT', params: {} },
  },
  settings: undefined,
};

describe.each(streamingLinks)('every stream over %s', (linkName) => {
  let test: TestHost;
  let link: TestLink;
  beforeAll(async () => {
    test = await startTestHost();
    link = await openLink(linkName, test);
  });
  afterAll(async () => {
    await link.close();
    await test.stop();
  });

  const subscribe = (name: StreamName, cursor: Cursor | null) => {
    const reader = link.subscribe?.(name, cursor);
    if (reader === undefined) throw new Error('This link carries no streams.');
    return reader;
  };
  const topicOf = (name: StreamName) =>
    test.host.core.streams[name] as { set(key: string, value: unknown): void; delete(key: string): void };
  const sampleOf = (name: StreamName) => values[name] ?? test.host.core.services.settings.current();
  const sets = (key: string) => (frame: Frame) => frame.set.some(([name]) => name === key);

  it.concurrent.each(streamNames)(
    '%s: snapshot, delta, resume without loss, another epoch, cancel',
    async (name) => {
      const schema = streamSchemas[name];
      const first = subscribe(name, null);
      const snapshot = await first.until(() => true);
      expect(snapshot.kind).toBe('snapshot');
      for (const [, value] of snapshot.set) expect(schema.safeParse(value).error).toBeUndefined();

      topicOf(name).set('one', sampleOf(name));
      const delta = await first.until(sets('one'));
      expect(delta.kind).toBe('delta');
      expect(schema.safeParse(delta.set.find(([key]) => key === 'one')?.[1]).error).toBeUndefined();
      first.cancel();

      // What happens while nobody listens is in the first frame of who comes back.
      topicOf(name).set('two', sampleOf(name));
      topicOf(name).delete('one');
      const back = subscribe(name, delta.cursor);
      const missed = await back.until(() => true);
      expect(missed.kind).toBe('delta');
      expect(missed.set.map(([key]) => key)).toContain('two');
      expect(missed.removed).toContain('one');
      back.cancel();

      const stranger = subscribe(name, { ...missed.cursor, epoch: 'another run' });
      const fresh = await stranger.until(() => true);
      expect(fresh.kind).toBe('snapshot');
      expect(fresh.set.map(([key]) => key)).toContain('two');
      topicOf(name).delete('two');
      await stranger.until((frame) => frame.removed.includes('two'));
      stranger.cancel();
      // The answer to a later call shows that the cancel has arrived.
      await link.call('settings.get', {});
      expect(test.host.core.streams[name].active).toBe(false);
    },
  );
});

describe.each(streamingLinks)('the end of the streams over %s', (linkName) => {
  it('is said when the core stops', async () => {
    const test = await startTestHost();
    const link = await openLink(linkName, test);
    const reader = link.subscribe?.('fleet', null);
    await reader?.until(() => true);
    if (linkName === 'MessagePort') await Promise.all([reader?.untilEnd(), link.close()]);
    await Promise.all([reader?.untilEnd(), test.stop()]);
    expect(reader?.ended).toBe(true);
  });
});

describe('frames', () => {
  function open() {
    const clock = createFakeClock();
    const streams = createStreams({ clock, epoch: 'run-1' });
    const { port1, port2 } = new MessageChannel();
    const served = serveMessagePort({
      port: port1,
      dispatcher: createDispatcher({ handlers: someHandlers({}) }),
      streams,
      log: createRememberingLog(),
    });
    const received: unknown[] = [];
    port2.on('message', (message) => received.push(message));
    return { clock, streams, served, port2, received };
  }

  it('are made for subscribers only: without one there is not even a timer', async () => {
    const { clock, streams, served } = open();
    for (const name of streamNames) {
      (streams[name] as { set(key: string, value: unknown): void }).set('key', values[name]);
      expect(streams[name].active).toBe(false);
    }
    expect(clock.pending()).toBe(0);
    served.stop();
  });

  it('come at most twice a second, however much changes', async () => {
    const { clock, streams, served, port2, received } = open();
    port2.postMessage({ type: 'subscribe', id: 1, stream: 'moves', cursor: null });
    while (!streams.moves.active) await clock.flush();
    for (let change = 0; change < 100; change += 1) {
      streams.moves.set('1', aMove({ durationMs: change }));
      await clock.advance(50);
    }
    await clock.advance(500);
    while (!JSON.stringify(received.at(-1)).includes('"durationMs":99')) await clock.flush();
    // The snapshot, and two a second for five seconds.
    expect(received.length).toBeGreaterThan(5);
    expect(received.length).toBeLessThanOrEqual(12);
    served.stop();
  });
});
