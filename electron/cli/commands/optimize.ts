import { isFact } from '../../../shared/models/message.ts';
import type { MoveRecord, OptimizerStatus } from '../../../shared/models/placement.ts';
import { movesToday } from '../../../shared/moves-today.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatAgo, formatDuration, plural } from '../../../shared/units.ts';
import { type Command, type CommandContext, usageError } from '../command.ts';
import { moveText, placementText } from '../format.ts';

/** As many as the panel lists. */
const MOST_MOVES = 200;

function print(context: CommandContext, status: OptimizerStatus, listed: readonly MoveRecord[]): void {
  const { terminal } = context;
  const every = `every ${formatDuration(status.intervalMs)}`;
  const last =
    status.lastLookAt === null
      ? 'not checked yet'
      : `checked ${formatAgo(context.now() - status.lastLookAt)}`;
  const moves = `${plural(movesToday(listed, context.now()), 'move')} today`;
  terminal.line(`Optimizer ${status.on ? `on, ${every}` : 'off'}; ${last}; ${moves}.`);
  if (status.lastLookAt !== null) terminal.line(textOf(status.summary));
  for (const { model, placement, reason, right } of status.explanations) {
    const { style } = terminal;
    const where = placement === null ? '' : `${placementText(placement, null, style)}  `;
    const why = isNamed(status, model) ? '' : `  ${textOf(reason)}`;
    terminal.line(`  ${right ? style.good('✓') : style.ember('–')} ${where}${model}${why}`);
  }
}

/** Whether the summary explains this model already. */
function isNamed({ summary, explanations }: OptimizerStatus, model: string): boolean {
  if (!isFact(summary, 'MODELS_CHECKED')) return false;
  const alone = explanations.filter((one) => one.model === model).length === 1;
  return alone && (summary.params.named ?? []).some((named) => named.model === model);
}

export const optimize: Command = {
  name: 'optimize',
  summary: 'move priority models to GPUs now, switch the optimizer on or off, or show what it did',
  usage: ['optimize', 'optimize on|off', 'optimize status', 'optimize history [--limit N]'],
  options: { limit: { type: 'string' } },
  async run(context) {
    const [verb = 'now', ...rest] = context.positionals;
    if (rest.length > 0) throw usageError(`"${rest[0]}" is one argument too many.`);
    if (!['now', 'on', 'off', 'status', 'history'].includes(verb)) {
      throw usageError(`There is no command "optimize ${verb}".`);
    }
    const link = await context.connect(verb === 'now' ? 'fresh' : 'any');
    if (verb === 'history') {
      const limit = Number(context.values.limit ?? 20);
      const moves = await link.call('optimizer.history', { limit });
      if (!context.json) {
        if (moves.length === 0) context.terminal.line('No moves yet.');
        for (const move of moves) {
          const when = context.terminal.style.quiet(formatAgo(context.now() - move.at).padEnd(11));
          context.terminal.line(`${when} ${moveText(move, context.terminal.style)}`);
        }
      }
      return moves;
    }
    if (verb === 'on' || verb === 'off')
      await link.call('settings.update', { optimizer: { on: verb === 'on' } });
    const status = await link.call(verb === 'now' ? 'optimizer.run' : 'optimizer.status', {});
    if (!context.json) print(context, status, await link.call('optimizer.history', { limit: MOST_MOVES }));
    return status;
  },
};
