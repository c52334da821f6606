import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { formatAgo, VRAM_GIGABYTE } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import { mayRestartOllama, modelText, ollamaTroubleTexts, stateText, table, vramText } from '../format.ts';
import { readSecretOption, secretVariables } from '../secret-input.ts';
import { measureVram } from '../vram.ts';

/** `24GB`, `24 GB`, `24GiB`, `24` (GB) or `0` for a machine without a GPU, as bytes; units as GPU vendors use them. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(|gb|gib|g|mb|mib|m)$/i.exec(text.trim());
  if (!match)
    throw usageError(`"${text}" is not a size.`, 'Write it like 24GB; 0 means that there is no GPU.');
  const unit = (match[2] ?? '').toLowerCase();
  const factor = unit.startsWith('m') ? 2 ** 20 : VRAM_GIGABYTE;
  return Math.round(Number(match[1]) * factor);
}

/**
 * Empty for a node that answers: it is seen all the time, and its view is not updated for that alone. So is this
 * computer, whatever its server does.
 */
export function seenText(node: NodeView, now: number): string {
  if (isServing(node.state) || node.kind === 'this-computer') return '';
  return node.lastSeenAt === null ? 'never seen' : `seen ${formatAgo(now - node.lastSeenAt)}`;
}

/** `2 × NVIDIA A100, Intel Arc`: as last reported, so also of a machine that is asleep. */
export function gpuNames({ gpus }: Pick<NodeView, 'gpus'>): string {
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

async function list(context: CommandContext) {
  if (context.positionals.length > 0) throw usageError('"nodes list" takes no name.');
  const { terminal } = context;
  const { style } = terminal;
  const link = await context.connect('fresh');
  const nodes = await link.call('fleet.list', {});
  if (context.json) return nodes;
  const [measured, powers] = await Promise.all([measureVram(link), link.call('power.list', {})]);
  const rows = nodes.map((node) => [
    node.name,
    stateText(node, style),
    vramText(measured.of(node), node.hasGpu),
    node.url ?? node.agentUrl ?? '',
    seenText(node, context.now()),
    style.quiet(node.id),
  ]);
  for (const [index, line] of table(rows).entries()) {
    terminal.line(line);
    const node = nodes[index];
    for (const line of node ? ollamaTroubleTexts(node, mayRestartOllama(powers, node.id), style) : []) {
      terminal.line(`  ${line}`);
    }
    if (node?.trouble) terminal.line(`  ${style.bad('!')} ${node.trouble.message} ${node.trouble.next}`);
    if (node && node.gpus.length > 0) terminal.line(`  ${style.quiet(gpuNames(node))}`);
    for (const model of node?.loaded ?? []) terminal.line(`  ${modelText(model, style)}`);
  }
  return nodes;
}

const secretOptions = {
  secureOn: { option: 'secure-on', prompt: 'SecureOn password', asArgument: true },
  agentToken: { option: 'agent-token', prompt: 'Token of the agent', asArgument: false },
  relayToken: { option: 'relay-token', prompt: 'Token of the relay', asArgument: false },
  shutdownSecret: { option: 'shutdown-secret', prompt: 'Secret of the shutdown server', asArgument: true },
} as const;

/** Those that are given, one after the other, because two may come from the terminal. */
async function readSecrets(context: CommandContext) {
  const names = Object.keys(secretOptions) as (keyof typeof secretOptions)[];
  if (names.filter((name) => optionText(context, secretOptions[name].option) === '-').length > 1) {
    throw usageError('Only one secret can come from standard input.');
  }
  const secrets: Partial<Record<keyof typeof secretOptions, string>> = {};
  for (const name of names) {
    const secret = await readSecretOption(context, {
      ...secretOptions[name],
      variable: secretVariables[name],
    });
    if (secret !== undefined) secrets[name] = secret;
  }
  return secrets;
}

async function add(context: CommandContext) {
  // A node may have an agent and no Ollama.
  const onlyAgent = context.positionals.length === 0 && optionText(context, 'agent') !== undefined;
  const url = onlyAgent ? null : onlyPositional(context, 'URL');
  const [name, mac, vram, agentUrl, shutdownUrl] = ['name', 'mac', 'vram', 'agent', 'shutdown'].map((key) =>
    optionText(context, key),
  );
  const secrets = await readSecrets(context);
  const destinations = context.values['wake-to'];
  const link = await context.connect('any');
  const node = await link.call('fleet.add', {
    url,
    ...(name === undefined ? {} : { name }),
    ...(mac === undefined ? {} : { mac }),
    ...(agentUrl === undefined ? {} : { agentUrl }),
    ...(shutdownUrl === undefined ? {} : { shutdownUrl }),
    ...secrets,
    ...(vram === undefined ? {} : { vramBytes: parseBytes(vram) }),
    ...(Array.isArray(destinations) ? { wakeDestinations: [...destinations] } : {}),
  });
  const [seen = node] = await link.call('fleet.look', { nodeId: node.id });
  if (!context.json) {
    context.terminal.line(`Added ${seen.name}: ${stateText(seen, context.terminal.style)}`);
    if (seen.trouble) context.terminal.line(`  ${seen.trouble.message} ${seen.trouble.next}`);
  }
  return seen;
}

async function remove(context: CommandContext) {
  const wanted = onlyPositional(context, 'node');
  const link = await context.connect('any');
  const node = await findNode(link, wanted);
  await link.call('fleet.remove', { nodeId: node.id });
  if (!context.json) context.terminal.line(`Removed ${node.name}. The machine itself was not changed.`);
  return { removed: node.id };
}

export const nodes: Command = {
  name: 'nodes',
  summary: 'list, add and remove machines',
  usage: [
    'nodes list',
    'nodes add URL [--name NAME] [--mac MAC] [--wake-to ADDRESS[:PORT]] [--secure-on-file FILE] [--vram 24GB]',
    '          [--agent URL [--agent-token-file FILE]] [--relay-token-file FILE]',
    '          [--shutdown URL --shutdown-secret-file FILE]',
    'nodes add --agent URL [--name NAME]',
    '  Each secret comes from a file, from standard input (--shutdown-secret -), or from a variable:',
    `  ${Object.values(secretVariables)
      .filter((name) => name.includes('_NODE_'))
      .join(', ')}`,
    'nodes remove NODE',
  ],
  options: {
    name: { type: 'string' },
    mac: { type: 'string' },
    'wake-to': { type: 'string', multiple: true },
    vram: { type: 'string' },
    agent: { type: 'string' },
    shutdown: { type: 'string' },
    ...Object.fromEntries(
      Object.values(secretOptions).flatMap(({ option }) => [
        [option, { type: 'string' as const }],
        [`${option}-file`, { type: 'string' as const }],
      ]),
    ),
  },
  run(context) {
    const [verb = 'list', ...positionals] = context.positionals;
    const inner = { ...context, positionals };
    if (verb === 'list') return list(inner);
    if (verb === 'add') return add(inner);
    if (verb === 'remove') return remove(inner);
    return Promise.reject(usageError(`There is no command "nodes ${verb}".`));
  },
};
