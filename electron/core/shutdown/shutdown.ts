/** Going off: asked, counted down, checked again, done, and watched until it has gone. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView, Trouble } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { isAwake, requireAwake } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentOutcome } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { outcomeTrouble, outcomeWords } from './agent-outcome.ts';
import { actionVerbs, type OffRequest, requireMeans, tellMachine, troubleOf } from './send-shutdown.ts';
import type { Going } from './shutdown-progress.ts';
import { freshState, type OffState } from './shutdown-state.ts';
import { createDepartures, type Departures } from './shutdown-watch.ts';

export type { OffRequest } from './send-shutdown.ts';

export interface OffService {
  /**
   * Resolves when the machine, or the countdown here, has taken it on. Rejects with NOT_FOUND, NODE_ASLEEP,
   * CANNOT_POWER_OFF, NOT_SUPPORTED, IN_USE (`details.reasons`), POWER_ACTION_RUNNING, and as agents do.
   */
  off(request: OffRequest, signal: AbortSignal): Promise<void>;
  /** Rejects with NOT_FOUND, NO_COUNTDOWN, and as agents do. */
  cancel(nodeId: string, signal: AbortSignal): Promise<void>;
  going(nodeId: string): Going;
  /** It was told to go by somebody else: it is watched as well. */
  leaves(nodeId: string, action: PowerAction): void;
  /** Its agent says how it ended: told to people unless it was done, or was cancelled from here. */
  ended(nodeId: string, outcome: AgentOutcome): void;
  /** Somebody needs it: a countdown of this core ends, and it may go off by itself again later. */
  needed(nodeId: string): void;
  /** Its policy has changed: a countdown that it no longer allows ends. */
  reconsider(nodeId: string): void;
  /** This computer goes to sleep: a countdown that nobody could see or cancel ends. */
  pause(): void;
  onChange(listener: (nodeId: string) => void): () => void;
  /** A machine that was told to go did not, or could not be told. */
  onFailed(listener: (node: NodeView, trouble: Trouble) => void): () => void;
  stop(): void;
}

export interface OffDependencies {
  clock: Clock;
  log: Log;
  http: Http;
  fleet: FleetService;
  agents: AgentAccess;
  policies: Policies;
  activity: { record(entry: NewActivityEntry): void };
  means(nodeId: string): NodePower['means'];
  /** What speaks against it, a sentence each, as far as is known here. */
  reasons(nodeId: string): string[];
  /**
   * Checks the node, so that `reasons` knows of its use now; resolves with why it is not known, a sentence, else null.
   * Rejects with NOT_FOUND when it was removed.
   */
  checkUse(nodeId: string): Promise<string | null>;
  holder(): string;
}

export function createOff(dependencies: OffDependencies): OffService {
  const { clock, log, fleet, agents, policies, activity, means, reasons, checkUse, holder } = dependencies;
  const states = new Map<string, OffState>();
  const changed = createEmitter<[nodeId: string]>({ name: 'power-off', log });
  const failed = createEmitter<[node: NodeView, trouble: Trouble]>({ name: 'power-off', log });
  const stopping = new AbortController();

  const departures: Departures = createDepartures({
    clock,
    fleet,
    agents,
    onChange: changed.emit,
    onGone(nodeId, { action }) {
      stateOf(nodeId).lastOffError = null;
      const name = fleet.get(nodeId)?.name ?? nodeId;
      const message = action === 'restart' ? `${name} has restarted.` : `${name} is off, as it was told.`;
      activity.record({
        kind: 'power',
        severity: 'success',
        message: plainText(message),
        nodeId,
        notify: true,
      });
    },
    onStayed(nodeId, _, why) {
      const { code, next } = new PilotlightError('DID_NOT_GO_OFF');
      fail(nodeId, { code, message: why, next }, 'did not go off.');
    },
  });

  const stopListening = fleet.onChange((node, previous) => {
    if (node === null) {
      if (previous === null) return;
      states.get(previous.id)?.countdown?.timer.cancel();
      states.delete(previous.id);
    } else if (node.state === 'off' && previous?.state !== 'off') {
      const state = states.get(node.id);
      if (!state) return;
      endCountdown(node.id);
      state.keptOn = false;
      state.lastOffError = null;
    }
  });

  function stateOf(nodeId: string): OffState {
    const known = states.get(nodeId);
    if (known) return known;
    const fresh = freshState();
    states.set(nodeId, fresh);
    return fresh;
  }

  function fail(nodeId: string, trouble: Trouble, words: string): void {
    const node = fleet.get(nodeId);
    if (!node) return;
    stateOf(nodeId).lastOffError = trouble;
    const why = `${trouble.message} ${trouble.next}`;
    activity.record({
      kind: 'power',
      severity: 'error',
      message: plainText(`${node.name} ${words}`),
      why: plainText(why),
      nodeId,
      notify: true,
    });
    failed.emit(node, trouble);
    changed.emit(nodeId);
  }

  function endCountdown(nodeId: string): OffRequest | null {
    const state = states.get(nodeId);
    if (!state?.countdown) return null;
    const { request, timer } = state.countdown;
    timer.cancel();
    state.countdown = null;
    changed.emit(nodeId);
    return request;
  }

  function refuseIfGoing(nodeId: string): void {
    const state = stateOf(nodeId);
    if (state.asking || state.countdown !== null || departures.get(nodeId) !== null) {
      throw new PilotlightError('POWER_ACTION_RUNNING', { details: { nodeId } });
    }
  }

  /** Read right before the act, after the last await. Throws IN_USE. */
  function refuseIfUsed({ nodeId, force, still }: OffRequest, unknown: string | null): void {
    const known = force ? [] : reasons(nodeId);
    const against = force || unknown === null ? known : [...known, unknown];
    if (against.length > 0) {
      const used = known.length > 0 ? 'The machine is in use. ' : '';
      throw new PilotlightError('IN_USE', {
        message: used + against.join(' '),
        details: { nodeId, reasons: against },
      });
    }
    if (still?.() === false) {
      throw new PilotlightError('IN_USE', {
        message: 'It may no longer power off by itself: its policy or use has changed.',
        details: { nodeId, reasons: [] },
      });
    }
  }

  function begins({ nodeId, by }: OffRequest, action: PowerAction): void {
    activity.record({
      kind: 'power',
      severity: 'info',
      message: plainText(`${fleet.get(nodeId)?.name ?? nodeId} was told to ${actionVerbs[action]}.`),
      why: plainText(`Asked by ${by}.`),
      nodeId,
    });
    departures.begin(nodeId, action);
  }

  /** Tells the machine now; nothing speaks against it, or it is forced. */
  async function tell(request: OffRequest, action: PowerAction, signal: AbortSignal): Promise<void> {
    await tellMachine(dependencies, request, action, signal);
    // An agent counts down itself; it is watched when that is over.
    if (means(request.nodeId) !== 'agent' || request.countdownSeconds === 0) begins(request, action);
  }

  function countDown(request: OffRequest, action: PowerAction): void {
    const { nodeId, by, countdownSeconds } = request;
    const ms = countdownSeconds * 1000;
    const timer = clock.timer(ms, () => void countedDown(nodeId));
    stateOf(nodeId).countdown = { shown: { action, by, endsAt: clock.now() + ms }, request, timer };
    activity.record({
      kind: 'power',
      severity: 'info',
      message: plainText(`${fleet.get(nodeId)?.name ?? nodeId} goes off in ${formatDuration(ms)}.`),
      why: plainText(`Asked by ${by}. Until then it can be cancelled.`),
      nodeId,
      notify: true,
    });
  }

  async function countedDown(nodeId: string): Promise<void> {
    const state = stateOf(nodeId);
    const action = state.countdown?.shown.action;
    const request = endCountdown(nodeId);
    if (!request || action === undefined) return;
    state.asking = true;
    const lastCheck = { force: request.force, calledOff: false };
    let unknown: string | null = null;
    try {
      if (!request.force) {
        state.lastCheck = lastCheck;
        unknown = await checkUse(nodeId);
        state.lastCheck = null;
        if (lastCheck.calledOff) return;
      }
      refuseIfUsed(request, unknown);
      await tell(request, action, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (isPilotlightError(error) && error.code === 'IN_USE') {
        staysOn(nodeId, error.message);
        return;
      }
      fail(nodeId, troubleOf(error), 'could not be powered off.');
      log.warn('A machine could not be powered off.', { nodeId, error: String(error) });
    } finally {
      state.asking = false;
      state.lastCheck = null;
      changed.emit(nodeId);
    }
  }

  const actionOf = ({ nodeId, action }: OffRequest): PowerAction => action ?? policies.get(nodeId).action;

  /** Ends a countdown, or the check after it; false where there is neither. */
  function callOff(nodeId: string): boolean {
    if (endCountdown(nodeId) !== null) return true;
    const lastCheck = states.get(nodeId)?.lastCheck;
    if (!lastCheck || lastCheck.calledOff) return false;
    lastCheck.calledOff = true;
    return true;
  }

  function staysOn(nodeId: string, why: string): void {
    activity.record({
      kind: 'power',
      severity: 'info',
      message: plainText(`${fleet.get(nodeId)?.name ?? nodeId} stays on.`),
      why: plainText(why),
      nodeId,
    });
  }

  return {
    async off(request, signal) {
      const { nodeId, force, countdownSeconds } = request;
      fleet.require(nodeId);
      // Without an agent nothing that is asked could change that.
      if (agents.link(nodeId) === null) requireMeans(dependencies, nodeId, actionOf(request), true);
      refuseIfGoing(nodeId);
      const state = stateOf(nodeId);
      state.asking = true;
      try {
        await requireAwake(dependencies, nodeId, signal);
        // Its agent's answer and the policy may have changed since.
        const action = actionOf(request);
        const before = requireMeans(dependencies, nodeId, action, true);
        const unknown = !force && before !== 'agent' ? await checkUse(nodeId) : null;
        signal.throwIfAborted();
        // Nothing waited since its agent answered; a check of its use may have found that it is off.
        const by = requireMeans(dependencies, nodeId, action, before === 'agent');
        refuseIfUsed(request, unknown);
        state.lastOffError = null;
        if (by !== 'agent' && countdownSeconds > 0) countDown(request, action);
        else await tell(request, action, signal);
      } finally {
        state.asking = false;
        changed.emit(nodeId);
      }
    },

    async cancel(nodeId, signal) {
      fleet.require(nodeId);
      if (callOff(nodeId)) {
        stateOf(nodeId).keptOn = true;
        staysOn(nodeId, `${holder()} cancelled: it stays on until it is next needed.`);
        changed.emit(nodeId);
        return;
      }
      const on = await isAwake(dependencies, nodeId, signal);
      const link = on && means(nodeId) === 'agent' ? agents.link(nodeId) : null;
      if (link === null) throw new PilotlightError('NO_COUNTDOWN', { details: { nodeId } });
      await link.cancelPowerOff(holder(), signal);
      staysOn(nodeId, `${holder()} cancelled.`);
      await agents.refresh(nodeId).catch(() => {});
    },

    going(nodeId) {
      const state = states.get(nodeId);
      return {
        countdown: state?.countdown?.shown ?? null,
        leaving: departures.get(nodeId),
        lastOffError: state?.lastOffError ?? null,
        keptOn: state?.keptOn ?? false,
      };
    },
    leaves: departures.begin,
    ended(nodeId, outcome) {
      if (outcome.outcome === 'done') return;
      departures.giveUp(nodeId);
      const trouble = outcomeTrouble(outcome);
      if (trouble !== null) {
        fail(nodeId, trouble, 'could not be powered off.');
        return;
      }
      // A cancel from here is told where it is asked for.
      if (outcome.outcome === 'cancelled' && outcome.reason === `by ${holder()}`) return;
      staysOn(nodeId, outcomeWords(outcome));
    },
    needed(nodeId) {
      const state = states.get(nodeId);
      if (!state) return;
      state.keptOn = false;
      if (state.countdown?.request.force === false || state.lastCheck?.force === false) callOff(nodeId);
    },
    reconsider(nodeId) {
      if (states.get(nodeId)?.countdown?.request.still?.() !== false) return;
      endCountdown(nodeId);
      staysOn(nodeId, 'Its policy has changed.');
    },
    pause() {
      for (const nodeId of states.keys()) {
        if (callOff(nodeId)) staysOn(nodeId, 'This computer went to sleep during the countdown.');
      }
    },
    onChange: changed.on,
    onFailed: failed.on,
    stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      stopListening();
      departures.stop();
      for (const state of states.values()) state.countdown?.timer.cancel();
    },
  };
}
