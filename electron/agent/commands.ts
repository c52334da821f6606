/** The commands of the program. */
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentApi } from '../../shared/contract/agent.ts';
import { postJson } from '../adapters/agent-host/post.ts';
import { createSystemHost, hostPlatform } from '../adapters/agent-host/system-host.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { openMulticastSocket } from '../adapters/network/mdns/socket.ts';
import { createDgramUdp } from '../adapters/network/udp.ts';
import { readOwn } from '../adapters/ownership/read-own.ts';
import type { Trust } from '../adapters/ownership/verdict.ts';
import { createForkWorkerHost, type WorkerHost } from '../adapters/processes/worker-host.ts';
import { systemCode } from '../adapters/system-code.ts';
import { readListening, startAgent } from './agent.ts';
import type { CommandContext } from './command-context.ts';
import { type AgentConfig, configHelp, readConfig } from './config.ts';
import { environmentOf } from './config-names.ts';
import { DAMAGED_PANEL, type Damage, openDamage } from './damage.ts';
import { AgentError, errorText } from './errors.ts';
import { createFolder, openOwnFolder } from './files.ts';
import { findRunnerProgram, findWorkerProgram } from './find-program.ts';
import { install, uninstall } from './install/install.ts';
import { callInTheClear, callLocal } from './local-client.ts';
import { checked, requireOwnFile, requireOwnFolder, trustWithOwner } from './own-files.ts';
import { agentFolder, installedFolder, systemFolder } from './places.ts';
import { readCountdown } from './power/countdown-notes.ts';
import { commandLine } from './program.ts';
import { openToken, readToken } from './token.ts';

type AgentCommand = (context: CommandContext) => Promise<void>;

export const usage = [
  'Usage: node agent.mjs [COMMAND] [options]',
  '',
  '  run        start the agent (the default)',
  '  token      print the token, creating it if necessary',
  '  pair       print a code and a line to pair a panel with, valid for 10 minutes',
  '  cancel     cancel the countdown on this machine',
  '  forget     list the panels whose policies apply here; with PANEL, remove its policy',
  '  install    run as a service that starts with the machine; --print only shows the steps',
  '  uninstall  remove the service; --print only shows the steps',
  '',
  ...configHelp,
  '  --data DIR  folder for its token, leases and policies',
  '  --config FILE  options as JSON; DIR/agent.json by default',
  '  --node PATH, --user NAME  for install: which Node runs it, as which user',
  '  --json  JSON output of pair, cancel and forget',
  '',
  `Precedence: flag, environment (${environmentOf('allowMac')} and so on), file, default.`,
];

function folderOf({ flags, environment, home, resolve }: CommandContext): string {
  const named = typeof flags.data === 'string' ? flags.data : environment.PILOTLIGHT_AGENT_DATA;
  return named ? resolve(named) : agentFolder({ platform: process.platform, environment, home });
}

/** The folder and token of the agent on this machine: the person's own, or the installed one. */
async function runningAgent(context: CommandContext): Promise<{ folder: string; token: string }> {
  const { flags, environment } = context;
  const own = folderOf(context);
  const named = flags.data !== undefined || environment.PILOTLIGHT_AGENT_DATA !== undefined;
  const installed = installedFolder(process.platform, environment);
  const folder = !named && readListening(own) === null && readListening(installed) !== null ? installed : own;
  const trust = trustWithOwner(folder);
  await requireOwnFolder(folder, trust);
  const token = readToken(folder, trust);
  if (token === null) throw new AgentError('NOT_RUNNING');
  return { folder, token };
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
async function configOf(context: CommandContext, folder: string, trust?: Trust | null) {
  const { flags, environment } = context;
  return readConfig({ flags, environment, file: await readFile(context, folder, trust) });
}

const run: AgentCommand = async (context) => {
  const folder = folderOf(context);
  await openOwnFolder(folder);
  const log = (message: string) => context.log(`${new Date().toISOString()} ${message}`);
  const damage = openDamage({ folder, log });
  if (!namesConfig(context)) checkConfigFile(damage);
  const config = await configOf(context, folder);
  const clock = createSystemClock();
  const udp = createDgramUdp();
  const host = createSystemHost({ clock, ollama: config.ollama });
  const stop = context.stopAsked();
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
    damage,
    log,
  });
  for (const { roles, address, port } of agent.listening) {
    const name = address.includes(':') ? `[${address}]` : address;
    context.print(`The agent (${roles.join(', ')}) listens on http://${name}:${port}`);
  }
  // Its sockets keep the process alive; this promise alone would not.
  await stop;
  await agent.stop();
};

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
    // The bundle is one file, which other programs may have started; the sources start at main.ts.
    fileURLToPath(import.meta.url.endsWith('.ts') ? new URL('main.ts', import.meta.url) : import.meta.url),
    ...(usual.includes(folder) ? [] : ['--data', folder]),
  ]);
}

const token: AgentCommand = async (context) => {
  const folder = folderOf(context);
  createFolder(folder);
  const trust = trustWithOwner(folder);
  await requireOwnFolder(folder, trust);
  context.print(openToken(folder, { trust }));
};

const pair: AgentCommand = async (context) => {
  const { folder, token } = await runningAgent(context);
  const answer = await callLocal(folder, agentApi.openPairing, { token });
  if (context.flags.json === true) {
    context.print(JSON.stringify(answer));
    return;
  }
  context.print(`Code: ${answer.code.slice(0, 3)} ${answer.code.slice(3)}   (valid once, for 10 minutes)`);
  context.print('Or paste one of these lines into the panel:');
  for (const line of answer.lines) context.print(`  ${line}`);
};

const cancel: AgentCommand = async (context) => {
  const { flags, environment } = context;
  const named = flags.data !== undefined || environment.PILOTLIGHT_AGENT_DATA !== undefined;
  const folders = [folderOf(context), ...(named ? [] : [installedFolder(process.platform, environment)])];
  const folder = folders.find((one) => readCountdown(one) !== null);
  const countdown = folder === undefined ? null : readCountdown(folder);
  if (folder === undefined || countdown === null) throw new AgentError('NO_COUNTDOWN');
  // Anyone at the machine may do this, without the token: its key is in a file that everyone here can read.
  const state = await callInTheClear(folder, agentApi.cancelHere, { key: countdown.key });
  context.print(flags.json === true ? JSON.stringify(state) : 'Cancelled. This machine stays on.');
};

/**
 * The policy of a panel that no longer exists would apply indefinitely: the agent cannot tell it from one
 * that is away.
 */
const forget: AgentCommand = async (context) => {
  const { folder, token } = await runningAgent(context);
  const [panel] = context.names;
  if (panel !== undefined) await callLocal(folder, agentApi.removePolicy, { id: panel, token });
  const { policies = [] } = await callLocal(folder, agentApi.policy, { token });
  if (context.flags.json === true) {
    context.print(JSON.stringify(policies));
    return;
  }
  if (panel !== undefined) context.print(`Forgot ${panel}.`);
  if (policies.length === 0) context.print('No panel has a policy here.');
  for (const { panel: name, policy, updatedAt } of policies) {
    if (name === DAMAGED_PANEL) {
      context.print(
        `${name}  stays on: a file was damaged; forget this entry to confirm that nothing is missing`,
      );
      continue;
    }
    const summary = policy.finishAlone ? `${policy.action} after ${policy.idleMinutes} min` : 'stays on';
    context.print(`${name}  ${summary}  updated ${new Date(updatedAt).toISOString()}`);
  }
};

/** Commands that take a name. */
export const takesName: readonly string[] = ['forget'];

export const commands: Readonly<Record<string, AgentCommand>> = {
  run,
  token,
  pair,
  cancel,
  forget,
  install: async (context) => {
    const named = context.flags.data !== undefined || context.environment.PILOTLIGHT_AGENT_DATA !== undefined;
    const folder = named ? folderOf(context) : systemFolder(process.platform, context.environment);
    const config = await configOf(context, folder, trustWithOwner(folder));
    await install(context, { folder, config, platform: hostPlatform() });
  },
  uninstall: async (context) => {
    await uninstall(context, { platform: hostPlatform() });
  },
};

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
