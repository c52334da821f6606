/**
 * Reports to the agent of each node which models this panel's requests use there, so that other panels leave them loaded.
 * A report expires by itself, like a lease.
 */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface TrafficMirror {
  /** A request for the model has begun or ended there. */
  used(nodeId: string, model: string): void;
  stop(): Promise<void>;
}

export interface TrafficMirrorDependencies {
  clock: Clock;
  log: Log;
  agents: Pick<AgentAccess, 'view' | 'link' | 'onReached'>;
  panelId: string;
  holder(): string;
  /** Whether requests for the model are in flight there now. */
  isInUse(nodeId: string, model: string): boolean;
}

/** A core that crashes is believed for no longer than this. */
const TTL_SECONDS = 120;
const RENEW_MS = 40_000;
/** A model counts as in use for this long after its last request. */
const LATELY_MS = 60_000;
/** Models that begin within this time are reported together. */
const TOGETHER_MS = 200;
const STOP_MS = 2000;

interface NodeTraffic {
  /** Model → when its last request began or ended, monotonic. */
  models: Map<string, number>;
  /** As it was last accepted. */
  sent: string;
  timer: Timer | null;
  running: Promise<void> | null;
  /** Its agent takes no reports, as long as it is not replaced. */
  isTooOld: boolean;
}

/** The agent has one report for each node, because several nodes may share a machine. */
export const reportId = (panelId: string, nodeId: string): string => `${panelId}:${nodeId}`;

export const isOwnReport = (panelId: string, panel: string): boolean => panel.startsWith(`${panelId}:`);

export function createTrafficMirror(dependencies: TrafficMirrorDependencies): TrafficMirror {
  const { clock, log, agents, panelId, holder, isInUse } = dependencies;
  const nodes = new Map<string, NodeTraffic>();
  const stopping = new AbortController();

  function current(nodeId: string, { models }: NodeTraffic): string[] {
    const now = clock.monotonic();
    for (const [model, at] of models) {
      if (isInUse(nodeId, model)) models.set(model, now);
      else if (now - at >= LATELY_MS) models.delete(model);
    }
    return [...models.keys()].sort();
  }

  async function send(nodeId: string, node: NodeTraffic): Promise<void> {
    const link = agents.view(nodeId)?.state === 'ok' ? agents.link(nodeId) : null;
    const models = current(nodeId, node);
    const text = models.join('\n');
    // The last report has expired by now, or says so already.
    if (link === null || (models.length === 0 && node.sent === '')) return;
    try {
      const report = { holder: holder(), models, ttlSeconds: TTL_SECONDS };
      const taken = await link.putTraffic(reportId(panelId, nodeId), report, stopping.signal);
      node.isTooOld = !taken;
      if (taken) node.sent = text;
    } catch (error) {
      if (stopping.signal.aborted) return;
      // It is sent again with the next renewal.
      log.debug('Traffic could not be reported to an agent.', {
        nodeId,
        error: isPilotlightError(error) ? error.code : String(error),
      });
    }
  }

  function schedule(nodeId: string, node: NodeTraffic, ms: number): void {
    if (stopping.signal.aborted || node.isTooOld) return;
    node.timer?.cancel();
    node.timer = clock.timer(ms, () => {
      node.timer = null;
      node.running ??= send(nodeId, node).finally(() => {
        node.running = null;
        const isNew = current(nodeId, node).join('\n') !== node.sent;
        if (node.models.size > 0 || node.sent !== '')
          schedule(nodeId, node, isNew ? LATELY_MS / 4 : RENEW_MS);
      });
    });
  }

  const stopListening = agents.onReached((nodeId) => {
    const node = nodes.get(nodeId);
    if (node === undefined) return;
    // The agent may have been restarted.
    node.sent = '';
    node.isTooOld = false;
    schedule(nodeId, node, 0);
  });

  return {
    used(nodeId, model) {
      if (stopping.signal.aborted || agents.view(nodeId) === null) return;
      const node = nodes.get(nodeId) ?? {
        models: new Map(),
        sent: '',
        timer: null,
        running: null,
        isTooOld: false,
      };
      nodes.set(nodeId, node);
      const isNew = !node.models.has(model);
      node.models.set(model, clock.monotonic());
      if (isNew) schedule(nodeId, node, TOGETHER_MS);
    },
    async stop() {
      stopListening();
      for (const node of nodes.values()) node.timer?.cancel();
      const timer = clock.timer(STOP_MS, () => stopping.abort(new DOMException('Stopping.', 'AbortError')));
      await Promise.all(
        [...nodes].map(async ([nodeId, node]) => {
          await node.running;
          node.timer?.cancel();
          node.models.clear();
          await send(nodeId, node);
        }),
      );
      timer.cancel();
      stopping.abort(new DOMException('Stopped.', 'AbortError'));
    },
  };
}
