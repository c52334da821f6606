/** Powers idle nodes off that have no agent to do so. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import { decideIdleShutdown, type IdleDecision } from './idle-decision.ts';
import type { InUse } from './in-use.ts';
import type { ShutdownRunner } from './shutdown-runner.ts';
import type { UseWatch } from './use-watch.ts';

export interface IdleShutdown {
  start(): void;
  stop(): Promise<void>;
}

export interface IdleShutdownDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  fleet: Pick<FleetService, 'list' | 'get'>;
  policies: Policies;
  shutdownBy(nodeId: string): NodePower['means'];
  use: UseWatch;
  inUse: InUse;
  attribution: WakeAttribution;
  runner: ShutdownRunner;
  leases(nodeId: string): number;
  /** A node without an agent was checked: its idle time or use may have changed. */
  onChecked(nodeId: string): void;
}

const CHECK_MS = 15_000;

export function createIdleShutdown(dependencies: IdleShutdownDependencies): IdleShutdown {
  const {
    clock,
    random,
    log,
    fleet,
    policies,
    shutdownBy,
    use,
    inUse,
    attribution,
    runner,
    leases,
    onChecked,
  } = dependencies;
  let loop: Loop | null = null;

  function decide(node: NodeView): IdleDecision {
    const seen = inUse.state(node.id);
    return decideIdleShutdown({
      policy: policies.get(node.id),
      shutdownBy: shutdownBy(node.id),
      wokenByUs: attribution.byUs(node.id, null),
      blockedBy: inUse.blockedBy(node.id),
      keptOn: runner.progress(node.id).keptOn,
      reasons: leases(node.id) > 0 ? ['leases', ...seen.use] : seen.use,
      idleMs: seen.idle?.ms ?? 0,
    });
  }

  /** Checked again after each await of the shutdown: a person may have changed the policy or cancelled meanwhile. */
  function isStillDue(nodeId: string): boolean {
    const node = fleet.get(nodeId);
    return node !== null && shutdownBy(nodeId) !== 'agent' && decide(node).do === 'shut-down';
  }

  async function checkAll(signal: AbortSignal): Promise<void> {
    for (const node of fleet.list()) {
      if (signal.aborted) return;
      const by = shutdownBy(node.id);
      if (by === 'agent' || !isServing(node.state)) continue;
      use.observe(node);
      onChecked(node.id);
      const { countdown, leaving } = runner.progress(node.id);
      if (countdown !== null || leaving !== null) continue;
      const decision = decide(node);
      if (decision.do !== 'shut-down') continue;
      const { action, countdownSeconds } = decision;
      // A slow machine does not hold up the others.
      const isDue = () => isStillDue(node.id);
      void runner
        .powerOff(
          { nodeId: node.id, action, countdownSeconds, force: false, by: null, isStillDue: isDue },
          signal,
        )
        .catch((error: unknown) => {
          if (signal.aborted) return;
          use.markNeeded(node.id);
          if (isPilotlightError(error) && error.code === 'IN_USE') return;
          log.warn('An idle machine could not be powered off.', {
            nodeId: node.id,
            error: String(error),
          });
        });
    }
  }

  return {
    start() {
      loop ??= startLoop({
        clock,
        random,
        intervalMs: () => CHECK_MS,
        firstDelayMs: CHECK_MS,
        run: checkAll,
        onError: (error) => log.error('The check for idle machines failed.', { error: String(error) }),
      });
    },
    async stop() {
      const ending = loop;
      loop = null;
      await ending?.stop();
    },
  };
}
