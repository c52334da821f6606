import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GuardedChild, type RunEnd, runGuarded } from '../../../../electron/agent/update/guard.ts';
import { LISTEN_MS, PROVE_MS } from '../../../../electron/agent/update/guard-times.ts';
import { beginTrial, noUpdates, type SentProgram } from '../../../../electron/agent/update/record.ts';
import { openUpdateStore } from '../../../../electron/agent/update/store.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { agentFile, aRelease, createSigner } from '../../../fakes/releases.ts';

const signer = createSigner();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Child extends GuardedChild {
  path: string;
  listening(): void;
  start(program: SentProgram): void;
  stops: number;
  kills: number;
  end(code: number | null): void;
}

/** A guard of version 1.0.0 whose agents a test ends. */
function createWorld() {
  const store = openUpdateStore({ folder, keys: [signer.key], os: 'linux', arch: 'x64' });
  const clock = createFakeClock();
  const stopping = new AbortController();
  const runs: { what: string; end: PromiseWithResolvers<RunEnd> }[] = [];
  const children: Child[] = [];
  const waits: { count: number; seen: () => void }[] = [];

  function began(): void {
    for (const { count, seen } of waits) if (runs.length + children.length >= count) seen();
  }
  function startChild(path: string): Child {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const child: Child = {
      path,
      listening: () => {},
      start: () => {},
      stops: 0,
      kills: 0,
      end: resolve,
      onListening(listener) {
        child.listening = listener;
      },
      onStart(listener) {
        child.start = listener;
      },
      stop() {
        child.stops += 1;
      },
      kill() {
        child.kills += 1;
      },
      ended: promise,
    };
    children.push(child);
    began();
    return child;
  }
  return {
    store,
    clock,
    stopping,
    runs,
    children,
    /** Resolves when that many agents have been started in all. */
    started: (count: number) =>
      runs.length + children.length >= count
        ? Promise.resolve()
        : new Promise<void>((seen) => waits.push({ count, seen })),
    /** A program as the agent received it. */
    sent(version: string): SentProgram {
      const bytes = Buffer.from(`program ${version}`);
      const program = { version, name: `pilotlight-agent-${version}` };
      store.create();
      writeFileSync(store.pathOf(program), bytes);
      store.vouch(program, aRelease(signer, version, [agentFile(bytes)]));
      return program;
    },
    guard: () =>
      runGuarded({
        store,
        installed: '1.0.0',
        clock,
        stopping: stopping.signal,
        log: () => {},
        runHere() {
          const end = Promise.withResolvers<RunEnd>();
          runs.push({ what: 'installed', end });
          began();
          return end.promise;
        },
        startChild,
      }),
  };
}

describe('the guard', () => {
  it('is the agent itself where nothing was sent', async () => {
    const { guard, started, runs, store } = createWorld();
    const code = guard();
    await started(1);
    runs[0]?.end.resolve({ replaceWith: null });
    expect(await code).toBe(0);
    expect(store.read()).toEqual(noUpdates);
  });

  it('keeps a new version that listens and stays', async () => {
    const { guard, started, runs, children, store, clock, sent } = createWorld();
    const code = guard();
    await started(1);
    runs[0]?.end.resolve({ replaceWith: sent('1.1.0') });
    await started(2);
    const [child] = children;
    expect(child?.path).toBe(join(folder, 'pilotlight-agent-1.1.0'));
    expect(store.read().trial?.starts).toBe(1);
    child?.listening();
    await clock.advance(PROVE_MS - 1);
    expect(store.read().current).toBeNull();
    await clock.advance(1);
    expect(store.read()).toMatchObject({ current: { version: '1.1.0' }, trial: null, previous: null });
    await clock.advance(LISTEN_MS);
    expect(child?.stops).toBe(0);
    child?.end(0);
    expect(await code).toBe(0);
  });

  it('puts the installed one back when the new one ends', async () => {
    const { guard, started, runs, children, store, sent } = createWorld();
    const code = guard();
    await started(1);
    runs[0]?.end.resolve({ replaceWith: sent('1.1.0') });
    await started(2);
    children[0]?.end(1);
    await started(3);
    expect(store.read()).toMatchObject({
      current: null,
      trial: null,
      last: { version: '1.1.0', from: '1.0.0', outcome: 'rolled-back', code: 'ENDED' },
    });
    runs[1]?.end.resolve({ replaceWith: null });
    expect(await code).toBe(0);
  });

  it('puts the version before it back when the new one never listens', async () => {
    const { guard, started, children, store, clock, sent } = createWorld();
    const [old, next] = [sent('1.1.0'), sent('1.2.0')];
    store.save(beginTrial({ ...noUpdates, current: old }, next));
    const code = guard();
    await started(1);
    await clock.advance(LISTEN_MS);
    expect(children[0]?.stops).toBe(1);
    await clock.advance(10_000);
    expect(children[0]?.kills).toBe(1);
    children[0]?.end(null);
    await started(2);
    expect(children[1]?.path).toBe(store.pathOf(old));
    expect(store.read()).toMatchObject({ current: old, last: { code: 'NEVER_LISTENED' } });
    children[1]?.end(3);
    expect(await code).toBe(3);
  });

  it('does not count it against a version that its machine went off', async () => {
    const { guard, started, children, store, sent } = createWorld();
    store.create();
    store.save(beginTrial(noUpdates, sent('1.1.0')));
    const code = guard();
    await started(1);
    children[0]?.end(0);
    expect(await code).toBe(0);
    expect(store.read()).toMatchObject({ trial: { starts: 1 }, last: null });
  });

  it('ends its agent with itself, and kills one that stays', async () => {
    const { guard, started, children, store, stopping, clock, sent } = createWorld();
    const old = sent('1.1.0');
    store.save({ ...noUpdates, current: old });
    const code = guard();
    await started(1);
    stopping.abort();
    expect(children[0]?.stops).toBe(1);
    await clock.advance(10_000);
    expect(children[0]?.kills).toBe(1);
    children[0]?.end(null);
    expect(await code).toBe(1);
    expect(store.read().current).toEqual(old);
  });

  it('starts what a running version received', async () => {
    const { guard, started, children, store, sent } = createWorld();
    const [old, next] = [sent('1.1.0'), sent('1.2.0')];
    store.save({ ...noUpdates, current: old });
    void guard();
    await started(1);
    // The file arrives while the other runs.
    const again = sent('1.2.0');
    children[0]?.start(again);
    expect(children[0]?.stops).toBe(1);
    children[0]?.end(0);
    await started(2);
    expect(children[1]?.path).toBe(store.pathOf(next));
    expect(store.read()).toMatchObject({ current: old, trial: { program: next } });
  });

  it('starts nothing that no release vouches for', async () => {
    const { guard, started, runs, store, sent } = createWorld();
    const program = sent('1.1.0');
    writeFileSync(store.pathOf(program), 'another program');
    store.save(beginTrial(noUpdates, program));
    const code = guard();
    await started(1);
    expect(runs).toHaveLength(1);
    expect(store.read().last).toMatchObject({ outcome: 'rolled-back', code: 'AGENT_UPDATE_DAMAGED' });
    runs[0]?.end.resolve({ replaceWith: null });
    await code;
  });
});
