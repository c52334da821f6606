/** The core, as the programs that run it see it. */
import type { Notice } from '../../shared/contract/streams.ts';
import type { ActivityService } from './activity/service.ts';
import type { AgentsService } from './agents/model.ts';
import type { ChecksService } from './diagnosis/service.ts';
import type { DiscoveryService } from './discovery/service.ts';
import type { FleetService } from './fleet/service.ts';
import type { IndexingService } from './indexing/service.ts';
import type { LeasesService } from './leases/service.ts';
import type { Optimizer } from './placement/optimizer.ts';
import type { PlacementService } from './placement/service.ts';
import type { Handlers } from './runtime/handlers.ts';
import type { Streams } from './runtime/streams.ts';
import type { SettingsService } from './settings/service.ts';
import type { ShutdownService } from './shutdown/service.ts';
import type { StatusService } from './status/service.ts';
import type { TelemetryService } from './telemetry/service.ts';
import type { WakeService } from './wake/service.ts';

export interface CoreOptions {
  version: string;
  /** The value of OLLAMA_HOST, or null: a loopback one is probed, any other is only offered. */
  ollamaHost: string | null;
  /** What went wrong before the core was there, such as a database that was kept aside. */
  notices?: readonly Problem[];
  /** Under which other panels see the leases of this one, where no name is set. Default: `this computer`. */
  computerName?: string;
  /** Resumes the index jobs that were not finished. Default true; a program that only asks something does not. */
  resumeJobs?: boolean;
}

export interface CoreServices {
  activity: ActivityService;
  settings: SettingsService;
  status: StatusService;
  fleet: FleetService;
  agents: AgentsService;
  wake: WakeService;
  leases: LeasesService;
  shutdown: ShutdownService;
  placement: PlacementService;
  optimizer: Optimizer;
  telemetry: TelemetryService;
  indexing: IndexingService;
  discovery: DiscoveryService;
  checks: ChecksService;
}

/** What went wrong without a person asking for anything, such as a file that was damaged. */
export interface Problem extends Notice {
  /** The machine that it concerns. */
  nodeId?: string | null;
}

export interface Core {
  /** One handler for each method of the contract. */
  handlers: Handlers;
  streams: Streams;
  services: CoreServices;
  /** Shows a notice, writes it down, and notifies the people who asked for that. */
  report(problem: Problem): void;
  /** Starts the loops and resumes unfinished jobs; resolves before the first probe of any node. */
  start(): Promise<void>;
  /** The computer goes to sleep: probes, moves and samples stop until `resume`. Does nothing when paused already. */
  pause(): Promise<void>;
  /** Continues where `pause` stopped, with a probe of every node at once. */
  resume(): void;
  /** Aborts the loops, lets jobs stop where they can continue later, then closes the store. Idempotent. */
  stop(): Promise<void>;
}
