import { agentApi } from '../../shared/contract/agent.ts';
import { hostPlatform } from '../adapters/agent-host/system-host.ts';
import { readListening } from './agent.ts';
import type { CommandContext } from './command-context.ts';
import { configHelp } from './config.ts';
import { environmentOf } from './config-names.ts';
import { DAMAGED_PANEL } from './damage.ts';
import { AgentError } from './errors.ts';
import { createFolder } from './files.ts';
import { install, uninstall } from './install/install.ts';
import { callInTheClear, callLocal } from './local-client.ts';
import { requireOwnFolder, trustWithOwner } from './own-files.ts';
import { installedFolder, systemFolder } from './places.ts';
import { readCountdown } from './power/countdown-notes.ts';
import { configOf, folderOf, run } from './run.ts';
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
  run: async (context) => {
    process.exitCode = await run(context);
  },
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
