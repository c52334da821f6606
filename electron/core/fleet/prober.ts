/** One look at a node, and what follows from what it saw. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { reachedStep } from '../wake/wake-plan.ts';
import type { FleetDependencies } from './dependencies.ts';
import { agentLookedAt, type Entry, wakePace } from './entry.ts';
import { type LookResult, nextSight } from './node-state.ts';
import { lookTimeoutMs } from './pace.ts';
import { DETAILS_EVERY_MS, hasUnknownModel, lookAt, readDetails } from './probe.ts';
import { hasCard, type NodeKnowledge } from './view.ts';

export interface LookingDependencies
  extends Pick<FleetDependencies, 'clock' | 'random' | 'log' | 'settings' | 'hardware' | 'agents'> {
  /** Aborted when the fleet stops. */
  stopping: AbortSignal;
  /** False for an entry that was dropped meanwhile. */
  isHere(entry: Entry): boolean;
  publish(entry: Entry): void;
  /** What the tools of a simulated machine say. */
  simulated(nodeId: string): Pick<NodeKnowledge, 'gpus' | 'host'> | null;
}

/** A first answer waits this long for version and models, so that "serving" comes with what it can do. */
const DETAILS_WAIT_MS = 100;
const DETAILS_DEADLINE_MS = 10_000;
const DETAILS_RETRY_MS = 30_000;
const HARDWARE_EVERY_MS = 30_000;
/** Where no tool found a GPU, one may still come back after a resume, but not often. */
const HARDWARE_RETRY_MS = 600_000;
const NOTHING_THERE: LookResult = { kind: 'silent', reason: fact('NOTHING_ANSWERS'), trouble: null };

/** Looks at a node, changes what is known of it and publishes that. Rejects only for defects. */
export function createLooking(
  dependencies: LookingDependencies,
): (entry: Entry, signal: AbortSignal) => Promise<void> {
  const { clock, random, log, settings, agents, stopping, isHere, publish, simulated } = dependencies;

  function see(entry: Entry, result: LookResult): void {
    const waking = entry.wake !== null && !isServing(entry.sight.state);
    const before = entry.sight;
    // A server that was only guessed to be on this computer and never answered is no trouble, it is not there.
    const guess =
      entry.record.url === null &&
      agentLookedAt(entry.record) === null &&
      !isServing(before.state) &&
      before.state !== 'trouble';
    const known = guess && result.kind !== 'healthy' ? NOTHING_THERE : result;
    entry.sight = nextSight(before, known, {
      now: clock.now(),
      waking,
      gpuFound: entry.gpuFound,
      gpuSeen: hasCard(entry.gpus),
    });
    if (known.kind === 'healthy') entry.loaded = known.loaded;
    if (entry.wake) entry.wake = reachedStep(entry.wake, entry.sight.state);
    if (entry.sight.state === 'off' && before.state !== 'off') {
      entry.gone.abort(
        new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_DROPPED_OUT', { node: entry.record.name }),
        }),
      );
      entry.gone = new AbortController();
    }
  }

  async function look(entry: Entry, signal: AbortSignal): Promise<void> {
    const { server, target } = entry;
    if (target) {
      const timeoutMs = lookTimeoutMs(
        entry.sight.state,
        settings.current().fleet.lookTimeoutMs,
        wakePace(entry, clock.now()),
      );
      const register = (interrupt: () => void) => {
        entry.interruptLook = interrupt;
      };
      const result = await lookAt(target, { clock, log, timeoutMs, register }, signal);
      entry.interruptLook = null;
      if (result === null || entry.target !== target || !isHere(entry)) return;
      if (server && result.kind === 'healthy' && wantsDetails(entry, result))
        await detailsOrMoment(entry, server);
      if (entry.target !== target) return;
      readAgent(entry);
      see(entry, result);
    } else if (entry.sight.state === 'unknown') {
      see(entry, NOTHING_THERE);
    }
    readMachine(entry);
    publish(entry);
  }

  function wantsDetails(entry: Entry, { loaded }: { loaded: NodeKnowledge['loaded'] }): boolean {
    if (entry.detailsAt === null || !isServing(entry.sight.state)) return true;
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
        publish(entry);
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
      const timer = clock.timer(DETAILS_WAIT_MS, resolve);
      void read.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** What its agent said last, before the look's result is judged. */
  function readAgent(entry: Entry): void {
    if (entry.record.agentUrl === null) {
      entry.gpuFound = null;
      return;
    }
    entry.gpuFound = agents.gpuFound(entry.record.id);
    if (entry.record.kind === 'remote') takeReading(entry, agents.reading(entry.record.id));
  }

  function takeReading(entry: Entry, reading: Pick<NodeKnowledge, 'gpus' | 'host'> | null): void {
    entry.gpus = reading?.gpus ?? null;
    entry.host = reading?.host ?? null;
  }

  /** Readings of this computer come in the background: a tool that hangs holds up no look. */
  function readMachine(entry: Entry): void {
    if (entry.simulated) {
      takeReading(entry, isServing(entry.sight.state) ? simulated(entry.record.id) : null);
    } else if (entry.record.kind === 'remote') {
      if (!isServing(entry.sight.state) || entry.record.agentUrl === null) takeReading(entry, null);
    } else if (entry.record.kind === 'this-computer') {
      entry.host = dependencies.hardware.readHost();
      const age = entry.hardwareAt === null ? Number.POSITIVE_INFINITY : clock.monotonic() - entry.hardwareAt;
      if (age < (entry.gpus?.length === 0 ? HARDWARE_RETRY_MS : HARDWARE_EVERY_MS)) return;
      entry.hardwareAt = clock.monotonic();
      dependencies.hardware.readGpus(stopping).then(
        (gpus) => {
          entry.gpus = gpus;
          publish(entry);
        },
        (error) => {
          if (stopping.aborted) return;
          // An earlier reading says nothing about now.
          entry.gpus = null;
          publish(entry);
          log.debug('The GPUs could not be read.', { error: String(error) });
        },
      );
    }
  }

  return look;
}
