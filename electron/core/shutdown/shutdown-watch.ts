/** Machines that were told to go, watched until they have gone. */
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock, Timer } from '../ports/time.ts';

export type Leaving = NonNullable<NodePower['leaving']>;

export interface Departures {
  get(nodeId: string): Leaving | null;
  /** Watches from now on; does nothing where that node is watched already. */
  begin(nodeId: string, action: PowerAction): void;
  /** It does not go after all: watched no more. */
  giveUp(nodeId: string): void;
  stop(): void;
}

export interface DeparturesOptions {
  clock: Clock;
  fleet: Pick<FleetService, 'get' | 'probeSoon' | 'onChange' | 'setLeaving'>;
  agents: Pick<AgentAccess, 'view' | 'onChange' | 'onReached'>;
  onGone(nodeId: string, leaving: Leaving): void;
  /** The deadline passed. */
  onStayed(nodeId: string, leaving: Leaving): void;
  onChange(nodeId: string): void;
}

/** Services get a minute and a half to end, and the last look takes a while. */
const LEAVE_MS = 180_000;
const LOOK_MS = 2000;

export function createDepartures(options: DeparturesOptions): Departures {
  const { clock, fleet, agents, onGone, onStayed, onChange } = options;
  const leaving = new Map<string, { leaving: Leaving; timers: Timer[] }>();

  function end(nodeId: string): Leaving | null {
    const entry = leaving.get(nodeId);
    if (!entry) return null;
    leaving.delete(nodeId);
    for (const timer of entry.timers) timer.cancel();
    fleet.setLeaving(nodeId, false);
    return entry.leaving;
  }

  function hasGone(nodeId: string): boolean {
    return fleet.get(nodeId)?.state === 'off' && agents.view(nodeId)?.state !== 'ok';
  }

  function check(nodeId: string): void {
    if (!leaving.has(nodeId)) return;
    if (fleet.get(nodeId) === null) {
      end(nodeId);
    } else if (hasGone(nodeId)) {
      const gone = end(nodeId);
      if (gone) onGone(nodeId, gone);
      onChange(nodeId);
    }
  }

  function look(nodeId: string): void {
    const entry = leaving.get(nodeId);
    if (!entry) return;
    fleet.probeSoon(nodeId);
    entry.timers[1] = clock.timer(LOOK_MS, () => look(nodeId));
  }

  function late(nodeId: string): void {
    const stayed = end(nodeId);
    if (!stayed) return;
    onStayed(nodeId, stayed);
    onChange(nodeId);
  }

  const stops = [
    fleet.onChange((node, previous) => check(node?.id ?? previous?.id ?? '')),
    agents.onChange(check),
    agents.onReached((nodeId, { fresh }) => {
      // It went and came back between two looks: a restart, or a person who was quick.
      const back = fresh ? end(nodeId) : null;
      if (back === null) return;
      onGone(nodeId, back);
      onChange(nodeId);
    }),
  ];

  return {
    get: (nodeId) => leaving.get(nodeId)?.leaving ?? null,
    begin(nodeId, action) {
      if (leaving.has(nodeId) || fleet.get(nodeId) === null) return;
      const since = clock.now();
      const entry = { action, since, deadlineAt: since + LEAVE_MS };
      leaving.set(nodeId, { leaving: entry, timers: [clock.timer(LEAVE_MS, () => late(nodeId))] });
      fleet.setLeaving(nodeId, true);
      look(nodeId);
      check(nodeId);
      onChange(nodeId);
    },
    giveUp(nodeId) {
      if (end(nodeId) !== null) onChange(nodeId);
    },
    stop() {
      for (const stop of stops) stop();
      for (const nodeId of [...leaving.keys()]) end(nodeId);
    },
  };
}
