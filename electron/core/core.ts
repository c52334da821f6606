/** The core's interface to the programs that run it. */
import type { Notice } from '../../shared/contract/streams.ts';
import type { AccessService } from './access/model.ts';
import type { InFlight } from './acquire/in-flight.ts';
import type { AcquireService } from './acquire/model.ts';
import type { ActivityService } from './activity/service.ts';
import type { AgentInstallService } from './agent-updates/install.ts';
import type { AgentsService } from './agents/model.ts';
import type { ChecksService } from './diagnosis/service.ts';
import type { DiscoveryService } from './discovery/service.ts';
import type { FleetService } from './fleet/service.ts';
import type { GatewayLink } from './gateway/link.ts';
import type { GatewayService } from './gateway/service.ts';
import type { ImmichService } from './immich/service.ts';
import type { IndexingService } from './indexing/service.ts';
import type { LeasesService } from './leases/service.ts';
import type { Optimizer } from './placement/optimizer.ts';
import type { PlacementService } from './placement/service.ts';
import type { PanelNetwork } from './ports/panel-network.ts';
import type { RemoteIndexService } from './remote-index/model.ts';
import type { RequestsService } from './requests/service.ts';
import type { RunnersService } from './runner/model.ts';
import type { Handlers } from './runtime/handlers.ts';
import type { Streams } from './runtime/streams.ts';
import type { SettingsService } from './settings/service.ts';
import type { ShutdownService } from './shutdown/service.ts';
import type { StatusService } from './status/service.ts';
import type { TasksService } from './tasks/model.ts';
import type { TelemetryService } from './telemetry/service.ts';
import type { WakeService } from './wake/service.ts';

export interface CoreOptions {
  version: string;
  /** The value of OLLAMA_HOST, or null: a loopback one is probed, any other is only offered. */
  ollamaHost: string | null;
  /** Problems from before the core existed, such as a damaged database that was set aside. */
  notices?: readonly Problem[];
  /** Other panels see this panel's leases under it unless a name is set. Default: `this computer`. */
  computerName?: string;
  /** Whether to resume unfinished index jobs. Default true; a program that only makes a query passes false. */
  resumeJobs?: boolean;
  /** Opens the panel for other devices. Default: never. */
  panelNetwork?: PanelNetwork | undefined;
  /** Its process, and the port for this run; null for that of the settings. Default: no gateway. */
  gateway?: { link: GatewayLink | null; port: number | 'off' | null } | undefined;
}

export interface CoreServices {
  access: AccessService;
  activity: ActivityService;
  settings: SettingsService;
  status: StatusService;
  fleet: FleetService;
  agents: AgentsService;
  agentInstall: AgentInstallService;
  wake: WakeService;
  leases: LeasesService;
  shutdown: ShutdownService;
  placement: PlacementService;
  acquire: AcquireService;
  /** Requests of this core that have not been answered yet; whatever sends one counts it here. */
  inFlight: InFlight;
  /** Opened by the program that runs the core, once it is ready. */
  gateway: GatewayService;
  immich: ImmichService;
  runners: RunnersService;
  requests: RequestsService;
  optimizer: Optimizer;
  telemetry: TelemetryService;
  indexing: IndexingService;
  remoteIndexes: RemoteIndexService;
  tasks: TasksService;
  discovery: DiscoveryService;
  checks: ChecksService;
}

/** A problem that no request caused, such as a damaged file. */
export interface Problem extends Notice {
  /** The machine it concerns. */
  nodeId?: string | null;
}

export interface Core {
  /** One handler for each method of the contract. */
  handlers: Handlers;
  streams: Streams;
  services: CoreServices;
  /** Shows a notice, records it as activity, and sends a notification where they are enabled. */
  report(problem: Problem): void;
  /** Starts the loops and resumes unfinished jobs; resolves before the first probe of any node. */
  start(): Promise<void>;
  /** This computer is going to sleep: probes, moves and samples stop until `resume`. Does nothing if already paused. */
  pause(): Promise<void>;
  /** Continues after `pause`, and probes every node at once. */
  resume(): void;
  /** Aborts the loops, stops jobs where they can be resumed, then closes the store. Idempotent. */
  stop(): Promise<void>;
}
