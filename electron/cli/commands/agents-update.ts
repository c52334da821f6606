/** `agents …`: the versions of the agents of the fleet, and updating them. */
import type { AgentUpdates, AgentUpdateView } from '../../../shared/models/agent-updates.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatPercent } from '../../../shared/units.ts';
import { type Command, type CommandContext, findNode, usageError } from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { table } from '../format.ts';

/** How often the progress is asked for, milliseconds. */
const POLL_MS = 1000;

function stateText({ state, why, trouble, progress }: AgentUpdateView): string {
  if (trouble !== null) return `failed: ${trouble.message}`;
  if (why !== null) return textOf(why);
  if (state === 'sending') return `sending ${formatPercent(progress ?? 0)}`;
  return state === 'old' ? 'can be updated' : state;
}

function show({ terminal }: CommandContext, { version, noRelease, agents }: AgentUpdates): void {
  if (agents.length === 0) terminal.line('No machine has an agent.');
  for (const line of table(agents.map((one) => [one.name, one.version ?? 'unknown', stateText(one)])))
    terminal.line(line);
  if (version !== null) terminal.line(`The release here: ${version}`);
  else if (noRelease !== null) terminal.line(textOf(noRelease));
}

/** Until the run has ended. Ctrl+C cancels it. */
async function follow(context: CommandContext, link: CoreLink, begun: AgentUpdates): Promise<AgentUpdates> {
  let now = begun;
  let shown = '';
  try {
    while (now.run === 'running') {
      const active = now.agents.filter(({ state }) => state !== 'current' && state !== 'other');
      const line = active.map((one) => `${one.name}: ${stateText(one)}`).join('  ');
      if (!context.json && line !== shown) context.terminal.live(line);
      shown = line;
      await context.sleep(POLL_MS);
      now = await link.call('agents.updates', {});
    }
  } catch (error) {
    await link.call('agents.cancelUpdates', {}, AbortSignal.timeout(2000));
    throw error;
  }
  return now;
}

export const agents: Command = {
  name: 'agents',
  summary: 'the versions of the agents, and updating them',
  usage: [
    'agents                        list agents, and which can be updated',
    'agents update NODE …          update these, one at a time',
    'agents update --all           update all; stops at the first that fails',
    'agents update … --when-on     also those that are off, when they are next on',
  ],
  options: { all: { type: 'boolean' }, 'when-on': { type: 'boolean' } },
  async run(context) {
    const [verb, ...names] = context.positionals;
    const link = await context.connect('running');
    if (verb === undefined) {
      const state = await link.call('agents.updates', {});
      if (!context.json) show(context, state);
      return state;
    }
    if (verb !== 'update') throw usageError(`"${verb}" is not a verb of agents.`);
    const isAll = context.values.all === true;
    if (isAll === names.length > 0) throw usageError('Name the machines, or use --all for every one.');
    const nodes = await Promise.all(names.map((name) => findNode(link, name)));
    const begun = await link.call('agents.update', {
      ...(isAll ? {} : { nodeIds: nodes.map(({ id }) => id) }),
      whenOn: context.values['when-on'] === true,
    });
    const state = await follow(context, link, begun);
    if (!context.json) show(context, state);
    return state;
  },
  failed: (result) => (result as AgentUpdates).run === 'stopped',
};
