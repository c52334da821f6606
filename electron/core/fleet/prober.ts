/** One probe of a node, and what follows from what it found. */
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
  /** False for an entry that was dropped meanwhile. */
  isHere(entry: Entry): boolean;
  publish(entry: Entry): void;
  /** Called before the change is published: a node that was being woken serves now. */
  learnBoot(entry: Entry, durationMs: number): void;
  /** The GPUs of a simulated machine; null where it is off. */
  simulated(nodeId: string): { gpus: readonly GpuCard[] } | null;
}

/** A first answer waits this long for version and models, so that "serving" comes with what it can do. */
const DETAILS_WAIT_MS = 100;
const DETAILS_DEADLINE_MS = 10_000;
const DETAILS_RETRY_MS = 30_000;
const HARDWARE_EVERY_MS = 30_000;
/** Where no tool found a GPU, one may still come back after a resume, but not often. */
const HARDWARE_RETRY_MS = 600_000;
const NOTHING_THERE: ProbeResult = { kind: 'silent', reason: fact('NOTHING_ANSWERS'), trouble: null };

/** Probes a node, changes what is known of it and publishes that. Rejects only for defects. */
export function createProber(
  dependencies: ProberDependencies,
): (entry: Entry, signal: AbortSignal) => Promise<void> {
  const { clock, random, log, settings, agents, stopping, isHere, publish, learnBoot, simulated } =
    dependencies;

  function observe(entry: Entry, result: ProbeResult): void {
    const before = entry.observation;
    // A server that was only guessed to be on this computer and never answered is no trouble, it is not there.
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
      entry.gone.abort(
        new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_DROPPED_OUT', { node: entry.record.name }),
        }),
      );
      entry.gone = new AbortController();
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
      if (result === null || entry.target !== target || !isHere(entry)) return;
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
        // A tenth of chance, so that a large fleet is not asked in one burst again.
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
        // In time, it is published with what the probe found.
        if (late) publish(entry);
        resolve();
      });
    });
  }

  /** What its agent last reported, before the result of the probe is judged. */
  function readAgent(entry: Entry): void {
    const { id, kind, agentUrl } = entry.record;
    entry.gpuFound = agentUrl === null ? null : agents.gpuFound(id);
    if (kind !== 'remote') return;
    if (agentUrl === null) entry.cards = null;
    else takeCards(entry, agents.reading(id)?.gpus ?? null);
  }

  /** What is built in stays known while the machine is off, or its tools are silent. */
  function takeCards(entry: Entry, gpus: readonly GpuCard[] | null): void {
    const cards = gpus?.map(cardOf) ?? null;
    if (cards !== null && !sameValue(cards, entry.cards)) entry.cards = cards;
  }

  function readMachine(entry: Entry): void {
    if (entry.simulated) takeCards(entry, simulated(entry.record.id)?.gpus ?? null);
    else if (entry.record.kind === 'this-computer') readThisComputer(entry);
  }

  /** In the background: a tool that hangs delays no probe. */
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
        // An earlier reading says nothing about now.
        entry.cards = null;
        publish(entry);
        log.debug('The GPUs could not be read.', { error: String(error) });
      },
    );
  }

  return probe;
}
