/** Agents on other machines. */
import type { Trouble } from '../../../shared/models/node-state.ts';
import type { PowerAction } from '../../../shared/models/power.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export interface AgentHealth {
  /** Stable over restarts; null from an older agent. */
  id: string | null;
  version: string | null;
  roles: string[];
}

/** What an agent says of its machine, as far as core uses it. */
export interface AgentMachine {
  hostname: string;
  bootId: string;
  interfaces: {
    name: string;
    mac: string;
    address: string;
    netmask: string;
    broadcast: string | null;
    /** Whether a magic packet wakes the machine through it; null where the system does not say. */
    wakeArmed: boolean | null;
  }[];
  ollama: { answers: boolean; version: string | null; startedAt: number | null; gpuFound: boolean | null };
}

export interface AgentGpuReading extends GpuReading {
  processes: { pid: number; name: string; vramUsedBytes: number | null }[];
}

export interface AgentSample {
  /** The agent's wall time. */
  at: number;
  host: HostReading;
  gpus: AgentGpuReading[];
  /** Whether these are all: a tool that has not printed anything yet, or that fails, may know of more. */
  gpusRead: 'all' | 'not-yet' | 'failed';
  /** Sentences: a tool that hangs, fails or prints an error. */
  problems: string[];
}

export interface AgentLease {
  id: string;
  holder: string;
  purpose: string;
  ttlSeconds: number;
  remainingSeconds: number;
}

/** What a panel lays down at an agent; the agent takes the strictest of all panels. */
export interface AgentPolicy {
  finishAlone: boolean;
  onlyIfWoken: boolean;
  idleMinutes: number;
  action: Exclude<PowerAction, 'restart'>;
  respectUsers: boolean;
  countdownSeconds: number;
  /** Where the agent may say hello when it starts; left out where nothing listens there. */
  helloUrl?: string;
}

export interface AgentPolicyView {
  bootId: string;
  wokenInThisBoot: boolean;
  /** A person cancelled the last countdown. */
  keptOn: boolean;
  /** Why it is on, a sentence each. */
  reasons: string[];
  idleSeconds: number;
  /** Milliseconds until it powers itself off if nothing changes; null when it will not. */
  remainingMs: number | null;
  /** Leases or policies may be missing there, because a file was damaged. Left out for false. */
  incomplete?: boolean | undefined;
  /** Files of the agent that were damaged; left out by an agent that does not report it. */
  problems?: Trouble[] | undefined;
}

export interface AgentPower {
  phase: 'idle' | 'countdown' | 'acting';
  current: { action: PowerAction; by: string; remainingSeconds: number } | null;
  actions: PowerAction[];
  mayRestartOllama: boolean;
  /** Why a lease doesn't keep its machine from sleeping; left out by an agent that does not report it. */
  sleepTrouble?: Trouble | null;
  /** How the last action of this run of the agent ended; left out by an agent that does not report it. */
  last?: AgentOutcome | null;
}

export interface AgentOutcome {
  action: PowerAction;
  outcome: 'done' | 'dry-run' | 'cancelled' | 'refused' | 'failed' | 'interrupted';
  /** Milliseconds since the epoch, by the agent's clock. */
  at: number;
  /** Its words: who cancelled, what speaks against it, what failed. */
  reason: string | null;
  /** Why it failed or was refused, as the agent's code, and what to do; left out by an agent that does not report it. */
  code?: string | null;
  next?: string | null;
}

/**
 * One agent. Every call rejects with a PilotlightError: HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED,
 * NOT_AN_AGENT, AGENT_REFUSED (token), AGENT_ERROR (its own words); those named beside a call besides.
 */
export interface AgentLink {
  readonly url: string;
  /** Needs no token. */
  health(signal: AbortSignal): Promise<AgentHealth>;
  /** Takes the token once. PAIRING_CLOSED. */
  pair(code: string, panel: string, signal: AbortSignal): Promise<{ token: string }>;
  machine(signal: AbortSignal): Promise<{ machine: AgentMachine; sample: AgentSample }>;
  /**
   * Once a second until the signal aborts or the agent ends; then it resolves, or rejects with why. The sample is the
   * same object each time, changed in place: whoever wants to keep it copies it.
   */
  watch(
    listener: {
      machine(machine: AgentMachine): void;
      sample(sample: AgentSample): void;
      /** Leases, policies or a power action have changed there. */
      news?(): void;
    },
    signal: AbortSignal,
  ): Promise<void>;
  leases(signal: AbortSignal): Promise<AgentLease[]>;
  /** Begins or renews. */
  putLease(
    lease: { id: string; holder: string; purpose: string; ttlSeconds: number },
    signal: AbortSignal,
  ): Promise<void>;
  /** One that is not there is ended already. */
  endLease(id: string, signal: AbortSignal): Promise<void>;
  putPolicy(panelId: string, policy: AgentPolicy, signal: AbortSignal): Promise<AgentPolicyView>;
  removePolicy(panelId: string, signal: AbortSignal): Promise<void>;
  policy(signal: AbortSignal): Promise<AgentPolicyView>;
  /** "Pilotlight woke this run." AGENT_ERROR with `details.code` BOOT_CHANGED when it has started anew since. */
  woken(bootId: string, by: string, signal: AbortSignal): Promise<AgentPolicyView>;
  power(signal: AbortSignal): Promise<AgentPower>;
  /** IN_USE with `details.reasons` (sentences) and `details.reasonCodes`, POWER_ACTION_RUNNING, NOT_SUPPORTED. */
  powerOff(
    request: { action: PowerAction; countdownSeconds: number; force: boolean; by: string },
    signal: AbortSignal,
  ): Promise<AgentPower>;
  /** NO_COUNTDOWN. */
  cancelPowerOff(by: string, signal: AbortSignal): Promise<AgentPower>;
  /** Relay role. RELAY_FAILED with its words. */
  wake(mac: string, signal: AbortSignal): Promise<void>;
  /** NOT_SUPPORTED where its configuration does not let it. */
  restartOllama(signal: AbortSignal): Promise<void>;
}

export type ConnectAgent = (options: { url: string; token: string | null }) => AgentLink;
