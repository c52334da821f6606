/**
 * The nodes that embed for one source. A supervisor keeps to the route: it starts and retires nodes, wakes
 * one, or waits; each node takes batches with one request queued behind the running one.
 */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { JobEvent, JobNodeShare, JobPhase, SourceRecord } from '../../../shared/models/indexing.ts';
import { plainText } from '../../../shared/models/message.ts';
import { createChanges } from './changes.ts';
import { type CrewMember, type MemberHooks, startMember } from './crew-member.ts';
import { codeOf, reasonOf } from './failures.ts';
import type { IndexingDependencies } from './model.ts';
import type { NodeMemory } from './node-memory.ts';
import { chooseRoute, modelOnNode, type NodeChoice, type Route } from './route.ts';
import type { Batch, QueuedText, WorkQueue } from './work-queue.ts';

export interface CrewReport {
  phase(phase: JobPhase, detail: string): void;
  event(kind: JobEvent['kind'], nodeId: string | null, message: string): void;
  tell(entry: Omit<NewActivityEntry, 'kind'>): void;
  share(node: { nodeId: string; name: string; placement: JobNodeShare['placement'] }, vectors: number): void;
}

export interface CrewOptions {
  dependencies: Pick<
    IndexingDependencies,
    'clock' | 'random' | 'log' | 'fleet' | 'leases' | 'power' | 'placement' | 'telemetry'
  >;
  source: Pick<SourceRecord, 'name' | 'wake' | 'whenGpuGone'>;
  model: { digest: string; name: string };
  useGpu: boolean;
  batchSize: number;
  queue: WorkQueue;
  memory: NodeMemory;
  report: CrewReport;
  /** `fallback` says that a CPU made them because the GPU was gone. */
  onVectors(batch: Batch, vectors: readonly Float32Array[], fallback: boolean): void;
  onRefused(text: QueuedText, error: unknown): void;
}

/** Runs until the signal aborts; rejects with its reason, or with an error that ends the job. */
export async function runCrew(options: CrewOptions, signal: AbortSignal): Promise<void> {
  const { dependencies, source, model, useGpu, memory, report } = options;
  const { clock, fleet, leases, power, log } = dependencies;
  const changes = createChanges();
  const members = new Map<string, CrewMember>();
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  let waking: string | null = null;
  /** Those that no job may wake now, with the sentence that was told. */
  const leftAsleep = new Map<string, string>();
  let situation: 'starting' | 'gpu' | 'cpu' | 'fallback' | 'waiting' = 'starting';
  let lastLoss: { name: string; words: string; why: string } | null = null;

  const hooks: MemberHooks = {
    placing(choice) {
      if (!anyWorking()) report.phase('placing', `Putting ${model.name} on the GPU of ${choice.name}…`);
    },
    placed(choice, placement, reason) {
      const where = placement === 'gpu' ? 'on the GPU' : 'partly on the GPU';
      report.event(
        'placed',
        choice.nodeId,
        placement === 'gpu'
          ? `${model.name} is ${where} of ${choice.name}.`
          : `${model.name} is only ${where} of ${choice.name}: ${reason}`,
      );
    },
    working: announce,
    refusedGpu(choice, reason) {
      memory.gpuRefused(choice.nodeId);
      lastLoss = { name: choice.name, words: `The GPU of ${choice.name} cannot be used`, why: reason };
      report.event(
        'note',
        choice.nodeId,
        `The GPU of ${choice.name} cannot be used for ${model.name}: ${reason}`,
      );
    },
    lost(choice, error) {
      memory.lost(choice.nodeId);
      lastLoss = { name: choice.name, words: `${choice.name} is gone`, why: reasonOf(error) };
      log.warn('A node was lost while it embedded.', { node: choice.nodeId, reason: reasonOf(error) });
      fleet.probeSoon(choice.nodeId);
    },
    succeeded(member, batch, vectors) {
      memory.succeeded(member.choice.nodeId);
      report.share(
        { nodeId: member.choice.nodeId, name: member.choice.name, placement: placementOf(member) },
        vectors.length,
      );
      dependencies.telemetry.recordVectors(member.choice.nodeId, vectors.length);
      options.onVectors(batch, vectors, member.fallback);
    },
    refusedText: options.onRefused,
    fatal: (error) => failure.abort(error),
    ended(member) {
      if (members.get(member.choice.nodeId) === member) members.delete(member.choice.nodeId);
      changes.notify();
    },
  };

  const anyWorking = () => [...members.values()].some((member) => member.working && !member.retiring);

  function placementOf(member: CrewMember): JobNodeShare['placement'] {
    if (member.placement !== null) return member.placement;
    const loaded = fleet
      .get(member.choice.nodeId)
      ?.loaded.find((candidate) => candidate.digest === model.digest);
    return loaded?.placement ?? 'cpu';
  }

  function announce(member: CrewMember): void {
    const { name, nodeId } = member.choice;
    if (member.choice.gpu) {
      if (situation === 'fallback' || (situation === 'waiting' && lastLoss !== null)) {
        report.event('recovered', nodeId, `${name} is back: its GPU goes on.`);
        report.tell({
          severity: 'success',
          message: plainText(`${name} is back: "${source.name}" goes on there.`),
          nodeId,
        });
      } else if (lastLoss !== null && lastLoss.name !== name) {
        report.event('note', nodeId, `${lastLoss.words}: ${name} goes on with its GPU.`);
      }
      situation = 'gpu';
      lastLoss = null;
    } else if (member.fallback) {
      if (situation !== 'fallback') tellFallback(member.choice);
      situation = 'fallback';
    } else {
      situation = 'cpu';
    }
    describeWork();
    changes.notify();
  }

  function tellFallback({ name, nodeId }: NodeChoice): void {
    const cause = lastLoss?.words ?? 'No GPU machine is there';
    report.event('fell-back', nodeId, `${cause}: ${name} goes on with its CPU.`);
    report.tell({
      severity: 'warning',
      message: plainText(`"${source.name}" goes on with the CPU of ${name}.`),
      why: plainText(
        lastLoss ? `${lastLoss.name}: ${lastLoss.why}` : 'No GPU machine with the model is awake.',
      ),
      nodeId,
      notify: true,
    });
  }

  function describeWork(): void {
    const working = [...members.values()].filter((member) => member.working && !member.retiring);
    const names = working.map((member) => `${member.choice.name} (${member.choice.gpu ? 'GPU' : 'CPU'})`);
    if (names.length > 0) report.phase('embedding', `Embedding on ${names.join(' and ')}`);
  }

  async function wake(nodeId: string, name: string): Promise<void> {
    report.phase('waking', `Waking ${name}…`);
    const lease = leases.hold({ nodeId, kind: 'job', purpose: `index "${source.name}"` });
    try {
      await power.ensureAwake(nodeId, { signal: stop, by: 'job' });
      report.event('woke', nodeId, `${name} is awake.`);
      memory.forgive(nodeId);
      await listsModels(nodeId);
      const node = fleet.get(nodeId);
      if (node && modelOnNode(node, model.digest) === null) {
        refuseWake(nodeId, name, `${name} is awake but does not have ${model.name}.`, 'MODEL_NOT_FOUND');
      }
    } catch (error) {
      if (stop.aborted) return;
      if (codeOf(error) === 'WAKE_NOT_ALLOWED') leaveAsleep(nodeId, name, reasonOf(error));
      else refuseWake(nodeId, name, `${name} did not wake: ${reasonOf(error)}`, reasonOf(error));
    } finally {
      lease[Symbol.dispose]();
      waking = null;
      changes.notify();
    }
  }

  /** Nothing is wrong with it. While that lasts it is told once, although it is asked again and again. */
  function leaveAsleep(nodeId: string, name: string, why: string): void {
    memory.wakeNotAllowed(nodeId);
    lastLoss ??= { name, words: `${name} stays asleep`, why };
    if (leftAsleep.get(nodeId) === why) return;
    leftAsleep.set(nodeId, why);
    report.event('note', nodeId, `${name} stays asleep: ${lowerFirst(why)}`);
  }

  function refuseWake(nodeId: string, name: string, message: string, why: string): void {
    memory.wakeRefused(nodeId);
    lastLoss = { name, words: `${name} is not there`, why };
    report.event('note', nodeId, message);
  }

  /** A server that has just come up lists its models a moment later. */
  async function listsModels(nodeId: string): Promise<void> {
    const give = new AbortController();
    const timer = clock.timer(5000, () => give.abort());
    try {
      while (!give.signal.aborted && fleet.get(nodeId)?.installed.length === 0) {
        fleet.probeSoon(nodeId);
        await changes.wait(AbortSignal.any([stop, give.signal])).catch(() => undefined);
        if (stop.aborted) return;
      }
    } finally {
      timer.cancel();
    }
  }

  function apply(route: Route): void {
    if (route.kind === 'wake') {
      if (waking === null) {
        waking = route.nodeId;
        void wake(route.nodeId, route.name);
      }
      return;
    }
    if (route.kind === 'wait') {
      for (const member of members.values()) member.retire();
      if (waking !== null || members.size > 0) return;
      report.phase('waiting', route.words);
      if (route.brief || situation === 'waiting') return;
      situation = 'waiting';
      report.event('waiting', null, route.words);
      report.tell({
        severity: 'warning',
        message: plainText(`"${source.name}" waits: ${lowerFirst(route.words)}`),
        why: plainText(lastLoss === null ? '' : `${lastLoss.name}: ${lastLoss.why}`),
        notify: true,
      });
      return;
    }
    // While a GPU machine boots, the CPU is not loaded with a model that is not wanted there in a minute.
    if (waking !== null && !route.nodes.some((node) => node.gpu)) return;
    follow(route.nodes, route.fallback);
  }

  function follow(wanted: readonly NodeChoice[], fallback: boolean): void {
    for (const choice of wanted) {
      const present = members.get(choice.nodeId);
      if (present && (present.choice.gpu !== choice.gpu || present.choice.model !== choice.model))
        present.retire();
      if (present) continue;
      const member = startMember({
        ...options,
        choice,
        fallback: fallback && !choice.gpu,
        hooks,
        signal: stop,
      });
      members.set(choice.nodeId, member);
    }
    const names = new Set(wanted.map((choice) => choice.nodeId));
    const ready = [...members.values()].some((member) => member.working && names.has(member.choice.nodeId));
    if (!ready) return;
    for (const member of members.values()) if (!names.has(member.choice.nodeId)) member.retire();
    if (!situationIsWaiting()) describeWork();
  }

  const situationIsWaiting = () => situation === 'waiting';

  function onFleetChange(node: NodeView | null, previous: NodeView | null): void {
    const nodeId = node?.id ?? previous?.id;
    if (nodeId === undefined) return;
    const serves = node !== null && isServing(node.state);
    if (serves && previous !== null && !isServing(previous.state)) {
      memory.forgive(nodeId);
    }
    const member = members.get(nodeId);
    if (member) {
      if (!serves) member.lose(new PilotlightError('HOST_UNREACHABLE'));
      else if (modelOnNode(node, model.digest) === null) member.lose(new PilotlightError('MODEL_NOT_FOUND'));
      else if (fellToCpu(member, node)) member.retire();
    }
    changes.notify();
  }

  /** The model left the GPU while it was in use; a moment is left for looks made before it was placed. */
  function fellToCpu(member: CrewMember, node: NodeView): boolean {
    if (!member.choice.gpu || !member.working || clock.monotonic() - member.workingSince < 15_000)
      return false;
    return node.loaded.some((loaded) => loaded.digest === model.digest && loaded.placement === 'cpu');
  }

  const stopListening = fleet.onChange(onFleetChange);
  try {
    for (;;) {
      stop.throwIfAborted();
      const changed = changes.wait(stop);
      changed.catch(() => undefined);
      apply(
        chooseRoute({
          nodes: fleet.list(),
          standing: memory.standing(),
          digest: model.digest,
          modelName: model.name,
          wantGpu: useGpu,
          mayWake: useGpu && source.wake,
          whenGpuGone: source.whenGpuGone,
        }),
      );
      const retryMs = memory.nextRetryMs();
      const timer = retryMs === null ? null : clock.timer(retryMs, changes.notify);
      try {
        await changed;
      } finally {
        timer?.cancel();
      }
    }
  } catch (error) {
    failure.abort(error);
    throw error;
  } finally {
    stopListening();
    await Promise.all([...members.values()].map((member) => member.done));
  }
}

function lowerFirst(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}
