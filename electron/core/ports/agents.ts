/** Agents on other machines. */
import type { ProtocolRange } from '../../../shared/contract/agent/protocol.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';
import type { PowerAction } from '../../../shared/models/power.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export interface AgentHealth {
  /** Stable across restarts; null from an older agent. */
  id: string | null;
  version: string | null;
  roles: string[];
  /** Versions of the protocol that it speaks. */
  protocol: ProtocolRange;
}

/** The machine of an agent, as far as core uses it. */
export interface AgentMachine {
  hostname: string;
  bootId: string;
  interfaces: {
    name: string;
    mac: string;
    address: string;
    netmask: string;
    broadcast: string | null;
    /** Whether a magic packet to this interface wakes the machine; null if the system does not report it. */
    wakeArmed: boolean | null;
  }[];
  ollama: {
    answers: boolean;
    version: string | null;
    startedAt: number | null;
    gpuFound: boolean | null;
    /** Since the agent started; null or left out if it does not count them. */
    restarts?: number | null;
  };
}

export interface AgentGpuProcess {
  pid: number;
  name: string;
  vramUsedBytes: number | null;
  /** Left out if it is not reported; `name` is null if that process has ended. */
  parent?: { pid: number; name: string | null };
}

export interface AgentGpuReading extends GpuReading {
  processes: AgentGpuProcess[];
}

export interface AgentSample {
  /** The agent's wall time. */
  at: number;
  host: HostReading;
  gpus: AgentGpuReading[];
  /** Whether the list is complete: a tool that has no output yet or that fails may know of more. */
  gpusRead: 'all' | 'not-yet' | 'failed';
  /** One sentence for each tool that hangs, fails or prints an error. */
  problems: string[];
}

export interface AgentLease {
  id: string;
  holder: string;
  purpose: string;
  ttlSeconds: number;
  remainingSeconds: number;
}

/** The models that a panel uses on the machine of an agent, as it last reported. */
export interface AgentTraffic {
  /** Id of the panel. */
  panel: string;
  holder: string;
  models: string[];
  /** Since it was reported. */
  seenSeconds: number;
}

/** The policy of one panel at an agent; the agent applies the strictest of all panels. */
export interface AgentPolicy {
  finishAlone: boolean;
  onlyIfWoken: boolean;
  idleMinutes: number;
  action: Exclude<PowerAction, 'restart'>;
  respectUsers: boolean;
  countdownSeconds: number;
  /** URL at which the agent announces itself when it starts; left out if nothing listens there. */
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
  /** Milliseconds until it shuts down if nothing changes; null if it will not. */
  remainingMs: number | null;
  /** Leases or policies may be missing because a file was damaged. Left out for false. */
  incomplete?: boolean | undefined;
  /** Damaged files of the agent; left out by an agent that does not report them. */
  problems?: Trouble[] | undefined;
}

export interface AgentPower {
  phase: 'idle' | 'countdown' | 'acting';
  current: { action: PowerAction; by: string; remainingSeconds: number } | null;
  actions: PowerAction[];
  mayRestartOllama: boolean;
  /** Why a lease doesn't keep its machine from sleeping; left out by an agent that does not report it. */
  sleepTrouble?: Trouble | null;
  /** How the last action since the agent started ended; left out by an agent that does not report it. */
  last?: AgentOutcome | null;
}

export interface AgentOutcome {
  action: PowerAction;
  outcome: 'done' | 'dry-run' | 'cancelled' | 'refused' | 'failed' | 'interrupted';
  /** Milliseconds since the epoch, by the agent's clock. */
  at: number;
  /** Text of the agent: who cancelled, why it is in use, or what failed. */
  reason: string | null;
  /** Why it failed or was refused, as the agent's code, and what to do; left out by an agent that does not report it. */
  code?: string | null;
  next?: string | null;
}

/** A manifest of a release as it was signed. */
export interface SignedRelease {
  manifest: string;
  /** Base64. */
  signature: string;
}

export interface AgentUpdate {
  version: string;
  os: string;
  arch: string;
  /** One of `agentUpdateWays`; a newer agent may have more. */
  way: string;
  /** `idle`, `receiving`, `ready` or `starting`. */
  state: string;
  next: { version: string; size: number; received: number } | null;
  /** The version that it goes back to; null for none. */
  previous: string | null;
  /** `outcome`: `updated` or `rolled-back`, with a code. */
  last: { version: string; from: string; outcome: string; code: string | null; at: number } | null;
  /** Why it doesn't start a new version now. */
  busy: { code?: string | undefined; message: string }[];
}

/**
 * One agent. Every call rejects with a PilotlightError: HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED,
 * NOT_AN_AGENT, AGENT_REFUSED (token), AGENT_ERROR (with the agent's message), and the codes listed at each call.
 */
export interface AgentLink {
  readonly url: string;
  /** Needs no token. */
  health(signal: AbortSignal): Promise<AgentHealth>;
  /** Exchanges a pairing code for the token; a code works once. PAIRING_CLOSED. */
  pair(code: string, panel: string, signal: AbortSignal): Promise<{ token: string }>;
  machine(signal: AbortSignal): Promise<{ machine: AgentMachine; sample: AgentSample }>;
  /**
   * Calls the listener once a second until the signal aborts or the stream ends; then resolves, or rejects with the
   * reason. The sample is the same object each time, changed in place: copy it to keep it.
   */
  watch(
    listener: {
      machine(machine: AgentMachine): void;
      sample(sample: AgentSample): void;
      /** Leases, policies or a power action have changed at the agent. */
      news?(): void;
    },
    signal: AbortSignal,
  ): Promise<void>;
  leases(signal: AbortSignal): Promise<AgentLease[]>;
  /** Begins or renews a lease. */
  putLease(
    lease: { id: string; holder: string; purpose: string; ttlSeconds: number },
    signal: AbortSignal,
  ): Promise<void>;
  /** Does nothing if the agent does not hold it. */
  endLease(id: string, signal: AbortSignal): Promise<void>;
  /** What each panel uses there; null if the agent is too old to know. */
  traffic(signal: AbortSignal): Promise<AgentTraffic[] | null>;
  /** Reports what this panel uses there, for a while. False if the agent is too old to take it. */
  putTraffic(
    panelId: string,
    traffic: { holder: string; models: readonly string[]; ttlSeconds: number },
    signal: AbortSignal,
  ): Promise<boolean>;
  putPolicy(panelId: string, policy: AgentPolicy, signal: AbortSignal): Promise<AgentPolicyView>;
  removePolicy(panelId: string, signal: AbortSignal): Promise<void>;
  policy(signal: AbortSignal): Promise<AgentPolicyView>;
  /** Reports that Pilotlight started this boot. AGENT_ERROR with `details.code` BOOT_CHANGED if it has rebooted since. */
  woken(bootId: string, by: string, signal: AbortSignal): Promise<AgentPolicyView>;
  power(signal: AbortSignal): Promise<AgentPower>;
  /** IN_USE with `details.reasons` (sentences) and `details.reasonCodes`, POWER_ACTION_RUNNING, NOT_SUPPORTED. */
  powerOff(
    request: { action: PowerAction; countdownSeconds: number; force: boolean; by: string },
    signal: AbortSignal,
  ): Promise<AgentPower>;
  /** NO_COUNTDOWN. */
  cancelPowerOff(by: string, signal: AbortSignal): Promise<AgentPower>;
  /** Needs the relay role. RELAY_FAILED with the agent's message. */
  wake(mac: string, signal: AbortSignal): Promise<void>;
  /** NOT_SUPPORTED if its configuration does not allow it. */
  restartOllama(signal: AbortSignal): Promise<void>;
  /** How it is updated, and how far an update is; null if the agent is too old for it. */
  update(signal: AbortSignal): Promise<AgentUpdate | null>;
  /** AGENT_UPDATE_NOT_HERE, AGENT_UPDATE_NOT_SIGNED, AGENT_UPDATE_UNREADABLE, AGENT_UPDATE_NOT_NEWER, AGENT_UPDATE_NOT_FOR_THIS. */
  offerUpdate(release: SignedRelease, signal: AbortSignal): Promise<AgentUpdate>;
  /** The bytes of its file from there on. AGENT_UPDATE_OUT_OF_STEP, AGENT_UPDATE_DAMAGED. */
  putUpdatePart(from: number, bytes: Uint8Array, signal: AbortSignal): Promise<AgentUpdate>;
  /** The agent ends, and the new version starts. IN_USE with the reasons, AGENT_UPDATE_NOT_READY, AGENT_UPDATE_DAMAGED. */
  startUpdate(version: string, by: string, signal: AbortSignal): Promise<AgentUpdate>;
  /** Forgets a version that was not started. */
  dropUpdate(signal: AbortSignal): Promise<AgentUpdate>;
}

export type ConnectAgent = (options: { url: string; token: string | null }) => AgentLink;
