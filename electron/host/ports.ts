import { closeSync, mkdirSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import type { Notice } from '../../shared/contract/streams.ts';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import { createConnectAgent } from '../adapters/agents/agent-link.ts';
import { createHelloListener } from '../adapters/agents/hello-listener.ts';
import { createFolders } from '../adapters/folders.ts';
import { createLocalHardware } from '../adapters/hardware/local-hardware.ts';
import { createOllamaServer } from '../adapters/inference/ollama.ts';
import { createNodeHttp } from '../adapters/network/http.ts';
import { createSurroundings } from '../adapters/network/surroundings.ts';
import { createDgramUdp } from '../adapters/network/udp.ts';
import { createExec } from '../adapters/processes/exec.ts';
import { createForkWorkerHost, type WorkerHost } from '../adapters/processes/worker-host.ts';
import { openKeyFileSecrets } from '../adapters/secrets/key-file.ts';
import type { OpenSecrets } from '../adapters/secrets/secrets-file.ts';
import { createSqliteStore } from '../adapters/state/sqlite-store.ts';
import { createIds, createSystemClock, systemRandom } from '../adapters/system.ts';
import { createVectorStore } from '../adapters/vectors/vector-store.ts';
import type { Log, Ports } from '../core/ports.ts';
import { folderError } from './folder-error.ts';
import { indexWorkerEntry } from './program.ts';

export interface RealPorts {
  ports: Ports;
  /** What went wrong while the state was opened, and was mended. */
  notices: Notice[];
  /** Lets the index worker know the settings, and the core what becomes of an index. */
  attach(core: { settings(): Settings; addNotice(notice: Notice): void }): void;
}

export interface RealPortsOptions {
  dataFolder: string;
  log: Log;
  /** Default: a key file. */
  openSecrets?: OpenSecrets | undefined;
  /** Who starts the index worker. Default: a child process of Node. */
  createWorkerHost?: ((options: { entry: string; log: Log }) => WorkerHost) | undefined;
}

/** The world made real: the state in `state.sqlite`, the indexes in `index/`, sockets, files and processes. */
export function createRealPorts({
  dataFolder,
  log,
  openSecrets = openKeyFileSecrets,
  createWorkerHost = createForkWorkerHost,
}: RealPortsOptions): RealPorts {
  const clock = createSystemClock();
  const http = createNodeHttp();
  const statePath = join(dataFolder, 'state.sqlite');
  const indexFolder = join(dataFolder, 'index');
  makePrivate({ file: statePath, folder: indexFolder });
  const { secrets, notices: secretsNotices } = openSecrets(dataFolder);
  const opened = createSqliteStore({ path: statePath, secrets });
  let settings = () => defaultSettings;
  let addNotice: (notice: Notice) => void = () => {};

  const ports: Ports = {
    clock,
    random: systemRandom,
    ids: createIds(),
    log,
    http,
    udp: createDgramUdp(),
    hardware: createLocalHardware(),
    folders: createFolders(),
    store: opened.store,
    secrets,
    vectors: createVectorStore({
      folder: indexFolder,
      workerHost: createWorkerHost({ entry: indexWorkerEntry, log }),
      clock,
      log,
      settings: () => settings().index,
      onNotice: ({ sourceId, keptAs }) =>
        addNotice({
          id: `index-${sourceId}`,
          code: 'INDEX_CORRUPT',
          message: `The index of a folder was damaged. It was kept aside as ${basename(keptAs)}.`,
          next: 'Run the index again to rebuild it.',
        }),
    }),
    connectInferenceServer: (url) => createOllamaServer({ http, url }),
    connectAgent: createConnectAgent({ http }),
    helloListener: createHelloListener({ log }),
    exec: createExec(),
    surroundings: createSurroundings(),
    async startSimulatedFleet() {
      // Most people never start it, and it is large.
      const { createSimulatedFleet } = await import('../simulator/fleet.ts');
      return createSimulatedFleet();
    },
  };
  const notices: Notice[] = [...secretsNotices];
  if (opened.keptAside !== null) {
    notices.push({
      id: 'state',
      code: 'STATE_CORRUPT',
      message: `The saved state could not be read. It was kept aside as ${basename(opened.keptAside)}.`,
      next: 'Defaults are in use: add your nodes and folders again.',
    });
  }
  if (opened.plainSecrets.kind === 'failed') {
    log.error('Secrets could not be taken out of the state.', { error: String(opened.plainSecrets.error) });
    notices.push({
      id: 'plain-secrets',
      code: isPilotlightError(opened.plainSecrets.error) ? opened.plainSecrets.error.code : 'INTERNAL',
      message: 'Passwords and tokens of an older version could not all be moved to where secrets are kept.',
      next: 'Free some space and start Pilotlight again: it tries once more.',
    });
  }
  return {
    ports,
    notices,
    attach(core) {
      settings = core.settings;
      addNotice = core.addNotice;
    },
  };
}

/**
 * The state says what people have and do, the index holds their texts, and the person may have chosen a folder that
 * others can enter. SQLite gives its other files the mode of the first one.
 */
function makePrivate({ file, folder }: { file: string; folder: string }): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw folderError(dirname(file), error);
  }
}
