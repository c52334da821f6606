import { createHash } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { GatewayView } from '../../shared/models/gateway.ts';
import { fact } from '../../shared/models/message.ts';
import type { OpenSecrets } from '../adapters/secrets/secrets-file.ts';
import { createLog, type LogLevel } from '../adapters/system.ts';
import { newSecret } from '../core/access/secret-format.ts';
import { type Core, createCore, type Problem } from '../core/compose.ts';
import type { Log } from '../core/ports/log.ts';

import { createScope } from '../core/runtime/scope.ts';
import { keptKey } from '../core/tasks/kept-key.ts';
import { createDispatcher, type Dispatcher } from '../transport/dispatcher.ts';
import { createAccess } from '../transport/http/access.ts';
import { agentFileRoute } from '../transport/http/agent-file.ts';
import { createEarlierTabs } from '../transport/http/earlier-tabs.ts';
import { localCallRoutes } from '../transport/http/local-calls.ts';
import { mediaRoute } from '../transport/http/media.ts';
import { createMetrics, metricsRoute } from '../transport/http/metrics.ts';
import { recallRoutes } from '../transport/http/recall.ts';
import { createHttpServer, type HttpServer } from '../transport/http/server.ts';
import { createTaskRoutes } from '../transport/http/tasks/routes.ts';
import { finishRestore } from './backup/journal.ts';
import { findRunningCore } from './core-client.ts';
import { fileNotice, restoreNotice } from './damage-notices.ts';
import { openDataFolder } from './data-folder.ts';
import { downloadsFolder } from './downloads-folder.ts';
import { takeEarlierSessionKey } from './earlier-session-key.ts';
import { readEndpoint, removeEndpoint, writeEndpoint } from './endpoint.ts';
import { watchState } from './folder-watch.ts';
import { type HostGateway, openGatewayLink } from './gateway.ts';
import { listenAtLastPort, rememberPort } from './last-port.ts';
import { tryLock } from './lock.ts';
import { createOpeningPages, type OpeningPlace } from './opening-pages.ts';
import { requireOwnData, sweepDataFolder } from './own-data.ts';
import { createOwnTaskWorker } from './own-task-worker.ts';
import { createPanelNetwork, type OwnAddress } from './panel-network.ts';
import { type CreateWorkerHost, createRealPorts, statePathOf } from './ports.ts';
import { findPanel, version } from './program.ts';
import type { CreateLocalRunner } from './runner.ts';
import { stopServing, within } from './stop-serving.ts';
import { createTaskNetwork } from './task-network.ts';
import type { UpdateHost } from './updates.ts';

export interface HostOptions {
  /** Default: the system's default folder. */
  dataFolder?: string | undefined;
  /** Port on 127.0.0.1; 0 picks a free one. Default: the last one of this data folder, if it is free. */
  port?: number | undefined;
  /** Starts the simulated fleet too. Default false, which leaves it as it was. */
  simulate?: boolean;
  /** Default: the process's own. `OLLAMA_HOST` and `PILOTLIGHT_LOG` are read. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Folder of the built panel. Default: where the build puts it. */
  panelRoot?: string | null;
  /** Also validates results against the contract, for tests. Default false. */
  checkResults?: boolean;
  /** Default: lines on standard error, errors only unless `PILOTLIGHT_LOG` says otherwise. */
  log?: Log;
  /** Resumes unfinished index jobs. Default true. */
  resumeJobs?: boolean;
  /** How secrets are sealed. Default: with a key file in the data folder. */
  openSecrets?: OpenSecrets;
  /** Starts worker processes. Default: as child processes of Node. */
  createWorkerHost?: CreateWorkerHost;
  /** Default: no gateway, as for a program that runs one command. */
  gateway?: HostGateway;
  /** The runner of this computer. Default: none, as for a program that runs one command. */
  localRunner?: CreateLocalRunner;
  /** The addresses at which the panel may be opened. Default: those of this computer. */
  ownAddresses?: (() => OwnAddress[]) | undefined;
  /** Whether this computer works on tasks, as far as its settings allow it. Default: no, as for one command. */
  worksOnTasks?: boolean;
  /** How this program is updated. Default: from its own place, without an installer. */
  updates?: UpdateHost | undefined;
  /** How long each part of a stop may take before it is cut off, milliseconds. Default 5,000; for the core 15,000. */
  stopDeadlineMs?: number;
}

/** A core with its data folder and its server. */
export interface Host {
  readonly core: Core;
  /** For more links, such as the MessagePort of a window. */
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  readonly dataFolder: string;
  /** Base URL on loopback. */
  readonly url: string;
  /** A new address that signs a browser in once. */
  oneTimeUrl(): string;
  /** The path of a private page that opens another one, until it was used; null if there can be none. */
  openingPage(place: OpeningPlace): string | null;
  /**
   * Opens the gateway, once the program has said that it is ready. Resolves when it runs, has failed for the first time,
   * or is off.
   */
  openGateway(): Promise<GatewayView>;
  /** Refuses work, ends streams, stops loops, drains to the deadline, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

export type StartHost = (options: HostOptions) => Promise<Host>;

/**
 * Starts a core. Rejects with ALREADY_RUNNING (`details.url` is the running one's), DATA_FOLDER_UNUSABLE,
 * UNSAFE_PERMISSIONS, PORT_IN_USE or DISK_FULL; nothing stays open then.
 */
export const startHost: StartHost = async (options = {}) => {
  const environment = options.environment ?? process.env;
  const log = options.log ?? createLog({ level: levelOf(environment.PILOTLIGHT_LOG) });
  const dataFolder = await openDataFolder(options.dataFolder);
  const scope = createScope();
  try {
    return await assemble({ options, environment, log, dataFolder, scope });
  } catch (error) {
    await scope
      .dispose()
      .catch((failure: unknown) => log.error('The failed start could not be undone.', { failure }));
    throw error;
  }
};

/** Longer than a regular stop of any part of the core takes. */
const CORE_STOP_MS = 15_000;

interface Assembly {
  options: HostOptions;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  dataFolder: string;
  scope: ReturnType<typeof createScope>;
}

async function assemble({ options, environment, log, dataFolder, scope }: Assembly): Promise<Host> {
  const found: Problem[] = [];
  let report = (problem: Problem): unknown => found.push(problem);
  await requireOwnData(dataFolder);
  const lock = tryLock(dataFolder);
  if (lock === null) throw alreadyRunning(dataFolder);
  scope.add(() => lock.release());
  if (lock.repaired)
    log.warn('The lock file of the data folder was damaged and has been reset.', { dataFolder });
  if (lock.keptAs !== null) found.push(fileNotice('core.lock', lock.keptAs, fact('NO_ACTION_NEEDED')));
  if (await runsWithoutLock(dataFolder)) throw alreadyRunning(dataFolder);

  if (finishRestore(dataFolder) === 'finished') {
    log.warn('A restore that was interrupted has been finished.', { dataFolder });
    found.push(restoreNotice);
  }
  const swept = sweepDataFolder(dataFolder);
  if (swept.length > 0) log.info('Unfinished files of an earlier process were deleted.', { swept });

  const { ports, notices, attach } = await createRealPorts({
    dataFolder,
    log,
    openSecrets: options.openSecrets,
    createWorkerHost: options.createWorkerHost,
    // Only a program that stays can answer Immich at any time; such a program has a runner, too.
    immichDoor: options.localRunner !== undefined,
    simulatesWorkers: options.worksOnTasks,
    updates: options.updates,
    localRunner: options.localRunner?.({
      dataFolder,
      log,
      createWorkerHost: options.createWorkerHost,
    }),
  });
  const panelNetwork = createPanelNetwork({
    ...{ dataFolder, log, clock: ports.clock },
    ownAddresses: options.ownAddresses,
  });
  const servesDevices = (options.localRunner ?? options.ownAddresses) !== undefined;
  const ollamaHost = environment.OLLAMA_HOST ?? null;
  const core = createCore({
    ports,
    options: {
      version,
      ollamaHost,
      notices: [...found, ...notices],
      computerName: hostname(),
      resumeJobs: options.resumeJobs ?? true,
      // Only a program that stays can serve other devices.
      panelNetwork: servesDevices ? panelNetwork : undefined,
      gateway: openGatewayLink({
        gateway: options.gateway,
        dataFolder,
        createWorkerHost: options.createWorkerHost,
        clock: ports.clock,
        log,
      }),
    },
  });
  const { streams, services } = core;
  let taskServer: { server: string; token: string } | null = null;
  report = core.report;
  attach({
    settings: services.settings.current,
    report,
    gatewayUrl: () => services.gateway.view().url,
    taskServer: () => taskServer,
  });
  const { clock } = ports;
  scope.add(watchState({ dataFolder, path: statePathOf(dataFolder), clock, report: core.report }));
  const deadlineMs = options.stopDeadlineMs ?? 5000;
  // A move that is cut off restores what it unloaded; the stores close after that.
  scope.add(() => within(options.stopDeadlineMs ?? CORE_STOP_MS, core.stop(), { clock, log }));

  const dispatcher = createDispatcher({
    handlers: core.handlers,
    ...(options.checkResults === undefined ? {} : { checkResults: options.checkResults }),
  });
  const token = newSecret('control');
  const workerToken = newSecret('control');
  const simulatedToken = newSecret('control');
  const access = createAccess({
    controlToken: token,
    workerToken,
    simulatedToken,
    credentials: services.access,
    earlierTabs: createEarlierTabs(takeEarlierSessionKey(dataFolder), clock.now),
  });
  const startedAt = services.status.current().startedAt;
  const metrics = createMetrics({
    streams,
    version,
    startedAt,
    gateway: () => ({
      stats: services.gateway.stats(),
      waiting: services.requests.waiting(),
      firstBytes: services.gateway.firstBytes(),
    }),
    runnerTotals: services.runners.totals,
    taskTotals: services.tasks.totals,
  });
  const taskRoutes = createTaskRoutes({
    service: services.tasks,
    access,
    settings: () => services.settings.current().tasks,
    linkKey: keptKey(ports.secrets, 'links'),
    clock,
    log,
  });
  const openingPages = createOpeningPages({
    dataFolder,
    downloads: downloadsFolder({ home: homedir(), env: environment }),
    clock,
  });
  scope.add(openingPages.stop);
  const serving = {
    ...{ dispatcher, streams, access, clock, log },
    coreId: coreIdOf(ports.store.power.panelId()),
    panelRoot: options.panelRoot === undefined ? findPanel() : options.panelRoot,
  };
  const media = mediaRoute(services.tasks.media);
  // Only other machines need it; it is never at the port for tasks.
  const agentFile = agentFileRoute(services.agentInstall);
  const server: HttpServer = createHttpServer({
    ...serving,
    openingPages,
    routes: [
      recallRoutes({ dispatcher, clock, log }),
      metricsRoute(metrics),
      taskRoutes.add,
      media,
      localCallRoutes({
        token,
        dispatcher,
        oneTimeUrl: () => server.oneTimeUrl(),
        openingPage: (place) => server.openingPage(place),
        clock,
        log,
      }),
    ],
  });
  scope.add(() => stopServing({ dispatcher, taskRoutes, server, panelNetwork, deadlineMs, clock, log }));
  const { url, taken } =
    options.port === undefined
      ? await listenAtLastPort(dataFolder, server.listen, log)
      : { url: await server.listen(options.port), taken: null };
  // Whatever answers there now could have been opened in a browser that is signed in.
  if (taken !== null) services.access.portTaken(taken);
  rememberPort(dataFolder, Number(new URL(url).port));
  services.status.setUrl(url);
  await core.start();
  // Only a program that stays can answer other computers at any time.
  if (options.localRunner !== undefined) {
    const { settings, status } = services;
    const network = createTaskNetwork({ routes: taskRoutes, access, settings, status, clock, log });
    scope.add(async () => {
      // What waits there is answered, not cut off.
      taskRoutes.stop();
      await network.stop();
    });
    await network.start();
  }
  if (servesDevices) {
    scope.add(panelNetwork.stop);
    await panelNetwork.start((network) =>
      createHttpServer({ ...serving, network, routes: [media, agentFile] }),
    );
  }
  if (options.simulate) await core.services.fleet.simulate(true);
  if (options.worksOnTasks) {
    taskServer = { server: url.replace(/\/$/, ''), token: simulatedToken };
    const { settings } = services;
    const worker = createOwnTaskWorker({ ...options, ...{ url, token: workerToken, settings, clock, log } });
    // Stopped before the server, which takes back its tasks.
    scope.add(worker.stop);
    worker.start();
  }
  writeEndpoint(dataFolder, { url, token, pid: process.pid, startedAt, version }, report);
  scope.add(() => removeEndpoint(dataFolder, token));

  return {
    core,
    dispatcher,
    log,
    dataFolder,
    url,
    oneTimeUrl: server.oneTimeUrl,
    openingPage: server.openingPage,
    openGateway: services.gateway.start,
    stop: () => scope.dispose(),
  };
}

/** Not a secret: it tells pages apart that were served by different cores on the same port, one after the other. */
const coreIdOf = (panelId: string) =>
  createHash('sha256').update(`core of ${panelId}`).digest('hex').slice(0, 16);

function alreadyRunning(dataFolder: string): PilotlightError {
  const url = readEndpoint(dataFolder)?.url;
  return new PilotlightError('ALREADY_RUNNING', {
    details: { folder: dataFolder, ...(url === undefined ? {} : { url }) },
  });
}

/** The lock file of a running core may have been deleted; its endpoint still answers. */
async function runsWithoutLock(dataFolder: string): Promise<boolean> {
  // Only a core answers with an error of its own.
  return findRunningCore(dataFolder).then(
    (client) => client !== null,
    () => true,
  );
}

function levelOf(text: string | undefined): LogLevel {
  return text === 'debug' || text === 'info' || text === 'warn' || text === 'silent' ? text : 'error';
}
