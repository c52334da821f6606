/** The machine that an agent runs on, as the agent sees it. Simulated machines put their own under it. */
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export type { Clock, NetworkInterface, Timer, Udp } from '../../core/ports.ts';

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

/** Keeps the machine from sleeping while it is held; what holds it ends with this process, however that ends. */
export interface Inhibitor {
  hold(): void;
  release(): void;
  state(): { held: boolean; problem: string | null };
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
  /** Actions that this system has a command for and cannot do all the same, as far as it says. */
  cannot?(): Promise<readonly ('sleep' | 'hibernate')[]>;
  /** Tells whoever sits at the machine. Rejects where that cannot be done. */
  notify(message: string): Promise<void>;
  /** One that was given a command of its own uses that. */
  createInhibitor(command: readonly string[] | null): Inhibitor;
  openTelemetry(): TelemetrySource;
}
