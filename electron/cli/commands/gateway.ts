/** The address for other programs, and what came in there. */
import type { GatewayCounts, GatewayView } from '../../../shared/models/gateway.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatCount, formatDuration } from '../../../shared/units.ts';
import { type Command, type CommandContext, noPositionals, usageError } from '../command.ts';
import { table } from '../format.ts';
import type { Terminal } from '../terminal.ts';

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
  for (const [title, rows] of parts) {
    if (rows.length === 0) continue;
    terminal.line();
    const head = [title, ...columns.slice(1)].map((text) => style.quiet(text));
    for (const line of table([head, ...rows])) terminal.line(line);
  }
  return stats;
}

export const gateway: Command = {
  name: 'gateway',
  summary: 'show the address for other programs, and what came in there',
  usage: ['gateway', 'gateway stats'],
  options: {},
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    if (verb !== undefined && verb !== 'stats') throw usageError(`There is no command "gateway ${verb}".`);
    noPositionals({ ...context, positionals });
    return verb === 'stats' ? showStats(context) : showState(context);
  },
};
