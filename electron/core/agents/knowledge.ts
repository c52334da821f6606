/** What is known of one agent and its machine. Tells when any of it changes, but for samples. */
import type { Trouble } from '../../../shared/models/node-state.ts';
import type {
  AgentHealth,
  AgentLease,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
} from '../ports/agents.ts';
import type { Clock } from '../ports/time.ts';
import type { AgentContact, AgentReading } from './model.ts';

export type Standing = 'unknown' | 'ok' | 'unreachable' | 'refused';

export interface KnowledgeOptions {
  clock: Clock;
  onChange(): void;
  onReached(contact: AgentContact): void;
}

/** An older sample says nothing about now. */
const SAMPLE_MS = 5000;
/** The first sample that comes may hold what the agent's tool had read before. */
const FRESH_AFTER = 2;
const FRESH_WAIT_MS = 4000;
const NEVER = Number.NEGATIVE_INFINITY;

export function createAgentKnowledge({ clock, onChange, onReached }: KnowledgeOptions) {
  const facts = {
    standing: 'unknown' as Standing,
    trouble: null as Trouble | null,
    health: null as AgentHealth | null,
    healthAt: NEVER,
    machine: null as AgentMachine | null,
    policy: null as AgentPolicyView | null,
    power: null as AgentPower | null,
    leases: [] as AgentLease[],
  };
  /** The machine was described in this contact, not in one before a sleep. */
  let machineIsNow = false;
  let sample: AgentSample | null = null;
  let sampleAt = NEVER;
  /** Of the newest sample; null until somebody asks for it. */
  let reading: AgentReading | null = null;
  const waiting = new Set<() => void>();
  /** It could not be spoken with since: whoever mirrors things there begins anew. */
  let away = true;
  let lastBoot: string | null = null;

  const sampleAge = () => clock.monotonic() - sampleAt;

  function stand(standing: Standing, trouble: Trouble | null): void {
    const { trouble: before } = facts;
    const same =
      facts.standing === standing && before?.code === trouble?.code && before?.message === trouble?.message;
    facts.standing = standing;
    facts.trouble = trouble;
    if (!same) onChange();
  }

  function set<Key extends 'health' | 'policy' | 'power'>(key: Key, next: (typeof facts)[Key]): void {
    const same = JSON.stringify(facts[key]) === JSON.stringify(next);
    facts[key] = next;
    if (!same) onChange();
  }

  function noteBoot(bootId: string): void {
    const fresh = bootId !== lastBoot;
    if (!away && !fresh) return;
    away = false;
    lastBoot = bootId;
    onReached({ bootId, fresh });
  }

  function currentReading(): AgentReading | null {
    if (sample === null || sampleAge() > SAMPLE_MS) return null;
    reading ??= readingOf(sample);
    return reading;
  }

  return {
    facts: facts as Readonly<typeof facts>,
    sample: () => (sampleAge() <= SAMPLE_MS ? sample : null),
    reading: currentReading,
    sampleAge,
    healthAge: () => clock.monotonic() - facts.healthAt,
    hasRole: (role: string) => facts.health?.roles.includes(role) ?? false,
    /** As said in this contact; null where nobody said. */
    gpuFound: () => (machineIsNow ? (facts.machine?.ollama.gpuFound ?? null) : null),

    /** Readings that were made after this call; null where none come in time. */
    async freshReading(signal: AbortSignal): Promise<AgentReading | null> {
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

    stand,
    noteHealth(next: AgentHealth): void {
      facts.healthAt = clock.monotonic();
      set('health', next);
    },
    noteMachine(next: AgentMachine): void {
      const same = machineIsNow && JSON.stringify(facts.machine) === JSON.stringify(next);
      facts.machine = next;
      machineIsNow = true;
      if (!same) onChange();
      stand('ok', null);
      noteBoot(next.bootId);
    },
    noteSample(next: AgentSample): void {
      sample = next;
      reading = null;
      sampleAt = clock.monotonic();
      for (const arrived of waiting) arrived();
    },
    notePolicy(next: AgentPolicyView): void {
      // It may have lost its leases and policy, so they are sent again.
      if (next.incomplete && !facts.policy?.incomplete) away = true;
      set('policy', next);
    },
    notePower: (next: AgentPower) => set('power', next),
    noteLeases(next: AgentLease[]): void {
      const key = (all: readonly AgentLease[]) =>
        JSON.stringify(all.map(({ id, holder, purpose }) => [id, holder, purpose]));
      const same = key(facts.leases) === key(next);
      facts.leases = next;
      if (!same) onChange();
    },
    noteBoot,

    /** It may be gone, or another run of the machine: only what is said anew counts as of now. */
    lost(): void {
      away = true;
      machineIsNow = false;
      sample = null;
      reading = null;
      sampleAt = NEVER;
      facts.healthAt = NEVER;
    },

    /** The machine is off. What stood in it stands there no longer, or nobody can say. */
    slept(): void {
      facts.policy = null;
      facts.leases = [];
      if (facts.power !== null) facts.power = { ...facts.power, phase: 'idle', current: null };
      if (facts.standing === 'refused') return;
      facts.standing = 'unknown';
      facts.trouble = null;
    },
  };
}

/** A copy, for the sample changes in place; of the processes only those that hold the most. */
function readingOf({ gpus, gpusRead, host }: AgentSample): AgentReading {
  // Some that were read are shown; an empty list that was not fully read is not "no GPU".
  const known = gpus.length > 0 || gpusRead === 'all';
  const readings = gpus.map((gpu) => ({
    id: gpu.id,
    vendor: gpu.vendor,
    name: gpu.name,
    vramTotalBytes: gpu.vramTotalBytes,
    vramUsedBytes: gpu.vramUsedBytes,
    utilisationPercent: gpu.utilisationPercent,
    temperatureCelsius: gpu.temperatureCelsius,
    powerWatts: gpu.powerWatts,
    ...(gpu.integrated === true ? { integrated: gpu.integrated } : {}),
    ...(gpu.processes.length === 0 ? {} : { processes: largest(gpu.processes) }),
  }));
  return {
    gpus: known ? readings : null,
    host: {
      cpuPercent: host.cpuPercent,
      memoryTotalBytes: host.memoryTotalBytes,
      memoryUsedBytes: host.memoryUsedBytes,
    },
  };
}

/** More than these are not told apart in a bar. */
const MOST_PROCESSES = 6;

function largest(processes: AgentSample['gpus'][number]['processes']) {
  return processes
    .toSorted((a, b) => (b.vramUsedBytes ?? 0) - (a.vramUsedBytes ?? 0))
    .slice(0, MOST_PROCESSES)
    .map(({ name, vramUsedBytes }) => ({ name, vramUsedBytes }));
}
