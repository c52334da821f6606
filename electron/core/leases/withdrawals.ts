/**
 * Removes this panel's leases and policy from agents whose node was removed or got another agent. Each withdrawal is
 * stored, and retried until the agent has confirmed it, for 30 days at most.
 */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
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
   * Saves a withdrawal and starts it; a second one for the same agent is merged. Throws DISK_FULL without changing
   * anything.
   */
  add(agent: Omit<Withdrawal, 'id' | 'since'> & { token: string }): void;
  /** The agent at this address answers: tries now instead of waiting. */
  reached(url: string): void;
  start(): void;
  /** This computer is going to sleep. */
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
  /** Serialises calls to one agent, by `sameServerKey` of its address, with those of the mirror. */
  turns: Turns;
  /** The id of this panel's policy at agents. */
  panelId: string;
  /** Nodes that have this agent now; `agentId` is null if unknown. */
  governed(agent: { url: string; agentId: string | null; token: string }): string[];
  /** Whether the lease is still held here. */
  isHeld(leaseId: string): boolean;
  /** Sends the policy and all leases to this node's agent again. */
  renew(nodeId: string): void;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 5 * 60_000;
const ATTEMPT_MS = 60_000;
const DAY_MS = 86_400_000;
const GIVE_UP_MS = 30 * DAY_MS;

interface Task {
  record: Withdrawal;
  failures: number;
  timer: Timer | null;
  running: Promise<void> | null;
  again: boolean;
  /** A notice about the pending withdrawal was shown. */
  isReported: boolean;
}

export function createWithdrawals(dependencies: WithdrawalsDependencies): Withdrawals {
  const { clock, random, ids, log, store, secrets, activity, notices, turns, panelId } = dependencies;
  const { governed, isHeld, renew } = dependencies;
  const tasks = new Map<string, Task>();
  const stopping = new AbortController();
  let started = false;

  const tokenOf = ({ id }: Withdrawal) => secrets.get(withdrawalTokenSecret(id));
  const noticeId = ({ id }: Withdrawal) => `agent-left:${id}`;
  const newTask = (record: Withdrawal): Task => ({
    record,
    failures: 0,
    timer: null,
    running: null,
    again: false,
    isReported: false,
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

  function end(task: Task): void {
    const { record } = task;
    tasks.delete(sameServerKey(record.url));
    task.timer?.cancel();
    notices.remove(noticeId(record));
    try {
      store.removeWithdrawal(record.id);
      secrets.change({ [withdrawalTokenSecret(record.id)]: null });
    } catch (error) {
      // The next start repeats it, which changes nothing at the agent.
      log.warn('A finished withdrawal from an agent could not be removed.', {
        url: record.url,
        error: String(error),
      });
    }
  }

  async function attempt(record: Withdrawal, signal: AbortSignal): Promise<void> {
    const token = tokenOf(record);
    if (token === null) {
      throw new PilotlightError('AGENT_REFUSED', { message: fact('TOKEN_UNREADABLE') });
    }
    const { url, agentId, leases } = record;
    const link = dependencies.connectAgent({ url, token });
    const { id, roles } = await link.health(signal);
    // Another agent may have this address by now; it must not get the token.
    if (agentId !== null && id !== null && id !== agentId) throw new PilotlightError('NOT_AN_AGENT');
    if (roles.length > 0 && !roles.includes('power')) return;
    const nodesNow = () => governed({ url, agentId: id ?? agentId, token });
    for (const lease of leases) {
      if (nodesNow().length === 0 || !isHeld(lease)) await link.endLease(lease, signal);
    }
    if (nodesNow().length === 0) await link.removePolicy(panelId, signal);
    // A node that got this agent while the policy was being removed needs it again.
    for (const nodeId of nodesNow()) renew(nodeId);
  }

  function run(task: Task): void {
    if (!started || stopping.signal.aborted) return;
    if (task.running) {
      task.again = true;
      return;
    }
    task.timer?.cancel();
    task.timer = null;
    const { record } = task;
    task.running = withDeadline(clock, ATTEMPT_MS, stopping.signal, (signal) =>
      turns.take(sameServerKey(record.url), () => attempt(record, signal)),
    )
      .then(
        () => succeeded(task, record),
        (error: unknown) => failed(task, record, error),
      )
      .catch((error: unknown) => log.error('A withdrawal from an agent failed.', { error: String(error) }))
      .finally(() => {
        task.running = null;
        if (tasks.get(sameServerKey(record.url)) !== task) return;
        if (task.again) {
          task.again = false;
          run(task);
        } else schedule(task);
      });
  }

  function schedule(task: Task): void {
    if (!started || stopping.signal.aborted || task.failures === 0) return;
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, task.failures - 1));
    task.timer = clock.timer(wait * (0.9 + 0.2 * random()), () => run(task));
  }

  function succeeded(task: Task, record: Withdrawal): void {
    // Another withdrawal from the same agent was added meanwhile.
    if (task.record !== record) {
      task.again = true;
      return;
    }
    end(task);
    if (!task.isReported) return;
    activity.record({
      kind: 'power',
      severity: 'success',
      message: fact('AGENT_CLEARED', { node: record.name }),
      why: fact('IT_ANSWERED_AGAIN'),
    });
  }

  function failed(task: Task, record: Withdrawal, error: unknown): void {
    if (stopping.signal.aborted || task.record !== record) {
      task.again = task.record !== record;
      return;
    }
    task.failures += 1;
    const coded = isPilotlightError(error) ? error : null;
    log.debug('This panel could not be withdrawn from an agent.', { url: record.url, error: String(error) });
    const token = tokenOf(record) ?? '';
    const age = clock.now() - record.since;
    if (governed({ url: record.url, agentId: record.agentId, token }).length > 0) {
      // A node needs the policy there again, and no lease lasts longer than a day.
      if (age > DAY_MS) end(task);
      return;
    }
    if (coded?.code === 'AGENT_REFUSED') {
      giveUp(task, fact('GAVE_UP_REFUSED', { error: errorMessage(coded), panel: panelId }));
    } else if (age > GIVE_UP_MS) {
      giveUp(task, fact('GAVE_UP_SILENT', { panel: panelId }));
    } else report(task);
  }

  const agentOf = ({ name, url }: Withdrawal) => ({ node: name, url });

  function report(task: Task): void {
    if (task.isReported) return;
    task.isReported = true;
    const { record } = task;
    notices.add({
      id: noticeId(record),
      code: 'AGENT_LEFT',
      message: fact('AGENT_LEFT', agentOf(record)),
      next: fact('FORGET_OR_DISMISS', { panel: panelId }),
    });
    activity.record({
      kind: 'power',
      severity: 'warning',
      message: fact('AGENT_MAY_FOLLOW_PANEL', agentOf(record)),
      why: fact('AGENT_LEFT_SILENT', { panel: panelId }),
    });
  }

  function giveUp(task: Task, why: Message): void {
    end(task);
    activity.record({
      kind: 'power',
      severity: 'warning',
      message: fact('AGENT_MAY_FOLLOW_PANEL', agentOf(task.record)),
      why,
      notify: true,
    });
  }

  function load(): void {
    for (const record of store.withdrawals()) {
      const task = newTask(record);
      tasks.set(sameServerKey(record.url), task);
    }
  }

  load();
  const stopListening = notices.onDismissed((id) => {
    const task = [...tasks.values()].find(({ record }) => noticeId(record) === id);
    if (task) giveUp(task, fact('GAVE_UP_DISMISSED', { panel: panelId }));
  });

  return {
    add({ token, ...agent }) {
      const key = sameServerKey(agent.url);
      const known = tasks.get(key);
      const record: Withdrawal = {
        ...agent,
        id: known?.record.id ?? ids.next('withdrawal'),
        agentId: agent.agentId ?? known?.record.agentId ?? null,
        leases: [...new Set([...(known?.record.leases ?? []), ...agent.leases])],
        since: clock.now(),
      };
      save(record, token);
      const task = known ?? newTask(record);
      task.record = record;
      task.failures = 0;
      tasks.set(key, task);
      run(task);
    },
    reached(url) {
      const task = tasks.get(sameServerKey(url));
      if (task) run(task);
    },
    start() {
      started = true;
      for (const task of tasks.values()) run(task);
    },
    pause() {
      started = false;
      for (const task of tasks.values()) task.timer?.cancel();
    },
    async stop() {
      stopListening();
      stopping.abort(new DOMException('Stopping.', 'AbortError'));
      for (const task of tasks.values()) task.timer?.cancel();
      await Promise.all([...tasks.values()].map((task) => task.running));
    },
  };
}
