/** What a command is, and what it gets. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { SourceView } from '../../shared/models/indexing.ts';
import type { RemoteIndexView } from '../../shared/models/remote-index.ts';
import type { CoreLink, Need } from './core-link.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  /** The running core, or one started for the command. Connects once; closed after the command. */
  connect(need: Need): Promise<CoreLink>;
  terminal: Terminal;
  /** With `--json`, one JSON value is all that goes to standard output. */
  json: boolean;
  values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  positionals: readonly string[];
  /** Aborted by Ctrl+C. */
  signal: AbortSignal;
  sleep(ms: number): Promise<void>;
  now(): number;
  /** An absolute path, resolved from the folder where the command was typed. */
  resolve(path: string): string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Asks for a secret on the terminal, or reads it from standard input. */
  readSecret(prompt: string): Promise<string>;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export interface Command {
  name: string;
  summary: string;
  /** Lines of the help, after `pilotlight `. */
  usage: readonly string[];
  options: ParseArgsOptionsConfig;
  /** Prints and returns what `--json` prints; throws PilotlightError. */
  run(context: CommandContext): Promise<unknown>;
  /** Whether the result reports a failure; the exit code is 1 then. */
  failed?(result: unknown): boolean;
}

export const commonOptions = {
  json: { type: 'boolean' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

export function usageError(
  message: string,
  next = 'Run it with --help to see how to use it.',
): PilotlightError {
  return new PilotlightError('BAD_REQUEST', { message, next, details: { usage: true } });
}

export function readArguments(args: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...commonOptions, ...options },
      allowPositionals: true,
      allowNegative: true,
    });
  } catch (error) {
    // Node's message has more sentences; the first one names the option.
    const message = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    throw usageError(`${message.replace(/\.$/, '')}.`);
  }
}

export function optionText(context: CommandContext, option: string): string | undefined {
  const value = context.values[option];
  return typeof value === 'string' ? value : undefined;
}

export function onlyPositional(context: CommandContext, what: string): string {
  const [first, ...rest] = context.positionals;
  if (first === undefined || first === '') throw usageError(`Missing argument: ${what}.`);
  if (rest.length > 0)
    throw usageError(`"${rest[0]}" is one argument too many. Put quotes around a name that contains spaces.`);
  return first;
}

export function noPositionals(context: Pick<CommandContext, 'positionals'>): void {
  const [first] = context.positionals;
  if (first !== undefined) throw usageError(`"${first}" is not expected here.`);
}

/** By id, else by name in any case, else by the only name that starts with it. */
function findNamed<Item extends { id: string; name: string }>(
  items: readonly Item[],
  wanted: string,
  what: string,
): Item {
  const lower = wanted.toLowerCase();
  const exact =
    items.find((item) => item.id === wanted) ?? items.find((item) => item.name.toLowerCase() === lower);
  if (exact) return exact;
  const begins = items.filter((item) => item.name.toLowerCase().startsWith(lower));
  const [only] = begins;
  if (only && begins.length === 1) return only;
  const names = items.map((item) => item.name).join(', ');
  throw new PilotlightError('NOT_FOUND', {
    message:
      begins.length > 1
        ? `"${wanted}" could be ${begins.map((item) => item.name).join(' or ')}.`
        : `There is no ${what} called "${wanted}".`,
    next: names === '' ? `Add a ${what} first.` : `Use one of: ${names}.`,
  });
}

export async function findNode(link: CoreLink, wanted: string): Promise<NodeView> {
  return findNamed(await link.call('fleet.list', {}), wanted, 'node');
}

export async function findSource(link: CoreLink, wanted: string): Promise<SourceView> {
  return findNamed(await link.call('index.sources', {}), wanted, 'folder');
}

export async function findRemote(
  link: CoreLink,
  wanted: string,
  signal?: AbortSignal,
): Promise<RemoteIndexView> {
  return findNamed(await link.call('remoteIndex.list', {}, signal), wanted, 'remote index');
}

export type Verbs = Readonly<Record<string, (context: CommandContext) => Promise<unknown>>>;

/** Runs what the first word after a command names; without one, `usual`. Rejects with USAGE for any other word. */
export async function runVerb(
  command: string,
  verbs: Verbs,
  context: CommandContext,
  usual?: string,
): Promise<unknown> {
  const [verb = usual, ...positionals] = context.positionals;
  if (verb === undefined) throw usageError(`What to do is missing: ${Object.keys(verbs).join(', ')}.`);
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run === undefined) throw usageError(`There is no command "${command} ${verb}".`);
  return run({ ...context, positionals });
}
