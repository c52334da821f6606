/** Powers nodes off that nobody needs any more and that have no agent to do it by themselves. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import { decideFinish, type FinishDecision } from './idle-decision.ts';
import type { InUse } from './in-use.ts';
import type { OffService } from './shutdown.ts';
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
  means(nodeId: string): NodePower['means'];
  use: UseWatch;
  inUse: InUse;
  attribution: WakeAttribution;
  off: OffService;
  leases(nodeId: string): number;
  /** A node without an agent was looked at: idle time has passed, or use was seen. */
  onLook(nodeId: string): void;
}

const FINISHER = 'Pilotlight, because nobody needs it';
const LOOK_MS = 15_000;

export function createIdleShutdown(dependencies: IdleShutdownDependencies): IdleShutdown {
  const { clock, random, log, fleet, policies, means, use, inUse, attribution, off, leases, onLook } =
    dependencies;
  let loop: Loop | null = null;

  function decide(node: NodeView): FinishDecision {
    const seen = inUse.state(node.id);
    return decideFinish({
      policy: policies.get(node.id),
      means: means(node.id),
      wokenByUs: attribution.byUs(node.id, null),
      held: inUse.held(node.id),
      keptOn: off.going(node.id).keptOn,
      reasons: leases(node.id) > 0 ? ['leases', ...seen.use] : seen.use,
      idleMs: seen.idle?.ms ?? 0,
    });
  }

  /** Read again after each await of going off: meanwhile a person may have set its policy, or cancelled. */
  function stillGoes(nodeId: string): boolean {
    const node = fleet.get(nodeId);
    return node !== null && means(nodeId) !== 'agent' && decide(node).do === 'go';
  }

  async function look(signal: AbortSignal): Promise<void> {
    for (const node of fleet.list()) {
      if (signal.aborted) return;
      const by = means(node.id);
      if (by === 'agent' || !isServing(node.state)) continue;
      use.look(node);
      onLook(node.id);
      const going = off.going(node.id);
      if (going.countdown !== null || going.leaving !== null) continue;
      const decision = decide(node);
      if (decision.do !== 'go') continue;
      const { action, countdownSeconds } = decision;
      // Nobody waits for a slow machine: the look at the next one goes on.
      const still = () => stillGoes(node.id);
      void off
        .off({ nodeId: node.id, action, countdownSeconds, force: false, by: FINISHER, still }, signal)
        .catch((error: unknown) => {
          if (signal.aborted) return;
          use.needed(node.id);
          if (isPilotlightError(error) && error.code === 'IN_USE') return;
          log.warn('A machine that nobody needs could not be powered off.', {
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
        intervalMs: () => LOOK_MS,
        firstDelayMs: LOOK_MS,
        run: look,
        onError: (error) => log.error('The look for idle machines failed.', { error: String(error) }),
      });
    },
    async stop() {
      const ending = loop;
      loop = null;
      await ending?.stop();
    },
  };
}
