/** Moves priority models onto GPUs, at most one at a time on each node, and explains what it does and does not do. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Explanation, MoveRecord, OptimizerStatus } from '../../../shared/models/placement.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import { serverCan } from '../../../shared/server-can.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock, Random, Timer } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { Streams } from '../runtime/streams.ts';
import { startFallAlerts } from './fall-alerts.ts';
import { type Checked, explanationAfter, summarise } from './optimizer-report.ts';
import { planNode } from './plan.ts';
import type { PlacementFleet, PlacementService } from './service.ts';

export interface Optimizer {
  status(): OptimizerStatus;
  /** Checks and moves now, after the check in progress if there is one; callers that wait share the next one. */
  run(signal: AbortSignal): Promise<OptimizerStatus>;
  start(): void;
  /** No automatic checks until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface OptimizerDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  http: Http;
  streams: Pick<Streams, 'optimizer'>;
  settings: {
    current(): Settings;
    secret(name: SecretSetting): string | null;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<PlacementFleet, 'list' | 'onChange' | 'probe'>;
  placement: Pick<PlacementService, 'planInput' | 'place' | 'onMove'>;
}

/** The fleet is probed first. */
const FIRST_CHECK_MS = 20_000;
/** The result of a check of a thousand nodes still fits into one frame of the stream. */
const MOST_EXPLANATIONS = 300;

export function createOptimizer(deps: OptimizerDependencies): Optimizer {
  const { clock, random, log, streams, settings, fleet, placement } = deps;
  const lifetime = new AbortController();
  const releases: (() => void)[] = [];
  let loop: Loop | null = null;
  let early: Timer | null = null;
  let current: Promise<void> | null = null;
  let following: Promise<void> | null = null;
  let paused = false;
  let lastLookAt: number | null = null;
  let nextLookAt: number | null = null;
  let summary: OptimizerStatus['summary'] = fact('NOT_CHECKED_YET');
  let explanations: Explanation[] = [];

  const options = () => settings.current().optimizer;

  function status(): OptimizerStatus {
    const { on, intervalMs } = options();
    return {
      on,
      intervalMs,
      running: current !== null,
      lastLookAt,
      nextLookAt: on ? nextLookAt : null,
      summary,
      explanations,
    };
  }

  const publish = () => streams.optimizer.set('status', status());

  async function checkFor(signal: AbortSignal): Promise<void> {
    using either = eitherOf(signal, lifetime.signal);
    await checkAndMove(either.signal);
  }

  /** One check; a second caller joins it. */
  function check(signal: AbortSignal): Promise<void> {
    current ??= checkFor(signal).finally(() => {
      current = null;
      if (loop) {
        nextLookAt = Math.min(clock.now() + options().intervalMs, nextLookAt ?? Number.POSITIVE_INFINITY);
      }
      publish();
    });
    publish();
    return current;
  }

  /** The move continues if the caller disconnects, because a load may take minutes. */
  async function requestCheck(): Promise<void> {
    following ??= checkAfterCurrent().finally(() => {
      following = null;
    });
    await following;
    loop?.reschedule();
  }

  /** A model has just fallen to the CPU: the check decides when it may move back. */
  function checkFall(): void {
    if (!loop) return;
    requestCheck().catch((error) => {
      if (!lifetime.signal.aborted) log.error('A check of the optimizer failed.', { error: String(error) });
    });
  }

  /** A check that is in progress may have begun before what the caller wants to be checked. */
  async function checkAfterCurrent(): Promise<void> {
    await current?.catch(() => {});
    lifetime.signal.throwIfAborted();
    await check(lifetime.signal);
  }

  async function checkAndMove(signal: AbortSignal): Promise<void> {
    early?.cancel();
    nextLookAt = null;
    lastLookAt = clock.now();
    const movable = () => fleet.list().filter((node) => isServing(node.state) && serverCan(node, 'moves'));
    // What was loaded since the last probe counts, too.
    await Promise.all(movable().map(({ id }) => fleet.probe(id).catch(() => {})));
    const nodes = movable();
    const checked = (await Promise.all(nodes.map((node) => checkNode(node, signal)))).flat();
    explanations = checked
      .map(({ explanation }) => explanation)
      .sort((one, other) => Number(one.right) - Number(other.right))
      .slice(0, MOST_EXPLANATIONS);
    summary = summarise(nodes.length, checked);
    scheduleEarlyCheck(checked);
  }

  async function checkNode(node: NodeView, signal: AbortSignal): Promise<Checked[]> {
    const checked: Checked[] = [];
    for (const decision of planNode(placement.planInput(node))) {
      if (decision.explanation.code === 'NOT_PRIORITY') continue;
      const record =
        decision.move && !signal.aborted ? await tryMove(node, decision.explanation, signal) : null;
      const gpuLost = fleet.list().some(({ id, gpuLost }) => id === node.id && gpuLost !== null);
      const explanation = explanationAfter(decision.explanation, record, gpuLost);
      checked.push({ ...decision, node: node.name, explanation, record });
    }
    return checked;
  }

  async function tryMove(
    node: NodeView,
    { model }: Explanation,
    signal: AbortSignal,
  ): Promise<MoveRecord | null> {
    try {
      const records = await placement.place({
        model,
        target: 'gpu',
        nodeId: node.id,
        by: 'optimizer',
        signal,
      });
      return records[0] ?? null;
    } catch (error) {
      // The node dropped out, the model was deleted, or a person started a move: the next check notices it.
      if (!isPilotlightError(error) && !signal.aborted) log.error('A move failed.', { error: String(error) });
      return null;
    }
  }

  /** A model that only has to stay in its place a little longer does not wait for the next regular check. */
  function scheduleEarlyCheck(checked: readonly Checked[]): void {
    const times = checked.flatMap(({ explanation, checkAgainAt }) =>
      explanation.code === 'SETTLING' && checkAgainAt !== null ? [checkAgainAt] : [],
    );
    if (times.length === 0 || !loop) return;
    const at = Math.min(...times);
    if (at >= clock.now() + options().intervalMs) return;
    nextLookAt = at;
    early = clock.timer(Math.max(1000, at - clock.now()), () => void loop?.runNow());
  }

  function startChecks(firstDelayMs: number): void {
    if (loop || paused || lifetime.signal.aborted) return;
    nextLookAt = clock.now() + firstDelayMs;
    loop = startLoop({
      clock,
      random,
      jitter: 0,
      intervalMs: () => options().intervalMs,
      firstDelayMs,
      run: (signal) => check(signal),
      onError: (error) => log.error('A check of the optimizer failed.', { error: String(error) }),
    });
  }

  async function stopChecks(): Promise<void> {
    const stopping = loop;
    loop = null;
    nextLookAt = null;
    early?.cancel();
    await stopping?.stop();
  }

  function onSettings(now: Settings, before: Settings): void {
    const { on, intervalMs } = now.optimizer;
    if (on === before.optimizer.on && intervalMs === before.optimizer.intervalMs) return;
    if (!on) void stopChecks().then(publish);
    else if (!loop) startChecks(Math.min(1000, intervalMs));
    else {
      nextLookAt = clock.now() + intervalMs;
      loop.reschedule();
    }
    publish();
  }

  return {
    status,
    async run(signal) {
      signal.throwIfAborted();
      await requestCheck();
      return status();
    },
    start() {
      const alerts = startFallAlerts({
        ...deps,
        webhookUrl: () => settings.secret('optimizer.webhookUrl'),
        onFall: checkFall,
      });
      releases.push(
        alerts.stop,
        settings.onChange(onSettings),
        placement.onMove(() => publish()),
      );
      if (options().on) startChecks(Math.min(FIRST_CHECK_MS, options().intervalMs));
      publish();
    },
    async pause() {
      paused = true;
      await stopChecks();
      publish();
    },
    resume() {
      paused = false;
      if (options().on) startChecks(Math.min(FIRST_CHECK_MS, options().intervalMs));
      publish();
    },
    async stop() {
      lifetime.abort(new DOMException('The optimizer was stopped.', 'AbortError'));
      for (const release of releases.splice(0)) release();
      await stopChecks();
      await current?.catch(() => {});
    },
  };
}
