/** `models …`: download, copy and delete the models of inference servers. */
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { pullIsOver } from '../../../shared/model-pull.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatBytes, formatPercent } from '../../../shared/units.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  onlyPositional,
  optionText,
  runVerb,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { bar } from '../format.ts';

/** How often the progress is asked for, milliseconds. */
const POLL_MS = 500;

interface Target {
  id: string;
  name: string;
}

async function nodesOf(context: CommandContext, link: CoreLink, option: 'on' | 'to'): Promise<Target[]> {
  const wanted = context.values[option];
  if (!Array.isArray(wanted) || wanted.length === 0)
    throw usageError(`--${option} NODE is missing: the machine that is to have the model.`);
  const found = new Map<string, Target>();
  for (const one of wanted) {
    const { id, name } = await findNode(link, one);
    found.set(id, { id, name });
  }
  return [...found.values()];
}

/** Begins a download on each machine, then shows them until all have ended. Ctrl+C cancels them. */
async function download(
  context: CommandContext,
  link: CoreLink,
  targets: readonly Target[],
  begin: (target: Target) => Promise<ModelPull>,
): Promise<ModelPull[]> {
  const begun: ModelPull[] = [];
  for (const target of targets) begun.push(await begin(target));
  const nameOf = (nodeId: string) => targets.find(({ id }) => id === nodeId)?.name ?? nodeId;
  let pulls = begun;
  try {
    for (;;) {
      const all = await link.call('models.pulls', {});
      pulls = begun.map(
        (one) => all.find(({ nodeId, model }) => nodeId === one.nodeId && model === one.model) ?? one,
      );
      if (pulls.every(pullIsOver)) break;
      if (!context.json)
        context.terminal.live(pulls.map((pull) => progressText(context, pull, nameOf)).join('  '));
      await context.sleep(POLL_MS);
    }
  } catch (error) {
    if (context.signal.aborted) await cancelAll(link, pulls);
    throw error;
  }
  if (!context.json) for (const pull of pulls) printEnd(context, pull, nameOf(pull.nodeId));
  return pulls;
}

/** The person's Ctrl+C has ended the signal of the command, so these calls have one of their own. */
async function cancelAll(link: CoreLink, pulls: readonly ModelPull[]): Promise<void> {
  const running = pulls.filter((pull) => !pullIsOver(pull));
  await Promise.allSettled(
    running.map(({ nodeId, model }) =>
      link.call('models.cancelPull', { nodeId, model }, AbortSignal.timeout(3000)),
    ),
  );
}

function progressText(
  { terminal }: CommandContext,
  { nodeId, state, doneBytes, totalBytes, bytesPerSecond }: ModelPull,
  nameOf: (nodeId: string) => string,
): string {
  const name = nameOf(nodeId);
  if (state === 'waking') return `${name}: waking`;
  if (state === 'checking') return `${name}: checking the files`;
  if (totalBytes === null || totalBytes === 0) return `${name}: starting`;
  const share = doneBytes / totalBytes;
  const rate = bytesPerSecond === null ? '' : `, ${formatBytes(bytesPerSecond)}/s`;
  return `${name} ${bar(share, 16, terminal.style)} ${formatPercent(share)} of ${formatBytes(totalBytes)}${rate}`;
}

function printEnd({ terminal }: CommandContext, pull: ModelPull, node: string): void {
  const { model, state, totalBytes, sameFiles, problem } = pull;
  const { style } = terminal;
  if (state === 'done') {
    terminal.line(`${model} is on ${node}${totalBytes === null ? '' : ` (${formatBytes(totalBytes)})`}.`);
    if (sameFiles === false)
      terminal.line(`  ${style.bad('!')} The library has a newer one than the machine it was copied from.`);
  } else if (state === 'cancelled') terminal.line(`${node}: cancelled. What has arrived is kept.`);
  else if (problem !== null) {
    terminal.line(`${style.bad('!')} ${node}: ${problem.code}: ${textOf(problem.message)}`);
    terminal.line(`  ${textOf(problem.next)}`);
  }
}

async function pull(context: CommandContext): Promise<unknown> {
  const model = onlyPositional(context, 'model');
  const link = await context.connect('fresh');
  const wake = context.values.wake === true;
  return download(context, link, await nodesOf(context, link, 'on'), ({ id }) =>
    link.call('models.pull', { model, nodeId: id, wake }),
  );
}

async function copy(context: CommandContext): Promise<unknown> {
  const model = onlyPositional(context, 'model');
  const wanted = optionText(context, 'from');
  if (wanted === undefined) throw usageError('--from NODE is missing: the machine that has the model.');
  const link = await context.connect('fresh');
  const from = (await findNode(link, wanted)).id;
  const targets = await nodesOf(context, link, 'to');
  const wake = context.values.wake === true;
  if (!context.json)
    context.terminal.note(
      'Servers do not hand out their files: each machine downloads the model again, and the digests are compared.',
    );
  return download(context, link, targets, ({ id }) =>
    link.call('models.copy', { model, from, to: id, wake }),
  );
}

async function remove(context: CommandContext): Promise<unknown> {
  const model = onlyPositional(context, 'model');
  const link = await context.connect('fresh');
  const targets = await nodesOf(context, link, 'on');
  const names = targets.map(({ name }) => name).join(', ');
  if (context.values.yes !== true)
    throw usageError(`This deletes ${model} from the disk of ${names}.`, 'Run it again with --yes to agree.');
  const anyway = context.values.anyway === true;
  const deleted: { nodeId: string; model: string }[] = [];
  const failures: PilotlightError[] = [];
  for (const { id, name } of targets) {
    try {
      await link.call('models.delete', { model, nodeId: id, anyway });
      deleted.push({ nodeId: id, model });
      if (!context.json) context.terminal.line(`${model} was deleted from ${name}.`);
    } catch (error) {
      // The others are deleted all the same; the first failure is the result.
      if (!isPilotlightError(error)) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return deleted;
}

async function downloads(context: CommandContext): Promise<{ downloads: ModelPull[] }> {
  const link = await context.connect('running');
  const [pulls, nodes] = await Promise.all([link.call('models.pulls', {}), link.call('fleet.list', {})]);
  if (context.json) return { downloads: pulls };
  const nameOf = (nodeId: string) => nodes.find(({ id }) => id === nodeId)?.name ?? nodeId;
  if (pulls.length === 0) context.terminal.line('Nothing is being downloaded.');
  for (const one of pulls) {
    if (pullIsOver(one)) printEnd(context, one, nameOf(one.nodeId));
    else context.terminal.line(`${one.model} to ${progressText(context, one, nameOf)}`);
  }
  return { downloads: pulls };
}

const verbs = { pull, copy, delete: remove, downloads } as const;

export const models: Command = {
  name: 'models',
  summary: 'download a model to machines, copy one to another machine, or delete one',
  usage: [
    'models pull MODEL --on NODE [--on NODE] [--wake]',
    'models copy MODEL --from NODE --to NODE [--to NODE] [--wake]',
    'models delete MODEL --on NODE [--on NODE] [--anyway] --yes',
    'models downloads',
  ],
  options: {
    on: { type: 'string', multiple: true },
    to: { type: 'string', multiple: true },
    from: { type: 'string' },
    wake: { type: 'boolean' },
    anyway: { type: 'boolean' },
    yes: { type: 'boolean' },
  },
  run: (context) => runVerb('models', verbs, context),
  failed: (result) =>
    Array.isArray(result) &&
    result.some((one) => Object(one).state === 'failed' || Object(one).state === 'cancelled'),
};
