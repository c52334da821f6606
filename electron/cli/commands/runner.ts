/** The ONNX runner of this computer; works without a running core. */
import type { ImmichView } from '../../../shared/models/immich.ts';
import { type RunnerStatus, runnerStatusSchema } from '../../../shared/models/runner.ts';
import { type Command, type CommandContext, noPositionals, optionText, usageError } from '../command.ts';
import { type RunnerCaller, withRunner } from '../runner-call.ts';
import { modelRows, providerNames, rungText } from '../runner-text.ts';
import { benchRunner } from './runner-bench.ts';
import { doorIfRunning, printDoor, showDoor } from './runner-door.ts';
import { embedTexts } from './runner-embed.ts';
import { findFaces } from './runner-faces.ts';
import { runnerModels } from './runner-models.ts';
import { transcribeFile } from './runner-transcribe.ts';

function printStatus({ terminal }: CommandContext, status: RunnerStatus): void {
  const { style } = terminal;
  terminal.line(`Runner: ${providerNames[status.provider]}`);
  for (const one of status.ladder) terminal.line(`  ${rungText(one, style)}`);
  terminal.line();
  if (status.models.length === 0) {
    terminal.line('No models yet. Add one: npm run pilotlight -- runner models add FOLDER');
    return;
  }
  for (const line of modelRows(status.models, style)) terminal.line(line);
  for (const { name, ladder } of status.models) {
    if (ladder.length < 2) continue;
    terminal.line(style.quiet(name));
    for (const one of ladder) terminal.line(`  ${rungText(one, style)}`);
  }
}

async function statusOf(runner: RunnerCaller, check: boolean): Promise<RunnerStatus> {
  const call = check
    ? { method: 'POST' as const, path: '/runner/check' }
    : { method: 'GET' as const, path: '/runner/status?wait=ladder' };
  return runnerStatusSchema.parse(await runner.call(call));
}

/** With the door for Immich, which the core has; null while none runs. */
type ShownStatus = RunnerStatus & { door: ImmichView | null };

async function showStatus(context: CommandContext, check: boolean): Promise<ShownStatus> {
  noPositionals({ positionals: context.positionals.slice(1) });
  const door = await doorIfRunning(context);
  return withRunner(context, async (runner) => {
    if (check) context.terminal.live('Trying each provider …');
    const status = await statusOf(runner, check);
    if (!context.json) {
      printStatus(context, status);
      if (door !== null && door.state !== 'off') {
        context.terminal.line();
        printDoor(context, door);
      }
    }
    return { ...status, door };
  });
}

export const runner: Command = {
  name: 'runner',
  summary: 'run ONNX models on this computer: texts, faces and speech',
  usage: [
    'runner status',
    'runner check',
    'runner door',
    'runner models list | add FOLDER [--name NAME] | remove NAME | pull NAME [--yes]',
    'runner embed [--model NAME] [--as query|passage] [--node NODE] [--wake] < TEXTS.json',
    'runner faces FILE [--node NODE] [--wake]',
    'runner transcribe FILE.wav [--model NAME] [--language CODE]',
    'runner bench [--model NAME]',
  ],
  options: {
    model: { type: 'string' },
    name: { type: 'string' },
    precision: { type: 'string' },
    as: { type: 'string' },
    language: { type: 'string' },
    yes: { type: 'boolean', short: 'y' },
    replace: { type: 'boolean' },
    node: { type: 'string' },
    wake: { type: 'boolean' },
  },
  run(context) {
    const [verb, ...positionals] = context.positionals;
    const rest = { ...context, positionals };
    switch (verb) {
      case undefined:
      case 'status':
        return showStatus(context, false);
      case 'check':
        return showStatus(context, true);
      case 'door':
        return showDoor(rest);
      case 'models':
        return runnerModels(rest);
      case 'embed':
        return embedTexts(rest, optionText(context, 'model') ?? null);
      case 'faces':
        return findFaces(rest);
      case 'transcribe':
        return transcribeFile(rest);
      case 'bench':
        return benchRunner(rest, optionText(context, 'model') ?? null);
      default:
        throw usageError(`There is no command "runner ${verb}".`);
    }
  },
  failed: (result) => (result as Partial<RunnerStatus> | null)?.ready === false,
};
