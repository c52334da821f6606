/** The steps of a rehearsal: the machine goes off, is watched until it is, is woken and serves; its boot time is learned. */

import { abortable } from '../../../shared/abortable.ts';
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { WakeService } from '../wake/service.ts';
import { judgeReady } from './judge-ready.ts';
import type { RunPlan, StepPlan } from './runs.ts';
import { fail, failWith, messageOf, notApplicable, pass, type Verdict } from './verdict.ts';

/** What a rehearsal needs of whatever powers machines off. */
export interface PowersOff {
  /** Rejects with IN_USE and its reasons, and as `power.off` does. */
  off(
    request: { nodeId: string; force: boolean; countdownSeconds: number },
    signal: AbortSignal,
  ): Promise<unknown>;
  /** Rejects with NO_COUNTDOWN, and as agents do. */
  cancel(nodeId: string, signal: AbortSignal): Promise<unknown>;
}

export interface RehearsalDependencies {
  clock: Clock;
  fleet: Pick<FleetService, 'require' | 'get' | 'waitFor' | 'probeSoon'>;
  power: Pick<WakeService, 'wake' | 'cancelWake' | 'ensureAwake' | 'progress'>;
  powersOff: PowersOff;
  /** Policy, leases, and why it is on. */
  powerOf(nodeId: string): NodePower;
}

/** Saving memory to a slow disk takes minutes. */
export const GONE_DEADLINE_MS = 300_000;
const PROBE_EVERY_MS = 3000;
/** The network goes off before the power does, and an adapter that is still shutting down misses packets. */
export const SETTLE_MS = 5000;
/** A model, or the agent, shows the GPU a moment after the first answer. */
const GPU_DEADLINE_MS = 20_000;
const CANCEL_DEADLINE_MS = 5000;

export function rehearsalPlan(
  dependencies: RehearsalDependencies,
  nodeId: string,
  onThisComputer: () => Promise<boolean>,
): Omit<RunPlan, 'kind' | 'nodeId'> {
  const { clock, fleet, power, powersOff, powerOf } = dependencies;
  const wasOff = fleet.require(nodeId).state === 'off';
  let bootsBefore = fleet.require(nodeId).boot.count;

  /** A countdown is cancelled; a power-off that was carried out cannot be. */
  async function cancelPowerOff(): Promise<Message> {
    const controller = new AbortController();
    const timer = clock.timer(CANCEL_DEADLINE_MS, () => controller.abort());
    try {
      await powersOff.cancel(nodeId, controller.signal);
      return fact('STAYS_ON');
    } catch {
      return fact(fleet.get(nodeId)?.state === 'off' ? 'OFF_UNTIL_WOKEN' : 'MAY_STILL_GO_OFF');
    } finally {
      timer.cancel();
    }
  }

  async function stopWake(): Promise<Message> {
    power.cancelWake(nodeId);
    return fact('WAKE_STOPPED');
  }

  async function sleep(signal: AbortSignal): Promise<Verdict> {
    if (wasOff) return notApplicable(fact('ALREADY_OFF'));
    try {
      await powersOff.off({ nodeId, force: false, countdownSeconds: 0 }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error) || error.code !== 'IN_USE') throw error;
      const reasons = reasonsOf(error);
      return fail(
        reasons.length === 0 ? messageOf(error) : fact('IN_USE_BECAUSE', { reasons, unknown: null }),
        fact('REHEARSE_WHEN_IDLE'),
      );
    }
    return pass(fact('TOLD_TO', { action: powerOf(nodeId).policy.action }));
  }

  async function gone(signal: AbortSignal, report: (seen: Message) => void): Promise<Verdict> {
    if (wasOff) return notApplicable(fact('ALREADY_OFF'));
    const startedAt = clock.monotonic();
    for (;;) {
      signal.throwIfAborted();
      const ms = clock.monotonic() - startedAt;
      const { lastOffError, countdown, leaving } = powerOf(nodeId);
      if (fleet.require(nodeId).state === 'off' && leaving === null) {
        report(fact('ADAPTER_SETTLES', { ms }));
        await clock.sleep(SETTLE_MS, signal);
        return pass(fact('WENT_OFF', { ms }));
      }
      if (lastOffError) return failWith(lastOffError);
      if (ms > GONE_DEADLINE_MS)
        return fail(fact('STILL_ON', { ms: GONE_DEADLINE_MS }), fact('FIND_WHAT_KEEPS_ON'));
      report(countdown ? fact('COUNTING_DOWN') : fact('STILL_ON', { ms }));
      fleet.probeSoon(nodeId);
      await clock.sleep(PROBE_EVERY_MS, signal);
    }
  }

  async function wake(signal: AbortSignal): Promise<Verdict> {
    bootsBefore = fleet.require(nodeId).boot.count;
    // A command, or a relay that hangs, takes its time.
    await abortable(power.wake(nodeId), signal);
    const method = power.progress(nodeId)?.ways.at(-1)?.way;
    return pass(method === undefined ? fact('WAKE_BEGAN') : fact('WOKEN_BY', { method }));
  }

  async function serves(signal: AbortSignal, report: (seen: Message) => void): Promise<Verdict> {
    const startedAt = clock.monotonic();
    report(fact('WAITING_TO_SERVE'));
    await power.ensureAwake(nodeId, { signal, by: 'person' });
    const server = fleet.require(nodeId).url !== null;
    return pass(fact('SERVES_AFTER', { ms: clock.monotonic() - startedAt, server }));
  }

  async function gpu(signal: AbortSignal): Promise<Verdict> {
    if (fleet.require(nodeId).hasGpu === false) return notApplicable(fact('NO_GPU', { problems: [] }));
    try {
      await withDeadline(clock, GPU_DEADLINE_MS, signal, (limited) =>
        fleet.waitFor(
          nodeId,
          (node) =>
            node.state === 'gpu-verified' || node.hasGpu === false || powerOf(nodeId).gpuLost !== null,
          limited,
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error) || error.code !== 'HOST_TIMEOUT') throw error;
    }
    const { state, hasGpu } = fleet.require(nodeId);
    const lost = powerOf(nodeId).gpuLost;
    if (lost) return failWith(lost);
    if (hasGpu === false) return notApplicable(fact('NO_GPU', { problems: [] }));
    return state === 'gpu-verified' ? pass(fact('GPU_WORKS')) : notApplicable(fact('NO_MODEL_TO_SHOW_GPU'));
  }

  async function learned(): Promise<Verdict> {
    const { boot } = fleet.require(nodeId);
    if (boot.usualMs === null || boot.count === bootsBefore) return notApplicable(fact('BOOT_NOT_MEASURED'));
    return pass(fact('BOOT_LEARNED', { ms: boot.usualMs }));
  }

  const step = (
    id: string,
    title: Message,
    run: StepPlan['run'],
    afterCancel?: () => Promise<Message>,
  ): StepPlan => ({ id, title, run, ...(afterCancel ? { afterCancel } : {}) });

  return {
    stopsAtFailure: true,
    steps: [
      step('ready', fact('STEP_READY'), async () =>
        judgeReady({
          onThisComputer: await onThisComputer(),
          node: fleet.require(nodeId),
          power: powerOf(nodeId),
        }),
      ),
      step('sleep', fact('STEP_GO_OFF'), sleep, cancelPowerOff),
      step('gone', fact('STEP_OFF'), gone, cancelPowerOff),
      step('wake', fact('STEP_WAKE'), wake, stopWake),
      step('serves', fact('STEP_SERVES'), serves, stopWake),
      step('gpu', fact('STEP_GPU_AFTER_WAKE'), gpu),
      step('learned', fact('STEP_BOOT_TIME'), learned),
    ],
  };
}

/** Core's own reasons, or the sentences of the machine's agent or shutdown server. */
function reasonsOf({ reasons, details }: PilotlightError): Message[] {
  if (reasons.length > 0) return reasons as Message[];
  return Array.isArray(details?.reasons) ? details.reasons.map((reason) => plainText(String(reason))) : [];
}
