/** The address for other programs, and what came in there. */
import type { GatewayCounts, GatewayPolicy, GatewayView } from '../../../shared/models/gateway.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatCount, formatDuration } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  noPositionals,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import { table } from '../format.ts';
import type { Terminal } from '../terminal.ts';
import { findKey } from './access.ts';

/** Lines for people: where to point programs, and what is wrong. */
export function gatewayLines({ state, url, listening, problem }: GatewayView, { style }: Terminal): string[] {
  const reach = listening === 'network' ? ' (other computers too, with a key)' : '';
  const first =
    url === null
      ? `Gateway: ${state === 'failed' ? style.bad('not listening') : state}`
      : `Point your programs here: ${url}${reach}`;
  if (problem === null) return [first];
  return [first, `  ${textOf(problem.message)}`, `  ${textOf(problem.next)}`];
}

async function showState(context: CommandContext): Promise<unknown> {
  const link = await context.connect('running');
  const view = await link.call('gateway.get', {});
  if (!context.json) for (const line of gatewayLines(view, context.terminal)) context.terminal.line(line);
  return view;
}

const columns = ['', 'requests', 'completed', 'failed', 'cancelled', 'retried', 'tokens', 'p50', 'p99'];

function countCells(counts: GatewayCounts): string[] {
  const { firstByteMs, inputTokens, outputTokens } = counts;
  return [
    formatCount(counts.requests),
    formatCount(counts.completed),
    // What the gateway or the request itself was to blame for is not a failure of a node.
    formatCount(counts.failed),
    formatCount(counts.cancelled),
    formatCount(counts.retried),
    `${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out`,
    firstByteMs === null ? '' : formatDuration(firstByteMs.p50),
    firstByteMs === null ? '' : formatDuration(firstByteMs.p99),
  ];
}

async function showStats(context: CommandContext): Promise<unknown> {
  const link = await context.connect('running');
  const stats = await link.call('gateway.stats', {});
  if (context.json) return stats;
  const { terminal } = context;
  const { style } = terminal;
  const parts: readonly [title: string, rows: string[][]][] = [
    [
      'Machines',
      stats.nodes.map((node) => [
        node.name,
        ...countCells(node),
        node.inFlight > 0 ? `${node.inFlight} in flight` : '',
        node.slots === null ? '' : `at most ${node.slots} at once`,
        node.breaker === 'closed' ? '' : style.bad(node.breaker === 'open' ? 'failing' : 'on trial'),
      ]),
    ],
    ['Models', stats.models.map((model) => [model.model, ...countCells(model)])],
    ['Interfaces', stats.dialects.map((dialect) => [dialect.dialect, ...countCells(dialect)])],
  ];
  const { total } = stats;
  terminal.line(
    `${formatCount(total.requests)} requests since ${new Date(stats.since).toISOString().slice(0, 16)}Z, ${stats.inFlight} in flight. ${formatCount(total.refused)} refused, ${formatCount(total.rejected)} rejected by a server, ${formatCount(total.fallbacks)} answered by a fallback.`,
  );
  if (stats.refusals.length > 0) {
    const some = stats.refusals.slice(0, 8).map(({ code, count }) => `${code} ${formatCount(count)}`);
    terminal.line(style.quiet(`Refused: ${some.join(', ')}`));
  }
  for (const [title, rows] of parts) {
    if (rows.length === 0) continue;
    terminal.line();
    const head = [title, ...columns.slice(1)].map((text) => style.quiet(text));
    for (const line of table([head, ...rows])) terminal.line(line);
  }
  return stats;
}

const wakeTexts: Readonly<Record<GatewayPolicy['wake'], string>> = {
  'if-needed': 'wakes a machine only if none that is awake has the model',
  wait: 'waits for a machine with a GPU',
  'cpu-meanwhile': 'is served without a GPU while a machine with one wakes',
  'cpu-after': 'is served without a GPU if the wake takes longer',
  never: 'wakes nothing',
};

async function showPolicy(context: CommandContext): Promise<unknown> {
  const model = onlyPositional(context, 'model');
  const link = await context.connect('running');
  const name = optionText(context, 'key');
  const key = name === undefined ? null : findKey(await link.call('access.keys', {}), name);
  const policy = await link.call('gateway.policy', { model, credentialId: key?.id ?? null });
  if (context.json) return policy;
  const { terminal } = context;
  const after = policy.wake === 'cpu-after' ? ` than ${policy.cpuAfterSeconds} s` : '';
  const from = key === null ? '' : ` with the key "${key.name}"`;
  terminal.line(`A request for ${model}${from} ${wakeTexts[policy.wake]}${after}.`);
  terminal.line(`Priority: ${policy.priority ?? 'interactive; batch for lists of texts to embed'}`);
  terminal.line(textOf(policy.reason));
  for (const note of policy.notes) terminal.line(textOf(note));
  return policy;
}

export const gateway: Command = {
  name: 'gateway',
  summary: 'show the address for other programs, and what came in there',
  usage: ['gateway', 'gateway stats', 'gateway policy MODEL [--key NAME]'],
  options: { key: { type: 'string' } },
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    const rest = { ...context, positionals };
    if (verb === 'policy') return showPolicy(rest);
    if (verb !== undefined && verb !== 'stats') throw usageError(`There is no command "gateway ${verb}".`);
    noPositionals(rest);
    if (context.values.key !== undefined) throw usageError('--key belongs to "gateway policy".');
    return verb === 'stats' ? showStats(context) : showState(context);
  },
};
