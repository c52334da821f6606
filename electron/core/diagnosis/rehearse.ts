/** The steps of a rehearsal: the machine goes off, is watched until it is gone, is woken, serves, and is learned. */

import { abortable } from '../../../shared/abortable.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { FleetService } from '../fleet/service.ts';
import { wakeRefusal } from '../policies/policy.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { WakeService } from '../wake/service.ts';
import type { RunPlan, StepPlan } from './runs.ts';
import { fail, notApplicable, pass, type Verdict } from './verdict.ts';

/** Who powers machines off, as far as a rehearsal needs it. */
export interface PowersOff {
  /** Rejects with IN_USE (`details.reasons`) and as power.off does. */
  off(
    request: { nodeId: string; force: boolean; countdownSeconds: number; by: string },
    signal: AbortSignal,
  ): Promise<unknown>;
  /** Rejects with NO_COUNTDOWN and as agents do. */
  cancel(nodeId: string, signal: AbortSignal): Promise<unknown>;
}

export interface RehearsalDependencies {
  clock: Clock;
  fleet: Pick<FleetService, 'require' | 'get' | 'waitFor' | 'probeSoon'>;
  power: Pick<WakeService, 'wake' | 'cancelWake' | 'ensureAwake' | 'progress'>;
  powersOff: PowersOff;
  /** Policy, leases and why it is on. */
  powerOf(nodeId: string): NodePower;
}

/** A machine that saves its memory to a slow disk needs minutes. */
export const GONE_DEADLINE_MS = 300_000;
const LOOK_EVERY_MS = 3000;
/** The network goes before the power: an adapter that is still shutting down hears no packet. */
export const SETTLE_MS = 5000;
/** What a model or the agent tells of the GPU comes a moment after the first answer. */
const GPU_DEADLINE_MS = 20_000;
const CANCEL_DEADLINE_MS = 5000;

export function rehearsalPlan(
  dependencies: RehearsalDependencies,
  nodeId: string,
): Omit<RunPlan, 'kind' | 'nodeId'> {
  const { clock, fleet, power, powersOff, powerOf } = dependencies;
  const wasOff = fleet.require(nodeId).state === 'off';
  let bootsBefore = fleet.require(nodeId).boot.count;

  /** A power-off that is counted down is called off; one that was carried out cannot be. */
  async function callOff(): Promise<string> {
    const controller = new AbortController();
    const timer = clock.timer(CANCEL_DEADLINE_MS, () => controller.abort());
    try {
      await powersOff.cancel(nodeId, controller.signal);
      return 'It stays on.';
    } catch {
      return fleet.get(nodeId)?.state === 'off'
        ? 'It is off: wake it when it is needed.'
        : 'It was told to go off, and may still go: wake it when it is needed.';
    } finally {
      timer.cancel();
    }
  }

  async function stopWake(): Promise<string> {
    power.cancelWake(nodeId);
    return 'The wake was stopped: the machine is off, or still comes up.';
  }

  async function sleep(signal: AbortSignal): Promise<Verdict> {
    if (wasOff) return notApplicable('It is off already.');
    try {
      await powersOff.off({ nodeId, force: false, countdownSeconds: 0, by: 'a rehearsal' }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error) || error.code !== 'IN_USE') throw error;
      const reasons = Array.isArray(error.details?.reasons) ? error.details.reasons.map(String) : [];
      return fail(`It is in use. ${reasons.join(' ')}`.trim(), 'Rehearse it when nobody needs it.');
    }
    return pass(`It was told to ${wordsOf(powerOf(nodeId).policy.action)}.`);
  }

  async function gone(signal: AbortSignal, say: (seen: string) => void): Promise<Verdict> {
    if (wasOff) return notApplicable('It is off already.');
    const startedAt = clock.monotonic();
    for (;;) {
      signal.throwIfAborted();
      const elapsed = clock.monotonic() - startedAt;
      const { lastOffError, countdown, leaving } = powerOf(nodeId);
      if (fleet.require(nodeId).state === 'off' && leaving === null) {
        say(`It was gone after ${formatDuration(elapsed)}. Its network adapter gets a moment to go to rest.`);
        await clock.sleep(SETTLE_MS, signal);
        return pass(`It was gone after ${formatDuration(elapsed)}.`);
      }
      if (lastOffError) return fail(lastOffError.message, lastOffError.next);
      if (elapsed > GONE_DEADLINE_MS) {
        return fail(
          `It still answers after ${formatDuration(GONE_DEADLINE_MS)}.`,
          'Check what keeps it on; its agent may lack the right to power it off (run `agent.mjs install` there).',
        );
      }
      say(countdown ? 'It counts down.' : `It still answers, after ${formatDuration(elapsed)}.`);
      fleet.probeSoon(nodeId);
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async function wake(signal: AbortSignal): Promise<Verdict> {
    bootsBefore = fleet.require(nodeId).boot.count;
    // A relay that hangs, or a command, takes its time.
    await abortable(power.wake(nodeId), signal);
    const way = power.progress(nodeId)?.ways.at(-1)?.way;
    return pass(way === undefined ? 'The wake has begun.' : `Woken by ${way}.`);
  }

  async function serves(signal: AbortSignal, say: (seen: string) => void): Promise<Verdict> {
    const startedAt = clock.monotonic();
    say('It is waited for.');
    await power.ensureAwake(nodeId, { signal, by: 'person' });
    const { url } = fleet.require(nodeId);
    const took = formatDuration(clock.monotonic() - startedAt);
    return pass(`${url === null ? 'Its agent' : 'Ollama'} answers, ${took} later.`);
  }

  async function gpu(signal: AbortSignal): Promise<Verdict> {
    if (fleet.require(nodeId).hasGpu === false) return notApplicable('It is known to have no GPU.');
    try {
      await withDeadline(clock, GPU_DEADLINE_MS, signal, (limited) =>
        fleet.waitFor(
          nodeId,
          (node) => node.state === 'gpu-verified' || powerOf(nodeId).gpuLost !== null,
          limited,
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error) || error.code !== 'HOST_TIMEOUT') throw error;
    }
    const lost = powerOf(nodeId).gpuLost;
    if (lost) return fail(lost.message, lost.next);
    return fleet.require(nodeId).state === 'gpu-verified'
      ? pass('Its GPU is there.')
      : notApplicable('No model is loaded that would show it, and none is loaded only to look.');
  }

  async function learned(): Promise<Verdict> {
    const { boot } = fleet.require(nodeId);
    if (boot.usualMs === null || boot.count === bootsBefore)
      return notApplicable('How long it takes could not be told this time.');
    return pass(`It usually takes ${formatDuration(boot.usualMs)}: a wake has a true progress bar now.`);
  }

  const step = (
    id: string,
    title: string,
    run: StepPlan['run'],
    afterCancel?: () => Promise<string>,
  ): StepPlan => ({ id, title, run, ...(afterCancel ? { afterCancel } : {}) });

  return {
    stopsAtFailure: true,
    steps: [
      step('ready', 'It can be rehearsed', async () => judgeReady(fleet.require(nodeId), powerOf(nodeId))),
      step('sleep', 'It is told to go off', sleep, callOff),
      step('gone', 'It is gone', gone, callOff),
      step('wake', 'It is woken', wake, stopWake),
      step('serves', 'It serves', serves, stopWake),
      step('gpu', 'Its GPU is there', gpu),
      step('learned', 'Its boot time is learned', learned),
    ],
  };
}

/** Whether it may be put to sleep now, and can be woken again. Pure. */
function judgeReady(node: NodeView, power: NodePower): Verdict {
  if (node.kind === 'this-computer')
    return fail('Pilotlight runs on it.', 'Rehearse the machines that it wakes.');
  if (!node.canWake) {
    return fail(
      'Pilotlight does not know how to wake it again.',
      'Give it a MAC address and a way to wake; Diagnose says what is missing.',
    );
  }
  // A person is refused by no hour of the day.
  const refusal = wakeRefusal(power.policy, 'person', 0);
  if (refusal !== null) return fail(textOf(refusal), 'Let people wake it, in its policy.');
  if (node.state === 'off') return pass('It is off: only its wake is rehearsed.');
  if (node.state === 'waking' || node.state === 'booting')
    return fail('It is being woken.', 'Rehearse it when it serves.');
  if (!isServing(node.state)) {
    return fail(
      node.trouble?.message ?? 'Nobody has looked at it yet.',
      node.trouble?.next ?? 'Rehearse it in a moment.',
    );
  }
  if (power.means === 'none') {
    return fail(
      'Pilotlight cannot power it off.',
      'Run the agent there with the power role, or name its shutdown server; or put it to sleep yourself, then rehearse its wake.',
    );
  }
  if (power.countdown || power.leaving)
    return fail('It is going off already.', 'Rehearse it when it is off.');
  if (power.leases.length > 0 || node.uses.length > 0) {
    const why =
      power.leases.length > 0
        ? power.whyOn.map(textOf)
        : node.uses.map((use) => `It is needed: ${textOf(use)}.`);
    return fail(`It is in use. ${why.join(' ')}`, 'Release what holds it, or rehearse it later.');
  }
  return pass('Nobody needs it now.');
}

const wordsOf = (action: NodePower['policy']['action']) => (action === 'shutdown' ? 'shut down' : action);
