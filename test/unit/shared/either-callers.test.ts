/** Work that is done again and again under one signal, which lives as long as the process: nothing of it stays there. */
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readOllamaFacts } from '../../../electron/adapters/agent-host/ollama-facts.ts';
import { callSealed } from '../../../electron/adapters/http/local-calls/client.ts';
import { hasToken } from '../../../electron/adapters/processes/runner/identity.ts';
import { ask } from '../../../electron/agent/immich/ask.ts';
import { createModelfiles } from '../../../electron/core/placement/modelfiles.ts';
import type { InferenceServer } from '../../../electron/core/ports/inference.ts';
import { shareOut } from '../../../electron/core/runner/share-out.ts';
import type { TrackedRunner } from '../../../electron/core/runner/tracked-runner.ts';
import { fetchPage } from '../../../electron/workers/web/fetch-page.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { refusedUrl } from '../../fakes/bad-server.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const TIMES = 5;
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;
/** Unlike a listener, what `AbortSignal.any` makes of a signal cannot be counted. */
const any = vi.spyOn(AbortSignal, 'any');
let url: string;
let port: number;
beforeEach(async () => {
  url = await refusedUrl();
  port = Number(new URL(url).port);
  any.mockClear();
});
afterEach(() => expect(any).not.toHaveBeenCalled());

/** Takes the texts, and fails. */
const runner = {
  address: { nodeId: 'a' },
  model: () => ({ hash: 'h', state: 'idle' }),
  usable: () => true,
  status: () => null,
  problem: () => null,
  statistics: { perSecond: () => 1 },
  waiting: () => 0,
  embed: vi.fn(() => Promise.reject(new Error('no'))),
} as unknown as TrackedRunner;

const callers: [string, (signal: AbortSignal) => Promise<unknown>][] = [
  ['a question to another agent', (signal) => ask({ url, token: 't' }, 'GET', '/', { signal })],
  ['a check for the token of a runner', (signal) => hasToken({ port, token: 't' }, signal)],
  [
    'a sealed call',
    (signal) =>
      callSealed(
        { host: '127.0.0.1', port, token: 't', paths: { challenge: '/a', call: '/b' } },
        {},
        { signal, maxAnswerBytes: 10 },
      ),
  ],
  [
    'what Ollama reports',
    (signal) => readOllamaFacts({ url, exec: () => Promise.resolve(''), platform: 'linux', signal }),
  ],
  [
    'a page of the web',
    (signal) =>
      fetchPage(
        url,
        {
          http: { open: () => Promise.reject(new Error('refused')) },
          clock: createFakeClock(),
          guard: { check: (address: string) => ({ url: new URL(address) }) } as never,
        },
        signal,
      ),
  ],
  [
    'texts for the runners',
    (signal) =>
      shareOut(
        {
          clock: createFakeClock(),
          random: () => 0.5,
          inFlight: { begin: () => ({ [Symbol.dispose]() {} }) } as never,
          runners: () => [runner],
          settings: () => ({ batchSize: 1, retries: 0 }),
        },
        { model: 'm', texts: ['a'] } as never,
        signal,
      ),
  ],
];

describe('a signal that lives on', () => {
  it.each(callers)('keeps nothing of %s', async (name, call) => {
    const long = new AbortController();
    for (let time = 0; time < TIMES; time += 1) await call(long.signal).catch(() => {});
    if (name.startsWith('texts')) expect(runner.embed).toHaveBeenCalledTimes(TIMES);
    expect(listeners(long.signal)).toBe(0);
  });

  it('keeps nothing of Modelfiles that were read', async () => {
    const long = new AbortController();
    const during: number[] = [];
    const described = Promise.withResolvers<void>();
    const modelfiles = createModelfiles({
      server: () =>
        ({
          async describe(_name: string, signal: AbortSignal) {
            during.push(listeners(long.signal));
            expect(signal.aborted).toBe(false);
            if (during.length === TIMES) described.resolve();
            return { gpuLayers: null };
          },
        }) as unknown as InferenceServer,
      signal: long.signal,
      onRead: () => {},
    });
    const loaded = Array.from({ length: TIMES }, (_, at) => ({ name: `m${at}`, digest: `d${at}` }));
    modelfiles.observe({ id: 'a', hasGpu: true, loaded } as unknown as NodeView);
    await described.promise;
    await turn();
    expect(listeners(long.signal)).toBe(0);
    expect(during).toEqual([1, 2, 3, 4, 5]);
  });
});
