/** Remembers what each runner last reported, so that a core that was restarted knows which sleeping machine has which models. */
import type { RunnerRecord, RunnerStatus } from '../../../shared/models/runner.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { RunnerAddress } from './runner-addresses.ts';

export interface RememberedRunners {
  /** What it last reported before this core started; null if that is not known, or was of a runner at another address. */
  of(address: Pick<RunnerAddress, 'nodeId' | 'url'>): RunnerStatus | null;
  /** Whether a node's agent at this address had the role `runner`. */
  hadRole(nodeId: string, agentUrl: string | null): boolean;
  /** Saves what has changed, but for its counts. Never throws. */
  save(address: RunnerAddress, status: RunnerStatus): void;
  /** There is no runner any more. Never throws. */
  forget(nodeId: string): void;
}

export function createRememberedRunners({
  clock,
  log,
  store,
}: {
  clock: Pick<Clock, 'now'>;
  log: Log;
  store: Pick<Store, 'runners'>;
}): RememberedRunners {
  const saved = new Map(store.runners.list().map((record) => [record.nodeId, record]));

  function write(nodeId: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      log.warn('What a runner reported could not be saved.', { nodeId, error: String(error) });
    }
  }

  return {
    of({ nodeId, url }) {
      const record = saved.get(nodeId);
      return record !== undefined && record.url === url ? record.status : null;
    },
    hadRole(nodeId, agentUrl) {
      const record = saved.get(nodeId);
      return record !== undefined && record.from === 'agent' && record.url === agentUrl;
    },
    save({ nodeId, from, url }, status) {
      // This computer's is asked as soon as it runs, and needs no waking.
      if (url === null || from === 'this-computer') return;
      const record: RunnerRecord = { nodeId, from, url, at: clock.now(), status: lasting(status) };
      const before = saved.get(nodeId);
      if (before !== undefined && sameRunner(before, record)) return;
      write(nodeId, () => {
        store.runners.put(record);
        saved.set(nodeId, record);
      });
    },
    forget(nodeId) {
      if (!saved.delete(nodeId)) return;
      write(nodeId, () => store.runners.remove(nodeId));
    },
  };
}

const sameRunner = (one: RunnerRecord, other: RunnerRecord) =>
  JSON.stringify({ ...one, at: 0 }) === JSON.stringify({ ...other, at: 0 });

/** What is still so after its machine has slept: nothing is in memory then, and no count is known. */
function lasting(status: RunnerStatus): RunnerStatus {
  return {
    ...status,
    ready: false,
    ladder: status.ladder.map((rung) => ({ ...rung, ms: null, cpuMs: null })),
    models: status.models.map((model) => ({
      ...model,
      state: model.state === 'failed' ? 'failed' : 'on-disk',
      provider: null,
      usedAt: null,
      expiresAt: null,
      ladder: [],
    })),
    uptimeSeconds: 0,
    restarts: 0,
    queue: { queries: 0, bulk: 0, pictures: 0 },
    memoryBytes: null,
    totals: { requests: 0, failed: 0, texts: 0, pictures: 0, gpuRuns: 0, runs: 0 },
    latencyMs: null,
  };
}
