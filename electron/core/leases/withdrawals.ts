/**
 * Removes this panel's leases and policy from agents that it no longer governs: their node was removed, or has another
 * agent. Each such duty is durable until the agent has answered; retried while the agent is away, for 30 days at most.
 */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { Withdrawal } from '../../../shared/models/power.ts';
import { withdrawalTokenSecret } from '../../../shared/models/secrets.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { ConnectAgent } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Secrets } from '../ports/state.ts';
import type { Clock, Ids, Random, Timer } from '../ports/time.ts';
import type { Turns } from '../runtime/turns.ts';
import { withDeadline } from '../runtime/with-deadline.ts';

export interface Withdrawals {
  /**
   * Saves the duty and begins with it after the caller is done; an agent that is left twice is one duty. Throws
   * DISK_FULL, and changes nothing then.
   */
  add(agent: Omit<Withdrawal, 'id' | 'since'> & { token: string }): void;
  /** The agent at this address answers: no need to wait for the next try. */
  reached(url: string): void;
  start(): void;
  /** This computer goes to sleep. */
  pause(): void;
  stop(): Promise<void>;
}

export interface Notices {
  add(notice: Notice): void;
  remove(id: string): void;
  /** A person dismissed one. */
  onDismissed(listener: (id: string) => void): () => void;
}

export interface WithdrawalsDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: Pick<PowerStore, 'withdrawals' | 'putWithdrawal' | 'removeWithdrawal'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  connectAgent: ConnectAgent;
  activity: { record(entry: NewActivityEntry): void };
  notices: Notices;
  /** Calls to one agent, by `sameServerKey` of its address: those of the mirror take turns with these. */
  turns: Turns;
  /** The name of this panel's policy at agents. */
  panelId: string;
  /** Nodes of the fleet that have this agent now; `agentId` is null where it is not known. */
  governed(agent: { url: string; agentId: string | null; token: string }): string[];
  /** Whether the lease is still held here. */
  isHeld(leaseId: string): boolean;
  /** Puts the policy and all leases on this node's agent again. */
  renew(nodeId: string): void;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 5 * 60_000;
const ATTEMPT_MS = 60_000;
const DAY_MS = 86_400_000;
const GIVE_UP_MS = 30 * DAY_MS;

interface Duty {
  record: Withdrawal;
  failures: number;
  timer: Timer | null;
  running: Promise<void> | null;
  again: boolean;
  /** People were notified that it is not done yet. */
  shown: boolean;
}

export function createWithdrawals(dependencies: WithdrawalsDependencies): Withdrawals {
  const { clock, random, ids, log, store, secrets, activity, notices, turns, panelId } = dependencies;
  const { governed, isHeld, renew } = dependencies;
  const duties = new Map<string, Duty>();
  const stopping = new AbortController();
  let started = false;

  const tokenOf = ({ id }: Withdrawal) => secrets.get(withdrawalTokenSecret(id));
  const noticeId = ({ id }: Withdrawal) => `agent-left:${id}`;
  const dutyOf = (record: Withdrawal): Duty => ({
    record,
    failures: 0,
    timer: null,
    running: null,
    again: false,
    shown: false,
  });

  function save(record: Withdrawal, token: string): void {
    const name = withdrawalTokenSecret(record.id);
    const before = secrets.get(name);
    secrets.change({ [name]: token });
    try {
      store.putWithdrawal(record);
    } catch (error) {
      secrets.change({ [name]: before });
      throw error;
    }
  }

  function end(duty: Duty): void {
    const { record } = duty;
    duties.delete(sameServerKey(record.url));
    duty.timer?.cancel();
    notices.remove(noticeId(record));
    try {
      store.removeWithdrawal(record.id);
      secrets.change({ [withdrawalTokenSecret(record.id)]: null });
    } catch (error) {
      // The next start of the core does it once more, which changes nothing at the agent.
      log.warn('A finished withdrawal from an agent could not be removed.', {
        url: record.url,
        error: String(error),
      });
    }
  }

  async function attempt(record: Withdrawal, signal: AbortSignal): Promise<void> {
    const token = tokenOf(record);
    if (token === null) {
      throw new PilotlightError('AGENT_REFUSED', { message: 'Its token can no longer be read here.' });
    }
    const { url, agentId, leases } = record;
    const link = dependencies.connectAgent({ url, token });
    const { id, roles } = await link.health(signal);
    // The token is not shown to another agent that has the address by now.
    if (agentId !== null && id !== null && id !== agentId) throw new PilotlightError('NOT_AN_AGENT');
    if (roles.length > 0 && !roles.includes('power')) return;
    const nodesNow = () => governed({ url, agentId: id ?? agentId, token });
    for (const lease of leases) {
      if (nodesNow().length === 0 || !isHeld(lease)) await link.endLease(lease, signal);
    }
    if (nodesNow().length === 0) await link.removePolicy(panelId, signal);
    // A node that got this agent while the policy was being removed governs it again.
    for (const nodeId of nodesNow()) renew(nodeId);
  }

  function run(duty: Duty): void {
    if (!started || stopping.signal.aborted) return;
    if (duty.running) {
      duty.again = true;
      return;
    }
    duty.timer?.cancel();
    duty.timer = null;
    const { record } = duty;
    duty.running = withDeadline(clock, ATTEMPT_MS, stopping.signal, (signal) =>
      turns.take(sameServerKey(record.url), () => attempt(record, signal)),
    )
      .then(
        () => succeeded(duty, record),
        (error: unknown) => failed(duty, record, error),
      )
      .catch((error: unknown) => log.error('A withdrawal from an agent failed.', { error: String(error) }))
      .finally(() => {
        duty.running = null;
        if (duties.get(sameServerKey(record.url)) !== duty) return;
        if (duty.again) {
          duty.again = false;
          run(duty);
        } else schedule(duty);
      });
  }

  function schedule(duty: Duty): void {
    if (!started || stopping.signal.aborted || duty.failures === 0) return;
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, duty.failures - 1));
    duty.timer = clock.timer(wait * (0.9 + 0.2 * random()), () => run(duty));
  }

  function succeeded(duty: Duty, record: Withdrawal): void {
    // More was left at the same agent meanwhile.
    if (duty.record !== record) {
      duty.again = true;
      return;
    }
    end(duty);
    if (!duty.shown) return;
    activity.record({
      kind: 'power',
      severity: 'success',
      message: plainText(`The agent of ${record.name} no longer has a policy or leases from this panel.`),
      why: plainText('It answered again.'),
    });
  }

  function failed(duty: Duty, record: Withdrawal, error: unknown): void {
    if (stopping.signal.aborted || duty.record !== record) {
      duty.again = duty.record !== record;
      return;
    }
    duty.failures += 1;
    const coded = isPilotlightError(error) ? error : null;
    log.debug('This panel could not be withdrawn from an agent.', { url: record.url, error: String(error) });
    const token = tokenOf(record) ?? '';
    const age = clock.now() - record.since;
    if (governed({ url: record.url, agentId: record.agentId, token }).length > 0) {
      // Its policy is wanted there again, and no lease lives longer than a day.
      if (age > DAY_MS) end(duty);
      return;
    }
    if (coded?.code === 'AGENT_REFUSED') {
      giveUp(duty, `${coded.message} ${forgetByHand()}`);
    } else if (age > GIVE_UP_MS) {
      giveUp(duty, `It has not answered for 30 days. ${forgetByHand()}`);
    } else show(duty);
  }

  const forgetByHand = () => `To clear it, run \`agent.mjs forget ${panelId}\` on that machine.`;
  const staysWords = ({ name, url }: Withdrawal) =>
    `The agent of ${name} (${url}) may still follow this panel's power policy.`;

  function show(duty: Duty): void {
    if (duty.shown) return;
    duty.shown = true;
    const { record } = duty;
    const message = staysWords(record);
    const why =
      'It has not answered since its machine was removed or changed here; Pilotlight keeps trying for 30 days.';
    notices.add({
      id: noticeId(record),
      code: 'AGENT_LEFT',
      message: `${message} ${why}`,
      next: `${forgetByHand()} Dismiss this to stop trying.`,
    });
    activity.record({
      kind: 'power',
      severity: 'warning',
      message: plainText(message),
      why: plainText(`${why} ${forgetByHand()}`),
    });
  }

  function giveUp(duty: Duty, why: string): void {
    end(duty);
    activity.record({
      kind: 'power',
      severity: 'warning',
      message: plainText(staysWords(duty.record)),
      why: plainText(`Pilotlight stopped trying to remove it. ${why}`),
      notify: true,
    });
  }

  function load(): void {
    for (const record of store.withdrawals()) {
      const duty = dutyOf(record);
      duties.set(sameServerKey(record.url), duty);
    }
  }

  load();
  const stopListening = notices.onDismissed((id) => {
    const duty = [...duties.values()].find(({ record }) => noticeId(record) === id);
    if (duty) giveUp(duty, `Someone dismissed the notice. ${forgetByHand()}`);
  });

  return {
    add({ token, ...agent }) {
      const key = sameServerKey(agent.url);
      const known = duties.get(key);
      const record: Withdrawal = {
        ...agent,
        id: known?.record.id ?? ids.next('withdrawal'),
        agentId: agent.agentId ?? known?.record.agentId ?? null,
        leases: [...new Set([...(known?.record.leases ?? []), ...agent.leases])],
        since: clock.now(),
      };
      save(record, token);
      const duty = known ?? dutyOf(record);
      duty.record = record;
      duty.failures = 0;
      duties.set(key, duty);
      run(duty);
    },
    reached(url) {
      const duty = duties.get(sameServerKey(url));
      if (duty) run(duty);
    },
    start() {
      started = true;
      for (const duty of duties.values()) run(duty);
    },
    pause() {
      started = false;
      for (const duty of duties.values()) duty.timer?.cancel();
    },
    async stop() {
      stopListening();
      stopping.abort(new DOMException('Stopping.', 'AbortError'));
      for (const duty of duties.values()) duty.timer?.cancel();
      await Promise.all([...duties.values()].map((duty) => duty.running));
    },
  };
}
