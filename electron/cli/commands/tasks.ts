/** `tasks …`: queued work, from the command line. */
import { open as openFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import {
  contentTypeSchema,
  endedTaskStates,
  type TaskDetails,
  type TaskView,
  taskQueueSchema,
  taskStateSchema,
  whenGpuAsleepSchema,
} from '../../../shared/models/tasks.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatBytes, formatPercent } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  noPositionals,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { queueNames, taskLines, taskNote, taskStateText, taskTook } from '../task-lines.ts';
import { watchList } from '../watch-list.ts';

/** How often `--wait` and `watch` ask, milliseconds. */
const WATCH_MS = 500;
const MOST_LINES = 40;
/** A part as base64 stays below the largest message. */
const PART_BYTES = 4 * 1024 * 1024;

export const tasks: Command = {
  name: 'tasks',
  summary: 'queue files and addresses, and follow what comes of them',
  usage: [
    'tasks add FILE|URL… [--gpu] [--type TYPE] [--when-asleep wake|wait|use-cpu] [--no-store] [--priority N] [--wait]',
    'tasks list [--state STATE] [--queue gpu-tasks|celery] [--search TEXT] [--limit N]',
    'tasks show ID',
    'tasks retry ID… | --failed',
    'tasks cancel ID…',
    'tasks watch',
  ],
  options: {
    gpu: { type: 'boolean' },
    store: { type: 'boolean' },
    wait: { type: 'boolean' },
    failed: { type: 'boolean' },
    type: { type: 'string' },
    'when-asleep': { type: 'string' },
    priority: { type: 'string' },
    state: { type: 'string' },
    queue: { type: 'string' },
    search: { type: 'string' },
    limit: { type: 'string' },
  },
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    const rest = { ...context, positionals };
    switch (verb) {
      case 'add':
        return add(rest);
      case undefined:
      case 'list':
        return list(rest);
      case 'show':
        return show(rest);
      case 'retry':
        return retry(rest);
      case 'cancel':
        return change(rest, 'tasks.cancel', 'Cancelled');
      case 'watch':
        return watch(rest);
      default:
        throw usageError(`There is no command "tasks ${verb}".`);
    }
  },
  failed: (result) => [result].flat().some((task) => isFailed(task)),
};

const isFailed = (task: unknown): boolean =>
  typeof task === 'object' && task !== null && 'task' in task
    ? isFailed(task.task)
    : typeof task === 'object' && task !== null && 'state' in task && task.state === 'failed';

async function add(context: CommandContext): Promise<unknown> {
  if (context.positionals.length === 0) throw usageError('Missing argument: a file or an address.');
  const options = {
    gpu: context.values.gpu === true,
    store: context.values.store !== false,
    priority: wholeNumber(context, 'priority', { least: 0, most: 1_000_000 }) ?? 0,
    ...chosen(context, 'type', contentTypeSchema, 'contentType'),
    ...chosen(context, 'when-asleep', whenGpuAsleepSchema, 'whenGpuAsleep'),
  };
  const link = await context.connect('running');
  const added: TaskView[] = [];
  for (const wanted of context.positionals) {
    const input = /^https?:\/\//i.test(wanted)
      ? ({ kind: 'url', url: wanted } as const)
      : ({ kind: 'upload', fileId: await upload(context, link, context.resolve(wanted)) } as const);
    const task = await link.call('tasks.add', { input, ...options });
    added.push(task);
    if (!context.json)
      context.terminal.line(`Added ${task.title}: ${task.id} (${queueNames[task.queue]} queue)`);
  }
  if (context.values.wait !== true) return added.length === 1 ? added[0] : added;
  const ended: TaskDetails[] = [];
  for (const task of added) ended.push(await follow(context, link, task.id));
  return ended.length === 1 ? ended[0] : ended;
}

async function upload(context: CommandContext, link: CoreLink, path: string): Promise<string> {
  const file = await openFile(path).catch((cause: unknown) => {
    throw new PilotlightError('NOT_FOUND', {
      message: `${path} cannot be read.`,
      next: 'Check its path.',
      cause,
    });
  });
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(PART_BYTES, Math.max(1, size)));
    let uploadId: string | null = null;
    let offset = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      const last = bytesRead === 0 || offset + bytesRead >= size;
      const answer: { uploadId: string; fileId: string | null } = await link.call('tasks.upload', {
        uploadId,
        offset,
        data: buffer.toString('base64', 0, bytesRead),
        last,
        ...(uploadId === null ? { name: basename(path) } : {}),
      });
      uploadId = answer.uploadId;
      offset += bytesRead;
      if (!context.json && size > PART_BYTES)
        context.terminal.live(`${basename(path)}: ${formatPercent(offset / size)} of ${formatBytes(size)}`);
      if (answer.fileId !== null) return answer.fileId;
    }
  } catch (error) {
    if (isPilotlightError(error) || context.signal.aborted) throw error;
    throw new PilotlightError('NOT_FOUND', {
      message: `${path} cannot be read.`,
      next: 'It may be a folder, or you may not have access to it.',
      cause: error,
    });
  } finally {
    await file.close();
  }
}

/** Shows a task until it has ended and its text can be found. */
async function follow(context: CommandContext, link: CoreLink, id: string): Promise<TaskDetails> {
  const { terminal } = context;
  for (;;) {
    const details = await link.call('tasks.get', { id });
    const { task } = details;
    if (endedTaskStates.has(task.state) && task.storing !== 'pending') {
      if (!context.json) printEnd(context, details);
      return details;
    }
    if (!context.json)
      terminal.live(`${taskStateText(task, terminal.style)} ${task.title} ${taskNote(task)}`);
    await context.sleep(WATCH_MS);
  }
}

function printEnd({ terminal }: CommandContext, { task }: TaskDetails): void {
  const took = taskTook(task);
  terminal.line(`${taskStateText(task, terminal.style)} ${task.title}${took === '' ? '' : `, ${took}`}`);
  if (task.failure && task.state === 'failed')
    terminal.line(`    ${task.failure.code}: ${task.failure.message}`);
}

async function list(context: CommandContext): Promise<TaskView[]> {
  noPositionals(context);
  const text = optionText(context, 'search');
  const { terminal } = context;
  const state = chosen(context, 'state', taskStateSchema, 'state').state;
  const query = {
    limit: wholeNumber(context, 'limit', { least: 1, most: 1000 }) ?? 200,
    ...chosen(context, 'queue', taskQueueSchema, 'queue'),
    ...(state === undefined ? {} : { states: [state] }),
    ...(text === undefined ? {} : { text }),
  };
  const link = await context.connect('running');
  const page = await link.call('tasks.list', query);
  if (context.json) return page.tasks;
  if (page.tasks.length === 0) terminal.line('No tasks. Add one with "tasks add FILE".');
  else for (const line of linesOf(context, page.tasks.slice(0, MOST_LINES))) terminal.line(line);
  const more = page.total - Math.min(MOST_LINES, page.tasks.length);
  if (more > 0) terminal.note(`${more} more: see --json, or use --search, --state or --limit.`);
  return page.tasks;
}

const linesOf = ({ terminal, now }: CommandContext, shown: readonly TaskView[]) =>
  taskLines(shown, {
    style: terminal.style,
    width: terminal.isTerminal ? terminal.width : null,
    now: now(),
  });

async function show(context: CommandContext): Promise<TaskDetails> {
  const id = onlyPositional(context, 'task');
  const link = await context.connect('running');
  const details = await link.call('tasks.get', { id });
  if (context.json) return details;
  const { terminal } = context;
  const { task, steps, log, result } = details;
  terminal.line(`${taskStateText(task, terminal.style)} ${task.title}`);
  const note = taskNote(task);
  if (note !== '') terminal.line(`    ${note}`);
  for (const step of steps)
    terminal.line(`    ${terminal.style.quiet(new Date(step.at).toISOString())} ${textOf(step.message)}`);
  if (log !== '') {
    terminal.line('');
    for (const line of log.trimEnd().split('\n')) terminal.line(line);
  }
  if (result) {
    terminal.line('');
    for (const line of result.content.split('\n')) terminal.line(line);
  }
  return details;
}

async function retry(context: CommandContext): Promise<unknown> {
  if (context.values.failed !== true) return change(context, 'tasks.retry', 'Queued again');
  noPositionals(context);
  const link = await context.connect('running');
  const { tasks: failed } = await link.call('tasks.list', { states: ['failed'], limit: 1000 });
  const ids = failed.map(({ id }) => id);
  const { changed } = ids.length === 0 ? { changed: 0 } : await link.call('tasks.retry', { ids });
  if (!context.json) context.terminal.line(`Queued again: ${changed}`);
  return { changed };
}

async function change(
  context: CommandContext,
  method: 'tasks.retry' | 'tasks.cancel',
  done: string,
): Promise<unknown> {
  if (context.positionals.length === 0) throw usageError('Missing argument: the id of a task.');
  const link = await context.connect('running');
  // An id that is not known is an error, and nothing is changed then.
  for (const id of context.positionals) await link.call('tasks.get', { id });
  const { changed } = await link.call(method, { ids: [...context.positionals] });
  if (!context.json) context.terminal.line(`${done}: ${changed}`);
  return { changed };
}

/** Until Ctrl+C. */
async function watch(context: CommandContext): Promise<never> {
  noPositionals(context);
  const link = await context.connect('running');
  return watchList<TaskView>(context, {
    everyMs: WATCH_MS,
    read: async () => (await link.call('tasks.list', { limit: 200 })).tasks,
    linesOf: (items) => linesOf(context, items),
  });
}

/** An option that is one of a few values. */
function chosen<Value extends string, Key extends string>(
  context: CommandContext,
  option: string,
  schema: { safeParse(text: unknown): { success: boolean; data?: Value }; options: readonly Value[] },
  key: Key,
): Partial<Record<Key, Value>> {
  const text = optionText(context, option);
  if (text === undefined) return {};
  const read = schema.safeParse(text);
  if (!read.success || read.data === undefined)
    throw usageError(`--${option} cannot be "${text}".`, `Use one of: ${schema.options.join(', ')}.`);
  return { [key]: read.data } as Partial<Record<Key, Value>>;
}

function wholeNumber(
  context: CommandContext,
  option: string,
  { least, most }: { least: number; most: number },
): number | null {
  const text = optionText(context, option);
  if (text === undefined) return null;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw usageError(`--${option} must be a whole number from ${least} to ${most}.`);
  return number;
}
