/** Runs one `pilotlight …` command: finds it, connects it to a core when it asks, and returns its exit code. */
import { isPilotlightError, PilotlightError, toWireError } from '../../shared/contract/errors.ts';
import { version } from '../host/program.ts';
import {
  type Command,
  type CommandContext,
  commonOptions,
  onlyPositional,
  readArguments,
  usageError,
} from './command.ts';
import { keys, sessions } from './commands/access.ts';
import { discover, pair } from './commands/agents.ts';
import { agents } from './commands/agents-update.ts';
import { backup, restore } from './commands/backup.ts';
import { doctor } from './commands/doctor.ts';
import { energy } from './commands/energy.ts';
import { gateway } from './commands/gateway.ts';
import { index } from './commands/index-command.ts';
import { models } from './commands/library.ts';
import { forceCpu, forceGpu, move, open, vram } from './commands/models.ts';
import { nodes } from './commands/nodes.ts';
import { notifications } from './commands/notifications.ts';
import { optimize } from './commands/optimize.ts';
import { policy } from './commands/policy.ts';
import { cancel, keepAwake, off, release, restartOllama, why } from './commands/power.ts';
import { remoteIndex } from './commands/remote-index.ts';
import { requests } from './commands/requests.ts';
import { runner } from './commands/runner.ts';
import { search } from './commands/search.ts';
import { status } from './commands/status.ts';
import { tasks } from './commands/tasks.ts';
import { update, whatsNew } from './commands/update.ts';
import { wake } from './commands/wake.ts';
import { workers } from './commands/workers.ts';
import { completionScript, shells } from './completion.ts';
import { type CoreLink, connect } from './core-link.ts';
import { nearestName } from './did-you-mean.ts';
import { stackLines, type Terminal } from './terminal.ts';

const completion: Command = {
  name: 'completion',
  summary: 'print a script that completes commands in your shell',
  usage: [`completion ${shells.join('|')}`],
  options: {},
  async run(context) {
    const wanted = onlyPositional(context, 'shell');
    const shell = shells.find((one) => one === wanted.toLowerCase());
    if (shell === undefined)
      throw usageError(`"${wanted}" is not known here.`, `Use one of: ${shells.join(', ')}.`);
    const script = completionScript(shell, commands);
    if (!context.json) context.terminal.line(script.trimEnd());
    return { shell, script };
  },
};

const commands: readonly Command[] = [
  status,
  nodes,
  wake,
  off,
  cancel,
  why,
  keepAwake,
  release,
  restartOllama,
  policy,
  energy,
  notifications,
  pair,
  discover,
  agents,
  doctor,
  vram,
  models,
  move,
  forceGpu,
  forceCpu,
  optimize,
  index,
  remoteIndex,
  search,
  open,
  gateway,
  requests,
  tasks,
  workers,
  runner,
  keys,
  sessions,
  backup,
  restore,
  update,
  whatsNew,
  completion,
];

/** 130 is what shells report for a program ended by Ctrl+C. */
const exitCodes = { ok: 0, failed: 1, usage: 2, notRunning: 3, interrupted: 130 } as const;

export interface CliWorld {
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl+C. */
  signal: AbortSignal;
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** An absolute path, resolved from the folder where the command was typed. */
  resolve(path: string): string;
  /** Asks for a secret on the terminal, or reads it from standard input. */
  readSecret(prompt: string): Promise<string>;
  /** All of standard input. */
  readInput(): Promise<string>;
}

/** Runs the command and returns its exit code. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<number> {
  const { terminal } = world;
  const [name, ...rest] = args;
  const json = args.includes('--json');
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    for (const line of overview(terminal)) terminal.line(line);
    return exitCodes.ok;
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    terminal.line(json ? JSON.stringify({ version }) : version);
    return exitCodes.ok;
  }
  let link: Promise<CoreLink> | null = null;
  try {
    const command = commands.find((candidate) => candidate.name === name);
    if (!command) throw unknownCommand(name);
    const { values, positionals } = readArguments(rest, command.options);
    if (values.help === true) {
      for (const line of helpOf(command)) terminal.line(line);
      return exitCodes.ok;
    }
    const context: CommandContext = {
      terminal,
      json,
      values: values as CommandContext['values'],
      positionals,
      signal: world.signal,
      now: world.now,
      sleep: (ms) => world.sleep(ms, world.signal),
      resolve: world.resolve,
      environment: world.environment,
      readSecret: world.readSecret,
      readInput: world.readInput,
      connect(need) {
        const dataFolder = typeof values.data === 'string' ? world.resolve(values.data) : undefined;
        link ??= connect({
          dataFolder,
          need,
          environment: world.environment,
          signal: world.signal,
        });
        return link;
      },
    };
    const result = await command.run(context);
    if (json) terminal.line(JSON.stringify(result));
    return command.failed?.(result) ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    return report(error, { world, json });
  } finally {
    await (link as Promise<CoreLink> | null)?.then((opened) => opened.close()).catch(() => undefined);
  }
}

function unknownCommand(name: string): PilotlightError {
  const near = nearestName(
    name,
    commands.map((command) => command.name),
  );
  return usageError(
    `There is no command "${name}".`,
    near === null ? 'Run it with --help to list the commands.' : `Did you mean "${near}"?`,
  );
}

function report(error: unknown, { world, json }: { world: CliWorld; json: boolean }): number {
  const { terminal, signal } = world;
  if (signal.aborted) {
    if (!json) terminal.note('Stopped.');
    return exitCodes.interrupted;
  }
  const wire = toWireError(error);
  if (json) terminal.line(JSON.stringify({ error: wire }));
  else {
    terminal.note(`${wire.code}: ${wire.message}`);
    // It may have several lines, such as commands.
    if (wire.next !== '') for (const line of `  ${wire.next}`.split('\n')) terminal.note(line);
    if (!isPilotlightError(error)) for (const line of stackLines(error)) terminal.note(line);
  }
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (!isPilotlightError(error)) return exitCodes.failed;
  if (error.code === 'NOT_RUNNING') return exitCodes.notRunning;
  return error instanceof PilotlightError && error.details?.usage === true
    ? exitCodes.usage
    : exitCodes.failed;
}

function overview({ style }: Terminal): string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    'Usage: npm run pilotlight -- COMMAND [options]',
    '',
    ...commands.map((command) => `  ${style.strong(command.name.padEnd(width))}  ${command.summary}`),
    '',
    ...commonHelp,
  ];
}

function helpOf(command: Command): string[] {
  return [
    `${command.name}: ${command.summary}`,
    '',
    ...command.usage.map((line) => `  npm run pilotlight -- ${line}`),
    '',
    ...commonHelp,
  ];
}

const commonHelp = [
  `Options for every command: ${Object.keys(commonOptions)
    .map((option) => (option === 'data' ? '--data DIR' : `--${option}`))
    .join(', ')}`,
  'Refer to nodes and folders by name or id. --json prints one JSON value; an error is {"error": …}.',
  'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 Pilotlight is not running, 130 stopped with Ctrl+C.',
];
