/** Secrets of the command line: from a file, the environment or standard input. Every user can read arguments. */
import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { type CommandContext, optionText, usageError } from './command.ts';

/** Variables that hold a secret. They are not passed on to other programs. */
export const secretVariables = {
  shutdownSecret: 'PILOTLIGHT_NODE_SHUTDOWN_SECRET',
  secureOn: 'PILOTLIGHT_NODE_SECURE_ON',
  agentToken: 'PILOTLIGHT_NODE_AGENT_TOKEN',
  relayToken: 'PILOTLIGHT_NODE_RELAY_TOKEN',
  pairing: 'PILOTLIGHT_PAIRING',
  remoteIndexKey: 'PILOTLIGHT_REMOTE_INDEX_KEY',
  backupPassphrase: 'PILOTLIGHT_BACKUP_PASSPHRASE',
} as const;

export interface SecretOption {
  /** The name of the option; `NAME-file` names a file, and `-` as its value standard input. */
  option: string;
  variable: (typeof secretVariables)[keyof typeof secretVariables];
  /** What to ask for on a terminal. */
  prompt: string;
  /** Whether its value may also be an argument, because an earlier version accepted it. */
  asArgument: boolean;
}

/**
 * undefined if it is not given. Throws a usage error for more than one source, for a value where none may be, and for a
 * source that is empty: without its secret, a machine would be open or out of reach.
 */
export async function readSecretOption(
  context: CommandContext,
  { option, variable, prompt, asArgument }: SecretOption,
): Promise<string | undefined> {
  const value = optionText(context, option);
  const file = optionText(context, `${option}-file`);
  if (value !== undefined && file !== undefined) {
    throw usageError(`Use either --${option} or --${option}-file, not both.`);
  }
  if (file !== undefined) return notEmpty(readSecretFile(context, file), `The file of --${option}-file`);
  if (value === '-') return notEmpty(await context.readSecret(prompt), `Standard input for --${option}`);
  if (value === undefined) return context.environment[variable] || undefined;
  if (!asArgument) {
    throw usageError(
      `A secret is not accepted as the value of --${option}: every user of this computer could read it.`,
      `Use --${option}-file PATH, --${option} - for standard input, or the variable ${variable}.`,
    );
  }
  warnOfArgument(context, `--${option}`, `--${option}-file PATH, --${option} -, or the variable ${variable}`);
  return value;
}

function notEmpty(secret: string, source: string): string {
  if (secret !== '') return secret;
  throw usageError(`${source} is empty.`, 'Give it the secret, or leave the option out.');
}

export function warnOfArgument(context: CommandContext, what: string, instead: string): void {
  context.terminal.note(
    `Warning: every user of this computer can read ${what} in the list of processes. Use ${instead} instead.`,
  );
}

/** The content without its last line break. Throws BAD_REQUEST if it cannot be read. */
export function readSecretFile(context: Pick<CommandContext, 'resolve' | 'terminal'>, file: string): string {
  const path = context.resolve(file);
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      context.terminal.note(`Warning: ${path} can be read by other users. Run chmod 600 on it.`);
    }
    return withoutEnd(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PilotlightError('BAD_REQUEST', {
      message: `The file ${path} cannot be read.`,
      next: 'Check the path, and that you may read it.',
      cause,
    });
  }
}

const withoutEnd = (content: string) => content.replace(/\r?\n$/, '');

/** Asks on a terminal without showing what is typed; otherwise reads all of standard input. */
export async function readSecretInput(
  prompt: string,
  { input, output }: { input: NodeJS.ReadStream; output: NodeJS.WritableStream },
): Promise<string> {
  if (!input.isTTY) return withoutEnd(await text(input));
  output.write(`${prompt}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      // Ctrl+C and Ctrl+D, which the terminal does not handle meanwhile.
      lines.once('SIGINT', () => reject(new DOMException('Stopped by the user.', 'AbortError')));
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    output.write('\n');
  }
}
