/** What is known about one agent and its machine. Reports every change except new samples. */
import { eitherOf } from '../../../shared/either.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';
import type { ToolReport } from '../fleet/gpu-state.ts';
import { toolReportOf } from '../fleet/gpu-tools.ts';
import type { ServerReport } from '../fleet/server-process.ts';
import type {
  AgentHealth,
  AgentLease,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  AgentTraffic,
} from '../ports/agents.ts';
import type { Clock } from '../ports/time.ts';
import type { AgentContact, AgentReading } from './model.ts';

export type ContactState = 'unknown' | 'ok' | 'unreachable' | 'refused';

export interface KnowledgeOptions {
  clock: Clock;
  onChange(): void;
  onReached(contact: AgentContact): void;
  /** Its tools began to see a GPU, or see none any more. */
  onToolsChange(): void;
}

/** An older sample is out of date. */
const SAMPLE_MS = 5000;
/** The first sample may still contain an earlier reading of the agent's tools. */
const FRESH_AFTER = 2;
const FRESH_WAIT_MS = 4000;
const NEVER = Number.NEGATIVE_INFINITY;

export function createAgentKnowledge({ clock, onChange, onReached, onToolsChange }: KnowledgeOptions) {
  const facts = {
    state: 'unknown' as ContactState,
    trouble: null as Trouble | null,
    health: null as AgentHealth | null,
    healthAt: NEVER,
    machine: null as AgentMachine | null,
    policy: null as AgentPolicyView | null,
    power: null as AgentPower | null,
    leases: [] as AgentLease[],
    /** null if it is not known. */
    traffic: null as readonly AgentTraffic[] | null,
  };
  /** Whether `machine` was read in this contact, not before a sleep. */
  let isMachineCurrent = false;
  let sample: AgentSample | null = null;
  let sampleAt = NEVER;
  let toolKind: ToolReport['kind'] = 'unknown';
  /** Computed from the newest sample on demand. */
  let reading: AgentReading | null = null;
  const waiting = new Set<() => void>();
  /** The next contact counts as new: mirrors send everything again. */
  let isNew = true;
  let lastBoot: string | null = null;

  const sampleAge = () => clock.monotonic() - sampleAt;

  function setState(state: ContactState, trouble: Trouble | null): void {
    const { trouble: before } = facts;
    const same =
      facts.state === state && before?.code === trouble?.code && before?.message === trouble?.message;
    facts.state = state;
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
    if (!isNew && !fresh) return;
    isNew = false;
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
    /** As reported in this contact; null if not reported, or if Ollama does not answer there. */
    gpuFound: () =>
      isMachineCurrent && facts.machine?.ollama.answers === true ? facts.machine.ollama.gpuFound : null,
    serverReport(): ServerReport | null {
      if (!isMachineCurrent || facts.machine === null) return null;
      const { bootId, ollama } = facts.machine;
      return { bootId, startedAt: ollama.startedAt, restarts: ollama.restarts ?? null };
    },
    gpuTools: (): ToolReport =>
      sample === null || sampleAge() > SAMPLE_MS ? { kind: 'unknown' } : readTools(sample),

    /** Readings made after this call; null if none arrive in time. */
    async freshReading(signal: AbortSignal): Promise<AgentReading | null> {
      if (currentReading() === null) return null;
      const limit = new AbortController();
      let missing = FRESH_AFTER;
      const arrived = () => {
        missing -= 1;
        if (missing === 0) limit.abort();
      };
      waiting.add(arrived);
      using either = eitherOf(signal, limit.signal);
      await clock.sleep(FRESH_WAIT_MS, either.signal).catch(() => {});
      waiting.delete(arrived);
      signal.throwIfAborted();
      return missing <= 0 ? currentReading() : null;
    },

    setState,
    noteHealth(next: AgentHealth): void {
      facts.healthAt = clock.monotonic();
      set('health', next);
    },
    noteMachine(next: AgentMachine): void {
      const same = isMachineCurrent && JSON.stringify(facts.machine) === JSON.stringify(next);
      facts.machine = next;
      isMachineCurrent = true;
      if (!same) onChange();
      setState('ok', null);
      noteBoot(next.bootId);
    },
    noteSample(next: AgentSample): void {
      sample = next;
      reading = null;
      sampleAt = clock.monotonic();
      for (const arrived of waiting) arrived();
      const before = toolKind;
      toolKind = readTools(next).kind;
      if (before !== 'unknown' && before !== toolKind) onToolsChange();
    },
    notePolicy(next: AgentPolicyView): void {
      // It may have lost its leases and policy, so they are sent again.
      if (next.incomplete && !facts.policy?.incomplete) isNew = true;
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
    noteTraffic(next: readonly AgentTraffic[] | null): void {
      const key = (all: readonly AgentTraffic[] | null) =>
        JSON.stringify(all?.map(({ panel, holder, models }) => [panel, holder, models]) ?? null);
      const same = key(facts.traffic) === key(next);
      facts.traffic = next;
      if (!same) onChange();
    },
    noteBoot,

    /** The machine may be off or in another boot: earlier reports are out of date. */
    disconnected(): void {
      isNew = true;
      isMachineCurrent = false;
      sample = null;
      reading = null;
      sampleAt = NEVER;
      facts.healthAt = NEVER;
    },

    /** The machine is off, so its leases, policy and power action are unknown. */
    wentOff(): void {
      facts.policy = null;
      facts.leases = [];
      facts.traffic = null;
      if (facts.power !== null) facts.power = { ...facts.power, phase: 'idle', current: null };
      if (facts.state === 'refused') return;
      facts.state = 'unknown';
      facts.trouble = null;
    },
  };
}

const readTools = ({ gpus, gpusRead, problems }: AgentSample): ToolReport =>
  toolReportOf(gpus, { read: gpusRead, problem: problems[0] ?? '' });

/** Copied, because the sample changes in place; only the largest processes are included. */
function readingOf({ gpus, gpusRead, host }: AgentSample): AgentReading {
  // A partial list is shown, but an empty one means "no GPU" only if all tools were read.
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

/** More cannot be distinguished in a bar. */
const MOST_PROCESSES = 6;

function largest(processes: AgentSample['gpus'][number]['processes']) {
  return processes
    .toSorted((a, b) => (b.vramUsedBytes ?? 0) - (a.vramUsedBytes ?? 0))
    .slice(0, MOST_PROCESSES)
    .map(({ pid, name, vramUsedBytes }) => ({ pid, name, vramUsedBytes }));
}
