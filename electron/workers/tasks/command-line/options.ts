/** The options of `pilotlight worker`: a flag counts before the environment. */
import { parseArgs } from 'node:util';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import {
  type TaskQueueName,
  taskQueueNames,
  type WorkerType,
  workerTypeSchema,
} from '../../../../shared/models/tasks.ts';
import { readWebAddress } from '../../../../shared/network/web-address.ts';

export interface WorkerCommand {
  command: 'run' | 'check' | 'init' | 'help';
  json: boolean;
  /** Of `init`, as it was typed. */
  folder: string | null;
}

export interface WorkerSettings {
  /** Without a slash at the end. */
  server: string;
  token: string;
  name: string;
  /** null: `gpu` if this computer has one. */
  type: WorkerType | null;
  /** null: those of its type. */
  queues: TaskQueueName[] | null;
  slots: number;
  /** As it was typed; null for none. */
  sharedFolder: string | null;
  memoryLimitMb: number;
  /** How long tasks may take to end when the worker is stopped. */
  drainMs: number;
}

export interface OptionSources {
  environment: Readonly<Record<string, string | undefined>>;
  hostname: string;
  /** Rejects if it cannot be read. */
  readFile(path: string): Promise<string>;
  /** All of standard input, or what is typed at a terminal. */
  readInput(): Promise<string>;
  warn(line: string): void;
}

export const serverVariable = 'PILOTLIGHT_SERVER';
export const tokenVariable = 'PILOTLIGHT_TOKEN';
/** The variables for options, which start scripts, services and containers set. */
const variables = {
  'token-file': 'PILOTLIGHT_TOKEN_FILE',
  queues: 'PILOTLIGHT_WORKER_QUEUES',
  concurrency: 'PILOTLIGHT_WORKER_CONCURRENCY',
  name: 'PILOTLIGHT_WORKER_NAME',
  type: 'PILOTLIGHT_WORKER_TYPE',
  'shared-folder': 'PILOTLIGHT_WORKER_SHARED_FOLDER',
  memory: 'PILOTLIGHT_WORKER_MEMORY',
  drain: 'PILOTLIGHT_WORKER_DRAIN',
} as const;

export const usage = [
  'Usage: pilotlight worker [check | init DIR] --server URL [options]',
  '',
  '  pilotlight worker        take tasks from the queues of a Pilotlight, until it is stopped',
  '  pilotlight worker check  try the connection, the key, the clock, shared files and one task',
  '  pilotlight worker init   make a folder that starts a worker elsewhere: scripts, a service, containers',
  '',
  `  --server URL          address of Pilotlight, such as http://nas:8780 (${serverVariable})`,
  `  --token-file PATH     file with a key that has the right "tasks" (${tokenVariable})`,
  '  --token -             the key from standard input',
  `  --queues LIST         ${taskQueueNames.join(', ')}; default: those of its type`,
  '  --concurrency N       tasks at once (1)',
  '  --name NAME           its name in Pilotlight (the name of this computer)',
  '  --type gpu|cpu        default: gpu if a GPU is found',
  '  --shared-folder PATH  where the shared folder of Pilotlight is on this computer',
  '  --memory MB           memory of one task, unless Pilotlight says otherwise (2048)',
  '  --drain SECONDS       how long tasks may take to end when it is stopped (60)',
  '  --json                JSON output of check and init',
  '',
  'Each of these from --queues to --drain may be a variable instead, such as PILOTLIGHT_WORKER_QUEUES, and',
  '--token-file is PILOTLIGHT_TOKEN_FILE.',
];

const flags = {
  server: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  queues: { type: 'string' },
  concurrency: { type: 'string' },
  name: { type: 'string' },
  type: { type: 'string' },
  'shared-folder': { type: 'string' },
  memory: { type: 'string' },
  drain: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const wrong = (message: string, next = 'Run it with --help to see how to use it.') =>
  new PilotlightError('BAD_REQUEST', { message, next, details: { usage: true } });

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    // Node's message has more sentences; the first one names the option.
    const message = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    throw wrong(`${message.replace(/\.$/, '')}.`);
  }
}

/** Throws BAD_REQUEST. */
export function readCommand(args: readonly string[]): WorkerCommand {
  const { values, positionals } = parse(args);
  const [command, ...more] = positionals;
  if (values.help === true || command === 'help') return { command: 'help', json: false, folder: null };
  const folder = command === 'init' ? (more.shift() ?? null) : null;
  const [surplus] = more;
  if (surplus !== undefined) throw wrong(`"${surplus}" is not expected here.`);
  if (command !== undefined && command !== 'check' && command !== 'init') {
    throw wrong(`There is no command "worker ${command}".`);
  }
  if (command === 'init' && folder === null) throw wrong('Name the folder to make: worker init DIR.');
  return { command: command ?? 'run', json: values.json === true, folder };
}

/** Rejects with BAD_REQUEST, which names what is wrong. */
export async function readSettings(args: readonly string[], sources: OptionSources): Promise<WorkerSettings> {
  const { values: given } = parse(args);
  const { environment, hostname } = sources;
  const values = { ...fromEnvironment(given, environment), ...given };
  return {
    server: serverOf(values.server ?? environment[serverVariable]),
    token: await tokenOf(values, sources),
    name: textOf('--name', values.name ?? hostname, 100),
    type: typeOf(values.type),
    queues: values.queues === undefined ? null : queuesOf(values.queues),
    slots: numberOf('--concurrency', values.concurrency ?? '1', 1, 256),
    sharedFolder: values['shared-folder'] ?? null,
    memoryLimitMb: numberOf('--memory', values.memory ?? '2048', 64, 1_048_576),
    drainMs: numberOf('--drain', values.drain ?? '60', 0, 86_400) * 1000,
  };
}

/** What is not given as an option. A key in the environment counts before a file that is named there. */
function fromEnvironment(
  given: Readonly<Record<string, unknown>>,
  environment: OptionSources['environment'],
): { [Name in keyof typeof variables]?: string } {
  const named = Object.entries(variables).flatMap(([option, variable]) => {
    const value = environment[variable];
    return value === undefined || value === '' ? [] : [[option, value] as const];
  });
  const hasKey = given.token !== undefined || Boolean(environment[tokenVariable]);
  return Object.fromEntries(named.filter(([option]) => option !== 'token-file' || !hasKey));
}

function serverOf(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw wrong(
      'The address of Pilotlight is missing.',
      `Use --server URL, or the variable ${serverVariable}.`,
    );
  }
  const read = readWebAddress(text);
  if (!read.ok) throw wrong(`"${text}" is not an address.`, 'Use one such as http://nas:8780.');
  return `${read.url.origin}${read.url.pathname.replace(/\/+$/, '')}`;
}

async function tokenOf(
  { token, 'token-file': file }: { token?: string | undefined; 'token-file'?: string | undefined },
  { environment, readFile, readInput, warn }: OptionSources,
): Promise<string> {
  if (token !== undefined && file !== undefined) throw wrong('Use either --token or --token-file, not both.');
  if (file !== undefined) {
    const content = await readFile(file).catch(() => {
      throw wrong(`The file ${file} cannot be read.`, 'Check the path, and that you may read it.');
    });
    return keyOf(content, `The file ${file}`);
  }
  if (token === '-') return keyOf(await readInput(), 'Standard input');
  if (token !== undefined) {
    warn(
      `Every user of this computer can read --token in the list of processes. Use --token-file PATH, --token -, or the variable ${tokenVariable} instead.`,
    );
    return keyOf(token, '--token');
  }
  const given = environment[tokenVariable];
  if (given !== undefined && given !== '') return keyOf(given, tokenVariable);
  throw wrong(
    'The key is missing.',
    `Create one with the right "tasks" in Settings → Access, then use --token-file PATH, --token -, or the variable ${tokenVariable}.`,
  );
}

function keyOf(text: string, source: string): string {
  const key = text.trim();
  if (key === '') throw wrong(`${source} is empty.`, 'Give it the key.');
  // A header has no room for more.
  if (!/^[\x21-\x7e]{1,500}$/.test(key)) throw wrong(`${source} does not contain a key.`);
  return key;
}

function textOf(flag: string, value: string, most: number): string {
  const text = value.trim();
  if (text === '' || text.length > most) throw wrong(`${flag}: expected 1 to ${most} characters.`);
  return text;
}

function typeOf(text: string | undefined): WorkerType | null {
  if (text === undefined) return null;
  const parsed = workerTypeSchema.safeParse(text);
  if (!parsed.success) throw wrong(`--type: expected gpu or cpu, not "${text}".`);
  return parsed.data;
}

function queuesOf(text: string): TaskQueueName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !taskQueueNames.includes(name as TaskQueueName));
  if (unknown !== undefined) {
    throw wrong(`--queues: there is no queue "${unknown}".`, `Use ${taskQueueNames.join(', ')}, or both.`);
  }
  return [...new Set(names as TaskQueueName[])];
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw wrong(`${flag}: expected a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}
