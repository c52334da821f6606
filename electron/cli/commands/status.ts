import { textOf } from '../../../shared/text/index.ts';
import { jobName } from '../../../shared/text/job.ts';
import { plural } from '../../../shared/units.ts';
import { type Command, noPositionals } from '../command.ts';
import { jobLine, mayRestartOllama, ollamaTroubleTexts, stateText, table, vramText } from '../format.ts';
import { measureVram } from '../vram.ts';
import { gatewayLines } from './gateway.ts';

export const status: Command = {
  name: 'status',
  summary: 'show what is running, which machines are awake and what is being indexed',
  usage: ['status'],
  options: {},
  async run(context) {
    noPositionals(context);
    const { terminal } = context;
    const { style } = terminal;
    const link = await context.connect('fresh');
    const [core, nodes, measured, optimizer, jobs, sources, powers, gateway] = await Promise.all([
      link.call('core.status', {}),
      link.call('fleet.list', {}),
      measureVram(link),
      link.call('optimizer.status', {}),
      link.call('index.jobs', { limit: 1 }),
      link.call('index.sources', {}),
      link.call('power.list', {}),
      link.call('gateway.get', {}),
    ]);
    const [job] = jobs;
    const result = {
      running: link.running,
      core,
      gateway,
      nodes,
      telemetry: measured.samples,
      optimizer,
      job: job ?? null,
      sources,
    };
    if (context.json) return result;
    terminal.line(
      link.running
        ? `${style.flame('●')} Pilotlight ${core.version} is running`
        : `${style.quiet('○')} Pilotlight is not running`,
    );
    if (link.running) for (const line of gatewayLines(gateway, terminal)) terminal.line(line);
    for (const notice of core.notices)
      terminal.line(`${style.bad('!')} ${textOf(notice.message)} ${textOf(notice.next)}`);
    for (const offer of core.offers)
      terminal.line(`  ${offer.source} points to ${offer.url}. To add it: nodes add ${offer.url}`);
    terminal.line();
    const rows = nodes.map((node) => [
      node.name,
      stateText(node, style),
      vramText(measured.of(node), node.hasGpu),
      node.loaded.map((model) => model.name).join(', '),
    ]);
    for (const [index, line] of table(rows).entries()) {
      terminal.line(line);
      const node = nodes[index];
      for (const line of node ? ollamaTroubleTexts(node, mayRestartOllama(powers, node.id), style) : []) {
        terminal.line(`  ${line}`);
      }
    }
    terminal.line();
    terminal.line(`Optimizer ${optimizer.on ? 'on' : 'off'}. ${textOf(optimizer.summary)}`);
    const files = sources.reduce((sum, source) => sum + source.files, 0);
    terminal.line(`Index: ${plural(sources.length, 'folder')}, ${plural(files, 'file')}.`);
    if (job?.status === 'running') terminal.line(jobLine(job, style));
    else if (job) terminal.line(`Last run, ${jobName(job)}: ${textOf(job.detail)}`);
    return result;
  },
};
