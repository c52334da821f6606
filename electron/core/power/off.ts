/** Going off: asked, counted down, checked again, done, and watched until it has gone. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView, Trouble } from '../../../shared/models/fleet.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { FleetService } from '../fleet/service.ts';
import type { AgentOutcome, Clock, Http, Log, Timer } from '../ports.ts';
import type { PowerAgents } from './agents.ts';
import { createDepartures, type Departures } from './departures.ts';
import type { Going } from './going.ts';
import { createListeners } from './listeners.ts';
import { isOn } from './node-power.ts';
import { outcomeTrouble, outcomeWords } from './outcome.ts';
import type { Policies } from './policies.ts';
import { canDo } from './policy.ts';
import { actionVerbs, type OffRequest, tellMachine, troubleOf } from './tell.ts';

export type { OffRequest } from './tell.ts';

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
  agents: PowerAgents;
  policies: Policies;
  activity: { record(entry: NewActivityEntry): void };
  means(nodeId: string): NodePower['means'];
  /** What speaks against it, a sentence each, as far as is known here; looks at the node anew first where asked. */
  reasons(nodeId: string, options: { lookFirst: boolean }): Promise<string[]>;
  holder(): string;
}

interface State {
  countdown: { shown: NonNullable<NodePower['countdown']>; request: OffRequest; timer: Timer } | null;
  lastOffError: Trouble | null;
  keptOn: boolean;
  /** Between a request and its answer. */
  asking: boolean;
}

export function createOff(dependencies: OffDependencies): OffService {
  const { clock, log, fleet, agents, policies, activity, means, reasons, holder } = dependencies;
  const states = new Map<string, State>();
  const changed = createListeners<[nodeId: string]>();
  const failed = createListeners<[node: NodeView, trouble: Trouble]>();
  const stopping = new AbortController();

  const departures: Departures = createDepartures({
    clock,
    fleet,
    agents,
    onChange: changed.tell,
    onGone(nodeId, { action }) {
      stateOf(nodeId).lastOffError = null;
      const name = fleet.get(nodeId)?.name ?? nodeId;
      const message = action === 'restart' ? `${name} has restarted.` : `${name} is off, as it was told.`;
      activity.record({ kind: 'power', severity: 'success', message, nodeId, notify: true });
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

  function stateOf(nodeId: string): State {
    const known = states.get(nodeId);
    if (known) return known;
    const fresh: State = { countdown: null, lastOffError: null, keptOn: false, asking: false };
    states.set(nodeId, fresh);
    return fresh;
  }

  function fail(nodeId: string, trouble: Trouble, words: string): void {
    stateOf(nodeId).lastOffError = trouble;
    const node = fleet.get(nodeId);
    if (!node) return;
    const why = `${trouble.message} ${trouble.next}`;
    activity.record({
      kind: 'power',
      severity: 'error',
      message: `${node.name} ${words}`,
      why,
      nodeId,
      notify: true,
    });
    failed.tell(node, trouble);
    changed.tell(nodeId);
  }

  function endCountdown(nodeId: string): OffRequest | null {
    const state = states.get(nodeId);
    if (!state?.countdown) return null;
    const { request, timer } = state.countdown;
    timer.cancel();
    state.countdown = null;
    changed.tell(nodeId);
    return request;
  }

  function refuseIfGoing(nodeId: string): void {
    const state = stateOf(nodeId);
    if (state.asking || state.countdown !== null || departures.get(nodeId) !== null) {
      throw new PilotlightError('POWER_ACTION_RUNNING', { details: { nodeId } });
    }
  }

  async function refuseIfUsed(nodeId: string, lookFirst: boolean): Promise<void> {
    const against = await reasons(nodeId, { lookFirst });
    if (against.length === 0) return;
    throw new PilotlightError('IN_USE', {
      message: `The machine is in use. ${against.join(' ')}`,
      details: { nodeId, reasons: against },
    });
  }

  function begins({ nodeId, by }: OffRequest, action: PowerAction): void {
    activity.record({
      kind: 'power',
      severity: 'info',
      message: `${fleet.get(nodeId)?.name ?? nodeId} was told to ${actionVerbs[action]}.`,
      why: `Asked by ${by}.`,
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
      message: `${fleet.get(nodeId)?.name ?? nodeId} goes off in ${formatDuration(ms)}.`,
      why: `Asked by ${by}. Until then it can be cancelled.`,
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
    try {
      if (!request.force) await refuseIfUsed(nodeId, true);
      await tell(request, action, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (isPilotlightError(error) && error.code === 'IN_USE') {
        activity.record({
          kind: 'power',
          severity: 'info',
          message: `${fleet.get(nodeId)?.name ?? nodeId} stays on.`,
          why: error.message,
          nodeId,
        });
        return;
      }
      fail(nodeId, troubleOf(error), 'could not be powered off.');
      log.warn('A machine could not be powered off.', { nodeId, error: String(error) });
    } finally {
      state.asking = false;
      changed.tell(nodeId);
    }
  }

  return {
    async off(request, signal) {
      const { nodeId, force, countdownSeconds } = request;
      const node = fleet.require(nodeId);
      const by = means(nodeId);
      const action = request.action ?? policies.get(nodeId).action;
      if (by === 'none' && agents.view(nodeId)?.state === 'refused')
        throw new PilotlightError('AGENT_REFUSED', { details: { nodeId } });
      if (by === 'none') throw new PilotlightError('CANNOT_POWER_OFF', { details: { nodeId } });
      if (!isOn(node, agents.view(nodeId))) throw new PilotlightError('NODE_ASLEEP', { details: { nodeId } });
      if (!canDo(by, action)) {
        throw new PilotlightError('NOT_SUPPORTED', {
          message: `From here this machine cannot ${actionVerbs[action]}.`,
          details: { nodeId, action },
        });
      }
      refuseIfGoing(nodeId);
      const state = stateOf(nodeId);
      state.asking = true;
      try {
        if (!force) await refuseIfUsed(nodeId, by !== 'agent');
        signal.throwIfAborted();
        state.lastOffError = null;
        if (by !== 'agent' && countdownSeconds > 0) countDown(request, action);
        else await tell(request, action, signal);
      } finally {
        state.asking = false;
        changed.tell(nodeId);
      }
    },

    async cancel(nodeId, signal) {
      const node = fleet.require(nodeId);
      if (endCountdown(nodeId) !== null) {
        stateOf(nodeId).keptOn = true;
        activity.record({
          kind: 'power',
          severity: 'info',
          message: `${node.name} stays on.`,
          why: `${holder()} cancelled: it stays on until somebody needs it anew.`,
          nodeId,
        });
        changed.tell(nodeId);
        return;
      }
      const on = isOn(node, agents.view(nodeId));
      const link = on && means(nodeId) === 'agent' ? agents.link(nodeId) : null;
      if (link === null) throw new PilotlightError('NO_COUNTDOWN', { details: { nodeId } });
      await link.cancelPowerOff(holder(), signal);
      activity.record({
        kind: 'power',
        severity: 'info',
        message: `${node.name} stays on.`,
        why: `${holder()} cancelled.`,
        nodeId,
      });
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
      activity.record({
        kind: 'power',
        severity: 'info',
        message: `${fleet.get(nodeId)?.name ?? nodeId} stays on.`,
        why: outcomeWords(outcome),
        nodeId,
      });
    },
    needed(nodeId) {
      const state = states.get(nodeId);
      if (!state) return;
      state.keptOn = false;
      if (state.countdown?.request.force === false) endCountdown(nodeId);
    },
    pause() {
      for (const nodeId of states.keys()) {
        if (endCountdown(nodeId) === null) continue;
        activity.record({
          kind: 'power',
          severity: 'info',
          message: `${fleet.get(nodeId)?.name ?? nodeId} stays on.`,
          why: 'This computer went to sleep in the countdown.',
          nodeId,
        });
      }
    },
    onChange: changed.add,
    onFailed: failed.add,
    stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      stopListening();
      departures.stop();
      for (const state of states.values()) state.countdown?.timer.cancel();
    },
  };
}
