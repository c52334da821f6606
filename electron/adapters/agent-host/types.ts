/** The machine that an agent runs on. Simulated machines provide their own. */
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export type { NetworkInterface, Udp } from '../../core/ports/network.ts';
export type { Clock, Timer } from '../../core/ports/time.ts';

export type HostPlatform = 'linux' | 'darwin' | 'win32';

/** `name`: its program without the folder; null if that process has ended. */
export interface ParentProcess {
  pid: number;
  name: string | null;
}

export interface GpuProcess {
  pid: number;
  name: string;
  /** null if the driver does not report it. */
  vramUsedBytes: number | null;
  /** What started it, for a runner of Ollama; left out for other programs, and if the system does not report it. */
  parent?: ParentProcess;
}

export interface AgentGpu extends GpuReading {
  processes: GpuProcess[];
}

export interface AgentHostReading extends HostReading {
  swapTotalBytes: number | null;
  swapUsedBytes: number | null;
  uptimeSeconds: number;
}

export interface AgentInterface {
  name: string;
  mac: string;
  address: string;
  netmask: string;
  /** The broadcast address of its network; null if there is none. */
  broadcast: string | null;
  /** Whether a magic packet on it wakes the machine; null if the system does not report it. */
  wakeArmed: boolean | null;
}

export interface OllamaFacts {
  answers: boolean;
  version: string | null;
  /** Milliseconds since the epoch; null if the system does not report it. */
  startedAt: number | null;
  /** Whether Ollama found a GPU when it started; null if neither its log nor a loaded model shows it. */
  gpuFound: boolean | null;
  /** Restarts noticed since telemetry was opened; null or left out if they are not noticed. */
  restarts?: number | null;
}

/** What rarely changes. */
export interface MachineFacts {
  hostname: string;
  platform: HostPlatform;
  bootId: string;
  interfaces: AgentInterface[];
  ollama: OllamaFacts;
}

/**
 * Whether a list of GPUs is complete: a tool that has not printed anything yet, or that fails, may find more.
 */
export type GpusRead = 'all' | 'not-yet' | 'failed';

/** One sample. `problems` are sentences: a tool that hangs, fails or prints an error. */
export interface AgentSample {
  at: number;
  host: AgentHostReading;
  gpus: AgentGpu[];
  gpusRead: GpusRead;
  problems: string[];
}

export interface TelemetrySource {
  read(signal: AbortSignal): Promise<AgentSample>;
  machine(signal: AbortSignal): Promise<MachineFacts>;
  /** Whether `machine` would report something else than the last time: Ollama was restarted. Left out for unknown. */
  machineChanged?(): boolean;
  /** Ends its tools. */
  close(): void;
}

/** One kind of lock against sleep. */
export interface InhibitorLock {
  what: 'sleep' | 'idle' | 'all';
  /** The system has confirmed the lock, if it can. */
  held: boolean;
  /** Why it is not held; null while it is held, being acquired, or not wanted. */
  problem: string | null;
}

export interface InhibitorState {
  /** Every kind is held. */
  held: boolean;
  problem: string | null;
  locks: readonly InhibitorLock[];
}

/** Keeps the machine from sleeping while it is held; the holder ends with this process, however that ends. */
export interface Inhibitor {
  hold(): void;
  /** Resolves when the holder has ended, or after a short deadline. Never rejects. */
  release(): Promise<void>;
  state(): InhibitorState;
}

/** Users with a session, each name once. `problem`: why there may be more of them; one sentence. */
export interface UsersReading {
  names: string[];
  problem: string | null;
}

/** `percent` is the highest known utilisation of a GPU; `problem`: why another one may be busier. */
export interface GpuLoad {
  percent: number | null;
  problem: string | null;
}

export type HostPowerAction = 'shutdown' | 'sleep' | 'hibernate' | 'restart';

/** `automatic`: no person requested it. */
export interface PowerOrder {
  automatic: boolean;
}

/** A program that blocks a power action, in its own words. */
export interface PowerBlocker {
  who: string;
  /** May be empty. */
  why: string;
}

/** What the agent's user may do on this machine; a missing action is unknown. */
export type Abilities = Partial<Record<HostPowerAction, 'yes' | 'not-permitted' | 'not-supported'>>;

export interface AgentHost {
  readonly platform: HostPlatform;
  /** Changes each time the machine boots, and only then. */
  bootId(): Promise<string>;
  /** Seconds since boot, including time asleep. */
  uptimeSeconds(): number;
  /** Users with a session on it. */
  users(signal: AbortSignal): Promise<UsersReading>;
  /** Whether a GPU is busy; null without a problem only if there is no GPU. */
  gpuLoad(signal: AbortSignal): Promise<GpuLoad>;
  /** Runs a program without a shell; default deadline 30 seconds. Rejects with its output. */
  run(command: readonly string[], options?: { deadlineMs: number }): Promise<void>;
  /** What this machine can do for the agent's user. */
  abilities(signal: AbortSignal): Promise<Abilities>;
  /** Programs that block this action, except the agent. Rejects if the system has such locks but does not answer. */
  blockers(action: HostPowerAction, signal: AbortSignal, order: PowerOrder): Promise<PowerBlocker[]>;
  /** Notifies the people at the machine. Rejects if that is not possible. */
  notify(message: string): Promise<void>;
  /** Uses `command` instead of the system's default. `changed`: what is held, or why it is not, has changed. */
  createInhibitor(command: readonly string[] | null, changed: () => void): Inhibitor;
  openTelemetry(): TelemetrySource;
}
