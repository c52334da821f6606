/** Powers a machine off: checks its use, counts down, checks again, sends the command, and watches until it is off. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView, Trouble } from '../../../shared/models/fleet.ts';
import { errorFact, errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { isAwake, requireAwake } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentOutcome } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { troubleOf } from '../runtime/trouble.ts';
import { outcomeTrouble, whyNotDone } from './agent-outcome.ts';
import type { QuietNodes } from './quiet-nodes.ts';
import { refuseIfInUse } from './refuse-in-use.ts';
import { requireShutdownBy, type ShutdownRequest, sendShutdown } from './send-shutdown.ts';
import type { ShutdownProgress } from './shutdown-progress.ts';
import { freshState, type ShutdownState } from './shutdown-state.ts';
import { createShutdownWatch, type ShutdownWatch } from './shutdown-watch.ts';

export type { ShutdownRequest } from './send-shutdown.ts';

export interface ShutdownRunner {
  /**
   * Resolves when the machine has accepted it, or the countdown here has begun. Rejects with NOT_FOUND, NODE_ASLEEP,
   * CANNOT_POWER_OFF, NOT_SUPPORTED, IN_USE (`details.reasons`), POWER_ACTION_RUNNING, and as the agent's calls do.
   */
  powerOff(request: ShutdownRequest, signal: AbortSignal): Promise<void>;
  /** Rejects with NOT_FOUND, NO_COUNTDOWN, and as the agent's calls do. */
  cancel(nodeId: string, signal: AbortSignal): Promise<void>;
  progress(nodeId: string): ShutdownProgress;
  /** Somebody else is shutting it down: watches that, too. */
  watchShutdown(nodeId: string, action: PowerAction): void;
  /** Its agent reports how an action ended: recorded unless it succeeded or was cancelled from here. */
  reportOutcome(nodeId: string, outcome: AgentOutcome): void;
  /** It is in use: cancels an unforced countdown of this core, and lets it shut down when idle again later. */
  markNeeded(nodeId: string): void;
  /** Its policy has changed: cancels a countdown that the policy no longer allows. */
  reconsider(nodeId: string): void;
  /** This computer is going to sleep: cancels every countdown, which nobody could see or cancel meanwhile. */
  pause(): void;
  onChange(listener: (nodeId: string) => void): () => void;
  /** A machine did not shut down, or the command could not be sent. */
  onFailed(listener: (node: NodeView, trouble: Trouble) => void): () => void;
  stop(): void;
}

export interface ShutdownRunnerDependencies {
  clock: Clock;
  log: Log;
  http: Http;
  fleet: FleetService;
  agents: AgentAccess;
  policies: Policies;
  activity: { record(entry: NewActivityEntry): void };
  shutdownBy(nodeId: string): NodePower['means'];
  /** Reasons not to power it off, as far as this core knows. */
  reasons(nodeId: string): Message[];
  /**
   * Checks whether the node is in use, for `reasons`. Resolves with why that is unknown, or null. Rejects with
   * NOT_FOUND if the node was removed.
   */
  checkUse(nodeId: string): Promise<Message | null>;
  holder(): string;
  quiet: QuietNodes;
}

export function createShutdownRunner(dependencies: ShutdownRunnerDependencies): ShutdownRunner {
  const { clock, log, fleet, agents, policies, activity, shutdownBy, reasons, checkUse, holder, quiet } =
    dependencies;
  const states = new Map<string, ShutdownState>();
  const changed = createEmitter<[nodeId: string]>({ name: 'power-off', log });
  const failed = createEmitter<[node: NodeView, trouble: Trouble]>({ name: 'power-off', log });
  const stopping = new AbortController();

  const record = (nodeId: string, entry: Omit<NewActivityEntry, 'kind' | 'nodeId'>) =>
    activity.record({ kind: 'power', nodeId, ...entry });
  const nameOf = (nodeId: string) => fleet.get(nodeId)?.name ?? nodeId;

  const watch: ShutdownWatch = createShutdownWatch({
    clock,
    fleet,
    agents,
    onChange(nodeId) {
      if (watch.get(nodeId) === null) quiet.release(nodeId);
      changed.emit(nodeId);
    },
    onOff(nodeId, { action }) {
      stateOf(nodeId).lastOffError = null;
      record(nodeId, {
        severity: 'success',
        message: fact(action === 'restart' ? 'NODE_HAS_RESTARTED' : 'NODE_IS_OFF', { node: nameOf(nodeId) }),
        notify: true,
      });
    },
    onStillOn(nodeId, { since }) {
      const message = fact('STILL_ANSWERS', { ms: clock.now() - since });
      fail(nodeId, troubleOf(new PilotlightError('DID_NOT_GO_OFF', { message })), 'NODE_DID_NOT_GO_OFF');
    },
  });

  const stopListening = fleet.onChange((node, previous) => {
    if (node === null) {
      if (previous === null) return;
      states.get(previous.id)?.countdown?.timer.cancel();
      states.delete(previous.id);
      quiet.release(previous.id);
    } else if (node.state === 'off' && previous?.state !== 'off') {
      const state = states.get(node.id);
      if (!state) return;
      endCountdown(node.id);
      state.keptOn = false;
      state.lastOffError = null;
    }
  });

  function stateOf(nodeId: string): ShutdownState {
    const known = states.get(nodeId);
    if (known) return known;
    const fresh = freshState();
    states.set(nodeId, fresh);
    return fresh;
  }

  function fail(
    nodeId: string,
    trouble: Trouble,
    what: 'NODE_DID_NOT_GO_OFF' | 'NODE_NOT_POWERED_OFF',
  ): void {
    const node = fleet.get(nodeId);
    if (!node) return;
    stateOf(nodeId).lastOffError = trouble;
    record(nodeId, {
      severity: 'error',
      message: fact(what, { node: node.name }),
      why: errorFact(trouble),
      notify: true,
    });
    failed.emit(node, trouble);
    changed.emit(nodeId);
  }

  function endCountdown(nodeId: string): ShutdownRequest | null {
    const state = states.get(nodeId);
    if (!state?.countdown) return null;
    const { request, timer } = state.countdown;
    timer.cancel();
    state.countdown = null;
    changed.emit(nodeId);
    return request;
  }

  function refuseIfShuttingDown(nodeId: string): void {
    const state = stateOf(nodeId);
    if (state.busy || state.countdown !== null || watch.get(nodeId) !== null) {
      throw new PilotlightError('POWER_ACTION_RUNNING', { details: { nodeId } });
    }
  }

  function recordStart({ nodeId, by }: ShutdownRequest, action: PowerAction): void {
    record(nodeId, {
      severity: 'info',
      message: fact('NODE_TOLD_TO_GO', { node: nameOf(nodeId), action }),
      why: fact('REQUESTED_BY', { by }),
    });
    watch.begin(nodeId, action);
  }

  /** Sends the command. The caller has checked that the machine is not in use, or forces it. */
  async function send(request: ShutdownRequest, action: PowerAction, signal: AbortSignal): Promise<void> {
    const { nodeId } = request;
    const held = await quiet.hold(nodeId);
    let goes = false;
    try {
      // A request that came just before keeps the machine on.
      refuseIfInUse(request, reasons, null);
      await sendShutdown(dependencies, request, action, signal);
      // An agent runs its own countdown; the watch starts after that.
      goes = shutdownBy(nodeId) !== 'agent' || request.countdownSeconds === 0;
    } finally {
      if (!goes) held[Symbol.dispose]();
    }
    if (!goes) return;
    quiet.keep(nodeId, held);
    recordStart(request, action);
  }

  function startCountdown(request: ShutdownRequest, action: PowerAction): void {
    const { nodeId, by, countdownSeconds } = request;
    const ms = countdownSeconds * 1000;
    const timer = clock.timer(ms, () => void onCountdownEnd(nodeId));
    stateOf(nodeId).countdown = { shown: { action, by, endsAt: clock.now() + ms }, request, timer };
    record(nodeId, {
      severity: 'info',
      message: fact('NODE_GOES_OFF_IN', { node: nameOf(nodeId), ms }),
      why: fact('REQUESTED_AND_CANCELLABLE', { by }),
      notify: true,
    });
  }

  async function onCountdownEnd(nodeId: string): Promise<void> {
    const state = stateOf(nodeId);
    const action = state.countdown?.shown.action;
    const request = endCountdown(nodeId);
    if (!request || action === undefined) return;
    state.busy = true;
    const lastCheck = { force: request.force, cancelled: false };
    let unknown: Message | null = null;
    try {
      if (!request.force) {
        state.lastCheck = lastCheck;
        unknown = await checkUse(nodeId);
        state.lastCheck = null;
        if (lastCheck.cancelled) return;
      }
      refuseIfInUse(request, reasons, unknown);
      await send(request, action, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (isPilotlightError(error) && error.code === 'IN_USE') {
        staysOn(nodeId, errorMessage(error));
        return;
      }
      fail(nodeId, troubleOf(error), 'NODE_NOT_POWERED_OFF');
      log.warn('A machine could not be powered off.', { nodeId, error: String(error) });
    } finally {
      state.busy = false;
      state.lastCheck = null;
      changed.emit(nodeId);
    }
  }

  const actionOf = ({ nodeId, action }: ShutdownRequest): PowerAction =>
    action ?? policies.get(nodeId).action;

  /** Cancels a countdown, or the check after it; false if there is neither. */
  function cancelCountdown(nodeId: string): boolean {
    if (endCountdown(nodeId) !== null) return true;
    const lastCheck = states.get(nodeId)?.lastCheck;
    if (!lastCheck || lastCheck.cancelled) return false;
    lastCheck.cancelled = true;
    return true;
  }

  function staysOn(nodeId: string, why: Message): void {
    record(nodeId, {
      severity: 'info',
      message: fact('NODE_STAYS_ON', { node: nameOf(nodeId) }),
      why,
    });
  }

  return {
    async powerOff(request, signal) {
      const { nodeId, force, countdownSeconds } = request;
      fleet.require(nodeId);
      // Without an agent, no answer could change this.
      if (agents.link(nodeId) === null) requireShutdownBy(dependencies, nodeId, actionOf(request), true);
      refuseIfShuttingDown(nodeId);
      const state = stateOf(nodeId);
      state.busy = true;
      try {
        await requireAwake(dependencies, nodeId, signal);
        // The agent's answer or the policy may have changed during the await.
        const action = actionOf(request);
        const before = requireShutdownBy(dependencies, nodeId, action, true);
        const unknown = !force && before !== 'agent' ? await checkUse(nodeId) : null;
        signal.throwIfAborted();
        // With an agent there was no await since its answer; otherwise the check may have found the node off.
        const by = requireShutdownBy(dependencies, nodeId, action, before === 'agent');
        refuseIfInUse(request, reasons, unknown);
        state.lastOffError = null;
        if (by !== 'agent' && countdownSeconds > 0) startCountdown(request, action);
        else await send(request, action, signal);
      } finally {
        state.busy = false;
        changed.emit(nodeId);
      }
    },

    async cancel(nodeId, signal) {
      fleet.require(nodeId);
      if (cancelCountdown(nodeId)) {
        stateOf(nodeId).keptOn = true;
        staysOn(nodeId, fact('CANCELLED_UNTIL_NEEDED', { by: holder() }));
        changed.emit(nodeId);
        return;
      }
      const on = await isAwake(dependencies, nodeId, signal);
      const link = on && shutdownBy(nodeId) === 'agent' ? agents.link(nodeId) : null;
      if (link === null) throw new PilotlightError('NO_COUNTDOWN', { details: { nodeId } });
      await link.cancelPowerOff(holder(), signal);
      staysOn(nodeId, fact('CANCELLED_BY', { by: holder() }));
      await agents.refresh(nodeId).catch(() => {});
    },

    progress(nodeId) {
      const state = states.get(nodeId);
      return {
        countdown: state?.countdown?.shown ?? null,
        leaving: watch.get(nodeId),
        lastOffError: state?.lastOffError ?? null,
        keptOn: state?.keptOn ?? false,
      };
    },
    watchShutdown: watch.begin,
    reportOutcome(nodeId, outcome) {
      if (outcome.outcome === 'done') return;
      watch.cancel(nodeId);
      const trouble = outcomeTrouble(outcome);
      if (trouble !== null) {
        fail(nodeId, trouble, 'NODE_NOT_POWERED_OFF');
        return;
      }
      // `cancel` records a cancellation from here.
      if (outcome.outcome === 'cancelled' && outcome.reason === `by ${holder()}`) return;
      staysOn(nodeId, whyNotDone(outcome));
    },
    markNeeded(nodeId) {
      const state = states.get(nodeId);
      if (!state) return;
      state.keptOn = false;
      if (state.countdown?.request.force === false || state.lastCheck?.force === false)
        cancelCountdown(nodeId);
    },
    reconsider(nodeId) {
      if (states.get(nodeId)?.countdown?.request.isStillDue?.() !== false) return;
      endCountdown(nodeId);
      staysOn(nodeId, fact('POLICY_CHANGED'));
    },
    pause() {
      for (const nodeId of states.keys()) {
        if (cancelCountdown(nodeId)) staysOn(nodeId, fact('SLEPT_DURING_COUNTDOWN'));
      }
    },
    onChange: changed.on,
    onFailed: failed.on,
    stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      stopListening();
      watch.stop();
      for (const state of states.values()) state.countdown?.timer.cancel();
    },
  };
}
