/** Probes a node and updates its entry. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { GpuCard } from '../../../shared/models/telemetry.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { FleetDependencies } from './dependencies.ts';
import { type Entry, probedAgent, wakePace } from './entry.ts';
import { sameValue } from './equal.ts';
import { nextObservation, type ProbeResult } from './node-state.ts';
import { probeTimeoutMs } from './pace.ts';
import { DETAILS_EVERY_MS, hasUnknownModel, probeTarget, readDetails } from './probe.ts';
import { cardOf, hasCard, type NodeKnowledge } from './view.ts';

export interface ProberDependencies
  extends Pick<FleetDependencies, 'clock' | 'random' | 'log' | 'settings' | 'hardware' | 'agents'> {
  /** Aborted when the fleet stops. */
  stopping: AbortSignal;
  /** False for an entry that was dropped. */
  isCurrent(entry: Entry): boolean;
  publish(entry: Entry): void;
  /** Called when a woken node serves, before that is published. */
  learnBoot(entry: Entry, durationMs: number): void;
  /** The GPUs of a simulated machine; null if it is off. */
  simulated(nodeId: string): { gpus: readonly GpuCard[] } | null;
}

/** How long a first answer waits for version and models, so that both are published together. */
const DETAILS_WAIT_MS = 100;
const DETAILS_DEADLINE_MS = 10_000;
const DETAILS_RETRY_MS = 30_000;
const HARDWARE_EVERY_MS = 30_000;
/** Without a GPU, one may still appear after a resume, but rarely. */
const HARDWARE_RETRY_MS = 600_000;
const NOTHING_THERE: ProbeResult = { kind: 'silent', reason: fact('NOTHING_ANSWERS'), trouble: null };

/** The returned function probes a node and publishes the result. It rejects only for defects. */
export function createProber(
  dependencies: ProberDependencies,
): (entry: Entry, signal: AbortSignal) => Promise<void> {
  const { clock, random, log, settings, agents, stopping, isCurrent, publish, learnBoot, simulated } =
    dependencies;

  function observe(entry: Entry, result: ProbeResult): void {
    const before = entry.observation;
    // A local server that nobody configured and that never answered is absent, not in trouble.
    const guess =
      entry.record.url === null &&
      probedAgent(entry.record) === null &&
      !isServing(before.state) &&
      before.state !== 'trouble';
    const known = guess && result.kind !== 'healthy' ? NOTHING_THERE : result;
    entry.observation = nextObservation(before, known, {
      now: clock.now(),
      waking: entry.waking !== null && !isServing(before.state),
      gpuFound: entry.gpuFound,
      gpuSeen: hasCard(entry.cards),
    });
    if (known.kind === 'healthy') entry.loaded = known.loaded;
    const { state } = entry.observation;
    if (entry.waking && isServing(state) && !isServing(before.state)) {
      const durationMs = entry.waking.bootMs();
      if (durationMs !== null) learnBoot(entry, durationMs);
    }
    if (state === 'off' && before.state !== 'off') {
      entry.unreachable.abort(
        new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_DROPPED_OUT', { node: entry.record.name }),
        }),
      );
      entry.unreachable = new AbortController();
    }
  }

  async function probe(entry: Entry, signal: AbortSignal): Promise<void> {
    const { server, target } = entry;
    if (target) {
      const timeoutMs = probeTimeoutMs(
        entry.observation.state,
        settings.current().fleet.lookTimeoutMs,
        wakePace(entry, clock.now()),
      );
      const register = (interrupt: () => void) => {
        entry.interruptProbe = interrupt;
      };
      const result = await probeTarget(target, { clock, log, timeoutMs, register }, signal);
      entry.interruptProbe = null;
      if (result === null || entry.target !== target || !isCurrent(entry)) return;
      if (server && result.kind === 'healthy' && wantsDetails(entry, result))
        await detailsOrMoment(entry, server);
      if (entry.target !== target) return;
      readAgent(entry);
      observe(entry, result);
    } else if (entry.observation.state === 'unknown') {
      observe(entry, NOTHING_THERE);
    }
    readMachine(entry);
    publish(entry);
  }

  function wantsDetails(entry: Entry, { loaded }: { loaded: NodeKnowledge['loaded'] }): boolean {
    if (entry.detailsAt === null || !isServing(entry.observation.state)) return true;
    const age = clock.monotonic() - entry.detailsAt;
    if (age >= DETAILS_EVERY_MS) return true;
    return loaded !== entry.loaded && age >= 1000 && hasUnknownModel(loaded, entry.installed);
  }

  async function detailsOrMoment(entry: Entry, server: InferenceServer): Promise<void> {
    entry.detailsRead ??= withDeadline(clock, DETAILS_DEADLINE_MS, stopping, (signal) =>
      readDetails(server, signal),
    )
      .then((details) => {
        if (entry.server !== server) return;
        entry.version = details.version;
        entry.installed = details.installed;
        // Randomised by a tenth, so that a large fleet is not queried in one burst again.
        entry.detailsAt = clock.monotonic() - random() * 0.1 * DETAILS_EVERY_MS;
      })
      .catch((error) => {
        if (stopping.aborted) return;
        log.debug('The details of a node could not be read.', {
          nodeId: entry.record.id,
          error: String(error),
        });
        entry.detailsAt = clock.monotonic() - DETAILS_EVERY_MS + DETAILS_RETRY_MS;
      })
      .finally(() => {
        entry.detailsRead = null;
      });
    const read = entry.detailsRead;
    await new Promise<void>((resolve) => {
      let late = false;
      const timer = clock.timer(DETAILS_WAIT_MS, () => {
        late = true;
        resolve();
      });
      void read.then(() => {
        timer.cancel();
        // If in time, it is published together with the probe's result.
        if (late) publish(entry);
        resolve();
      });
    });
  }

  /** Takes over what its agent last reported, before the probe's result is evaluated. */
  function readAgent(entry: Entry): void {
    const { id, kind, agentUrl } = entry.record;
    entry.gpuFound = agentUrl === null ? null : agents.gpuFound(id);
    if (kind !== 'remote') return;
    if (agentUrl === null) entry.cards = null;
    else takeCards(entry, agents.reading(id)?.gpus ?? null);
  }

  /** Keeps the known cards while the machine is off or its tools report nothing. */
  function takeCards(entry: Entry, gpus: readonly GpuCard[] | null): void {
    const cards = gpus?.map(cardOf) ?? null;
    if (cards !== null && !sameValue(cards, entry.cards)) entry.cards = cards;
  }

  function readMachine(entry: Entry): void {
    if (entry.simulated) takeCards(entry, simulated(entry.record.id)?.gpus ?? null);
    else if (entry.record.kind === 'this-computer') readThisComputer(entry);
  }

  /** In the background, so that a hanging tool does not delay probes. */
  function readThisComputer(entry: Entry): void {
    const age = entry.hardwareAt === null ? Number.POSITIVE_INFINITY : clock.monotonic() - entry.hardwareAt;
    if (age < (entry.cards?.length === 0 ? HARDWARE_RETRY_MS : HARDWARE_EVERY_MS)) return;
    entry.hardwareAt = clock.monotonic();
    dependencies.hardware.readGpus(stopping).then(
      (gpus) => {
        takeCards(entry, gpus);
        publish(entry);
      },
      (error) => {
        if (stopping.aborted) return;
        // Earlier readings are out of date.
        entry.cards = null;
        publish(entry);
        log.debug('The GPUs could not be read.', { error: String(error) });
      },
    );
  }

  return probe;
}
