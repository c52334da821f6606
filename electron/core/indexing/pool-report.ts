/** Reports on a pool of embedding nodes: the phase of the job, its events, and what is worth a notification. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { JobEvent, JobPhase, SourceRecord } from '../../../shared/models/indexing.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { PoolOptions, PoolWait, PoolWorker } from '../acquire/pool.ts';
import type { Log } from '../ports/log.ts';
import { reasonOf } from './failures.ts';

export interface JobReport {
  phase(phase: JobPhase, detail: Message, nodeId?: string): void;
  event(kind: JobEvent['kind'], nodeId: string | null, message: Message): void;
  /** Adds an entry to the activity log. */
  record(entry: Omit<NewActivityEntry, 'kind'>): void;
}

/** The purpose of the lease of a machine. */
export const leasePurpose = ({ name }: Pick<SourceRecord, 'name'>): Message =>
  fact('USED_FOR_INDEXING', { folder: name });

/** A node that could not be used, or no longer. */
export interface Loss {
  nodeId: string;
  node: string;
  /** The node without its server; its server without its GPU; still asleep. */
  kind: 'dropped' | 'no-gpu' | 'not-available' | 'asleep';
  reason: Message;
}

const causes = {
  dropped: 'NODE_DROPPED_OUT',
  'no-gpu': 'GPU_NOT_USABLE',
  'not-available': 'NODE_NOT_AVAILABLE',
  asleep: 'NODE_STAYS_ASLEEP',
} as const;

/** Why this node continues instead. A node that was lost itself continues because it is back, not because of its loss. */
export function causeFor({ nodeId }: Pick<PoolWorker, 'nodeId'>, loss: Loss | null): Message | null {
  if (loss === null) return fact('NO_GPU_NODE');
  if (loss.nodeId !== nodeId || loss.kind === 'no-gpu') return fact(causes[loss.kind], { node: loss.node });
  return null;
}

export interface PoolReport {
  events: PoolOptions['events'];
  /** This node has answered a request. */
  answered(nodeId: string): void;
}

export function createPoolReport({
  report,
  source,
  modelName,
  log,
  probeSoon,
}: {
  report: JobReport;
  source: Pick<SourceRecord, 'name'>;
  modelName: string;
  log: Log;
  probeSoon(nodeId: string): void;
}): PoolReport {
  const folder = source.name;
  /** Nodes that must not be woken now, with the reason that was reported. */
  const leftAsleep = new Map<string, string>();
  let situation: 'starting' | 'gpu' | 'cpu' | 'fallback' | 'waiting' = 'starting';
  let lastLoss: Loss | null = null;
  let working: readonly PoolWorker[] = [];
  /** Working nodes that have answered since they started working. */
  let answered = new Set<string>();

  function onGpu(worker: PoolWorker): void {
    const { name: node, nodeId } = worker;
    if (situation === 'fallback' || (situation === 'waiting' && lastLoss !== null)) {
      report.event('recovered', nodeId, fact('NODE_BACK_ON_GPU', { node }));
      report.record({ severity: 'success', message: fact('INDEXING_BACK_ON_GPU', { node, folder }), nodeId });
    } else if (lastLoss !== null && lastLoss.nodeId !== nodeId) {
      report.event('note', nodeId, fact('CONTINUES_ON_GPU', { cause: causeFor(worker, lastLoss), node }));
    }
    situation = 'gpu';
    lastLoss = null;
  }

  function fellBack(worker: PoolWorker): void {
    const { name: node, nodeId } = worker;
    const cause = causeFor(worker, lastLoss);
    report.event('fell-back', nodeId, fact('CONTINUES_ON_CPU', { cause, node }));
    report.record({
      severity: 'warning',
      message: fact('INDEXING_ON_CPU', { node, folder }),
      why: lastLoss === null || cause === null ? fact('NO_GPU_NODE_WITH_MODEL') : reasonOfLoss(lastLoss),
      nodeId,
      notify: true,
    });
  }

  function showWork(): void {
    if (working.length === 0 || situation === 'waiting') return;
    const nodes = working.map(({ name, gpu }) => ({
      node: name,
      on: gpu ? ('gpu' as const) : ('cpu' as const),
    }));
    const isFirst = !working.some(({ nodeId }) => answered.has(nodeId));
    report.phase(
      'embedding',
      isFirst ? fact('FIRST_BATCH_RUNNING', { nodes }) : fact('EMBEDDING_ON', { nodes }),
    );
  }

  const waitDetail = (wait: PoolWait): Message =>
    wait.for === 'probe'
      ? fact('CHECKING_NODE', { node: wait.name })
      : fact('WAITING_FOR_NODE', { gpu: wait.for === 'gpu-node', model: modelName });

  const events: PoolOptions['events'] = {
    waking({ name, nodeId }) {
      report.phase('waking', fact('WAKING_NODE', { node: name }), nodeId);
    },
    woke({ name, nodeId }) {
      report.event('woke', nodeId, fact('NODE_IS_AWAKE', { node: name }));
    },
    placing({ name, nodeId }) {
      if (working.length === 0)
        report.phase('placing', fact('LOADING_ON_GPU', { model: modelName, node: name }), nodeId);
    },
    placed({ name: node, nodeId }, placement, reason) {
      const where = { model: modelName, node };
      const message =
        placement === 'gpu'
          ? fact('MODEL_ON_GPU', where)
          : fact('MODEL_PARTLY_ON_GPU', { ...where, reason: reason ?? notUsed(node) });
      report.event('placed', nodeId, message);
    },
    gpuRefused({ name: node, nodeId }, said) {
      const reason = said ?? notUsed(node);
      lastLoss = { nodeId, node, kind: 'no-gpu', reason };
      report.event('note', nodeId, fact('GPU_REFUSED_MODEL', { model: modelName, node, reason }));
    },
    working(worker) {
      if (worker.gpu) onGpu(worker);
      else if (worker.fallback) {
        if (situation !== 'fallback') fellBack(worker);
        situation = 'fallback';
      } else situation = 'cpu';
    },
    dropped({ name: node, nodeId }, error) {
      lastLoss = { nodeId, node, kind: 'dropped', reason: reasonOf(error) };
      log.warn('A node was lost while it embedded.', { node: nodeId, error: String(error) });
      probeSoon(nodeId);
    },
    wakeFailed({ name: node, nodeId }, error, cameUp) {
      const reason = reasonOf(error);
      lastLoss = { nodeId, node, kind: 'not-available', reason };
      const message = cameUp
        ? fact('NODE_AWAKE_WITHOUT_MODEL', { node, model: modelName })
        : fact('NODE_NOT_WOKEN', { node, reason });
      report.event('note', nodeId, message);
    },
    wakeNotAllowed({ name: node, nodeId }, error) {
      // Nothing is wrong with it. This is reported once, although the pool keeps trying.
      const reason = reasonOf(error);
      lastLoss ??= { nodeId, node, kind: 'asleep', reason };
      const key = JSON.stringify(reason);
      if (leftAsleep.get(nodeId) === key) return;
      leftAsleep.set(nodeId, key);
      report.event('note', nodeId, fact('NODE_LEFT_ASLEEP', { node, reason }));
    },
    waiting(wait) {
      const detail = waitDetail(wait);
      report.phase('waiting', detail);
      if (wait.for === 'probe' || situation === 'waiting') return;
      situation = 'waiting';
      report.event('waiting', null, detail);
      report.record({
        severity: 'warning',
        message: fact('INDEXING_WAITS', { folder, gpu: wait.for === 'gpu-node', model: modelName }),
        why: lastLoss === null ? null : reasonOfLoss(lastLoss),
        notify: true,
      });
    },
    changed(now) {
      working = now;
      const ids = new Set(now.map(({ nodeId }) => nodeId));
      answered = new Set([...answered].filter((nodeId) => ids.has(nodeId)));
      showWork();
    },
  };
  return {
    events,
    answered(nodeId) {
      if (answered.has(nodeId)) return;
      answered.add(nodeId);
      showWork();
    },
  };
}

/** For a load whose result says nothing more. */
const notUsed = (node: string): Message => fact('LOADED_ON_CPU_INSTEAD', { node, contradicted: false });

const reasonOfLoss = ({ node, reason }: Loss): Message => fact('REASON_OF_NODE', { node, reason });
