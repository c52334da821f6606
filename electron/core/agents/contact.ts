/**
 * The contact with one agent: made while its machine is on, ended when it goes off. It learns who the agent is, reads
 * policy, power and leases now and then, and listens to the samples that the agent pushes.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';
import type { AgentView } from '../../../shared/models/power.ts';
import type {
  AgentHealth,
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  Clock,
  ConnectAgent,
  Log,
  Random,
} from '../ports.ts';
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
  look(signal: AbortSignal): Promise<void>;
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
  /** It was there, and its stream ended or fell silent: the machine may be gone. */
  onStreamEnd(): void;
}

const POLL_MS = 60_000;
const NEWS_MS = 150;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** A wrong token does not get better by itself, and the agent makes whoever repeats it wait. */
const REFUSED_RETRY_MS = 600_000;
const JITTER = 0.2;
/** Who it is, is not asked twice in so short a time. */
const HEALTH_FRESH_MS = 10_000;
/** A push so young proves that the agent answers. */
const PROOF_MS = 3000;
/** An older sample says nothing about now. */
const SAMPLE_MS = 5000;
/** The first sample that comes may hold what the agent's tool had read before. */
const FRESH_AFTER = 2;
const FRESH_WAIT_MS = 4000;

export function createContact(options: ContactOptions): Contact {
  const { nodeId, url, token, clock, random, log, onChange, onReached, onStreamEnd } = options;
  const bare = options.connectAgent({ url, token });
  const ended = new AbortController();
  let presence: Presence = 'unknown';
  let paused = false;
  let standing: 'unknown' | 'ok' | 'unreachable' | 'refused' = 'unknown';
  let trouble: Trouble | null = null;
  let health: AgentHealth | null = null;
  let healthAt = Number.NEGATIVE_INFINITY;
  let machine: AgentMachine | null = null;
  /** The machine was described in this contact, not in one before a sleep. */
  let machineIsNow = false;
  let sample: AgentSample | null = null;
  const waiting = new Set<() => void>();
  let sampleAt = Number.NEGATIVE_INFINITY;
  /** Of the newest sample; null until somebody asks for it. */
  let reading: AgentReading | null = null;
  let policy: AgentPolicyView | null = null;
  let power: AgentPower | null = null;
  let leases: AgentLease[] = [];
  const ours = new Set<string>();
  /** It could not be spoken with since: whoever mirrors things there begins anew. */
  let away = true;
  let lastBoot: string | null = null;
  let run: AbortController | null = null;
  let retry: AbortController | null = null;
  let running: Promise<unknown> = Promise.resolve();

  // -------------------------------------------------------------- what was learned

  function stand(next: typeof standing, why: Trouble | null): void {
    const same = standing === next && trouble?.code === why?.code && trouble?.message === why?.message;
    standing = next;
    trouble = why;
    if (!same) onChange();
  }

  function fail(error: unknown): void {
    if (!isPilotlightError(error))
      log.error('An agent failed in an unforeseen way.', { nodeId, error: String(error) });
    const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    const { code, message, next } = coded;
    if (code === 'AGENT_REFUSED') stand('refused', { code, message, next });
    else {
      away = true;
      stand('unreachable', { code, message, next });
    }
  }

  function noteHealth(next: AgentHealth): void {
    const same = health !== null && JSON.stringify(health) === JSON.stringify(next);
    health = next;
    healthAt = clock.monotonic();
    if (!same) onChange();
  }

  function noteBoot(bootId: string): void {
    const fresh = bootId !== lastBoot;
    if (!away && !fresh) return;
    away = false;
    lastBoot = bootId;
    onReached({ bootId, fresh });
  }

  function noteMachine(next: AgentMachine): void {
    const same = machine !== null && JSON.stringify(machine) === JSON.stringify(next);
    machine = next;
    const known = machineIsNow && same;
    machineIsNow = true;
    if (!known) onChange();
    stand('ok', null);
    noteBoot(next.bootId);
  }

  function noteSample(next: AgentSample): void {
    sample = next;
    reading = null;
    sampleAt = clock.monotonic();
    for (const arrived of waiting) arrived();
  }

  function notePolicy(next: AgentPolicyView): void {
    const same = policy !== null && JSON.stringify(policy) === JSON.stringify(next);
    policy = next;
    if (!same) onChange();
  }

  function notePower(next: AgentPower): void {
    const same = power !== null && JSON.stringify(power) === JSON.stringify(next);
    power = next;
    if (!same) onChange();
  }

  function noteLeases(next: AgentLease[]): void {
    const key = (all: AgentLease[]) =>
      JSON.stringify(all.map(({ id, holder, purpose }) => [id, holder, purpose]));
    const same = key(leases) === key(next);
    leases = next;
    if (!same) onChange();
  }

  const link = observeLink(bare, {
    policy: notePolicy,
    power: notePower,
    leases: noteLeases,
    leaseHeld: (id) => void ours.add(id),
    leaseEnded(id) {
      ours.delete(id);
      noteLeases(leases.filter((lease) => lease.id !== id));
    },
    refused: fail,
  });

  function currentReading(): AgentReading | null {
    if (sample === null || sampleAge() > SAMPLE_MS) return null;
    reading ??= readingOf(sample);
    return reading;
  }

  const hasRole = (role: string) => health?.roles.includes(role) ?? false;
  const sampleAge = () => clock.monotonic() - sampleAt;

  // -------------------------------------------------------------- while the machine is on

  async function readPower(signal: AbortSignal): Promise<void> {
    const [nextPolicy, nextPower, nextLeases] = await Promise.all([
      bare.policy(signal),
      bare.power(signal),
      bare.leases(signal),
    ]);
    if (signal.aborted) return;
    notePower(nextPower);
    noteLeases(nextLeases);
    notePolicy(nextPolicy);
    stand('ok', null);
    noteBoot(nextPolicy.bootId);
  }

  async function reach(signal: AbortSignal): Promise<void> {
    if (clock.monotonic() - healthAt > HEALTH_FRESH_MS && sampleAge() > PROOF_MS) {
      noteHealth(await bare.health(signal));
    }
    if (token === null) {
      throw new PilotlightError('AGENT_REFUSED', {
        message: 'The agent answers, but its token is not known here.',
      });
    }
    if (hasRole('power')) await readPower(signal);
    else if (!hasRole('telemetry')) stand('ok', null);
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
            noteMachine(next);
          },
          sample(next) {
            heard = true;
            noteSample(next);
          },
          news: () => readSoon(signal),
        },
        signal,
      );
    } catch (error) {
      if (!signal.aborted) failToListen(error);
    }
    if (signal.aborted || !heard) return heard;
    sampleAt = Number.NEGATIVE_INFINITY;
    machineIsNow = false;
    away = true;
    onStreamEnd();
    return true;
  }

  let readingSoon = false;

  /** After the agent's word that something has changed; many words in a moment are one reading. */
  function readSoon(signal: AbortSignal): void {
    if (readingSoon || !hasRole('power')) return;
    readingSoon = true;
    void nap(NEWS_MS, signal)
      .then(() => {
        readingSoon = false;
        return signal.aborted ? undefined : readPower(signal);
      })
      .catch((error: unknown) => {
        if (!signal.aborted)
          log.debug('The power of an agent could not be read.', { nodeId, error: String(error) });
      });
  }

  /** Reads what is not pushed, beside the stream, as long as the stream lives. */
  async function poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && hasRole('power')) {
      await nap(withJitter(POLL_MS), signal);
      if (signal.aborted) return;
      await readPower(signal).catch((error: unknown) => {
        if (!signal.aborted)
          log.debug('The power of an agent could not be read.', { nodeId, error: String(error) });
      });
    }
  }

  async function attend(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = POLL_MS;
      try {
        await reach(signal);
        if (signal.aborted) return;
        if (hasRole('telemetry')) {
          const polling = new AbortController();
          const polled = poll(AbortSignal.any([signal, polling.signal]));
          const heard = await listen(signal);
          polling.abort();
          await polled;
          failures = heard ? 1 : failures + 1;
          waitMs = retryMs(failures);
        } else failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        fail(error);
        waitMs = retryMs(failures);
      }
      if (!signal.aborted) await rest(standing === 'refused' ? REFUSED_RETRY_MS : waitMs, signal);
    }
  }

  const retryMs = (failures: number) =>
    Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, failures - 1));
  const withJitter = (ms: number) => ms * (1 - JITTER / 2 + random() * JITTER);
  /** Never rejects. */
  const nap = (ms: number, signal: AbortSignal) => clock.sleep(ms, signal).catch(() => {});

  /** Until the next try. */
  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    const called = new AbortController();
    retry = called;
    await nap(withJitter(ms), AbortSignal.any([signal, called.signal]));
    retry = null;
  }

  function begin(): void {
    if (run || paused || presence !== 'awake' || ended.signal.aborted) return;
    const own = new AbortController();
    run = own;
    const attended = attend(own.signal);
    running = Promise.all([running, attended]);
  }

  function finish(): void {
    run?.abort(new DOMException('The contact was ended.', 'AbortError'));
    run = null;
    away = true;
    machineIsNow = false;
    sample = null;
    reading = null;
    sampleAt = Number.NEGATIVE_INFINITY;
    healthAt = Number.NEGATIVE_INFINITY;
  }

  return {
    url,
    token,
    link: token === null ? null : link,
    view: () => ({
      url,
      state: presence === 'asleep' ? 'asleep' : standing,
      version: health?.version ?? null,
      roles: health?.roles ?? [],
      trouble: presence === 'asleep' ? null : trouble,
      mayRestartOllama: power?.mayRestartOllama ?? false,
      actions: power?.actions ?? [],
    }),
    health: () => health,
    machine: () => machine,
    sample: () => (sampleAge() <= SAMPLE_MS ? sample : null),
    reading: currentReading,
    gpuFound: () => (machineIsNow ? (machine?.ollama.gpuFound ?? null) : null),
    async freshReading(signal) {
      if (currentReading() === null) return null;
      const limit = new AbortController();
      let missing = FRESH_AFTER;
      const arrived = () => {
        missing -= 1;
        if (missing === 0) limit.abort();
      };
      waiting.add(arrived);
      await clock.sleep(FRESH_WAIT_MS, AbortSignal.any([signal, limit.signal])).catch(() => {});
      waiting.delete(arrived);
      signal.throwIfAborted();
      return missing <= 0 ? currentReading() : null;
    },
    policy: () => policy,
    power: () => power,
    foreignLeases: () => leases.filter(({ id }) => !ours.has(id)),
    async look(signal) {
      if (sampleAge() <= PROOF_MS) return;
      noteHealth(await bare.health(signal));
    },
    async refresh() {
      const { signal } = ended;
      if (health === null) noteHealth(await bare.health(signal));
      if (hasRole('power')) await readPower(signal);
    },
    setPresence(next) {
      if (presence === next) return;
      presence = next;
      if (next === 'awake') begin();
      else {
        finish();
        // What stood in a machine that is off stands there no longer, or nobody can say.
        policy = null;
        leases = [];
        if (power !== null) power = { ...power, phase: 'idle', current: null };
        standing = standing === 'refused' ? standing : 'unknown';
        trouble = standing === 'refused' ? trouble : null;
      }
      onChange();
    },
    retryNow: () => retry?.abort(),
    setPaused(next) {
      paused = next;
      if (next) finish();
      else begin();
    },
    async ended() {
      await running;
    },
    stop() {
      finish();
      ended.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: 'The agent is no longer spoken with.' }),
      );
    },
  };
}

/** A copy, for the sample changes in place; without the processes, which the views do not show. */
function readingOf({ gpus, host }: AgentSample): AgentReading {
  return {
    gpus: gpus.map((gpu) => ({
      id: gpu.id,
      vendor: gpu.vendor,
      name: gpu.name,
      vramTotalBytes: gpu.vramTotalBytes,
      vramUsedBytes: gpu.vramUsedBytes,
      utilisationPercent: gpu.utilisationPercent,
      temperatureCelsius: gpu.temperatureCelsius,
      powerWatts: gpu.powerWatts,
    })),
    host: {
      cpuPercent: host.cpuPercent,
      memoryTotalBytes: host.memoryTotalBytes,
      memoryUsedBytes: host.memoryUsedBytes,
    },
  };
}
