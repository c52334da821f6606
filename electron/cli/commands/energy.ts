import { type EnergyRange, energyRangeSchema } from '../../../shared/models/power.ts';
import { textOf } from '../../../shared/text/index.ts';
import { purposeLabel } from '../../../shared/text/lease-purpose.ts';
import { formatAwake, formatEnergy } from '../../../shared/units.ts';
import { type Command, findNode, onlyPositional, optionText, usageError } from '../command.ts';
import { table } from '../format.ts';

const wattHours = (value: number | null) => (value === null ? 'unknown' : formatEnergy(value));

export const energy: Command = {
  name: 'energy',
  summary: 'show hours awake, energy used and energy saved by sleeping',
  usage: ['energy [NODE] [--range day|week|month]'],
  options: { range: { type: 'string' } },
  async run(context) {
    const { terminal } = context;
    const text = optionText(context, 'range') ?? 'week';
    const range = energyRangeSchema.safeParse(text);
    if (!range.success) throw usageError(`"${text}" is not a range.`, 'Use day, week or month.');
    const link = await context.connect('fresh');
    const node =
      context.positionals.length > 0 ? await findNode(link, onlyPositional(context, 'node')) : null;
    const report = await link.call('power.energy', {
      range: range.data satisfies EnergyRange,
      ...(node === null ? {} : { nodeId: node.id }),
    });
    if (context.json) return report;
    const names = new Map((await link.call('fleet.list', {})).map(({ id, name }) => [id, name]));
    const rows = report.nodes.map((one) => [
      names.get(one.nodeId) ?? one.nodeId,
      `awake ${formatAwake(one.awakeSeconds)}`,
      wattHours(one.wattHours),
      one.savedWattHours === null ? '' : `saved ${wattHours(one.savedWattHours)}`,
    ]);
    for (const [index, line] of table(rows).entries()) {
      terminal.line(line);
      const one = report.nodes[index];
      for (const job of one?.jobs ?? [])
        terminal.line(
          `  ${purposeLabel(job.purpose)}: ${formatAwake(job.seconds)}, ${wattHours(job.wattHours)}`,
        );
      if (one && node) terminal.line(`  ${textOf(one.how)}`);
    }
    return report;
  },
};
