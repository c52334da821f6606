/**
 * The contact with one agent: made while its machine is on, ended when it goes off. It learns who the agent is, reads
 * policy, power and leases now and then, and listens to the samples that the agent pushes.
 */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { AgentView } from '../../../shared/models/power.ts';
import type {
  AgentHealth,
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  ConnectAgent,
} from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random } from '../ports/time.ts';
import { troubleOf } from '../runtime/trouble.ts';
import { createTurns } from '../runtime/turns.ts';
import { createContactLoop } from './contact-loop.ts';
import { createAgentKnowledge } from './knowledge.ts';
import type { AgentContact, AgentReading } from './model.ts';
import { observeLink } from './observed-link.ts';

/** Whether the machine is on, as the fleet sees it. */
export type Presence = 'unknown' | 'asleep' | 'awake';

export interface Contact {
  readonly url: string;
  readonly token: string | null;
  readonly link: AgentLink | null;
  view(): AgentView;
  health(): AgentHealth | null;
  machine(): AgentMachine | null;
  gpuFound(): boolean | null;
  freshReading(signal: AbortSignal): Promise<AgentReading | null>;
  sample(): AgentSample | null;
  reading(): AgentReading | null;
  policy(): AgentPolicyView | null;
  power(): AgentPower | null;
  foreignLeases(): AgentLease[];
  probe(signal: AbortSignal): Promise<void>;
  refresh(): Promise<void>;
  setPresence(presence: Presence): void;
  /** It is there again: the wait before the next try is over. */
  retryNow(): void;
  setPaused(paused: boolean): void;
  /** Resolves when nothing of it runs any more. */
  ended(): Promise<void>;
  /** For ever. */
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
  /** A lease of ours stands there no longer, though nobody here has ended it. */
  onLeaseGone(leaseId: string): void;
  /** It was there, and its stream ended or fell silent: the machine may be gone. */
  onStreamEnd(): void;
}

const NEWS_MS = 150;
/** Who it is, is not asked twice in so short a time. */
const HEALTH_FRESH_MS = 10_000;
/** A push so young proves that the agent answers. */
const PROOF_MS = 3000;
const withoutToken = troubleOf(
  new PilotlightError('AGENT_REFUSED', { message: fact('AGENT_TOKEN_UNKNOWN') }),
);
/** Its machine may well answer: only the agent is known to be silent. */
const notAnswering = {
  message: fact('AGENT_DOES_NOT_ANSWER'),
  next: fact('CHECK_AGENT_RUNS'),
};

export function createContact(options: ContactOptions): Contact {
  const { nodeId, url, token, clock, random, log, onChange, onReached, onLeaseGone, onStreamEnd } = options;
  const bare = options.connectAgent({ url, token });
  /** Leases that were put by this core. */
  const ours = new Set<string>();
  /** Those of ours that the agent has taken in this contact, with how often it has. */
  const sure = new Map<string, number>();
  let takes = 0;
  /** Readings of its power come one after the other: none overwrites a newer one. */
  const readings = createTurns();
  const known = createAgentKnowledge({
    clock,
    onChange,
    onReached(contact) {
      sure.clear();
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
      log.error('An agent failed in an unforeseen way.', { nodeId, error: String(error) });
    const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    const { code } = coded;
    const silent = code === 'HOST_UNREACHABLE' || code === 'HOST_TIMEOUT';
    const trouble = troubleOf(silent ? new PilotlightError(code, notAnswering) : coded);
    const refused = code === 'AGENT_REFUSED';
    if (!refused) known.lost();
    known.stand(refused ? 'refused' : 'unreachable', trouble);
  }

  const link = observeLink(bare, {
    policy: known.notePolicy,
    power: known.notePower,
    leases: known.noteLeases,
    leaseHeld: (id) => void ours.add(id),
    leaseTaken(id) {
      takes += 1;
      sure.set(id, takes);
    },
    leaseEnded(id) {
      ours.delete(id);
      sure.delete(id);
      known.noteLeases(facts.leases.filter((lease) => lease.id !== id));
    },
    refused: fail,
  });

  const readPower = (signal: AbortSignal) => readings.take('power', () => readPowerNow(signal));

  async function readPowerNow(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const before = [...sure];
    const [policy, power, leases] = await Promise.all([
      bare.policy(signal),
      bare.power(signal),
      bare.leases(signal),
    ]);
    if (signal.aborted) return;
    known.notePower(power);
    known.noteLeases(leases);
    known.notePolicy(policy);
    known.stand('ok', null);
    known.noteBoot(policy.bootId);
    // It stood there before we asked, in this contact, and stands there no longer: somebody else has ended it.
    for (const [id, take] of before) {
      // Renewed while the list was on its way: the list may be the older of the two.
      if (sure.get(id) !== take || leases.some((lease) => lease.id === id)) continue;
      sure.delete(id);
      onLeaseGone(id);
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
    if (hasRole('power')) await readPower(signal);
    else if (!hasRole('telemetry')) known.stand('ok', null);
  }

  /** An agent that answers everything but this is not unreachable: it has too many listeners, for one. */
  function failToListen(error: unknown): void {
    if (isPilotlightError(error) && error.code === 'AGENT_ERROR' && hasRole('power')) {
      log.debug('An agent does not push.', { nodeId, error: error.message });
    } else fail(error);
  }

  /** Resolves with whether anything was heard before it ended. */
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
      if (!signal.aborted) failToListen(error);
    }
    if (signal.aborted || !heard) return heard;
    known.lost();
    onStreamEnd();
    return true;
  }

  /** After the agent's word that something has changed; many words in a moment are one reading. */
  async function readSoon(signal: AbortSignal): Promise<void> {
    if (readingSoon || !hasRole('power')) return;
    readingSoon = true;
    await loop.nap(NEWS_MS, signal);
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
    isRefused: () => facts.standing === 'refused',
  });

  function begin(): void {
    if (!paused && presence === 'awake' && !ended.signal.aborted) loop.begin();
  }

  function finish(): void {
    loop.end();
    known.lost();
  }

  return {
    url,
    token,
    link: token === null ? null : link,
    view: () => ({
      url,
      state: presence === 'asleep' ? 'asleep' : facts.standing,
      version: facts.health?.version ?? null,
      roles: facts.health?.roles ?? [],
      // Reported before it is reached too: a person can pair it when it wakes.
      trouble: token === null ? withoutToken : presence === 'asleep' ? null : facts.trouble,
      ...(facts.policy?.problems?.length ? { problems: facts.policy.problems } : {}),
      mayRestartOllama: facts.power?.mayRestartOllama ?? false,
      actions: facts.power?.actions ?? [],
    }),
    health: () => facts.health,
    machine: () => facts.machine,
    sample: known.sample,
    reading: known.reading,
    gpuFound: known.gpuFound,
    freshReading: known.freshReading,
    policy: () => facts.policy,
    power: () => facts.power,
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
        known.slept();
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
