/** `remote-index …`: indexes on other servers. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { RemoteIndexView, RemoteTest } from '../../../shared/models/remote-index.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatAgo, formatCount, formatDuration, formatEta } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  findRemote,
  noPositionals,
  onlyPositional,
  optionText,
  runVerb,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { bar, table } from '../format.ts';
import { readSecretOption, secretVariables } from '../secret-input.ts';

const readKey = (context: CommandContext) =>
  readSecretOption(context, {
    ...{ option: 'key', variable: secretVariables.remoteIndexKey, prompt: 'Key of the index server: ' },
    asArgument: false,
  });

async function nodeIdsOf(context: CommandContext, link: CoreLink): Promise<string[] | undefined> {
  const wanted = context.values.node;
  if (!Array.isArray(wanted)) return undefined;
  const nodes = await Promise.all(wanted.map((name: string) => findNode(link, name)));
  return nodes.map(({ id }) => id);
}

async function changesOf(context: CommandContext, link: CoreLink) {
  const name = optionText(context, 'name');
  const vault = optionText(context, 'vault');
  const key = await readKey(context);
  const nodeIds = await nodeIdsOf(context, link);
  const { gpu } = context.values;
  return {
    ...(name === undefined ? {} : { name }),
    ...(vault === undefined ? {} : { vault }),
    ...(key === undefined ? {} : { key }),
    ...(nodeIds === undefined ? {} : { nodeIds }),
    ...(typeof gpu === 'boolean' ? { useGpu: gpu } : {}),
  };
}

async function add(context: CommandContext): Promise<RemoteIndexView> {
  const url = onlyPositional(context, 'address');
  const link = await context.connect('any');
  const added = await link.call('remoteIndex.add', { url, ...(await changesOf(context, link)) });
  if (!context.json)
    context.terminal.line(`Added "${added.name}". Try it with: remote-index test "${added.name}"`);
  return added;
}

async function set(context: CommandContext): Promise<RemoteIndexView> {
  const wanted = onlyPositional(context, 'remote index');
  const link = await context.connect('any');
  const { id: remoteId } = await findRemote(link, wanted);
  const url = optionText(context, 'url');
  const changes = { ...(await changesOf(context, link)), ...(url === undefined ? {} : { url }) };
  if (Object.keys(changes).length === 0)
    throw usageError('Say what to change: --url, --name, --vault, --node, --key-file or --[no-]gpu.');
  const changed = await link.call('remoteIndex.update', { remoteId, ...changes });
  if (!context.json) context.terminal.line(`Changed "${changed.name}".`);
  return changed;
}

/** One that is saved, by its name, or the address of one that is not. */
async function test(context: CommandContext): Promise<RemoteTest> {
  const wanted = onlyPositional(context, 'remote index or address');
  const link = await context.connect('any');
  const key = (await readKey(context)) ?? null;
  const saved = /^https?:\/\//i.test(wanted) ? null : await findRemote(link, wanted);
  const result = await link.call('remoteIndex.test', {
    ...{ url: saved?.url ?? wanted, key, remoteId: saved?.id ?? null },
  });
  if (!context.json) {
    const state = result.running ? 'a run is in progress' : 'no run is in progress';
    context.terminal.line(
      `${result.url} answers in ${formatDuration(result.tookMs)}: ${state}, ${formatCount(result.jobs)} remembered.`,
    );
  }
  return result;
}

async function start(context: CommandContext): Promise<RemoteIndexView> {
  const wanted = onlyPositional(context, 'remote index');
  const link = await context.connect('indexing');
  const { full, rebuild, wait } = context.values;
  const { id: remoteId } = await findRemote(link, wanted);
  const started = await link.call('remoteIndex.start', {
    ...{ remoteId, full: full === true, rebuild: rebuild === true },
  });
  if (link.running && wait !== true) {
    if (!context.json) context.terminal.line(`Started "${started.name}".`);
    return started;
  }
  return ended(context, await follow(context, link, remoteId));
}

async function follow(context: CommandContext, link: CoreLink, remoteId: string): Promise<RemoteIndexView> {
  for (;;) {
    const remote = await findRemote(link, remoteId, AbortSignal.timeout(10_000));
    if (remote.run === null) return remote;
    if (!context.json) context.terminal.live(runLine(context, remote.run));
    await context.sleep(500);
  }
}

function ended(context: CommandContext, remote: RemoteIndexView): RemoteIndexView {
  const { lastRun, name } = remote;
  if (lastRun?.status === 'failed' && lastRun.trouble) {
    const { code, message, next } = lastRun.trouble;
    throw new PilotlightError(code as PilotlightError['code'], {
      message,
      next,
      details: { remoteId: remote.id },
    });
  }
  if (!context.json) context.terminal.line(`${name}: ${endText(context, remote)}`);
  return remote;
}

async function progress(context: CommandContext): Promise<RemoteIndexView> {
  const wanted = onlyPositional(context, 'remote index');
  const link = await context.connect('any');
  let remote = await findRemote(link, wanted);
  if (context.values.watch === true && link.running && remote.run !== null)
    remote = await follow(context, link, remote.id);
  if (context.json) return remote;
  const { terminal } = context;
  if (remote.run === null) terminal.line(`${remote.name}: ${endText(context, remote)}`);
  else {
    terminal.line(runLine(context, remote.run));
    if (remote.run.currentFile !== '') terminal.line(terminal.style.quiet(`  ${remote.run.currentFile}`));
    if (remote.run.trouble !== null) terminal.line(`  ${remote.run.trouble.next}`);
  }
  return remote;
}

async function cancel(context: CommandContext): Promise<RemoteIndexView> {
  const wanted = onlyPositional(context, 'remote index');
  const link = await context.connect('running');
  const { id: remoteId } = await findRemote(link, wanted);
  const forget = context.values.forget === true;
  const remote = await link.call('remoteIndex.cancel', { remoteId, forget });
  if (!context.json)
    context.terminal.line(
      remote.run === null
        ? `"${remote.name}" is not running.`
        : forget
          ? `"${remote.name}" is no longer followed.`
          : `"${remote.name}" is asked to stop.`,
    );
  return remote;
}

async function remove(context: CommandContext): Promise<{ removed: string }> {
  const wanted = onlyPositional(context, 'remote index');
  const link = await context.connect('any');
  const { id: remoteId, name } = await findRemote(link, wanted);
  await link.call('remoteIndex.remove', { remoteId });
  if (!context.json) context.terminal.line(`Removed "${name}". Nothing was changed on its server.`);
  return { removed: remoteId };
}

async function list(context: CommandContext): Promise<RemoteIndexView[]> {
  noPositionals(context);
  const link = await context.connect('any');
  const all = await link.call('remoteIndex.list', {});
  if (context.json) return all;
  const { terminal } = context;
  if (all.length === 0) terminal.line('No remote indexes yet. Add one with "remote-index add URL".');
  const rows = all.map((remote) => [
    remote.name,
    remote.vault === 'all' ? 'all folders' : remote.vault,
    remote.run === null ? endText(context, remote) : textOf(remote.run.detail),
    terminal.style.quiet(remote.url),
  ]);
  for (const line of table(rows)) terminal.line(line);
  return all;
}

function runLine({ terminal }: CommandContext, run: NonNullable<RemoteIndexView['run']>): string {
  const detail = textOf(run.detail);
  if (run.total === 0 || run.phase !== 'running') return `${terminal.style.ember('◌')} ${detail}`;
  const eta = run.etaMs === null ? [] : [formatEta(run.etaMs)];
  return [bar(run.percent / 100, 24, terminal.style), detail, ...eta].join('  ');
}

function endText(context: CommandContext, { lastRun }: RemoteIndexView): string {
  if (lastRun === null) return 'not started from here yet';
  const ago = formatAgo(context.now() - lastRun.endedAt);
  if (lastRun.status === 'unknown') return `no longer followed since ${ago}`;
  const files = lastRun.indexed === null ? '' : `, ${formatCount(lastRun.indexed)} files`;
  return `${lastRun.status}${files}, ${ago}`;
}

const verbs: Record<string, (context: CommandContext) => Promise<unknown>> = {
  ...{ list, add, set, test, start, progress, cancel, remove },
};

export const remoteIndex: Command = {
  name: 'remote-index',
  summary: 'start and follow indexing on a Recall server or another Pilotlight',
  usage: [
    'remote-index add URL [--name NAME] [--vault FOLDER] [--node NODE…] [--key-file PATH] [--no-gpu]',
    'remote-index set NAME [--url URL] [--name NAME] [--vault FOLDER] [--node NODE…] [--key-file PATH] [--[no-]gpu]',
    'remote-index test NAME|URL [--key-file PATH]',
    'remote-index start NAME [--full] [--rebuild] [--wait]',
    'remote-index progress NAME [--watch]',
    'remote-index cancel NAME [--forget]',
    'remote-index list',
    'remote-index remove NAME',
  ],
  options: {
    url: { type: 'string' },
    name: { type: 'string' },
    vault: { type: 'string' },
    node: { type: 'string', multiple: true },
    key: { type: 'string' },
    'key-file': { type: 'string' },
    gpu: { type: 'boolean' },
    full: { type: 'boolean' },
    rebuild: { type: 'boolean' },
    wait: { type: 'boolean' },
    watch: { type: 'boolean' },
    forget: { type: 'boolean' },
  },
  run: (context) => runVerb('remote-index', verbs, context, 'list'),
};
