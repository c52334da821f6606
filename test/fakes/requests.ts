/** Requests of other programs over a process that a test plays, with a history in memory. */
import type { LiveRequest } from '../../electron/core/gateway/model.ts';
import type { RequestTotalsBucket } from '../../electron/core/ports/request-history.ts';
import type { Store } from '../../electron/core/ports/state.ts';
import { createRequestsService } from '../../electron/core/requests/service.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { createFakeClock } from './clock.ts';
import { aFinishedRequest, createFakeGatewayLink } from './gateway.ts';
import { createRememberingLog } from './transport.ts';

export function createMemoryHistory(): Store['requestHistory'] & { fails: boolean; size(): number } {
  let buckets: RequestTotalsBucket[] = [];
  const memory = {
    fails: false,
    size: () => buckets.length,
    read: (seconds: number, from: number, last: number) =>
      buckets.filter((one) => one.seconds === seconds && one.start >= from && one.start <= last),
    write({ buckets: written, prune }: Parameters<Store['requestHistory']['write']>[0]) {
      if (memory.fails) throw new Error('The disk is full.');
      const isOld = (one: RequestTotalsBucket) =>
        written.some(({ seconds, start }) => seconds === one.seconds && start === one.start) ||
        prune.some(({ seconds, before }) => seconds === one.seconds && one.start < before);
      buckets = [...buckets.filter((one) => !isOld(one)), ...structuredClone(written)];
    },
  };
  return memory;
}

export function aLiveRequest(changes: Partial<LiveRequest> = {}): LiveRequest {
  const { id, at, dialect, method, path, model, nodeId, credentialId, why, fallback } = aFinishedRequest();
  return {
    ...{ id, at, dialect, method, path, model, nodeId, credentialId, why, fallback },
    retries: 0,
    program: null,
    priority: null,
    heldMs: 0,
    contextLength: null,
    firstByteMs: null,
    steps: [],
    hasPrompt: false,
    state: 'sent',
    position: null,
    expectedMs: null,
    ...changes,
  };
}

export function createRequestsWorld({ hasLink = true, history = createMemoryHistory() } = {}) {
  const clock = createFakeClock();
  const { link, fake } = createFakeGatewayLink();
  const streams = createStreams({ clock, epoch: 'run-1' });
  const waiting: number[] = [];
  const log = createRememberingLog();
  const service = createRequestsService({
    clock,
    log,
    store: { requestHistory: history },
    streams,
    link: hasLink ? link : null,
    credentialName: (id) => (id === 'key_1' ? 'n8n' : null),
    onWaiting: (count) => waiting.push(count),
  });
  return { clock, fake, log, history, service, streams, waiting, all: () => service.list({ limit: 1500 }) };
}
