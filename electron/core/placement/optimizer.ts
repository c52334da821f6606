import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { Explanation, MoveRecord, OptimizerStatus } from '../../../shared/models/placement.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { plural } from '../../../shared/units.ts';
import type { ActivityService } from '../activity/service.ts';
import { postWebhook } from '../activity/webhook.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock, Random, Timer } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { Streams } from '../runtime/streams.ts';
import { createFallWatch } from './falls.ts';
import { type Decision, planNode } from './plan.ts';
import type { PlacementFleet, PlacementService } from './service.ts';

export interface Optimizer {
  status(): OptimizerStatus;
  /** Looks and moves now, or joins the look under way. */
  run(signal: AbortSignal): Promise<OptimizerStatus>;
  start(): void;
  /** No looks by themselves until `resume`. */
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
  fleet: Pick<PlacementFleet, 'list' | 'onChange'>;
  placement: Pick<PlacementService, 'planInput' | 'place' | 'history' | 'onMove'>;
}

/** The fleet is looked at first; the optimizer follows. */
const FIRST_LOOK_MS = 20_000;
/** A look on a fleet of a thousand nodes still fits into one frame of the stream. */
const MOST_EXPLANATIONS = 300;

/** Puts priority models onto GPUs, at most one move per node at a time, and says why it does or does not. */
export function createOptimizer(deps: OptimizerDependencies): Optimizer {
  const { clock, random, log, http, streams, settings, activity, fleet, placement } = deps;
  const falls = createFallWatch();
  const lifetime = new AbortController();
  const releases: (() => void)[] = [];
  let loop: Loop | null = null;
  let early: Timer | null = null;
  let current: Promise<void> | null = null;
  let paused = false;
  let lastLookAt: number | null = null;
  let nextLookAt: number | null = null;
  let summary = 'It has not looked yet.';
  let explanations: Explanation[] = [];

  const wants = () => settings.current().optimizer;

  function status(): OptimizerStatus {
    const midnight = new Date(clock.now()).setHours(0, 0, 0, 0);
    const { on, intervalMs } = wants();
    return {
      on,
      intervalMs,
      running: current !== null,
      lastLookAt,
      nextLookAt: on ? nextLookAt : null,
      movesToday: placement.history(500).filter((move) => move.outcome === 'moved' && move.at >= midnight)
        .length,
      summary,
      explanations,
    };
  }

  const publish = () => streams.optimizer.set('status', status());

  /** One look; a second caller joins it. */
  function look(signal: AbortSignal): Promise<void> {
    current ??= lookAndMove(AbortSignal.any([signal, lifetime.signal])).finally(() => {
      current = null;
      if (loop)
        nextLookAt = Math.min(clock.now() + wants().intervalMs, nextLookAt ?? Number.POSITIVE_INFINITY);
      publish();
    });
    publish();
    return current;
  }

  async function lookAndMove(signal: AbortSignal): Promise<void> {
    early?.cancel();
    nextLookAt = null;
    lastLookAt = clock.now();
    const nodes = fleet.list().filter((node) => isServing(node.state) && serverCan(node, 'moves'));
    const looks = await Promise.all(nodes.map((node) => lookAtNode(node, signal)));
    const all = looks.flat();
    explanations = all
      .map((found) => found.explanation)
      .sort((one, other) => Number(one.right) - Number(other.right))
      .slice(0, MOST_EXPLANATIONS);
    summary = summarise(nodes.length, all);
    lookAgain(all);
  }

  async function lookAtNode(node: NodeView, signal: AbortSignal): Promise<Found[]> {
    const found: Found[] = [];
    for (const decision of planNode(placement.planInput(node))) {
      if (decision.explanation.code === 'NOT_PRIORITY') continue;
      if (!decision.move || signal.aborted) {
        found.push({ ...decision, record: null });
        continue;
      }
      const record = await tryMove(node, decision, signal);
      found.push({ ...decision, explanation: afterMove(decision.explanation, record), record });
    }
    return found;
  }

  async function tryMove(
    node: NodeView,
    decision: Decision,
    signal: AbortSignal,
  ): Promise<MoveRecord | null> {
    try {
      const { model } = decision.explanation;
      const records = await placement.place({
        model,
        target: 'gpu',
        nodeId: node.id,
        by: 'optimizer',
        signal,
      });
      return records[0] ?? null;
    } catch (error) {
      // The node went to sleep, the model was deleted, a person began a move: the next look sees it.
      if (!isPilotlightError(error) && !signal.aborted) log.error('A move failed.', { error: String(error) });
      return null;
    }
  }

  /** A model that only has to be seen a little longer need not wait for the whole interval. */
  function lookAgain(found: readonly Found[]): void {
    const times = found.flatMap(({ explanation, lookAgainAt }) =>
      explanation.code === 'SETTLING' && lookAgainAt !== null ? [lookAgainAt] : [],
    );
    if (times.length === 0 || !loop) return;
    const at = Math.min(...times);
    if (at >= clock.now() + wants().intervalMs) return;
    nextLookAt = at;
    early = clock.timer(Math.max(1000, at - clock.now()), () => void loop?.runNow());
  }

  function onNode(node: NodeView | null, previous: NodeView | null): void {
    if (node === null) {
      if (previous) falls.forget(previous.id);
      return;
    }
    if (node.loaded.length === 0) return;
    for (const fall of falls.look(node, placement.planInput(node).moving)) {
      const at = clock.now();
      activity.record({
        kind: 'optimizer',
        severity: 'warning',
        message: plainText(`${fall.model} is on the CPU of ${node.name}.`),
        why: plainText(fall.reason),
        nodeId: node.id,
        notify: true,
      });
      const webhookUrl = settings.secret('optimizer.webhookUrl');
      if (webhookUrl === null) continue;
      const message = {
        event: 'priority-model-on-cpu' as const,
        node: { id: node.id, name: node.name },
        model: fall.model,
        placement: 'cpu' as const,
        reason: fall.reason,
        at: new Date(at).toISOString(),
      };
      void postWebhook({ http, activity, kind: 'optimizer' }, webhookUrl, message, lifetime.signal);
    }
  }

  function startLooking(firstDelayMs: number): void {
    if (loop || paused || lifetime.signal.aborted) return;
    nextLookAt = clock.now() + firstDelayMs;
    loop = startLoop({
      clock,
      random,
      jitter: 0,
      intervalMs: () => wants().intervalMs,
      firstDelayMs,
      run: (signal) => look(signal),
      onError: (error) => log.error('A look of the optimizer failed.', { error: String(error) }),
    });
  }

  async function stopLooking(): Promise<void> {
    const stopping = loop;
    loop = null;
    nextLookAt = null;
    early?.cancel();
    await stopping?.stop();
  }

  return {
    status,
    async run(signal) {
      signal.throwIfAborted();
      // A caller that goes away does not end a move half-way: it may load for minutes.
      const looking = look(lifetime.signal);
      await looking;
      loop?.reschedule();
      return status();
    },
    start() {
      for (const node of fleet.list()) onNode(node, null);
      releases.push(fleet.onChange(onNode), placement.onMove(falls.moved));
      releases.push(
        settings.onChange((now, before) => {
          const changed =
            now.optimizer.on !== before.optimizer.on ||
            now.optimizer.intervalMs !== before.optimizer.intervalMs;
          if (!changed) return;
          if (!now.optimizer.on) void stopLooking().then(publish);
          else if (!loop) startLooking(Math.min(1000, now.optimizer.intervalMs));
          else {
            nextLookAt = clock.now() + now.optimizer.intervalMs;
            loop.reschedule();
          }
          publish();
        }),
      );
      if (wants().on) startLooking(Math.min(FIRST_LOOK_MS, wants().intervalMs));
      publish();
    },
    async pause() {
      paused = true;
      await stopLooking();
      publish();
    },
    resume() {
      paused = false;
      if (wants().on) startLooking(Math.min(FIRST_LOOK_MS, wants().intervalMs));
      publish();
    },
    async stop() {
      lifetime.abort(new DOMException('The optimizer was stopped.', 'AbortError'));
      for (const release of releases.splice(0)) release();
      await stopLooking();
      await current?.catch(() => {});
    },
  };
}

type Found = Decision & { record: MoveRecord | null };

function afterMove(explanation: Explanation, record: MoveRecord | null): Explanation {
  if (record === null) return explanation;
  if (record.outcome === 'moved' || record.outcome === 'already-right') {
    return {
      ...explanation,
      placement: 'gpu',
      right: true,
      code: 'RIGHT',
      reason: record.reason,
      next: null,
    };
  }
  const code = record.code === 'GPU_NOT_USED' ? 'GPU_LOST' : 'BACKING_OFF';
  return { ...explanation, placement: record.to, code, reason: record.reason, next: null };
}

/** What a look found, in one sentence. */
function summarise(
  nodes: number,
  found: readonly { explanation: Explanation; record: MoveRecord | null }[],
): string {
  if (nodes === 0) return 'No machine serves now, so there was nothing to look at.';
  const moved = found.filter(({ record }) => record?.outcome === 'moved').length;
  const failed = found.filter(
    ({ record }) => record !== null && record.outcome !== 'moved' && record.outcome !== 'already-right',
  ).length;
  const right = found.filter(({ explanation }) => explanation.right).length - moved;
  const waiting = found.length - moved - failed - right;
  const looked = `Looked at ${plural(nodes, 'machine')}`;
  if (found.length === 0) return `${looked}: no priority model is loaded.`;
  const parts = [
    moved > 0 ? `${plural(moved, 'model')} moved to the GPU` : '',
    failed > 0 ? `${plural(failed, 'model')} could not be moved` : '',
    waiting > 0
      ? `${plural(waiting, 'model')} left where ${waiting === 1 ? 'it is' : 'they are'}, with the reason below`
      : '',
    right > 0 ? `${plural(right, 'model')} ${right === 1 ? 'is' : 'are'} right` : '',
  ].filter((part) => part !== '');
  return `${looked}: ${parts.join(', ')}.`;
}
