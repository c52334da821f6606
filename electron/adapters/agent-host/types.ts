/** The machine that an agent runs on, as the agent sees it. Simulated machines put their own under it. */
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export type { NetworkInterface, Udp } from '../../core/ports/network.ts';
export type { Clock, Timer } from '../../core/ports/time.ts';

export type HostPlatform = 'linux' | 'darwin' | 'win32';

export interface GpuProcess {
  pid: number;
  name: string;
  /** null where the driver does not say. */
  vramUsedBytes: number | null;
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
  /** The broadcast address of its network; null where there is none. */
  broadcast: string | null;
  /** Whether a magic packet wakes the machine through it; null where the system does not say. */
  wakeArmed: boolean | null;
}

export interface OllamaFacts {
  answers: boolean;
  version: string | null;
  /** Milliseconds since the epoch; null where the system does not say. */
  startedAt: number | null;
  /** Whether Ollama found a GPU when it started; null where neither its log nor a loaded model says. */
  gpuFound: boolean | null;
}

/** What changes seldom. */
export interface MachineFacts {
  hostname: string;
  platform: HostPlatform;
  bootId: string;
  interfaces: AgentInterface[];
  ollama: OllamaFacts;
}

/**
 * Whether a list of GPUs is all there are: a tool that has not printed anything yet, or that fails, may know of more.
 */
export type GpusRead = 'all' | 'not-yet' | 'failed';

/** One moment. `problems` are sentences: a tool that hangs, fails or prints an error. */
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
  /** Ends its tools. */
  close(): void;
}

/** One kind of lock against sleep. */
export interface InhibitorLock {
  what: 'sleep' | 'idle' | 'all';
  /** The system has confirmed it, where it can. */
  held: boolean;
  /** Why it is not held; null while it is, while it is being taken and while it is not wanted. */
  problem: string | null;
}

export interface InhibitorState {
  /** Every kind is held. */
  held: boolean;
  problem: string | null;
  locks: readonly InhibitorLock[];
}

/** Keeps the machine from sleeping while it is held; what holds it ends with this process, however that ends. */
export interface Inhibitor {
  hold(): void;
  /** Resolves when what held it has ended, or after a short deadline. Never rejects. */
  release(): Promise<void>;
  state(): InhibitorState;
}

/** Who has a session, each name once. `problem`: why there may be more of them; one sentence. */
export interface UsersReading {
  names: string[];
  problem: string | null;
}

/** `percent` is the busiest GPU's utilisation, as far as it is known; `problem`: why another one may be busier. */
export interface GpuLoad {
  percent: number | null;
  problem: string | null;
}

export type HostPowerAction = 'shutdown' | 'sleep' | 'hibernate' | 'restart';

/** `automatic`: nobody asked for it. */
export interface PowerOrder {
  automatic: boolean;
}

/** A program that blocks a power action, in its own words. */
export interface PowerBlocker {
  who: string;
  /** May be empty. */
  why: string;
}

/** What the agent's user can do to this machine; an action that is missing is not known. */
export type Abilities = Partial<Record<HostPowerAction, 'yes' | 'not-permitted' | 'not-supported'>>;

export interface AgentHost {
  readonly platform: HostPlatform;
  /** Changes with each start of the machine, and only then. */
  bootId(): Promise<string>;
  /** Seconds since the start; goes on while the machine sleeps. */
  uptimeSeconds(): number;
  /** Who has a session on it. */
  users(signal: AbortSignal): Promise<UsersReading>;
  /** Whether a GPU is busy; null and no problem only where there is no GPU. */
  gpuLoad(signal: AbortSignal): Promise<GpuLoad>;
  /** Runs a program without a shell, 30 seconds where nothing is said. Rejects with what it said. */
  run(command: readonly string[], options?: { deadlineMs: number }): Promise<void>;
  /** What this machine can do for the agent's user. */
  abilities(signal: AbortSignal): Promise<Abilities>;
  /** Programs that block this action, except the agent. Rejects if the system has such locks and gives no answer. */
  blockers(action: HostPowerAction, signal: AbortSignal, order: PowerOrder): Promise<PowerBlocker[]>;
  /** Tells whoever sits at the machine. Rejects where that cannot be done. */
  notify(message: string): Promise<void>;
  /** One that was given a command of its own uses that. `changed`: what is held, or why it isn't, has changed. */
  createInhibitor(command: readonly string[] | null, changed: () => void): Inhibitor;
  openTelemetry(): TelemetrySource;
}
