import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { createRing } from '../../../../electron/core/telemetry/ring.ts';
import { createSampleRing } from '../../../../electron/core/telemetry/sample-ring.ts';
import { createTelemetryService } from '../../../../electron/core/telemetry/service.ts';
import { createWorkMeter } from '../../../../electron/core/telemetry/work.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import type { GpuReading, TelemetrySample, WorkSample } from '../../../../shared/models/telemetry.ts';
import { noAgents } from '../../../fakes/agents.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aLoaded, aNode, GB, NOW } from '../placement/support.ts';

const aGpu = (changes: Partial<GpuReading> = {}): GpuReading => ({
  id: 'GPU-0',
  vendor: 'nvidia',
  name: 'Card',
  vramTotalBytes: 24 * GB,
  vramUsedBytes: GB,
  utilisationPercent: 5,
  temperatureCelsius: null,
  powerWatts: 20.5,
  ...changes,
});

describe('the ring', () => {
  it('holds the newest rows, whatever is pushed', () => {
    // Few different values, so that columns stay the same for a while, and then change.
    const value = fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 1 }), fc.integer());
    const row = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(row, { maxLength: 120 }), (capacity, rows) => {
        const ring = createRing(capacity);
        for (const [at, values] of rows.entries()) ring.push(at, values);
        const kept = rows.map((values, at) => ({ at, values })).slice(-capacity);
        expect(ring.rows(0)).toEqual(kept);
        expect(ring.size).toBe(kept.length);
        expect(ring.rows(kept.at(-1)?.at ?? 0)).toEqual(kept.slice(-1));
      }),
    );
  });

  it('drops a column that a whole revolution did not name', () => {
    const ring = createRing(4);
    ring.push(0, { gone: 1 });
    for (let at = 1; at < 20; at += 1) ring.push(at, { here: at });
    expect(ring.bytes).toBe(4 * 8 * 2);
  });

  it('stays small while it is short', () => {
    const ring = createRing(1800);
    for (let at = 0; at < 100; at += 1) ring.push(at, { a: at });
    expect(ring.bytes).toBeLessThanOrEqual(128 * 8 * 2);
  });

  it('keeps what never changes once, over a revolution and until it changes', () => {
    const ring = createRing(64);
    for (let at = 0; at < 100; at += 1) ring.push(at, { total: 24, used: at });
    expect(ring.bytes).toBe(64 * 8 * 2);
    expect(ring.rows(98)).toEqual([98, 99].map((at) => ({ at, values: { total: 24, used: at } })));
    ring.push(100, { total: 48, used: 0 });
    expect(ring.bytes).toBe(64 * 8 * 3);
    expect(ring.rows(0)[0]).toEqual({ at: 37, values: { total: 24, used: 37 } });
    expect(ring.rows(99).map(({ values }) => values.total)).toEqual([24, 48]);
  });
});

describe('the history of a node', () => {
  it('gives back what was sampled, with nulls and with models that come and go', () => {
    const ring = createSampleRing('n');
    const samples: TelemetrySample[] = [
      {
        nodeId: 'n',
        at: NOW,
        gpus: [aGpu(), aGpu({ id: 'GPU-1', vramUsedBytes: null })],
        host: null,
        vramByModel: { 'a:1': 0 },
      },
      {
        nodeId: 'n',
        at: NOW + 2000,
        gpus: [aGpu({ vramUsedBytes: 7 })],
        host: { cpuPercent: null, memoryTotalBytes: 10, memoryUsedBytes: 5 },
        vramByModel: { 'b c/d:1': 6 },
      },
      {
        nodeId: 'n',
        at: NOW + 4000,
        gpus: [],
        host: { cpuPercent: 0, memoryTotalBytes: 10, memoryUsedBytes: 6 },
        vramByModel: {},
      },
    ];
    for (const sample of samples) ring.push(sample);
    expect(ring.samples(NOW + 4000)).toEqual(samples);
    expect(ring.samples(NOW + 3_600_001)).toEqual(samples.slice(1));
  });
});

describe('the work meter', () => {
  it('counts vectors by second, comes down to zero, then is silent', async () => {
    const clock = createFakeClock(NOW);
    const seen: WorkSample[] = [];
    const meter = createWorkMeter({ clock, onSample: (sample) => seen.push(sample) });
    expect(clock.pending()).toBe(0);
    meter.record('a', 32);
    await clock.advance(500);
    meter.record('a', 32);
    meter.record('b', 8);
    await clock.advance(500);
    expect(seen).toEqual([{ at: NOW + 1000, vectorsPerSecondByNode: { a: 64, b: 8 } }]);
    await clock.advance(60_000);
    expect(seen).toHaveLength(6);
    expect(seen.at(-1)?.vectorsPerSecondByNode).toEqual({ a: 0, b: 0 });
    expect(clock.pending()).toBe(0);
    meter.record('b', 5);
    await clock.advance(1000);
    expect(seen.at(-1)?.vectorsPerSecondByNode).toEqual({ b: 5 });
    expect(meter.samples()).toEqual(seen);
    await clock.advance(3_595_000);
    expect(meter.samples().every((sample) => sample.at >= clock.now() - 3_600_000)).toBe(true);
    meter.stop();
    expect(clock.pending()).toBe(0);
  });
});

function telemetryOf(
  nodes: NodeView[],
  { clock = createFakeClock(NOW), store = createSqliteStore({ path: ':memory:' }).store } = {},
) {
  const streams = createStreams({ clock, epoch: 'e' });
  const reads: number[] = [];
  const listeners = new Set<(node: NodeView | null, previous: NodeView | null) => void>();
  const simulated = new Map<
    string,
    { gpus: GpuReading[]; host: { cpuPercent: number; memoryTotalBytes: number; memoryUsedBytes: number } }
  >();
  let failure: Error | null = null;
  /** What a reading of this computer's tools waits for. */
  const tools: { held: ((signal: AbortSignal) => Promise<void>) | null } = { held: null };
  const telemetry = createTelemetryService({
    clock,
    random: () => 0.5,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    hardware: {
      readGpus: async (signal) => {
        reads.push(clock.now());
        await tools.held?.(signal);
        if (failure) throw failure;
        return [aGpu()];
      },
      readHost: () => ({ cpuPercent: 3, memoryTotalBytes: 10, memoryUsedBytes: 4 }),
    },
    store,
    streams,
    fleet: {
      list: () => nodes,
      get: (id) => nodes.find((entry) => entry.id === id) ?? null,
      require: (id) => {
        const node = nodes.find((entry) => entry.id === id);
        if (!node) throw new PilotlightError('NOT_FOUND');
        return node;
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    simulated: (nodeId) => simulated.get(nodeId) ?? null,
    agents: noAgents,
  });
  return {
    clock,
    store,
    streams,
    telemetry,
    reads,
    tools,
    simulated,
    listeners,
    fail: (error: Error | null) => (failure = error),
  };
}

describe('telemetry', () => {
  const local = aNode({ id: 'this', kind: 'this-computer' });

  it('samples a simulated machine every two seconds, and only nodes that answer', async () => {
    const nodes = [
      aNode({ id: 's', kind: 'simulated', loaded: [aLoaded({ vramBytes: 3 })] }),
      aNode({ id: 'off', state: 'off' }),
    ];
    const { clock, telemetry, streams, simulated } = telemetryOf(nodes);
    simulated.set('s', { gpus: [aGpu()], host: { cpuPercent: 1, memoryTotalBytes: 2, memoryUsedBytes: 1 } });
    telemetry.start();
    await clock.advance(10_000);
    const history = telemetry.history('s');
    expect(history.map((sample) => sample.at - NOW)).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
    expect(history[0]).toMatchObject({ vramByModel: { 'llama3.1:8b': 3 }, gpus: [{ vramUsedBytes: GB }] });
    expect(streams.telemetry.get('s')).toEqual(history.at(-1));
    expect(streams.telemetry.keys()).toEqual(['s']);
    expect(telemetry.history('off')).toEqual([]);
    expect(() => telemetry.history('no')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    await telemetry.stop();
  });

  it('samples this computer though no server answers on it, and counts no serving time', async () => {
    const { clock, telemetry } = telemetryOf([{ ...local, state: 'off', server: null, loaded: [] }]);
    telemetry.start();
    await clock.advance(120_000);
    expect(telemetry.history('this').length).toBeGreaterThan(30);
    expect(telemetry.history('this')[0]).toMatchObject({ host: { cpuPercent: 3 } });
    expect(telemetry.buckets('this', 'day', 100)).toEqual([]);
    await telemetry.stop();
  });

  it('writes a remote node down on change and each half minute', async () => {
    const nodes = [aNode({ id: 'r', loaded: [aLoaded({ vramBytes: 3 })] })];
    const { clock, telemetry } = telemetryOf(nodes);
    telemetry.start();
    await clock.advance(29_000);
    expect(telemetry.history('r')).toHaveLength(1);
    nodes[0] = aNode({ id: 'r', loaded: [aLoaded({ vramBytes: 4 })] });
    await clock.advance(2000);
    expect(telemetry.history('r')).toHaveLength(2);
    await clock.advance(60_000);
    expect(telemetry.history('r').map((sample) => sample.vramByModel['llama3.1:8b'])).toEqual([3, 4, 4, 4]);
    await telemetry.stop();
  });

  it('brings no node back that was removed while a tool of this computer ran', async () => {
    const nodes = [local, aNode({ id: 'r', loaded: [aLoaded({ vramBytes: 3 })] })];
    const { clock, telemetry, streams, tools, listeners } = telemetryOf(nodes);
    const gate = Promise.withResolvers<void>();
    tools.held = () => gate.promise;
    telemetry.start();
    await clock.advance(1);
    const [removed] = nodes.splice(1);
    for (const listener of listeners) listener(null, removed ?? null);
    gate.resolve();
    await clock.advance(1);
    expect(streams.telemetry.keys()).toEqual(['this']);
    await telemetry.stop();
  });

  it('reads again for whoever waits, where the one who began it went away', async () => {
    const { telemetry, reads, tools } = telemetryOf([local]);
    tools.held = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    const first = new AbortController();
    const left = expect(telemetry.readGpus('this', first.signal)).rejects.toThrow('gone');
    const second = telemetry.readGpus('this', new AbortController().signal);
    tools.held = null;
    first.abort(new Error('gone'));
    await left;
    expect(await second).toMatchObject([{ id: 'GPU-0' }]);
    expect(reads).toHaveLength(2);
  });

  it('runs the tools of this computer slowly, and quickly while somebody looks', async () => {
    const { clock, telemetry, streams, reads } = telemetryOf([local]);
    telemetry.start();
    await clock.advance(28_000);
    expect(reads).toHaveLength(1);
    const subscription = streams.telemetry.subscribe(null, () => true);
    await clock.advance(10_000);
    expect(reads).toHaveLength(6);
    subscription.end();
    await clock.advance(20_000);
    expect(reads).toHaveLength(6);
    await telemetry.stop();
  });

  it('reads them afresh for a placement, and has none for a remote node', async () => {
    const { telemetry, reads, fail, clock } = telemetryOf([local, aNode({ id: 'r' })]);
    const { signal } = new AbortController();
    const both = await Promise.all([telemetry.readGpus('this', signal), telemetry.readGpus('this', signal)]);
    expect(both).toEqual([[aGpu()], [aGpu()]]);
    expect(reads).toHaveLength(1);
    expect(await telemetry.readGpus('r', signal)).toBeNull();
    fail(new Error('driver'));
    await clock.advance(1000);
    expect(await telemetry.readGpus('this', signal)).toBeNull();
    await telemetry.stop();
  });

  it('forgets a node that was removed', async () => {
    const nodes = [aNode({ id: 'r', loaded: [aLoaded()] })];
    const { clock, telemetry, streams, listeners } = telemetryOf(nodes);
    telemetry.start();
    await clock.advance(1);
    expect(streams.telemetry.keys()).toEqual(['r']);
    for (const listener of listeners) listener(null, aNode({ id: 'r' }));
    expect(streams.telemetry.keys()).toEqual([]);
    expect(telemetry.history('r')).toEqual([]);
    await telemetry.stop();
    expect(clock.pending()).toBe(0);
  });

  it('has the hour after a restart: minutes from before it, samples since', async () => {
    const nodes = [aNode({ id: 'r', loaded: [aLoaded({ vramBytes: 6 * GB })] })];
    const first = telemetryOf(nodes);
    first.telemetry.start();
    await first.clock.advance(110_000);
    first.telemetry.recordVectors('r', 120);
    await first.clock.advance(6000);
    await first.telemetry.stop();
    await first.clock.advance(14_000);

    const second = telemetryOf(nodes, first);
    second.telemetry.start();
    await second.clock.advance(50_000);
    const history = second.telemetry.history('r');
    expect(history.map((sample) => sample.at - NOW)).toEqual([0, 30_000, 60_000, 90_000, 130_000, 160_000]);
    for (const sample of history) {
      expect((sample.vramByModel['llama3.1:8b'] ?? 0) / GB).toBeCloseTo(6, 2);
    }
    expect(second.telemetry.work()).toEqual([
      { at: NOW + 60_000, vectorsPerSecondByNode: { r: 2 } },
      { at: NOW + 90_000, vectorsPerSecondByNode: { r: 2 } },
    ]);
    expect(second.telemetry.buckets('r', 'month', 2880)).toMatchObject([
      { vectors: 120, servingSeconds: 166 },
    ]);
    expect(() => second.telemetry.buckets('no', 'day', 1)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    await second.clock.advance(3_600_000);
    expect(second.telemetry.history('r').every((sample) => sample.at >= NOW + 130_000)).toBe(true);
    await second.telemetry.stop();
  });

  it('keeps a thousand quiet nodes for an hour in a few megabytes', () => {
    let bytes = 0;
    for (let node = 0; node < 1000; node += 1) {
      const ring = createSampleRing(`n${node}`);
      for (let index = 0; index < 120; index += 1) {
        ring.push({
          nodeId: `n${node}`,
          at: NOW + index * 30_000,
          gpus: [],
          host: null,
          vramByModel: { a: 1, b: 2 },
        });
      }
      bytes += ring.bytes;
    }
    expect(bytes).toBeLessThan(5_000_000);
  });
});
