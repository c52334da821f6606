/** `workers …`: who works on the queues. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { TaskWorker } from '../../../shared/models/tasks.ts';
import { type Command, type CommandContext, noPositionals, onlyPositional, usageError } from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { workerLines } from '../task-lines.ts';

export const workers: Command = {
  name: 'workers',
  summary: 'show the workers of the task queues, and pause one',
  usage: ['workers list', 'workers drain NAME', 'workers resume NAME'],
  options: {},
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    const rest = { ...context, positionals };
    if (verb === undefined || verb === 'list') return list(rest);
    if (verb === 'drain' || verb === 'resume') return drain(rest, verb === 'drain');
    throw usageError(`There is no command "workers ${verb}".`);
  },
};

async function list(context: CommandContext): Promise<TaskWorker[]> {
  noPositionals(context);
  const link = await context.connect('running');
  const all = await link.call('tasks.workers', {});
  if (context.json) return all;
  const { terminal } = context;
  const options = {
    style: terminal.style,
    width: terminal.isTerminal ? terminal.width : null,
    now: context.now(),
  };
  if (all.length === 0) terminal.line('No workers. Start one with "worker --server URL --token KEY".');
  else for (const line of workerLines(all, options)) terminal.line(line);
  return all;
}

async function drain(context: CommandContext, on: boolean): Promise<TaskWorker> {
  const wanted = onlyPositional(context, 'worker');
  const link = await context.connect('running');
  const worker = await findWorker(link, wanted);
  await link.call('tasks.drain', { workerId: worker.id, on });
  if (!context.json)
    context.terminal.line(
      on
        ? `${worker.name} finishes what it has and takes nothing more.`
        : `${worker.name} takes tasks again.`,
    );
  return worker;
}

/** By id, else by its name in any case. */
async function findWorker(link: CoreLink, wanted: string): Promise<TaskWorker> {
  const all = await link.call('tasks.workers', {});
  const named = all.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const found = all.find(({ id }) => id === wanted) ?? (named.length === 1 ? named[0] : undefined);
  if (found) return found;
  throw new PilotlightError('NOT_FOUND', {
    message:
      named.length > 1
        ? `${named.length} workers are called "${wanted}".`
        : `There is no worker called "${wanted}".`,
    next:
      named.length > 1
        ? `Use one of their ids: ${named.map(({ id }) => id).join(', ')}.`
        : 'Run "workers list" to see them.',
  });
}
