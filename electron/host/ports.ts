import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { fact } from '../../shared/models/message.ts';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import { createConnectAgent } from '../adapters/agents/agent-link.ts';
import { createAnnouncementListener } from '../adapters/agents/announcement-listener.ts';
import { folderError } from '../adapters/folder-error.ts';
import { createFolders } from '../adapters/folders.ts';
import { createLocalHardware } from '../adapters/hardware/local-hardware.ts';
import { createOpenImmichDoor } from '../adapters/immich/open.ts';
import { connectServer } from '../adapters/inference/detected-server.ts';
import { holdConnection } from '../adapters/network/held-connection.ts';
import { createNodeHttp } from '../adapters/network/http.ts';
import { createSurroundings } from '../adapters/network/surroundings.ts';
import { createDgramUdp } from '../adapters/network/udp.ts';
import { createSendNotices } from '../adapters/notices/send-notices.ts';
import { createExec } from '../adapters/processes/exec.ts';
import { createForkWorkerHost, type WorkerHost } from '../adapters/processes/worker-host.ts';
import { createConnectRunner } from '../adapters/runner/runner-link.ts';
import { openKeyFileSecrets } from '../adapters/secrets/key-file.ts';
import type { OpenSecrets } from '../adapters/secrets/secrets-file.ts';
import { isThere, setAside } from '../adapters/set-aside.ts';
import type { DamagedRow } from '../adapters/state/damage.ts';
import { prepareState } from '../adapters/state/prepare-thread.ts';
import { createSqliteStore } from '../adapters/state/sqlite-store.ts';
import { createStorageMeter } from '../adapters/storage/storage-meter.ts';
import { createIds, createSystemClock, systemRandom } from '../adapters/system.ts';
import { createIngestedFiles } from '../adapters/tasks/ingested-files.ts';
import { openSharedFolder } from '../adapters/tasks/shared-folder.ts';
import { createTaskFiles } from '../adapters/tasks/task-files.ts';
import { createAgentReleases } from '../adapters/updates/agent-releases.ts';
import { createVectorStore, indexSettings } from '../adapters/vectors/vector-store.ts';
import type { Problem } from '../core/compose.ts';
import type { Ports } from '../core/ports/all.ts';
import type { Log } from '../core/ports/log.ts';
import type { LocalRunner } from '../core/ports/runner.ts';
import { fileNotice, indexNotice, rowsNotice, stateInUseNotice, stateNotice } from './damage-notices.ts';
import {
  agentFolders,
  indexWorkerEntry,
  prepareStateEntry,
  programFolders,
  queueWorkerEntry,
  taskWorkerEntry,
  updateKeys,
} from './program.ts';
import { createOpenTaskQueue } from './task-queue.ts';
import { createUpdates, type UpdateHost } from './updates.ts';

export interface RealPorts {
  ports: Ports;
  /** What went wrong while the state was opened. */
  notices: Problem[];
  /** Passes settings to the index worker, its damage reports to the core, and the gateway's address to the simulator. */
  attach(core: {
    settings(): Settings;
    report(problem: Problem): void;
    /** For the programs of the simulated fleet; null while the gateway does not listen. */
    gatewayUrl?(): string | null;
    /** For the workers of the simulated fleet; null while there are no tasks. */
    taskServer?(): { server: string; token: string } | null;
  }): void;
}

/** `name` is what the system's list of processes shows. */
export type CreateWorkerHost = (options: {
  entry: string;
  name: string;
  log: Log;
  /** For plain Node; a host of Electron ignores them. */
  nodeFlags?: readonly string[];
  /** The programs that the worker starts, by name. In plain Node it does that by itself. */
  children?: Readonly<Record<string, string>>;
}) => WorkerHost;

export interface RealPortsOptions {
  dataFolder: string;
  log: Log;
  /** Default: a key file. */
  openSecrets?: OpenSecrets | undefined;
  /** Starts worker processes. Default: as child processes of Node. */
  createWorkerHost?: CreateWorkerHost | undefined;
  /** Default: none, as for a program that runs one command. */
  localRunner?: LocalRunner | null | undefined;
  /** Whether it may open the door for Immich. Default: no, as for a program that runs one command. */
  immichDoor?: boolean | undefined;
  /** Whether simulated machines work on tasks. Default: no, as for a program that runs one command. */
  simulatesWorkers?: boolean | undefined;
  /** How this program is updated. Default: from its own place, without an installer. */
  updates?: UpdateHost | undefined;
}

export const statePathOf = (dataFolder: string) => join(dataFolder, 'state.sqlite');

/**
 * The real ports: the state in `state.sqlite`, the indexes in `index/`, sockets, files and processes. The caller owns
 * the data folder.
 */
export async function createRealPorts({
  dataFolder,
  log,
  openSecrets = openKeyFileSecrets,
  createWorkerHost = createForkWorkerHost,
  localRunner = null,
  immichDoor = false,
  simulatesWorkers = false,
  updates,
}: RealPortsOptions): Promise<RealPorts> {
  const clock = createSystemClock();
  const http = createNodeHttp();
  const statePath = statePathOf(dataFolder);
  const indexFolder = join(dataFolder, 'index');
  const ingestedFolder = join(dataFolder, 'ingested');
  const ids = createIds();
  const ownFolders = [dataFolder, ...programFolders];
  // Created at the end of a start: if it exists and the state is empty, the content was lost.
  const expected = existsSync(statePath) && existsSync(join(dataFolder, 'port'));
  const prepared = await prepareState({ path: statePath, expected, entry: prepareStateEntry });
  const notices: Problem[] = makeIndexFolder(indexFolder);
  const { secrets, notices: secretsNotices } = openSecrets(dataFolder);
  notices.push(...secretsNotices);
  let settings = () => defaultSettings;
  let gatewayUrl = (): string | null => null;
  let taskServer: () => { server: string; token: string } | null = () => null;
  /** The core is created after its store: damage found before is reported when the core exists. */
  let report: ((problem: Problem) => void) | null = null;
  const damagedRows = new Map<string, DamagedRow[]>();
  const opened = createSqliteStore({
    path: statePath,
    secrets,
    prepared,
    onDamagedRow(row) {
      log.warn('A row of the state could not be read and was set aside.', { ...row });
      const rows = [...(damagedRows.get(row.table) ?? []), row];
      damagedRows.set(row.table, rows);
      report?.(rowsNotice(row.table, rows));
    },
    onDamagedFile() {
      log.error('The state is damaged.');
      report?.(stateInUseNotice);
    },
  });

  const ports: Ports = {
    clock,
    random: systemRandom,
    ids,
    log,
    http,
    udp: createDgramUdp(),
    holdConnection,
    hardware: createLocalHardware(),
    folders: createFolders(ownFolders),
    store: opened.store,
    secrets,
    vectors: createVectorStore({
      folder: indexFolder,
      ownFolders,
      openFolders: [ingestedFolder],
      workerHost: createWorkerHost({
        ...{ entry: indexWorkerEntry, name: 'index', log },
        // Documents are read in a process of their own.
        children: { handlers: taskWorkerEntry },
      }),
      clock,
      log,
      http,
      settings: () => indexSettings(settings().index, secrets.get('index.qdrantKey')),
      onNotice: (notice) => report?.(indexNotice(notice)),
    }),
    connectInferenceServer: (url) => connectServer({ http, url }),
    sendNotices: createSendNotices({ http }),
    connectAgent: createConnectAgent({ http }),
    connectRunner: createConnectRunner({ http }),
    localRunner,
    openImmichDoor: immichDoor ? createOpenImmichDoor({ clock, log }) : null,
    openTaskQueue: createOpenTaskQueue({
      ...{ dataFolder, clock, log },
      createHost: () => createWorkerHost({ entry: queueWorkerEntry, name: 'queue', log }),
      onDamaged: (keptAs) => report?.(fileNotice('tasks.sqlite', keptAs, fact('TASKS_LOST'))),
    }),
    taskFiles: createTaskFiles({ folder: join(dataFolder, 'tasks'), clock, ids }),
    openSharedFolder,
    storageMeter: createStorageMeter({ folder: dataFolder }),
    ingestedFiles: createIngestedFiles({ folder: ingestedFolder }),
    agentReleases: createAgentReleases({
      folders: [...agentFolders, join(dataFolder, 'agents')],
      keys: updates?.keys ?? updateKeys,
      log,
    }),
    announcementListener: createAnnouncementListener({ log }),
    exec: createExec(),
    surroundings: createSurroundings(),
    updates: createUpdates({ dataFolder, http, clock, host: updates }),
    async startSimulatedFleet() {
      // Large, and never needed by most people.
      const { createSimulatedFleet } = await import('../simulator/fleet.ts');
      return createSimulatedFleet({
        gatewayUrl: () => gatewayUrl(),
        ...(simulatesWorkers && {
          taskWorkers: {
            connect: () => taskServer(),
            host: createWorkerHost({ entry: taskWorkerEntry, name: 'simulated tasks', log }),
          },
        }),
      });
    },
  };
  if (opened.damaged !== null) {
    log.error('The state was damaged.', { ...opened.damaged });
    notices.push(stateNotice(opened.damaged));
  }
  if (opened.plainSecrets.kind === 'failed') {
    log.error('Secrets could not be moved out of the state.', { error: String(opened.plainSecrets.error) });
    notices.push({
      id: 'plain-secrets',
      code: isPilotlightError(opened.plainSecrets.error) ? opened.plainSecrets.error.code : 'INTERNAL',
      message: fact('OLD_SECRETS_NOT_MOVED'),
      next: fact('FREE_SPACE_AND_RESTART'),
    });
  }
  return {
    ports,
    notices,
    attach(core) {
      settings = core.settings;
      report = core.report;
      gatewayUrl = core.gatewayUrl ?? gatewayUrl;
      taskServer = core.taskServer ?? taskServer;
      for (const [table, rows] of damagedRows) core.report(rowsNotice(table, rows));
    },
  };
}

/** The index contains people's texts, and others may have access to the folder that the person chose. */
function makeIndexFolder(folder: string): Problem[] {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    const notices: Problem[] = [];
    if (found !== undefined ? !found.isDirectory() : isThere(folder)) {
      notices.push(fileNotice('index', setAside(folder), fact('INDEX_FOLDERS_AGAIN')));
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return notices;
  } catch (error) {
    throw folderError(dirname(folder), error);
  }
}
