/**
 * Everything outside core: sockets, files, processes and databases are behind these interfaces. Adapters implement them;
 * test/fakes has small versions for tests.
 */
import type { AgentReleases } from './agent-releases.ts';
import type { ConnectAgent } from './agents.ts';
import type { OpenImmichDoor } from './immich-door.ts';
import type { ConnectInferenceServer } from './inference.ts';
import type { Folders, LocalHardware } from './local-machine.ts';
import type { Log } from './log.ts';
import type { AnnouncementListener, HoldConnection, Http, Surroundings, Udp } from './network.ts';
import type { SendNotices } from './notices.ts';
import type { Exec } from './processes.ts';
import type { ConnectRunner, LocalRunner } from './runner.ts';
import type { StartSimulatedFleet } from './simulated-fleet.ts';
import type { Secrets, Store } from './state.ts';
import type { StorageMeter } from './storage.ts';
import type { IngestedFiles, OpenSharedFolder, TaskFiles } from './task-files.ts';
import type { OpenTaskQueue } from './task-queue.ts';
import type { Clock, Ids, Random } from './time.ts';
import type { Updates } from './updates.ts';
import type { VectorStore } from './vectors.ts';

export interface Ports {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  http: Http;
  udp: Udp;
  holdConnection: HoldConnection;
  hardware: LocalHardware;
  folders: Folders;
  store: Store;
  secrets: Secrets;
  vectors: VectorStore;
  connectInferenceServer: ConnectInferenceServer;
  connectAgent: ConnectAgent;
  connectRunner: ConnectRunner;
  /** null for a program that runs none. */
  localRunner: LocalRunner | null;
  /** null for a program that opens none. */
  openImmichDoor: OpenImmichDoor | null;
  openTaskQueue: OpenTaskQueue;
  taskFiles: TaskFiles;
  openSharedFolder: OpenSharedFolder;
  ingestedFiles: IngestedFiles;
  storageMeter: StorageMeter;
  agentReleases: AgentReleases;
  announcementListener: AnnouncementListener;
  sendNotices: SendNotices;
  exec: Exec;
  surroundings: Surroundings;
  updates: Updates;
  startSimulatedFleet: StartSimulatedFleet;
}
