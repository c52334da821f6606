/** The command `run`: the agent as a program of its own. */
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postJson } from '../adapters/agent-host/post.ts';
import { createSystemHost, hostPlatform } from '../adapters/agent-host/system-host.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { openMulticastSocket } from '../adapters/network/mdns/socket.ts';
import { createDgramUdp } from '../adapters/network/udp.ts';
import { readOwn } from '../adapters/ownership/read-own.ts';
import type { Trust } from '../adapters/ownership/verdict.ts';
import { isSingleFile } from '../adapters/processes/single-file.ts';
import { createForkWorkerHost, type WorkerHost } from '../adapters/processes/worker-host.ts';
import { systemCode } from '../adapters/system-code.ts';
import { startAgent } from './agent.ts';
import type { CommandContext } from './command-context.ts';
import { type AgentConfig, readConfig } from './config.ts';
import { type Damage, openDamage } from './damage.ts';
import { AgentError, errorText } from './errors.ts';
import { openOwnFolder } from './files.ts';
import { findRunnerProgram, findWorkerProgram } from './find-program.ts';
import { checked, requireOwnFile } from './own-files.ts';
import { agentFolder, installedFolder } from './places.ts';
import { commandLine } from './program.ts';
import { runGuarded } from './update/guard.ts';
import { guardChannel, isGuarded, startGuarded } from './update/guard-process.ts';
import type { SentProgram } from './update/record.ts';
import type { UpdateHost } from './update/routes.ts';
import { openUpdateStore } from './update/store.ts';
import { thisSystem, updateWay } from './update/way.ts';

/** The folder of updates, in the agent's own. */
const UPDATES = 'updates';

export function folderOf({ flags, environment, home, resolve }: CommandContext): string {
  const named = typeof flags.data === 'string' ? flags.data : environment.PILOTLIGHT_AGENT_DATA;
  return named ? resolve(named) : agentFolder({ platform: process.platform, environment, home });
}

const CONFIG = 'agent.json';

function namesConfig({ flags, environment }: CommandContext): string | undefined {
  return typeof flags.config === 'string' ? flags.config : environment.PILOTLIGHT_AGENT_CONFIG;
}

/** A mistake in the file is for a person to correct; a file without a JSON object is set aside. */
function checkConfigFile(damage: Damage): void {
  const read = damage.read(CONFIG, 'configuration', (text) => {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null && !Array.isArray(content) ? content : null;
  });
  if (read !== null) damage.restored('configuration');
}

/** A config file that was named must exist; the default one need not. */
async function readFile(context: CommandContext, folder: string, trust?: Trust | null) {
  const named = namesConfig(context);
  const path = named ? context.resolve(named) : join(folder, CONFIG);
  await requireOwnFile(path, trust);
  try {
    const { bytes, mode } = checked(() => readOwn(path, 'file', trust));
    const privately = process.platform === 'win32' || (mode & 0o077) === 0;
    return { path, content: JSON.parse(bytes.toString('utf8')) as unknown, privately };
  } catch (error) {
    if (!named && systemCode(error) === 'ENOENT') return null;
    if (error instanceof AgentError) throw error;
    throw new AgentError('BAD_CONFIG', { message: `${path}: ${errorText(error)}`, cause: error });
  }
}

/** @param trust default: this user and root */
export async function configOf(context: CommandContext, folder: string, trust?: Trust | null) {
  const { flags, environment } = context;
  return readConfig({ flags, environment, file: await readFile(context, folder, trust) });
}

/** Starts the agent itself, or as a guard the newer one that a panel sent. */
export async function run(context: CommandContext): Promise<number> {
  const folder = folderOf(context);
  await openOwnFolder(folder);
  const log = (message: string) => context.log(`${new Date().toISOString()} ${message}`);
  const way = updateWay();
  const store =
    way === 'panel'
      ? openUpdateStore({ folder: join(folder, UPDATES), keys: context.updateKeys, ...thisSystem })
      : null;
  const here = (host: Pick<UpdateHost, 'start' | 'installed'>, stop: AbortSignal, listening: () => void) =>
    runAgent(context, { folder, log, stop, listening, update: { way, store, ...thisSystem, ...host } });
  const stop = new AbortController();
  void context.stopAsked().then(() => stop.abort());
  const installed = context.version;

  if (store === null || isGuarded(context)) {
    const channel = store === null ? null : guardChannel(context);
    // Its guard ends it when it may be replaced.
    const start = (program: SentProgram) => channel?.say({ say: 'start', program });
    await here({ start, installed: channel?.installed ?? installed }, stop.signal, () =>
      channel?.say({ say: 'listening' }),
    );
    return 0;
  }
  return runGuarded({
    store,
    installed,
    clock: createSystemClock(),
    stopping: stop.signal,
    log,
    async runHere() {
      let replaceWith: SentProgram | null = null;
      const replaced = new AbortController();
      const start = (program: SentProgram) => {
        replaceWith = program;
        // The panel gets its answer first.
        setImmediate(() => replaced.abort());
      };
      await here({ start, installed }, AbortSignal.any([stop.signal, replaced.signal]), () => {});
      return { replaceWith };
    },
    startChild: (path) =>
      startGuarded(path, { args: context.args, environment: context.environment, installed }),
  });
}

interface RunFacts {
  folder: string;
  update: UpdateHost;
  stop: AbortSignal;
  listening(): void;
  log(message: string): void;
}

/** Until it is to stop. */
async function runAgent(context: CommandContext, facts: RunFacts): Promise<void> {
  const { folder, update, stop, listening, log } = facts;
  const damage = openDamage({ folder, log });
  if (!namesConfig(context)) checkConfigFile(damage);
  const config = await configOf(context, folder);
  const clock = createSystemClock();
  const udp = createDgramUdp();
  const host = createSystemHost({ clock, ollama: config.ollama });
  const agent = await startAgent({
    config,
    folder,
    folderIsOpen: true,
    clock,
    host,
    udp,
    interfaces: udp.interfaces,
    reachable,
    runnerHost: runnerHostOf(config),
    workerHost: workerHostOf(config),
    post: postJson,
    announcing: { hostname: hostname(), open: openMulticastSocket },
    version: context.version,
    program: programOf(context, folder),
    update,
    damage,
    log,
  });
  for (const { roles, address, port } of agent.listening) {
    const name = address.includes(':') ? `[${address}]` : address;
    context.print(`The agent (${roles.join(', ')}) listens on http://${name}:${port}`);
  }
  listening();
  // Its sockets keep the process alive; this promise alone would not.
  if (!stop.aborted) await new Promise((done) => stop.addEventListener('abort', done, { once: true }));
  await agent.stop();
}

function runnerHostOf({ role, runnerProgram }: AgentConfig): WorkerHost | null {
  const entry = role.includes('runner') ? findRunnerProgram(runnerProgram, import.meta.url) : null;
  return entry === null ? null : createForkWorkerHost({ entry, nodeFlags: ['--max-semi-space-size=8'] });
}

function workerHostOf({ worker }: AgentConfig): WorkerHost | null {
  const entry = worker === null ? null : findWorkerProgram(worker.program, import.meta.url);
  return entry === null ? null : createForkWorkerHost({ entry });
}

/** The command line for agent commands on this machine; the folder only if it is not the default. */
function programOf({ environment, home }: CommandContext, folder: string): string {
  const usual = [
    agentFolder({ platform: process.platform, environment, home }),
    installedFolder(process.platform, environment),
  ];
  return commandLine(hostPlatform(), [
    process.execPath,
    // The single file is all of it. The bundle is one file, which other programs may have started; the sources start at
    // main.ts.
    ...(isSingleFile()
      ? []
      : [
          fileURLToPath(
            import.meta.url.endsWith('.ts') ? new URL('main.ts', import.meta.url) : import.meta.url,
          ),
        ]),
    ...(usual.includes(folder) ? [] : ['--data', folder]),
  ]);
}

const REACHABLE_MS = 1000;

/** Whether something accepts a connection there; no request is sent. */
function reachable(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port, timeout: REACHABLE_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
