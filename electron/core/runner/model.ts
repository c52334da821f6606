/** The interface of the runners, and what they need from other services. */
import type {
  CatalogueModel,
  RunnerFace,
  RunnerPull,
  RunnerStatus,
  RunnerView,
} from '../../../shared/models/runner.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { InFlight } from '../acquire/in-flight.ts';
import type { AcquireFleet, AcquireLeases, AcquireService, AcquireWakes } from '../acquire/model.ts';
import type { ActivityService } from '../activity/service.ts';
import type { AgentsService } from '../agents/model.ts';
import type { FleetService } from '../fleet/service.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { Log } from '../ports/log.ts';
import type { ConnectRunner, LocalRunner } from '../ports/runner.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { SettingsService } from '../settings/service.ts';
import type { TrackedRunner } from './tracked-runner.ts';

export interface RunnersDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  streams: Pick<Streams, 'runners'>;
  settings: Pick<SettingsService, 'current' | 'secret' | 'onChange'>;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<
    FleetService,
    'list' | 'get' | 'onChange' | 'onRestart' | 'agentToken' | 'probeSoon' | 'probeOften'
  >;
  agents: Pick<AgentsService, 'view' | 'onChange'>;
  leases: AcquireLeases;
  wakes: AcquireWakes;
  inFlight: Pick<InFlight, 'begin' | 'onNode'>;
  store: Pick<Store, 'runners'>;
  connectRunner: ConnectRunner;
  /** null for a program without one, such as one command. */
  localRunner: LocalRunner | null;
}

/** A view of the fleet in which each node's server is its runner, for acquire and the pools. */
export interface RunnerFleet extends AcquireFleet {
  /** As its runner last reported; null if it never did. */
  status(nodeId: string): RunnerStatus | null;
}

export interface EmbedRequest {
  /** Left out: all runners that have the model. */
  nodeId?: string | undefined;
  model: string;
  texts: readonly string[];
  as: 'query' | 'passage';
  /** Who wants a sleeping machine to be woken if no other can do it. Default: none is woken. */
  wakeBy?: WakeRequester | undefined;
}

export interface Embedded {
  hash: string;
  vectors: Float32Array[];
  nodes: { nodeId: string; texts: number; gpu: boolean }[];
}

export interface RunnersService {
  list(): RunnerView[];
  /** For services that send requests of their own. */
  tracked(): readonly TrackedRunner[];
  readonly fleet: RunnerFleet;
  /** Gets a ready runner; `model.digest` is the hash of its files. */
  readonly acquire: AcquireService;
  /** Something uses a model on a runner: this computer's starts unless it may not. */
  need(): void;
  /** Rejects with RUNNER_OFF, RUNNER_NOT_STARTED. */
  startLocal(signal: AbortSignal): Promise<RunnerView>;
  stopLocal(): Promise<RunnerView>;
  addModel(
    nodeId: string | undefined,
    model: { path: string; name: string },
    signal: AbortSignal,
  ): Promise<RunnerView>;
  removeModel(nodeId: string | undefined, name: string, signal: AbortSignal): Promise<RunnerView>;
  loadModel(nodeId: string | undefined, name: string, signal: AbortSignal): Promise<RunnerView>;
  dropModel(nodeId: string | undefined, name: string, signal: AbortSignal): Promise<RunnerView>;
  catalogue(nodeId: string | undefined, signal: AbortSignal): Promise<CatalogueModel[]>;
  /** Returns as soon as the download has begun. */
  pull(nodeId: string | undefined, name: string, signal: AbortSignal): Promise<RunnerPull>;
  /** Throws NOT_FOUND. */
  cancelPull(nodeId: string | undefined, name: string): void;
  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embedded>;
  faces(
    request: { nodeId?: string | undefined; image: string; wakeBy?: WakeRequester | undefined },
    signal: AbortSignal,
  ): Promise<{ faces: RunnerFace[]; nodeId: string; gpu: boolean }>;
  /** Whether any runner has a model for faces, or this computer's may have one; starts none. */
  mayFindFaces(): Promise<boolean>;
  /** Batches since the start, for metrics. */
  totals(): {
    nodeId: string;
    name: string;
    batches: number;
    failed: number;
    items: number;
    onGpu: number;
    fallbacks: number;
  }[];
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export type RunnerSettings = Settings['runner'];
