/** `runner models …`: what the runner can run. A model stays where it is; the runner remembers its folder and hash. */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  catalogueModelSchema,
  runnerModelSchema,
  runnerStatusSchema,
} from '../../../shared/models/runner.ts';
import { formatMemory, formatPercent } from '../../../shared/units.ts';
import { type CommandContext, noPositionals, onlyPositional, optionText, usageError } from '../command.ts';
import { bar } from '../format.ts';
import { type RunnerCaller, toError, withRunner } from '../runner-call.ts';
import { modelRows } from '../runner-text.ts';

const precisions = ['auto', 'float32', 'float16', 'int8'] as const;

export function runnerModels(context: CommandContext): Promise<unknown> {
  const [verb, ...positionals] = context.positionals;
  const rest = { ...context, positionals };
  switch (verb) {
    case undefined:
    case 'list':
      return list(rest);
    case 'add':
      return add(rest);
    case 'remove':
      return remove(rest);
    case 'pull':
      return pull(rest);
    default:
      throw usageError(`There is no command "runner models ${verb}".`);
  }
}

async function list(context: CommandContext): Promise<unknown> {
  noPositionals(context);
  const { terminal } = context;
  return withRunner(context, async (runner) => {
    const { models } = runnerStatusSchema.parse(await runner.call({ method: 'GET', path: '/runner/status' }));
    if (!context.json) {
      for (const line of modelRows(models, terminal.style)) terminal.line(line);
      if (models.length === 0) terminal.line('No models yet.');
      const offered = (await catalogueOf(runner)).filter(({ present }) => !present);
      if (offered.length > 0)
        terminal.line(`Can be downloaded: ${offered.map(({ name }) => name).join(', ')}`);
    }
    return models;
  });
}

async function add(context: CommandContext): Promise<unknown> {
  const path = context.resolve(onlyPositional(context, 'the folder of the model'));
  const precision = optionText(context, 'precision') ?? 'auto';
  if (!precisions.some((one) => one === precision))
    throw usageError(`--precision must be one of ${precisions.join(', ')}.`);
  const body = {
    path,
    name: optionText(context, 'name') ?? null,
    precision,
    replace: context.values.replace === true,
  };
  return withRunner(context, async (runner) => {
    const model = runnerModelSchema.parse(
      await runner.call({ method: 'POST', path: '/runner/models', body }),
    );
    if (!context.json) {
      const { terminal } = context;
      terminal.line(
        `Added ${terminal.style.strong(model.name)} (${model.precision}, ${formatMemory(model.sizeBytes)}).`,
      );
      terminal.line(`Its files stay in ${path} and are not copied.`);
    }
    return model;
  });
}

async function remove(context: CommandContext): Promise<unknown> {
  const name = onlyPositional(context, 'the name of the model');
  return withRunner(context, async (runner) => {
    await runner.call({ method: 'DELETE', path: `/runner/models/${encodeURIComponent(name)}` });
    if (!context.json) context.terminal.line(`Removed ${name}. Its files were not deleted.`);
    return { removed: name };
  });
}

const catalogueSchema = z.object({ models: z.array(catalogueModelSchema) });
const catalogueOf = async (runner: RunnerCaller) =>
  catalogueSchema.parse(await runner.call({ method: 'GET', path: '/runner/catalogue' })).models;

const progressSchema = z.object({ doneBytes: z.number(), totalBytes: z.number() });

async function pull(context: CommandContext): Promise<unknown> {
  const name = onlyPositional(context, 'the name of a model of the catalogue');
  const { terminal } = context;
  return withRunner(context, async (runner) => {
    const models = await catalogueOf(runner);
    const wanted = models.find((one) => one.name === name);
    if (wanted === undefined)
      throw new PilotlightError('NOT_FOUND', {
        message: `The catalogue has no model "${name}".`,
        next: `Choose one of: ${models.map((one) => one.name).join(', ')}.`,
      });
    const what = `${formatMemory(wanted.sizeBytes)}, licence ${wanted.licence ?? 'unknown'}`;
    if (context.values.yes !== true)
      throw usageError(
        `This downloads ${name} from the internet (${what}).`,
        'Run it again with --yes to agree.',
      );
    let failure: unknown = null;
    await runner.lines({ method: 'POST', path: '/runner/pull', body: { name } }, (line) => {
      const progress = progressSchema.safeParse(line);
      if (progress.success) {
        const share = progress.data.doneBytes / Math.max(1, progress.data.totalBytes);
        terminal.live(`${bar(share, 24, terminal.style)} ${formatPercent(share)} of ${what}`);
      } else if (Object(line).error !== undefined) failure = toError(Object(line).error, 502);
    });
    if (failure !== null) throw failure;
    if (!context.json) terminal.line(`${name} is ready.`);
    return { name, done: true };
  });
}
