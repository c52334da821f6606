/** Wakes machines. A node has one wake at a time, which all callers share. */
import { abortable } from '../../../shared/abortable.ts';
import { errorCodes, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { PowerPolicy } from '../../../shared/models/power.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { FleetService } from '../fleet/service.ts';
import { canWake } from '../fleet/wakeable.ts';
import { type WakeRequester, wakeRefusal } from '../policies/policy.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { createGate } from '../runtime/gate.ts';
import { minuteOfDay } from '../runtime/local-time.ts';
import type { Streams } from '../runtime/streams.ts';
import { createMethodSenders, type MethodSendersDependencies } from './method-senders.ts';
import type { WakeService, WokenListener } from './model.ts';
import { newAttempt, runAttempt, type WakeAttempt } from './wake-attempt.ts';
import { cannotWake } from './wake-methods.ts';
import { wakeLimitMs } from './wake-plan.ts';
import { createWakeProgress } from './wake-progress.ts';
import { createWakeReport } from './wake-report.ts';

export type { WakeService } from './model.ts';

export interface WakeDependencies extends Omit<MethodSendersDependencies, 'fleet'> {
  clock: Clock;
  log: Log;
  fleet: FleetService;
  streams: Pick<Streams, 'wake'>;
  settings: { current(): Settings };
  activity: { record(entry: NewActivityEntry): void };
  policies: { get(nodeId: string): PowerPolicy };
}

/** After this computer slept, the least time to notice a machine that came up meanwhile. */
const SHORTEST_AFTER_RESUME_MS = 30_000;
/** Ends of a wake that need no report. */
const UNREPORTED_CODES = new Set(['CANCELLED', 'STOPPING', 'NOT_FOUND']);

export function createWakeService(dependencies: WakeDependencies): WakeService {
  const { clock, log, fleet, settings, policies } = dependencies;
  const senders = createMethodSenders(dependencies);
  const progress = createWakeProgress(dependencies);
  const report = createWakeReport(dependencies.activity);
  const wakes = new Map<string, WakeAttempt>();
  const woken = createEmitter<Parameters<WokenListener>>({ name: 'wake', log });
  const gate = createGate();
  let stopped = false;

  const stopListening = fleet.onChange((node, previous) => {
    if (node !== null) {
      progress.follow(node);
    } else if (previous) {
      wakes.get(previous.id)?.controller.abort(new PilotlightError('NOT_FOUND'));
      progress.remove(previous.id);
    }
  });

  const tried = (nodeId: string) => progress.get(nodeId)?.ways ?? [];

  function begin(node: NodeView, by: WakeRequester): WakeAttempt {
    const running = wakes.get(node.id);
    // An aborted wake cannot be joined; the caller gets a new one.
    if (running && !running.controller.signal.aborted) {
      running.byPerson ||= by === 'person';
      return running;
    }
    if (stopped) throw new PilotlightError('STOPPING');
    const record = fleet.record(node.id);
    if (!record || !canWake(record, senders.hasAgent)) throw cannotWake(node.id, record, senders.hasAgent);
    refuseByPolicy(node, by);
    const limitMs = wakeLimitMs(node.boot.usualMs, settings.current().power.wakeTimeoutMs);
    const wake = newAttempt(clock, node, { limitMs, byPerson: by === 'person' });
    wakes.set(node.id, wake);
    if (gate.closed) wake.deadline.pause();
    wake.served = runAttempt(
      { clock, log, fleet, senders, progress, gate, onServed: finish, onFailed: giveUp },
      wake,
      { node, record, limitMs },
    );
    // Callers that await one of these get the error; without callers it is not unhandled.
    wake.served.catch(() => {});
    wake.sent.promise.catch(() => {});
    return wake;
  }

  function refuseByPolicy(node: NodeView, by: WakeRequester): void {
    const refusal = wakeRefusal(policies.get(node.id), by, minuteOfDay(clock.now()));
    if (refusal === null) return;
    throw new PilotlightError('WAKE_NOT_ALLOWED', {
      message: refusal,
      ...(by === 'person' ? { next: fact('CHANGE_POLICY_FIRST') } : {}),
      details: { nodeId: node.id },
    });
  }

  function finish({ nodeId, interrupted }: WakeAttempt, tookMs: number, wasSilent: boolean): NodeView {
    wakes.delete(nodeId);
    fleet.endWaking(nodeId);
    const node = fleet.require(nodeId);
    report.succeeded(node, { tried: tried(nodeId), tookMs, wasSilent, interrupted });
    progress.served(node);
    woken.emit(nodeId, { wasSilent });
    return fleet.require(nodeId);
  }

  function giveUp(wake: WakeAttempt, reason: unknown): void {
    const { nodeId } = wake;
    if (wakes.get(nodeId) !== wake) return;
    wakes.delete(nodeId);
    const methods = tried(nodeId);
    const node = fleet.get(nodeId);
    const error = reason instanceof PilotlightError ? reason : null;
    const quiet = error === null || UNREPORTED_CODES.has(error.code);
    fleet.endWaking(nodeId, quiet ? null : { code: error.code, message: error.message, next: error.next });
    progress.remove(nodeId);
    if (node && !quiet) report.failed(node, methods, error);
  }

  return {
    async wake(nodeId) {
      const node = fleet.require(nodeId);
      if (isServing(node.state)) throw new PilotlightError('ALREADY_AWAKE', { details: { nodeId } });
      await begin(node, 'person').sent.promise;
      return fleet.require(nodeId);
    },

    cancelWake(nodeId) {
      const node = fleet.require(nodeId);
      const wake = wakes.get(nodeId);
      if (!wake) return node;
      report.cancelled(node, tried(nodeId));
      wake.controller.abort(new PilotlightError('CANCELLED'));
      giveUp(wake, null);
      return fleet.require(nodeId);
    },

    async ensureAwake(nodeId, { signal, by }) {
      signal.throwIfAborted();
      let node = fleet.require(nodeId);
      if (node.state === 'unknown') {
        await abortable(fleet.probe(nodeId), signal);
        node = fleet.require(nodeId);
      }
      if (isServing(node.state)) return node;
      const isProbed = fleet.server(nodeId) !== null || fleet.record(nodeId)?.agentUrl;
      if (!isProbed) throw new PilotlightError('NO_SERVER', { details: { nodeId } });
      if (node.state === 'trouble' && !node.canWake && node.trouble) {
        const { code, message, next } = node.trouble;
        const known = errorCodes.find((one) => one === code) ?? 'SERVER_ERROR';
        throw new PilotlightError(known, { message, next, details: { nodeId } });
      }
      const wake = begin(node, by);
      wake.waiting += 1;
      try {
        return await abortable(wake.served, signal);
      } finally {
        wake.waiting -= 1;
        if (wake.waiting === 0 && !wake.byPerson && signal.aborted) {
          wake.controller.abort(new PilotlightError('CANCELLED'));
        }
      }
    },

    progress: progress.get,
    wakes: progress.list,

    onWoken: woken.on,

    pause() {
      gate.close();
      for (const wake of wakes.values()) {
        wake.interrupted = true;
        wake.deadline.pause();
      }
    },

    resume() {
      for (const { nodeId, deadline } of wakes.values()) {
        const leftMs = deadline.resume(SHORTEST_AFTER_RESUME_MS);
        progress.change(nodeId, { deadlineAt: clock.now() + leftMs });
      }
      gate.reopen();
    },

    async stop() {
      stopped = true;
      stopListening();
      progress.stop();
      const running = [...wakes.values()];
      for (const wake of running) wake.controller.abort(new PilotlightError('STOPPING'));
      await Promise.allSettled(running.map((wake) => wake.served));
    },
  };
}
