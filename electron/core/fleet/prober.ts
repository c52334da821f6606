/** Probes a node and updates its entry. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { GpuCard, GpuReading } from '../../../shared/models/telemetry.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { FleetDependencies } from './dependencies.ts';
import { type Entry, probedAgent, wakePace } from './entry.ts';
import { sameValue } from './equal.ts';
import { toolReportOf } from './gpu-tools.ts';
import { nextObservation, type ProbeResult } from './node-state.ts';
import { probeTimeoutMs } from './pace.ts';
import { DETAILS_EVERY_MS, hasUnknownModel, probeTarget, readDetails } from './probe.ts';
import { afterAnswer, allVanished, withLostConnection } from './server-process.ts';
import { cardOf, type NodeKnowledge } from './view.ts';

export interface ProberDependencies
  extends Pick<FleetDependencies, 'clock' | 'random' | 'log' | 'settings' | 'hardware' | 'agents'> {
  /** Aborted when the fleet stops. */
  stopping: AbortSignal;
  /** False for an entry that was dropped. */
  isCurrent(entry: Entry): boolean;
  publish(entry: Entry): void;
  /** Called when a woken node serves, before that is published. */
  learnBoot(entry: Entry, durationMs: number): void;
  /** Its server was restarted; called before that is published. */
  restarted(entry: Entry): void;
  /** What its server has installed was read. */
  listed(entry: Entry): void;
  /** Its agent reported other GPUs than before. */
  cardsRead(entry: Entry): void;
  /** The GPUs of a simulated machine; null if it is off. */
  simulated(nodeId: string): { gpus: readonly GpuReading[] } | null;
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
    const wasUp = isServing(before.state) || before.state === 'trouble';
    const server = known.kind === 'healthy' ? observeProcess(entry, known.loaded) : null;
    if (wasUp && 'refused' in known) entry.process = withLostConnection(entry.process, 'refused');
    entry.observation = nextObservation(before, known, {
      now: clock.now(),
      waking: entry.waking !== null && !isServing(before.state),
      found: server?.trusted ? entry.gpuFound : null,
      process: server?.change ?? 'unknown',
      tools: entry.tools,
      usedBytes: usedBytes(entry),
      hasGpu: (entry.record.vramBytes ?? entry.simulated?.vramBytes ?? 0) > 0,
    });
    if (known.kind === 'healthy') {
      entry.loaded = known.loaded;
      entry.unloaded.clear();
    }
    const { state } = entry.observation;
    if (server?.change === 'new' && wasUp) dependencies.restarted(entry);
    if (entry.waking && isServing(state) && !isServing(before.state)) {
      const durationMs = entry.waking.bootMs();
      if (durationMs !== null) learnBoot(entry, durationMs);
    }
    if (state === 'off' && before.state !== 'off') {
      // Silence of a machine that is off says nothing about its server.
      entry.process = { ...entry.process, lostConnection: null };
      entry.unreachable.abort(
        new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_DROPPED_OUT', { node: entry.record.name }),
        }),
      );
      entry.unreachable = new AbortController();
    }
  }

  /** Compares the server process with the one that answered before. */
  function observeProcess(entry: Entry, loaded: NodeKnowledge['loaded']) {
    const { unloaded } = entry;
    const modelsVanished = allVanished(entry.loaded, loaded, { now: clock.now(), unloaded });
    // It may be a newer version, which would show a restart.
    if (modelsVanished && entry.process.lostConnection === null) entry.detailsAt = null;
    const report = entry.record.agentUrl === null ? null : agents.serverReport(entry.record.id);
    const server = afterAnswer(entry.process, {
      now: clock.monotonic(),
      report,
      version: entry.version,
      modelsVanished,
    });
    entry.process = server.process;
    return server;
  }

  function usedBytes({ record, simulated: machine }: Entry): number | null {
    const gpus = machine ? simulated(record.id)?.gpus : record.agentUrl && agents.reading(record.id)?.gpus;
    return measuredVramBytes(gpus || null);
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
      readReports(entry);
      observe(entry, result);
    } else if (entry.observation.state === 'unknown') {
      observe(entry, NOTHING_THERE);
    }
    if (entry.record.kind === 'this-computer') readThisComputer(entry);
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
        // The same list stays, so that it is not compared or sent again.
        if (!sameValue(entry.installed, details.installed)) entry.installed = details.installed;
        if (!sameValue(entry.cloudModels, details.cloudModels)) entry.cloudModels = details.cloudModels;
        dependencies.listed(entry);
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

  /** Takes over what its agent and its tools last reported, before the probe's result is evaluated. */
  function readReports(entry: Entry): void {
    const { id, kind, agentUrl } = entry.record;
    entry.gpuFound = agentUrl === null ? null : agents.gpuFound(id);
    entry.mayRestartOllama = agentUrl !== null && agents.mayRestartOllama(id);
    if (entry.simulated) readTools(entry, simulated(id)?.gpus ?? null);
    else if (kind === 'remote') {
      if (agentUrl === null) entry.cards = null;
      else if (takeCards(entry, agents.reading(id)?.gpus ?? null)) dependencies.cardsRead(entry);
      entry.tools = agentUrl === null ? { kind: 'unknown' } : agents.gpuTools(id);
      entry.seesNoGpu = entry.tools.kind === 'none' || (entry.seesNoGpu && entry.tools.kind === 'unknown');
    }
  }

  function readTools(entry: Entry, gpus: readonly GpuCard[] | null): void {
    takeCards(entry, gpus);
    entry.tools = gpus === null ? { kind: 'unknown' } : toolReportOf(gpus);
  }

  /** Keeps the known cards while the machine is off or its tools report nothing. */
  function takeCards(entry: Entry, gpus: readonly GpuCard[] | null): boolean {
    const cards = gpus?.map(cardOf) ?? null;
    if (cards === null || sameValue(cards, entry.cards)) return false;
    entry.cards = cards;
    return true;
  }

  /** In the background, so that a hanging tool does not delay probes. */
  function readThisComputer(entry: Entry): void {
    const { hardware } = dependencies;
    const age = entry.hardwareAt === null ? Number.POSITIVE_INFINITY : clock.monotonic() - entry.hardwareAt;
    if (age < (entry.cards?.length === 0 ? HARDWARE_RETRY_MS : HARDWARE_EVERY_MS)) return;
    entry.hardwareAt = clock.monotonic();
    readHardware(entry).catch((error) => {
      if (stopping.aborted) return;
      // Earlier readings are out of date. A tool that fails once is tried again before it counts.
      const problem = error instanceof Error ? error.message : String(error);
      entry.tools = entry.cards === null ? { kind: 'failed', problem } : { kind: 'unknown' };
      entry.cards = null;
      publish(entry);
      log.debug('The GPUs could not be read.', { error: String(error) });
    });

    async function readHardware(read: Entry): Promise<void> {
      const gpus = await hardware.readGpus(stopping);
      const everyGpu = gpus.length > 0 || ((await hardware.seesEveryGpu?.()) ?? false);
      readTools(read, gpus);
      read.seesNoGpu = gpus.length === 0 && everyGpu;
      publish(read);
    }
  }

  return probe;
}
