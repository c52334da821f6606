/** Waking machines: packets until it answers, one wake a node however many ask for it, and a clear end. */
import { errorCodes, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView, type WakeProgress } from '../../../shared/models/fleet.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock, Log, Udp } from '../ports.ts';
import { canWake } from './destinations.ts';
import { type PacketRound, sendPackets } from './packets.ts';
import { packetAtMs, wakeLimitMs } from './wake-plan.ts';

export interface PowerService {
  /**
   * Begins to wake a node, or joins the wake under way; resolves once the first packets went out. Rejects with
   * NOT_FOUND, ALREADY_AWAKE, CANNOT_WAKE or WAKE_FAILED.
   */
  wake(nodeId: string): Promise<NodeView>;
  /** Stops waiting; the machine may still come up. */
  cancelWake(nodeId: string): NodeView;
  /**
   * Resolves when the node serves, waking it if it sleeps; many callers share one wake, and it is given up
   * when the last of them has gone. Rejects as `wake` does, with WAKE_TIMEOUT, with the trouble's own code when
   * it answers wrongly and cannot be woken, or with the signal's reason.
   */
  ensureAwake(nodeId: string, options: { signal: AbortSignal }): Promise<NodeView>;
  stop(): Promise<void>;
}

export interface PowerDependencies {
  clock: Clock;
  log: Log;
  udp: Udp;
  fleet: FleetService;
  settings: { current(): Settings };
  activity: { record(entry: NewActivityEntry): void };
}

interface Wake {
  nodeId: string;
  startedAt: number;
  controller: AbortController;
  /** Settles with the first round of packets. */
  sent: Promise<void>;
  /** Settles when the node serves, or with why not. */
  served: Promise<NodeView>;
  /** Callers of ensureAwake who still wait. */
  waiting: number;
  byPerson: boolean;
}

/** How long the last steps stay in view after the node serves. */
const SHOWN_AFTER_SERVING_MS = 30_000;
const SHOWN_AFTER_VERIFIED_MS = 5000;

export function createPowerService(dependencies: PowerDependencies): PowerService {
  const { clock, log, udp, fleet, settings, activity } = dependencies;
  const wakes = new Map<string, Wake>();
  let stopped = false;

  const stopListening = fleet.onChange((node, previous) => {
    if (node === null && previous) wakes.get(previous.id)?.controller.abort(new PilotlightError('NOT_FOUND'));
    if (node?.wake && !wakes.has(node.id)) follow(node, node.wake, previous);
  });

  /** After a wake its last steps stay in view for a while. */
  function follow(node: NodeView, wake: WakeProgress, previous: NodeView | null): void {
    if (!isServing(node.state)) fleet.setWake(node.id, null);
    else if (wake.step === 'gpu-verified' && previous?.wake?.step !== wake.step) {
      clearLater(node.id, wake.startedAt, SHOWN_AFTER_VERIFIED_MS);
    }
  }

  function clearLater(nodeId: string, startedAt: number, ms: number): void {
    clock.timer(ms, () => {
      if (!stopped && fleet.get(nodeId)?.wake?.startedAt === startedAt) fleet.setWake(nodeId, null);
    });
  }

  function begin(node: NodeView, byPerson: boolean): Wake {
    const running = wakes.get(node.id);
    if (running) {
      running.byPerson ||= byPerson;
      return running;
    }
    if (stopped) throw new PilotlightError('STOPPING');
    const record = fleet.record(node.id);
    if (!record?.mac || !canWake(record)) {
      throw new PilotlightError('CANNOT_WAKE', {
        ...(record?.mac ? { next: 'Give it a wake destination: its address is on this computer.' } : {}),
        details: { nodeId: node.id },
      });
    }
    const first = Promise.withResolvers<void>();
    const wake: Wake = {
      nodeId: node.id,
      startedAt: clock.now(),
      controller: new AbortController(),
      sent: first.promise,
      served: Promise.resolve(node),
      waiting: 0,
      byPerson,
    };
    wakes.set(node.id, wake);
    wake.served = run(wake, node, first);
    // Whoever waits hears of a failure; nobody has to.
    wake.served.catch(() => {});
    wake.sent.catch(() => {});
    return wake;
  }

  async function run(
    wake: Wake,
    node: NodeView,
    first: { resolve: () => void; reject: (reason: unknown) => void },
  ): Promise<NodeView> {
    const { nodeId, startedAt, controller } = wake;
    const { signal } = controller;
    const started = clock.monotonic();
    const usualMs = node.boot.usualMs;
    const limitMs = wakeLimitMs(usualMs, settings.current().power.wakeTimeoutMs);
    const deadline = clock.timer(limitMs, () => controller.abort(timeoutError(node, limitMs)));
    /** An answer to the very first look says that it was on all along: nothing is learned from that. */
    let wasSilent = false;
    try {
      const round = await sendRound(nodeId);
      signal.throwIfAborted();
      const progress: WakeProgress = {
        startedAt,
        step: 'packet-sent',
        expectedMs: usualMs,
        deadlineAt: startedAt + limitMs,
        packetsSent: round.sent,
        failedDestinations: round.failed,
        ways: [{ way: 'magic packets from this computer', failed: null }],
      };
      fleet.setWake(nodeId, progress);
      if (round.sent === 0) throw failedError(node, round);
      first.resolve();
      const served = fleet.waitFor(nodeId, (seen) => isServing(seen.state), signal);
      const repeating = new AbortController();
      void repeatPackets(nodeId, started, AbortSignal.any([signal, repeating.signal]));
      fleet.look(nodeId).then(
        () => {
          wasSilent = !isServing(fleet.get(nodeId)?.state ?? 'unknown');
        },
        () => {},
      );
      try {
        await served;
      } finally {
        repeating.abort(new DOMException('The machine answers, or nobody waits.', 'AbortError'));
      }
      return finish(wake, clock.monotonic() - started, wasSilent);
    } catch (error) {
      const reason = signal.aborted ? signal.reason : error;
      first.reject(reason);
      giveUp(wake, reason);
      throw reason;
    } finally {
      deadline.cancel();
    }
  }

  async function sendRound(nodeId: string): Promise<PacketRound> {
    const record = fleet.record(nodeId);
    if (!record?.mac) throw new PilotlightError('CANNOT_WAKE', { details: { nodeId } });
    return sendPackets(udp, { ...record, mac: record.mac, secureOn: fleet.secureOn(nodeId) });
  }

  async function repeatPackets(nodeId: string, started: number, signal: AbortSignal): Promise<void> {
    try {
      for (let index = 1; ; index += 1) {
        await clock.sleep(Math.max(0, started + packetAtMs(index) - clock.monotonic()), signal);
        const round = await sendRound(nodeId);
        const wake = fleet.get(nodeId)?.wake;
        if (signal.aborted || !wake) return;
        fleet.setWake(nodeId, {
          ...wake,
          packetsSent: wake.packetsSent + round.sent,
          failedDestinations: round.failed,
        });
      }
    } catch (error) {
      if (!signal.aborted) log.warn('Wake packets could not be repeated.', { nodeId, error: String(error) });
    }
  }

  function finish({ nodeId, startedAt }: Wake, tookMs: number, wasSilent: boolean): NodeView {
    wakes.delete(nodeId);
    if (wasSilent) fleet.learnBoot(nodeId, tookMs);
    const node = fleet.require(nodeId);
    activity.record({
      kind: 'power',
      severity: 'success',
      message: wasSilent
        ? `${node.name} woke in ${formatDuration(tookMs)}.`
        : `${node.name} was awake already.`,
      nodeId,
    });
    if (node.hasGpu === false) fleet.setWake(nodeId, null);
    else clearLater(nodeId, startedAt, SHOWN_AFTER_SERVING_MS);
    return fleet.require(nodeId);
  }

  function giveUp(wake: Wake, reason: unknown): void {
    const { nodeId } = wake;
    if (wakes.get(nodeId) !== wake) return;
    wakes.delete(nodeId);
    const node = fleet.get(nodeId);
    if (!node) return;
    const error = reason instanceof PilotlightError ? reason : null;
    if (error?.code !== 'WAKE_TIMEOUT' && error?.code !== 'WAKE_FAILED') {
      fleet.setWake(nodeId, null);
      return;
    }
    const { code, message, next } = error;
    fleet.setWake(nodeId, null, { code, message, next });
    activity.record({
      kind: 'power',
      severity: 'error',
      message: `${node.name} did not wake.`,
      why: `${message} ${next}`,
      nodeId,
      notify: true,
    });
  }

  return {
    async wake(nodeId) {
      const node = fleet.require(nodeId);
      if (isServing(node.state)) throw new PilotlightError('ALREADY_AWAKE', { details: { nodeId } });
      await begin(node, true).sent;
      return fleet.require(nodeId);
    },

    cancelWake(nodeId) {
      const node = fleet.require(nodeId);
      const wake = wakes.get(nodeId);
      if (!wake) return node;
      activity.record({
        kind: 'power',
        severity: 'info',
        message: `Waking ${node.name} was cancelled.`,
        nodeId,
      });
      wake.controller.abort(new PilotlightError('CANCELLED'));
      giveUp(wake, null);
      return fleet.require(nodeId);
    },

    async ensureAwake(nodeId, { signal }) {
      signal.throwIfAborted();
      let node = fleet.require(nodeId);
      if (node.state === 'unknown') {
        await abortable(fleet.look(nodeId), signal);
        node = fleet.require(nodeId);
      }
      if (isServing(node.state)) return node;
      if (!fleet.server(nodeId)) throw new PilotlightError('NO_SERVER', { details: { nodeId } });
      const record = fleet.record(nodeId);
      if (node.state === 'trouble' && !(record && canWake(record)) && node.trouble) {
        const { code, message, next } = node.trouble;
        const known = errorCodes.find((one) => one === code) ?? 'SERVER_ERROR';
        throw new PilotlightError(known, { message, next, details: { nodeId } });
      }
      const wake = begin(node, false);
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

    async stop() {
      stopped = true;
      stopListening();
      const running = [...wakes.values()];
      for (const wake of running) wake.controller.abort(new PilotlightError('STOPPING'));
      await Promise.allSettled(running.map((wake) => wake.served));
    },
  };
}

function timeoutError(node: NodeView, limitMs: number): PilotlightError {
  return new PilotlightError('WAKE_TIMEOUT', {
    message: `${node.name} did not come up within ${formatDuration(limitMs)}.`,
    details: { nodeId: node.id, limitMs },
  });
}

function failedError(node: NodeView, { failed }: PacketRound): PilotlightError {
  return new PilotlightError('WAKE_FAILED', { details: { nodeId: node.id, failedDestinations: failed } });
}

/** The promise, or the signal's reason if that comes first. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
