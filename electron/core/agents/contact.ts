/**
 * The contact with one agent, kept while its machine is on. It reads the agent's identity, policy, power and leases, and
 * listens to the samples that the agent pushes.
 */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { AgentView } from '../../../shared/models/power.ts';
import type { ToolReport } from '../fleet/gpu-state.ts';
import type { ServerReport } from '../fleet/server-process.ts';
import type {
  AgentHealth,
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  AgentTraffic,
  ConnectAgent,
} from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random } from '../ports/time.ts';
import { troubleOf } from '../runtime/trouble.ts';
import { createTurns } from '../runtime/turns.ts';
import { missingAbilities, requireCommonProtocol } from './common-protocol.ts';
import { createContactLoop } from './contact-loop.ts';
import { createAgentKnowledge } from './knowledge.ts';
import type { AgentContact, AgentReading } from './model.ts';
import { observeLink } from './observed-link.ts';

/** Whether the machine is on, according to the fleet. */
export type Presence = 'unknown' | 'asleep' | 'awake';

export interface Contact {
  readonly url: string;
  readonly token: string | null;
  readonly link: AgentLink | null;
  view(): AgentView;
  health(): AgentHealth | null;
  machine(): AgentMachine | null;
  gpuFound(): boolean | null;
  gpuTools(): ToolReport;
  serverReport(): ServerReport | null;
  freshReading(signal: AbortSignal): Promise<AgentReading | null>;
  sample(): AgentSample | null;
  reading(): AgentReading | null;
  policy(): AgentPolicyView | null;
  power(): AgentPower | null;
  foreignLeases(): AgentLease[];
  /** As of the last contact; null if it is not known. */
  traffic(): readonly AgentTraffic[] | null;
  probe(signal: AbortSignal): Promise<void>;
  refresh(): Promise<void>;
  setPresence(presence: Presence): void;
  /** The agent is back: skips the wait before the next attempt. */
  retryNow(): void;
  setPaused(paused: boolean): void;
  /** Resolves when everything has stopped. */
  ended(): Promise<void>;
  /** Permanent. */
  stop(): void;
}

export interface ContactOptions {
  nodeId: string;
  url: string;
  token: string | null;
  connectAgent: ConnectAgent;
  clock: Clock;
  random: Random;
  log: Log;
  onChange(): void;
  onReached(contact: AgentContact): void;
  /** A lease of this core was ended at the agent, but not by this core. */
  onLeaseEnded(leaseId: string): void;
  /** Its tools began to see a GPU, or see none any more. */
  onToolsChange(): void;
  /** An open stream ended or fell silent: the machine may have gone off. */
  onStreamEnd(): void;
}

const NEWS_MS = 150;
/** The agent's identity is not read again within this time. */
const HEALTH_FRESH_MS = 10_000;
/** A sample this recent proves that the agent answers. */
const PROOF_MS = 3000;
const withoutToken = troubleOf(
  new PilotlightError('AGENT_REFUSED', { message: fact('AGENT_TOKEN_UNKNOWN') }),
);
/** Only the agent is known to be silent; its machine may answer. */
const notAnswering = {
  message: fact('AGENT_DOES_NOT_ANSWER'),
  next: fact('CHECK_AGENT_RUNS'),
};

export function createContact(options: ContactOptions): Contact {
  const { nodeId, url, token, clock, random, log, onChange, onReached, onLeaseEnded, onStreamEnd } = options;
  const bare = options.connectAgent({ url, token });
  /** Ids of leases put by this core. */
  const ours = new Set<string>();
  /** Leases of this core that the agent accepted in this contact, each with the number of its last put. */
  const confirmed = new Map<string, number>();
  let puts = 0;
  /** Serialises readings of its power, so that none overwrites a newer one. */
  const readings = createTurns();
  const known = createAgentKnowledge({
    clock,
    onChange,
    onToolsChange: options.onToolsChange,
    onReached(contact) {
      confirmed.clear();
      onReached(contact);
    },
  });
  const { facts, hasRole } = known;
  const ended = new AbortController();
  let presence: Presence = 'unknown';
  let paused = false;
  let readingSoon = false;

  function fail(error: unknown): void {
    if (!isPilotlightError(error))
      log.error('A call to an agent failed unexpectedly.', { nodeId, error: String(error) });
    const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    const { code } = coded;
    const silent = code === 'HOST_UNREACHABLE' || code === 'HOST_TIMEOUT';
    const trouble = troubleOf(silent ? new PilotlightError(code, notAnswering) : coded);
    const refused = code === 'AGENT_REFUSED';
    if (!refused) known.disconnected();
    known.setState(refused ? 'refused' : 'unreachable', trouble);
  }

  const link = observeLink(bare, {
    policy: known.notePolicy,
    power: known.notePower,
    leases: known.noteLeases,
    leaseHeld: (id) => void ours.add(id),
    leaseTaken(id) {
      puts += 1;
      confirmed.set(id, puts);
    },
    leaseEnded(id) {
      ours.delete(id);
      confirmed.delete(id);
      known.noteLeases(facts.leases.filter((lease) => lease.id !== id));
    },
    refused: fail,
  });

  const readPower = (signal: AbortSignal) => readings.take('power', () => readPowerNow(signal));

  async function readPowerNow(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const before = [...confirmed];
    const [policy, power, leases, traffic] = await Promise.all([
      bare.policy(signal),
      bare.power(signal),
      bare.leases(signal),
      // What cannot be read is unknown.
      bare.traffic(signal).catch(() => null),
    ]);
    if (signal.aborted) return;
    known.notePower(power);
    known.noteLeases(leases);
    known.noteTraffic(traffic);
    known.notePolicy(policy);
    known.setState('ok', null);
    known.noteBoot(policy.bootId);
    // A lease accepted in this contact that is missing from the list was ended by somebody else.
    for (const [id, take] of before) {
      // If it was renewed while the list was in transit, the list may be older.
      if (confirmed.get(id) !== take || leases.some((lease) => lease.id === id)) continue;
      confirmed.delete(id);
      onLeaseEnded(id);
    }
  }

  async function tryToReadPower(signal: AbortSignal): Promise<void> {
    try {
      if (!signal.aborted) await readPower(signal);
    } catch (error) {
      if (signal.aborted) return;
      log.debug('The power of an agent could not be read.', { nodeId, error: String(error) });
    }
  }

  async function reach(signal: AbortSignal): Promise<void> {
    if (known.healthAge() > HEALTH_FRESH_MS && known.sampleAge() > PROOF_MS) {
      known.noteHealth(await bare.health(signal));
    }
    if (token === null) {
      throw new PilotlightError('AGENT_REFUSED', {
        message: fact('AGENT_ANSWERS_TOKEN_UNKNOWN'),
      });
    }
    requireCommonProtocol(facts.health);
    if (hasRole('power')) await readPower(signal);
    else if (!hasRole('telemetry')) known.setState('ok', null);
  }

  /** An agent that refuses only the stream is not unreachable; it may have too many listeners. */
  function onListenError(error: unknown): void {
    if (isPilotlightError(error) && error.code === 'AGENT_ERROR' && hasRole('power')) {
      log.debug('An agent does not push.', { nodeId, error: error.message });
    } else fail(error);
  }

  /** Resolves when the stream has ended, with whether anything was received. */
  async function listen(signal: AbortSignal): Promise<boolean> {
    let heard = false;
    try {
      await bare.watch(
        {
          machine(next) {
            heard = true;
            known.noteMachine(next);
          },
          sample(next) {
            heard = true;
            known.noteSample(next);
          },
          news: () => void readSoon(signal),
        },
        signal,
      );
    } catch (error) {
      if (!signal.aborted) onListenError(error);
    }
    if (signal.aborted || !heard) return heard;
    known.disconnected();
    onStreamEnd();
    return true;
  }

  /** Reads after the agent reported a change; several reports in quick succession cause one reading. */
  async function readSoon(signal: AbortSignal): Promise<void> {
    if (readingSoon || !hasRole('power')) return;
    readingSoon = true;
    await loop.wait(NEWS_MS, signal);
    readingSoon = false;
    await tryToReadPower(signal);
  }

  const loop = createContactLoop({
    clock,
    random,
    reach,
    pushes: () => hasRole('telemetry'),
    listen,
    polls: () => hasRole('power'),
    poll: tryToReadPower,
    onFailure: fail,
    isRefused: () => facts.state === 'refused',
  });

  function begin(): void {
    if (!paused && presence === 'awake' && !ended.signal.aborted) loop.begin();
  }

  function finish(): void {
    loop.end();
    known.disconnected();
  }

  return {
    url,
    token,
    link: token === null ? null : link,
    view: () => ({
      url,
      state: presence === 'asleep' ? 'asleep' : facts.state,
      version: facts.health?.version ?? null,
      roles: facts.health?.roles ?? [],
      // Shown even before the first contact, so that a person knows to pair it.
      trouble: token === null ? withoutToken : presence === 'asleep' ? null : facts.trouble,
      ...(facts.policy?.problems?.length ? { problems: facts.policy.problems } : {}),
      mayRestartOllama: facts.power?.mayRestartOllama ?? false,
      actions: facts.power?.actions ?? [],
      missing: missingAbilities(facts.health),
    }),
    health: () => facts.health,
    machine: () => facts.machine,
    sample: known.sample,
    reading: known.reading,
    gpuFound: known.gpuFound,
    gpuTools: known.gpuTools,
    serverReport: known.serverReport,
    freshReading: known.freshReading,
    policy: () => facts.policy,
    power: () => facts.power,
    traffic: () => (presence === 'awake' && facts.state === 'ok' ? facts.traffic : null),
    foreignLeases: () => facts.leases.filter(({ id }) => !ours.has(id)),
    async probe(signal) {
      if (known.sampleAge() <= PROOF_MS) return;
      known.noteHealth(await bare.health(signal));
    },
    async refresh() {
      const { signal } = ended;
      if (facts.health === null) known.noteHealth(await bare.health(signal));
      if (hasRole('power')) await readPower(signal);
    },
    setPresence(next) {
      if (presence === next) return;
      presence = next;
      if (next === 'awake') begin();
      else {
        finish();
        known.wentOff();
      }
      onChange();
    },
    retryNow: loop.retryNow,
    setPaused(next) {
      paused = next;
      if (next) finish();
      else begin();
    },
    ended: loop.ended,
    stop() {
      finish();
      ended.abort(new PilotlightError('HOST_UNREACHABLE', { message: fact('AGENT_CONTACT_ENDED') }));
    },
  };
}
