/** One wake of one node, from the first packet until the node serves or the wake fails. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeRecord, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { createDeadline, type Deadline } from '../runtime/deadline.ts';
import type { Gate } from '../runtime/gate.ts';
import type { MethodSenders } from './method-senders.ts';
import { tryWakeMethods } from './try-wake-methods.ts';
import { describeMethod } from './wake-methods.ts';
import { nextMethodAfterMs } from './wake-plan.ts';
import type { WakeProgressTracker } from './wake-progress.ts';

export interface WakeAttempt {
  nodeId: string;
  startedAt: number;
  controller: AbortController;
  deadline: Deadline;
  /** This computer slept during the wake, so the boot time is unknown. */
  interrupted: boolean;
  /** Settles when the first method works. */
  sent: PromiseWithResolvers<void>;
  /** Settles when the node serves; rejects if the wake fails. */
  served: Promise<NodeView>;
  /** Callers of `ensureAwake` that are still waiting. */
  waiting: number;
  byPerson: boolean;
}

export interface WakeAttemptDependencies {
  clock: Clock;
  log: Log;
  fleet: FleetService;
  senders: MethodSenders;
  progress: WakeProgressTracker;
  /** Closed while this computer sleeps. */
  gate: Gate;
  onServed(attempt: WakeAttempt, tookMs: number, wasSilent: boolean): NodeView;
  onFailed(attempt: WakeAttempt, reason: unknown): void;
}

export function newAttempt(
  clock: Clock,
  node: NodeView,
  { limitMs, byPerson }: { limitMs: number; byPerson: boolean },
): WakeAttempt {
  const controller = new AbortController();
  return {
    nodeId: node.id,
    startedAt: clock.now(),
    controller,
    deadline: createDeadline(clock, limitMs, () => controller.abort(timeoutError(node, limitMs))),
    interrupted: false,
    sent: Promise.withResolvers<void>(),
    served: Promise.resolve(node),
    waiting: 0,
    byPerson,
  };
}

/** Resolves when the node serves; rejects with why it does not. */
export async function runAttempt(
  dependencies: WakeAttemptDependencies,
  attempt: WakeAttempt,
  { node, record, limitMs }: { node: NodeView; record: NodeRecord; limitMs: number },
): Promise<NodeView> {
  const { clock, log, fleet, senders, progress, gate } = dependencies;
  const { nodeId, startedAt, controller } = attempt;
  const { signal } = controller;
  const started = clock.monotonic();
  const { usualMs } = node.boot;
  const elapsed = () => clock.monotonic() - started;
  /** False if the very first probe was answered: the machine was on all along, so there is no boot time to learn. */
  let wasSilent = false;
  const trying = new AbortController();
  try {
    progress.begin({
      nodeId,
      startedAt,
      step: 'packet-sent',
      expectedMs: usualMs,
      deadlineAt: startedAt + limitMs,
      packetsSent: 0,
      failedDestinations: [],
      ways: [],
    });
    fleet.beginWaking(nodeId, {
      startedAt,
      expectedMs: usualMs,
      bootMs: () => (wasSilent && !attempt.interrupted ? elapsed() : null),
    });
    const served = fleet.waitFor(nodeId, (seen) => isServing(seen.state), signal);
    fleet.probe(nodeId).then(
      () => {
        wasSilent = !isServing(fleet.get(nodeId)?.state ?? 'unknown');
      },
      () => {},
    );
    const methods = tryWakeMethods(
      {
        clock,
        log,
        name: node.name,
        methods: record.wakeWays,
        describe: (method) => describeMethod(method, (id) => fleet.get(id)?.name ?? null),
        // A correction made during the wake applies to the next packet or request.
        send: (method, during) => senders.send(method, fleet.record(nodeId) ?? record, during),
        nextMethodAfterMs: nextMethodAfterMs(usualMs, limitMs, record.wakeWays.length),
        answers: () => fleet.get(nodeId)?.state !== 'waking',
        awake: gate.open,
        onProgress(tried, round) {
          const current = progress.get(nodeId);
          if (signal.aborted || current?.startedAt !== startedAt) return;
          progress.change(nodeId, {
            ways: tried,
            packetsSent: current.packetsSent + (round?.sent ?? 0),
            failedDestinations: round ? round.failed : current.failedDestinations,
          });
        },
        onWorked: () => attempt.sent.resolve(),
      },
      AbortSignal.any([signal, trying.signal]),
    );
    methods.catch((error) => {
      if (!trying.signal.aborted) controller.abort(error);
    });
    await served;
    trying.abort(new DOMException('The machine answers.', 'AbortError'));
    attempt.sent.resolve();
    return dependencies.onServed(attempt, elapsed(), wasSilent);
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    trying.abort(new DOMException('The wake has ended.', 'AbortError'));
    attempt.sent.reject(reason);
    dependencies.onFailed(attempt, reason);
    throw reason;
  } finally {
    attempt.deadline.cancel();
  }
}

function timeoutError(node: NodeView, limitMs: number): PilotlightError {
  return new PilotlightError('WAKE_TIMEOUT', {
    message: fact('NODE_NOT_UP_WITHIN', { node: node.name, ms: limitMs }),
    details: { nodeId: node.id, limitMs },
  });
}
