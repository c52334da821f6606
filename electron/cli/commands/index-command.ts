import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Embedder, IndexJob } from '../../../shared/models/indexing.ts';
import { textOf } from '../../../shared/text/index.ts';
import { jobName } from '../../../shared/text/job.ts';
import { formatAgo, formatCount, formatDuration } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  findSource,
  noPositionals,
  onlyPositional,
  optionText,
  runVerb,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { jobGlyph, jobLine, table } from '../format.ts';
import { moveVectors } from './index-move.ts';

const hasEnded = (job: IndexJob) => job.endedAt !== null;

/** Shows a job until it ends. Ctrl+C cancels the job of our own core; otherwise it only stops watching. */
async function follow(context: CommandContext, link: CoreLink, jobId: string): Promise<IndexJob> {
  const { terminal } = context;
  let shown = 0;
  for (;;) {
    // With a signal of its own: Ctrl+C must not abort the last check.
    const job = await link.call('index.job', { jobId }, AbortSignal.timeout(10_000));
    if (!context.json) {
      for (const event of job.events.slice(shown)) terminal.line(`  ${textOf(event.message)}`);
      shown = Math.max(shown, job.events.length);
      if (!hasEnded(job)) terminal.live(jobLine(job, terminal.style));
    }
    if (hasEnded(job)) return job;
    try {
      await context.sleep(250);
    } catch (error) {
      if (!link.running) await link.call('index.cancel', { jobId }, AbortSignal.timeout(5000));
      throw error;
    }
  }
}

function printEnd(context: CommandContext, job: IndexJob): void {
  const { terminal } = context;
  const took =
    job.startedAt === null || job.endedAt === null ? '' : `, ${formatDuration(job.endedAt - job.startedAt)}`;
  terminal.line(
    `${jobGlyph(job.status, terminal.style)} ${jobName(job)}: ${textOf(job.detail).replace(/\.$/, '')}${took}`,
  );
  if (job.limitedBy !== null) terminal.line(`    ${textOf(job.limitedBy)}`);
  for (const { path, code, reason } of job.leftOut)
    if (code === 'FILE_IGNORED') terminal.line(`    ${path}: ${textOf(reason)}`);
  for (const failure of job.failures.slice(0, 10))
    terminal.line(`    ${failure.path}: ${textOf(failure.reason)}`);
  const more = job.files.failed - Math.min(10, job.failures.length);
  if (more > 0) terminal.line(`    and ${formatCount(more)} more`);
}

async function sourceIdsOf(context: CommandContext, link: CoreLink): Promise<string[] | null> {
  if (context.positionals.length === 0) return null;
  const sources = await Promise.all(context.positionals.map((wanted) => findSource(link, wanted)));
  return sources.map((source) => source.id);
}

async function start(context: CommandContext): Promise<IndexJob> {
  const link = await context.connect('indexing');
  const { full, rebuild, wait } = context.values;
  let job: IndexJob;
  try {
    job = await link.call('index.start', {
      sourceIds: await sourceIdsOf(context, link),
      full: full === true,
      rebuild: rebuild === true,
      useGpu: context.values.gpu !== false,
      callbackUrl: optionText(context, 'callback') ?? null,
    });
  } catch (error) {
    // Our own core has just resumed the unfinished job of an earlier run, which is what we want.
    const jobId = isPilotlightError(error) && error.code === 'JOB_RUNNING' ? error.details?.jobId : undefined;
    if (link.running || typeof jobId !== 'string') throw error;
    if (!context.json) context.terminal.line('An earlier run was not finished; it continues first.');
    job = await link.call('index.job', { jobId });
  }
  if (link.running && wait !== true) {
    if (!context.json) context.terminal.line(`Started indexing ${jobName(job)}: ${job.id}`);
    return job;
  }
  const ended = await follow(context, link, job.id);
  if (!context.json) printEnd(context, ended);
  if (ended.status === 'failed' && ended.error) throw asError(ended);
  return ended;
}

function asError(job: IndexJob): PilotlightError {
  const { code, message, next } = job.error ?? { code: 'INTERNAL', message: job.detail, next: '' };
  return new PilotlightError(code as PilotlightError['code'], { message, next, details: { jobId: job.id } });
}

async function current(link: CoreLink): Promise<IndexJob | null> {
  const jobs = await link.call('index.jobs', { limit: 20 });
  return jobs.find((job) => !hasEnded(job)) ?? jobs[0] ?? null;
}

async function progress(context: CommandContext): Promise<IndexJob | null> {
  noPositionals(context);
  const link = await context.connect('any');
  let job = await current(link);
  if (job && link.running && context.values.watch === true && !hasEnded(job))
    job = await follow(context, link, job.id);
  if (context.json) return job;
  if (!job) context.terminal.line('Nothing has been indexed yet.');
  else if (hasEnded(job)) printEnd(context, job);
  else if (!link.running) {
    context.terminal.line(`Indexing ${jobName(job)} is not finished; "index start" continues it.`);
  } else {
    context.terminal.line(jobLine(job, context.terminal.style));
    if (job.currentFile !== '') context.terminal.line(context.terminal.style.quiet(`  ${job.currentFile}`));
  }
  return job;
}

async function cancel(context: CommandContext): Promise<IndexJob> {
  const link = await context.connect('any');
  const jobId = await jobIdOf(context, link);
  const job = await link.call('index.cancel', { jobId });
  if (!context.json) printEnd(context, job);
  return job;
}

async function list(context: CommandContext): Promise<IndexJob[]> {
  noPositionals(context);
  const link = await context.connect('any');
  const jobs = await link.call('index.jobs', { limit: 20 });
  if (context.json) return jobs;
  const { terminal } = context;
  if (jobs.length === 0) terminal.line('Nothing has been indexed yet.');
  const rows = jobs.map((job) => [
    jobGlyph(job.status, terminal.style),
    job.id,
    formatAgo(context.now() - job.createdAt),
    jobName(job),
    textOf(job.detail),
  ]);
  for (const line of table(rows)) terminal.line(line);
  return jobs;
}

async function sources(context: CommandContext) {
  noPositionals(context);
  const link = await context.connect('any');
  const views = await link.call('index.sources', {});
  if (context.json) return views;
  const { terminal } = context;
  if (views.length === 0) terminal.line('No folders yet. Add one with "index add DIR".');
  const rows = views.map((source) => [
    source.name,
    `${formatCount(source.files)} files`,
    `${formatCount(source.chunks)} chunks`,
    source.embedder.kind === 'builtin' ? 'built-in' : source.embedder.name,
    source.lastRun === null ? 'never indexed' : formatAgo(context.now() - source.lastRun.at),
    terminal.style.quiet(source.path),
  ]);
  for (const line of table(rows, [1, 2])) terminal.line(line);
  return views;
}

async function embedders(context: CommandContext) {
  noPositionals(context);
  const link = await context.connect('fresh');
  const choices = await link.call('index.embedders', {});
  if (context.json) return choices;
  const rows = choices.map((choice) => [
    choice.embedder.kind === 'builtin' ? 'builtin' : textOf(choice.label),
    choice.dimensions === null ? '' : `${choice.dimensions} dimensions`,
    choice.nodes.map((node) => `${node.name}${node.awake ? '' : ' (asleep)'}`).join(', '),
  ]);
  for (const line of table(rows)) context.terminal.line(line);
  return choices;
}

function digestOf(embedder: Embedder): string {
  if (embedder.kind === 'builtin') return '';
  return embedder.kind === 'model' ? embedder.digest : embedder.hash;
}

async function chooseEmbedder(link: CoreLink, wanted: string | undefined): Promise<Embedder> {
  if (wanted === undefined || wanted === 'builtin') return { kind: 'builtin' };
  const choices = await link.call('index.embedders', {});
  const named = choices.filter(
    ({ embedder, label }) =>
      embedder.kind !== 'builtin' && [textOf(label), embedder.name, digestOf(embedder)].includes(wanted),
  );
  const [only, other] = named;
  if (only && !other) return only.embedder;
  const names = [
    'builtin',
    ...choices.flatMap((choice) => (choice.embedder.kind === 'builtin' ? [] : [textOf(choice.label)])),
  ];
  throw new PilotlightError('EMBEDDER_UNAVAILABLE', {
    message: other
      ? `There are ${named.length} different models called "${wanted}".`
      : `No known machine has an embedding model called "${wanted}".`,
    next: other
      ? `Name it by its digest: ${named.map(({ embedder }) => digestOf(embedder)).join(' or ')}.`
      : `Use one of: ${names.join(', ')}.`,
  });
}

async function add(context: CommandContext) {
  const path = onlyPositional(context, 'folder');
  const gone = optionText(context, 'when-gpu-gone') ?? 'cpu';
  if (gone !== 'cpu' && gone !== 'wait') throw usageError('--when-gpu-gone must be "cpu" or "wait".');
  const wanted = optionText(context, 'embedder');
  const link = await context.connect(wanted === undefined || wanted === 'builtin' ? 'any' : 'fresh');
  const name = optionText(context, 'name');
  const source = await link.call('index.addSource', {
    path: context.resolve(path),
    embedder: await chooseEmbedder(link, wanted),
    wake: context.values.wake !== false,
    whenGpuGone: gone === 'wait' ? 'wait' : 'use-cpu',
    ignoreFiles: context.values['ignore-files'] !== false,
    ...(name === undefined ? {} : { name }),
  });
  if (!context.json) context.terminal.line(`Added "${source.name}". Run "index start" to index it.`);
  return source;
}

async function set(context: CommandContext) {
  const wanted = onlyPositional(context, 'folder');
  const name = optionText(context, 'name');
  const ignoreFiles = context.values['ignore-files'];
  if (name === undefined && typeof ignoreFiles !== 'boolean')
    throw usageError('Say what to change: --name, --ignore-files or --no-ignore-files.');
  const link = await context.connect('any');
  const { id: sourceId } = await findSource(link, wanted);
  const source = await link.call('index.updateSource', {
    sourceId,
    ...(name === undefined ? {} : { name }),
    ...(typeof ignoreFiles === 'boolean' ? { ignoreFiles } : {}),
  });
  if (!context.json) context.terminal.line(`Changed "${source.name}". The next run applies it.`);
  return source;
}

async function remove(context: CommandContext) {
  const wanted = onlyPositional(context, 'folder');
  const link = await context.connect('any');
  const source = await findSource(link, wanted);
  await link.call('index.removeSource', { sourceId: source.id });
  if (!context.json)
    context.terminal.line(`Removed "${source.name}" and its index. Your files were not changed.`);
  return { removed: source.id };
}

async function jobIdOf(context: CommandContext, link: CoreLink): Promise<string> {
  const jobId = context.positionals.length > 0 ? onlyPositional(context, 'job') : (await current(link))?.id;
  if (jobId === undefined)
    throw new PilotlightError('NOT_FOUND', { message: 'Nothing has been indexed yet.' });
  return jobId;
}

/** `pause`, `resume` and `use-cpu`, of the current run or of the one that is named. */
const change =
  (method: 'index.pause' | 'index.resume' | 'index.useCpu') =>
  async (context: CommandContext): Promise<IndexJob> => {
    const link = await context.connect('running');
    const job = await link.call(method, { jobId: await jobIdOf(context, link) });
    if (!context.json) context.terminal.line(`${jobName(job)}: ${textOf(job.detail)}`);
    return job;
  };

const verbs: Record<string, (context: CommandContext) => Promise<unknown>> = {
  start,
  progress,
  cancel,
  pause: change('index.pause'),
  resume: change('index.resume'),
  'use-cpu': change('index.useCpu'),
  list,
  sources,
  embedders,
  add,
  set,
  move: moveVectors,
  remove,
};

export const index: Command = {
  name: 'index',
  summary: 'index folders, and watch, pause or cancel a run',
  usage: [
    'index add DIR [--name NAME] [--embedder builtin|MODEL] [--no-wake] [--when-gpu-gone cpu|wait] [--no-ignore-files]',
    'index set FOLDER [--name NAME] [--[no-]ignore-files]',
    'index start [FOLDER…] [--full] [--rebuild] [--no-gpu] [--callback URL] [--wait]',
    'index progress [--watch]',
    'index cancel [JOB]',
    'index pause [JOB]',
    'index resume [JOB]',
    'index use-cpu [JOB]',
    'index list | sources | embedders',
    'index move FOLDER --to qdrant|builtin',
    'index remove FOLDER',
  ],
  options: {
    name: { type: 'string' },
    embedder: { type: 'string' },
    wake: { type: 'boolean' },
    'ignore-files': { type: 'boolean' },
    'when-gpu-gone': { type: 'string' },
    full: { type: 'boolean' },
    rebuild: { type: 'boolean' },
    gpu: { type: 'boolean' },
    callback: { type: 'string' },
    wait: { type: 'boolean' },
    watch: { type: 'boolean' },
    to: { type: 'string' },
  },
  run: (context) => runVerb('index', verbs, context, 'progress'),
};
