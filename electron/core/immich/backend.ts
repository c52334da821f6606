/** The runners of the fleet, as the door for Immich sees them. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { InFlight } from '../acquire/in-flight.ts';
import type { AcquireWakes } from '../acquire/model.ts';
import { heardRoles } from '../agents/heard-roles.ts';
import type { AgentsService } from '../agents/model.ts';
import type { FleetService } from '../fleet/service.ts';
import type { DoorBackend, PredictPlace } from '../ports/immich-door.ts';
import type { Clock } from '../ports/time.ts';
import type { RunnersService } from '../runner/model.ts';
import type { TrackedRunner } from '../runner/tracked-runner.ts';
import { createChanges } from '../runtime/changes.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { KeepAwake } from './keep-awake.ts';
import { missingGraphs, rankPlaces, rankSleepers, type SeenRunner } from './upstreams.ts';

export interface BackendDependencies {
  clock: Clock;
  runners: Pick<RunnersService, 'fleet' | 'acquire' | 'tracked'>;
  fleet: Pick<FleetService, 'get' | 'list'>;
  agents: Pick<AgentsService, 'view'>;
  wakes: AcquireWakes;
  inFlight: Pick<InFlight, 'begin'>;
  keepAwake: KeepAwake;
  /** Whether this computer's runner has a model folder of Immich. */
  hasFolder(): boolean;
}

/** How long the agent of a machine that has just woken may take to say whether it has a runner. */
const REPORT_MS = 60_000;
/** A runner that failed a request gets no other one for this long, unless there is none. */
const REST_MS = 10_000;

export function createDoorBackend(dependencies: BackendDependencies): DoorBackend {
  const { clock, runners, fleet, agents, wakes, inFlight, keepAwake } = dependencies;
  const working = new Map<string, number>();
  const failedAt = new Map<string, number>();
  const waking = new Set<string>();

  const rests = (nodeId: string) => clock.monotonic() - (failedAt.get(nodeId) ?? -Infinity) < REST_MS;

  function seenOf(runner: TrackedRunner): SeenRunner {
    const { nodeId, name, from, inFleet } = runner.address;
    const node = runners.fleet.get(nodeId);
    const machine = fleet.get(nodeId)?.state ?? 'unknown';
    const status = runner.status();
    const here = from === 'this-computer';
    // Without a folder it has no models, although it never ran.
    const unknown = here && !dependencies.hasFolder() ? [] : null;
    return {
      nodeId,
      name,
      here,
      usable: runner.usable() && runner.link !== null,
      // A machine that has just come up has a runner that was not asked yet.
      state: node?.state === 'off' && isServing(machine) ? 'booting' : (node?.state ?? 'unknown'),
      waking: waking.has(nodeId),
      canWake: inFleet && (node?.canWake ?? false),
      graphs: status?.immich ?? unknown,
      gpu: (status?.provider ?? 'cpu') !== 'cpu',
      waiting: runner.waiting() + (working.get(nodeId) ?? 0) + (rests(nodeId) ? 1_000_000 : 0),
    };
  }

  /** Machines with an agent that has said nothing since the start: it may have a runner. */
  const unheard = (): SeenRunner[] =>
    fleet
      .list()
      .filter(
        ({ id, agentUrl, kind }) =>
          kind !== 'this-computer' && agentUrl !== null && heardRoles(agents.view(id)) === null,
      )
      .filter(({ id }) => runners.fleet.get(id) === null)
      .map(({ id, name, state, canWake, hasGpu }) => ({
        nodeId: id,
        name,
        here: false,
        usable: false,
        state,
        canWake,
        waking: waking.has(id),
        graphs: null,
        gpu: hasGpu ?? false,
        waiting: 0,
      }));

  const seen = () => [...runners.tracked().map(seenOf), ...unheard()];

  function placeOf({ address }: TrackedRunner, fallback: boolean): PredictPlace {
    const { nodeId, name, url, token, from } = address;
    const here = from === 'this-computer';
    return {
      id: nodeId,
      name,
      here,
      fallback,
      url: url ?? '',
      token,
      begin() {
        const mark = inFlight.begin(nodeId, null);
        const awake = here || fleet.get(nodeId) === null ? null : keepAwake.hold(nodeId, { lingers: true });
        working.set(nodeId, (working.get(nodeId) ?? 0) + 1);
        let isOver = false;
        return {
          [Symbol.dispose]() {
            if (isOver) return;
            isOver = true;
            working.set(nodeId, (working.get(nodeId) ?? 1) - 1);
            mark[Symbol.dispose]();
            awake?.[Symbol.dispose]();
          },
        };
      },
      ended(ok) {
        if (ok) failedAt.delete(nodeId);
        else {
          failedAt.set(nodeId, clock.monotonic());
          runners.fleet.probeSoon(nodeId);
        }
      },
    };
  }

  async function reported(nodeId: string, signal: AbortSignal): Promise<void> {
    const changes = createChanges();
    const stop = runners.fleet.onChange(changes.notify);
    try {
      await withDeadline(clock, REPORT_MS, signal, async (limited) => {
        while (runners.fleet.get(nodeId) === null) await changes.wait(limited);
      });
    } finally {
      stop();
    }
  }

  async function makeReady(nodeId: string, signal: AbortSignal): Promise<void> {
    if (runners.fleet.get(nodeId) === null) {
      await wakes.ensureAwake(nodeId, { signal, by: 'request' });
      const { name = '' } = fleet.get(nodeId) ?? {};
      await reported(nodeId, signal).catch(() => {
        signal.throwIfAborted();
        throw new PilotlightError('NO_RUNNER', { message: fact('RUNNER_NOT_ON_NODE', { node: name }) });
      });
    }
    // The lease of the door lasts from before the wake, so this one needs none of its own.
    await using _ = await runners.acquire.acquire({
      nodeId,
      requirement: { capabilities: [] },
      purpose: fact('USED_FOR_IMMICH'),
      by: 'request',
      wake: true,
      counts: 'each',
      brief: true,
      signal,
    });
  }

  return {
    places(need) {
      const tracked = new Map(runners.tracked().map((runner) => [runner.address.nodeId, runner]));
      return rankPlaces(seen(), need).flatMap(({ nodeId, fallback }) => {
        const runner = tracked.get(nodeId);
        return runner === undefined ? [] : placeOf(runner, fallback);
      });
    },
    sleepers(need) {
      const all = seen();
      const names = new Map(all.map(({ nodeId, name }) => [nodeId, name]));
      return rankSleepers(all, need).map((id) => ({ id, name: names.get(id) ?? id }));
    },
    missing: (need) => missingGraphs(seen(), need),
    async wake(nodeId, signal) {
      const lease = keepAwake.hold(nodeId, { lingers: false });
      waking.add(nodeId);
      try {
        await makeReady(nodeId, signal);
        return lease;
      } catch (error) {
        lease[Symbol.dispose]();
        throw error;
      } finally {
        waking.delete(nodeId);
      }
    },
    onChange: (listener) => runners.fleet.onChange(() => listener()),
  };
}
