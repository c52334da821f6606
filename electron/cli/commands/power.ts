/** Powering machines off and keeping them on: off, cancel, why, keep-awake, release. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import { powerActionSchema } from '../../../shared/models/power.ts';
import { textOf } from '../../../shared/text/index.ts';
import { purposeLabel } from '../../../shared/text/lease-purpose.ts';
import { formatDuration } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { mayRestartOllama, ollamaTroubleTexts, stateText } from '../format.ts';
import { nextMinuteOfDay, parseDuration, parseMinuteOfDay } from '../parse-time.ts';

const actionLabels = {
  shutdown: 'shuts down',
  sleep: 'goes to sleep',
  hibernate: 'hibernates',
  restart: 'restarts',
};

async function powerOf(link: CoreLink, nodeId: string): Promise<NodePower> {
  const found = (await link.call('power.list', {})).find((one) => one.nodeId === nodeId);
  if (!found) throw new PilotlightError('NOT_FOUND', { message: 'There is no such node.' });
  return found;
}

function readAction(context: CommandContext) {
  const text = optionText(context, 'action');
  if (text === undefined) return undefined;
  const action = powerActionSchema.safeParse(text);
  if (!action.success)
    throw usageError(`"${text}" is not an action.`, 'Use shutdown, sleep, hibernate or restart.');
  return action.data;
}

/** Waits until the machine is off, or until it is known to stay on. */
async function untilGone(context: CommandContext, link: CoreLink, nodeId: string, name: string) {
  const { terminal } = context;
  const startedAt = context.now();
  for (;;) {
    const [power, nodes] = await Promise.all([powerOf(link, nodeId), link.call('fleet.list', {})]);
    const node = nodes.find((one) => one.id === nodeId);
    if (power.lastOffError) {
      const { message, next } = power.lastOffError;
      throw new PilotlightError('DID_NOT_GO_OFF', { message, next });
    }
    if (!power.leaving && !power.countdown) {
      const off = node !== undefined && !isServing(node.state);
      if (!context.json) {
        const took = formatDuration(context.now() - startedAt);
        terminal.line(off ? `${name} is off, ${took}.` : `${name} stays on.`);
      }
      return { nodeId, off };
    }
    if (!context.json) {
      const left = power.countdown ? power.countdown.endsAt - context.now() : null;
      terminal.live(
        left === null
          ? `${name} is going off…`
          : `${name} ${actionLabels[power.countdown?.action ?? 'shutdown']} in ${formatDuration(Math.max(0, left))}; to keep it on: cancel ${nodeId}`,
      );
    }
    await context.sleep(300);
  }
}

export const off: Command = {
  name: 'off',
  summary: 'power a machine off as its policy says, and wait until it is off',
  usage: ['off NODE [--action shutdown|sleep|hibernate|restart] [--in 30s] [--force]'],
  options: { action: { type: 'string' }, in: { type: 'string' }, force: { type: 'boolean' } },
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const action = readAction(context);
    const wait = optionText(context, 'in');
    const countdownSeconds = wait === undefined ? 0 : Math.round(parseDuration(wait) / 1000);
    if (countdownSeconds > 3600) throw usageError('A countdown can be at most one hour.');
    const link = await context.connect('fresh');
    const { id, name } = await findNode(link, wanted);
    const asked = await link.call('power.off', {
      nodeId: id,
      ...(action === undefined ? {} : { action }),
      force: context.values.force === true,
      countdownSeconds,
    });
    if (action === 'restart') {
      if (!context.json) context.terminal.line(`${name} is restarting.`);
      return asked;
    }
    return untilGone(context, link, id, name);
  },
  failed: (result) => (result as { off?: boolean }).off === false,
};

export const cancel: Command = {
  name: 'cancel',
  summary: 'cancel the power-off countdown of a node, or without a name, of this machine',
  usage: ['cancel NODE', 'cancel'],
  options: {},
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const link = await context.connect('fresh');
    const { id, name } = await findNode(link, wanted);
    const power = await link.call('power.cancelOff', { nodeId: id });
    if (!context.json) context.terminal.line(`Cancelled. ${name} stays on until it is next needed.`);
    return power;
  },
};

function leaseText(lease: Lease, now: number): string {
  const end = lease.until === null ? '' : `, ${formatDuration(Math.max(0, lease.until - now))} left`;
  const kept = lease.origin === 'here' && !lease.mirrored ? ', not on its agent' : '';
  return `${purposeLabel(lease.purpose)} (${lease.holder}${end}${kept})`;
}

export const why: Command = {
  name: 'why',
  summary: 'show why a machine is on, who keeps it awake and when it goes off',
  usage: ['why [NODE]'],
  options: {},
  async run(context) {
    const { terminal } = context;
    const { style } = terminal;
    const link = await context.connect('fresh');
    const [powers, nodes] = await Promise.all([link.call('power.list', {}), link.call('fleet.list', {})]);
    const only =
      context.positionals.length > 0 ? await findNode(link, onlyPositional(context, 'node')) : null;
    const shown = powers.filter((power) => only === null || power.nodeId === only.id);
    if (context.json) return shown;
    for (const power of shown) {
      const node = nodes.find((one) => one.id === power.nodeId);
      if (!node) continue;
      terminal.line(`${style.strong(node.name)}  ${stateText(node, style)}`);
      for (const reason of power.whyOn) terminal.line(`  ${textOf(reason)}`);
      if (node.state === 'off' && power.leases.length > 0)
        terminal.line('  Off all the same; these keep it on once it is on again:');
      for (const lease of power.leases)
        terminal.line(`  ${style.quiet(lease.id)}  ${leaseText(lease, context.now())}`);
      if (power.countdown)
        terminal.line(
          `  ${style.ember('◌')} It ${actionLabels[power.countdown.action]} in ${formatDuration(Math.max(0, power.countdown.endsAt - context.now()))}.`,
        );
      else if (power.offAt !== null)
        terminal.line(
          `  Goes off in ${formatDuration(Math.max(0, power.offAt - context.now()))} if it stays idle.`,
        );
      if (power.sleepTrouble)
        terminal.line(`  ${style.bad('!')} ${power.sleepTrouble.message} ${power.sleepTrouble.next}`);
      for (const line of ollamaTroubleTexts(node, mayRestartOllama(powers, node.id), style)) {
        terminal.line(`  ${line}`);
      }
      if (power.agent?.trouble)
        terminal.line(`  ${style.bad('!')} ${power.agent.trouble.message} ${power.agent.trouble.next}`);
    }
    return shown;
  },
};

export const keepAwake: Command = {
  name: 'keep-awake',
  summary: 'keep a machine on for a while, or until you release it',
  usage: ['keep-awake NODE [2h | --for 2h | --until 23:00] [--purpose TEXT]'],
  options: { for: { type: 'string' }, until: { type: 'string' }, purpose: { type: 'string' } },
  async run(context) {
    const [node, given, ...more] = context.positionals;
    const wanted = onlyPositional(
      { ...context, positionals: [node, ...more].filter((text) => text !== undefined) },
      'node',
    );
    const [option, end, purpose] = ['for', 'until', 'purpose'].map((key) => optionText(context, key));
    if (given !== undefined && option !== undefined) throw usageError('Say once how long, not twice.');
    const length = given ?? option;
    if (length !== undefined && end !== undefined)
      throw usageError('Use either a length or --until, not both.');
    const now = context.now();
    const until =
      length !== undefined
        ? now + parseDuration(length)
        : end !== undefined
          ? nextMinuteOfDay(parseMinuteOfDay(end), now)
          : null;
    const link = await context.connect('any');
    const { id, name } = await findNode(link, wanted);
    const lease = await link.call('power.keepAwake', {
      nodeId: id,
      until,
      ...(purpose === undefined ? {} : { purpose }),
    });
    if (!context.json) {
      const lasting = until === null ? 'until you release it' : `for ${formatDuration(until - now)}`;
      context.terminal.line(`${name} is kept awake ${lasting}.`);
      context.terminal.line(`To release it: release ${id} ${lease.id}`);
    }
    return lease;
  },
};

export const restartOllama: Command = {
  name: 'restart-ollama',
  summary: 'restart Ollama on a machine through its agent, so that it detects its GPU or loads models again',
  usage: ['restart-ollama NODE [--anyway]'],
  options: { anyway: { type: 'boolean' } },
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const link = await context.connect('fresh');
    const { id, name } = await findNode(link, wanted);
    await link.call('power.restartOllama', { nodeId: id, force: context.values.anyway === true });
    if (!context.json) context.terminal.line(`Ollama was restarted on ${name}.`);
    return { restarted: id };
  },
};

export const release: Command = {
  name: 'release',
  summary: 'end a lease ("why" lists them)',
  usage: ['release NODE LEASE'],
  options: {},
  async run(context) {
    const [wanted, leaseId, ...rest] = context.positionals;
    if (wanted === undefined || leaseId === undefined || rest.length > 0)
      throw usageError('Missing arguments: the node and the lease.');
    const link = await context.connect('any');
    const { id, name } = await findNode(link, wanted);
    await link.call('power.release', { nodeId: id, leaseId });
    if (!context.json)
      context.terminal.line(`Released. ${name} goes off when it is idle, if its policy says so.`);
    return { released: leaseId };
  },
};
