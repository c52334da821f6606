/** Waking machines: by their ways until they answer, one wake a node however many ask for it, and a clear end. */

import { abortable } from '../../../shared/abortable.ts';
import { errorCodes, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeRecord, type NodeView } from '../../../shared/models/fleet.ts';
import { errorFact, fact } from '../../../shared/models/message.ts';
import type { PowerPolicy } from '../../../shared/models/power.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { FleetService } from '../fleet/service.ts';
import { canWake } from '../fleet/wakeable.ts';
import { type WakeAsker, wakeRefusal } from '../policies/policy.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { createDeadline } from '../runtime/deadline.ts';
import { createGate } from '../runtime/gate.ts';
import { minuteOfDay } from '../runtime/local-time.ts';
import type { Streams } from '../runtime/streams.ts';
import { createWaySenders, type WaySendersDependencies } from './method-senders.ts';
import type { WakeService, WokenListener } from './model.ts';
import { cannotWake, describeMethod, methodsOf, triedMethods } from './wake-methods.ts';
import { followAfterMs, wakeLimitMs } from './wake-plan.ts';
import { createWakeProgress } from './wake-progress.ts';
import { goThroughWays } from './wake-run.ts';

export type { WakeService } from './model.ts';

export interface WakeDependencies extends Omit<WaySendersDependencies, 'fleet'> {
  clock: Clock;
  log: Log;
  fleet: FleetService;
  streams: Pick<Streams, 'wake'>;
  settings: { current(): Settings };
  activity: { record(entry: NewActivityEntry): void };
  policies: { get(nodeId: string): PowerPolicy };
}

interface Wake {
  nodeId: string;
  startedAt: number;
  controller: AbortController;
  deadline: ReturnType<typeof createDeadline>;
  /** This computer slept meanwhile: how long the boot took is not known. */
  interrupted: boolean;
  /** Settles when the first way works. */
  sent: Promise<void>;
  /** Settles when the node serves, or with why not. */
  served: Promise<NodeView>;
  /** Callers of ensureAwake who still wait. */
  waiting: number;
  byPerson: boolean;
}

/** After this computer slept, a machine that came up meanwhile has at least this long to be seen. */
const LEAST_AFTER_RESUME_MS = 30_000;
/** Ends of a wake that nobody has to be told of. */
const QUIET_ENDS = new Set(['CANCELLED', 'STOPPING', 'NOT_FOUND']);

export function createWakeService(dependencies: WakeDependencies): WakeService {
  const { clock, log, fleet, settings, activity, policies } = dependencies;
  const senders = createWaySenders(dependencies);
  const progress = createWakeProgress(dependencies);
  const wakes = new Map<string, Wake>();
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

  function begin(node: NodeView, by: WakeAsker): Wake {
    const running = wakes.get(node.id);
    // One that was given up a moment ago is not joined: it ends as whoever gave it up wanted.
    if (running && !running.controller.signal.aborted) {
      running.byPerson ||= by === 'person';
      return running;
    }
    if (stopped) throw new PilotlightError('STOPPING');
    const record = fleet.record(node.id);
    if (!record || !canWake(record, senders.hasAgent)) throw cannotWake(node.id, record, senders.hasAgent);
    refuseByPolicy(node, by);
    const controller = new AbortController();
    const limitMs = wakeLimitMs(node.boot.usualMs, settings.current().power.wakeTimeoutMs);
    const first = Promise.withResolvers<void>();
    const wake: Wake = {
      nodeId: node.id,
      startedAt: clock.now(),
      controller,
      deadline: createDeadline(clock, limitMs, () => controller.abort(timeoutError(node, limitMs))),
      interrupted: false,
      sent: first.promise,
      served: Promise.resolve(node),
      waiting: 0,
      byPerson: by === 'person',
    };
    wakes.set(node.id, wake);
    if (gate.closed) wake.deadline.pause();
    wake.served = run(wake, node, record, limitMs, first);
    // Whoever waits hears of a failure; nobody has to.
    wake.served.catch(() => {});
    wake.sent.catch(() => {});
    return wake;
  }

  function refuseByPolicy(node: NodeView, by: WakeAsker): void {
    const refusal = wakeRefusal(policies.get(node.id), by, minuteOfDay(clock.now()));
    if (refusal === null) return;
    throw new PilotlightError('WAKE_NOT_ALLOWED', {
      message: refusal,
      ...(by === 'person' ? { next: fact('CHANGE_POLICY_FIRST') } : {}),
      details: { nodeId: node.id },
    });
  }

  async function run(
    wake: Wake,
    node: NodeView,
    record: NodeRecord,
    limitMs: number,
    first: { resolve: () => void; reject: (reason: unknown) => void },
  ): Promise<NodeView> {
    const { nodeId, startedAt, controller } = wake;
    const { signal } = controller;
    const started = clock.monotonic();
    const { usualMs } = node.boot;
    const elapsed = () => clock.monotonic() - started;
    /** An answer to the very first probe says that it was on all along: nothing is learned from that. */
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
        bootMs: () => (wasSilent && !wake.interrupted ? elapsed() : null),
      });
      const served = fleet.waitFor(nodeId, (seen) => isServing(seen.state), signal);
      fleet.probe(nodeId).then(
        () => {
          wasSilent = !isServing(fleet.get(nodeId)?.state ?? 'unknown');
        },
        () => {},
      );
      const ways = goThroughWays(
        {
          clock,
          log,
          name: node.name,
          ways: record.wakeWays,
          describe: (way) => describeMethod(way, (id) => fleet.get(id)?.name ?? null),
          // What a person corrects while it is being woken counts from the next time on.
          send: (way, during) => senders.send(way, fleet.record(nodeId) ?? record, during),
          followAfterMs: followAfterMs(usualMs, limitMs, record.wakeWays.length),
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
          onWorked: () => first.resolve(),
        },
        AbortSignal.any([signal, trying.signal]),
      );
      ways.catch((error) => {
        if (!trying.signal.aborted) controller.abort(error);
      });
      await served;
      trying.abort(new DOMException('The machine answers.', 'AbortError'));
      first.resolve();
      return finish(wake, elapsed(), wasSilent);
    } catch (error) {
      const reason = signal.aborted ? signal.reason : error;
      trying.abort(new DOMException('Nobody waits any more.', 'AbortError'));
      first.reject(reason);
      giveUp(wake, reason);
      throw reason;
    } finally {
      wake.deadline.cancel();
    }
  }

  function finish(wake: Wake, tookMs: number, wasSilent: boolean): NodeView {
    const { nodeId, interrupted } = wake;
    wakes.delete(nodeId);
    fleet.endWaking(nodeId);
    const node = fleet.require(nodeId);
    activity.record({
      kind: 'power',
      severity: 'success',
      message: !wasSilent
        ? fact('NODE_WAS_AWAKE', { node: node.name })
        : interrupted
          ? fact('NODE_WOKE_DURING_SLEEP', { node: node.name })
          : fact('NODE_WOKE', { node: node.name, tookMs }),
      why: triedMethods(progress.get(nodeId)?.ways ?? []),
      nodeId,
      notify: wasSilent,
    });
    progress.served(node);
    woken.emit(nodeId, { wasSilent });
    return fleet.require(nodeId);
  }

  function giveUp(wake: Wake, reason: unknown): void {
    const { nodeId } = wake;
    if (wakes.get(nodeId) !== wake) return;
    wakes.delete(nodeId);
    const ways = progress.get(nodeId)?.ways ?? [];
    const node = fleet.get(nodeId);
    const error = reason instanceof PilotlightError ? reason : null;
    const quiet = error === null || QUIET_ENDS.has(error.code);
    fleet.endWaking(nodeId, quiet ? null : { code: error.code, message: error.message, next: error.next });
    progress.remove(nodeId);
    if (!node || quiet) return;
    activity.record({
      kind: 'power',
      severity: 'error',
      message: fact('NODE_DID_NOT_WAKE', { node: node.name }),
      why: fact('WAKE_FAILURE', { error: errorFact(error), methods: methodsOf(ways) }),
      nodeId,
      notify: true,
    });
  }

  return {
    async wake(nodeId) {
      const node = fleet.require(nodeId);
      if (isServing(node.state)) throw new PilotlightError('ALREADY_AWAKE', { details: { nodeId } });
      await begin(node, 'person').sent;
      return fleet.require(nodeId);
    },

    cancelWake(nodeId) {
      const node = fleet.require(nodeId);
      const wake = wakes.get(nodeId);
      if (!wake) return node;
      activity.record({
        kind: 'power',
        severity: 'info',
        message: fact('WAKE_CANCELLED', { node: node.name }),
        why: triedMethods(progress.get(nodeId)?.ways ?? []),
        nodeId,
      });
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
      const looked = fleet.server(nodeId) !== null || fleet.record(nodeId)?.agentUrl;
      if (!looked) throw new PilotlightError('NO_SERVER', { details: { nodeId } });
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
        const leftMs = deadline.resume(LEAST_AFTER_RESUME_MS);
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

function timeoutError(node: NodeView, limitMs: number): PilotlightError {
  return new PilotlightError('WAKE_TIMEOUT', {
    message: fact('NODE_NOT_UP_WITHIN', { node: node.name, ms: limitMs }),
    details: { nodeId: node.id, limitMs },
  });
}
