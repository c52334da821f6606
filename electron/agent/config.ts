/** The agent's options. Precedence: flag, environment, config file, default. */
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type AgentRole,
  agentRoles,
  DEFAULT_AGENT_PORT,
  DEFAULT_RELAY_PORT,
} from '../../shared/contract/agent.ts';
import { readIpv4 } from '../../shared/network/ipv4.ts';
import { readMac, readSecureOn } from '../../shared/network/mac.ts';
import { environmentOf, environmentPrefix, flagOf, placeVariables } from './config-names.ts';
import {
  commands,
  flag,
  isAddress,
  list,
  loopbackUrl,
  number,
  portOrNull,
  type Reader,
  text,
} from './config-readers.ts';
import { AgentError } from './errors.ts';
import { type ImmichConfig, immichOption } from './immich/config.ts';
import type { PowerCommands } from './power/commands.ts';
import { type WorkerConfig, workerOption } from './worker/config.ts';

export interface AgentConfig {
  role: readonly AgentRole[];
  bind: string;
  /** One port for all roles; null gives each role its own. */
  port: number | null;
  relayPort: number;
  powerPort: number;
  allowMac: readonly string[];
  broadcast: readonly string[];
  wakePort: readonly number[];
  secureOn: string | null;
  target: string | null;
  targetPort: number;
  openWake: boolean;
  dryRun: boolean;
  ollama: string;
  busyPercent: number;
  ignoreUser: readonly string[];
  secret: string | null;
  restartOllama: boolean;
  /** The program of the runner role; null for the one beside the agent. */
  runnerProgram: string | null;
  /** Whether other machines may send pictures without a token. */
  openRunner: boolean;
  /** Immich's model folder, for the runner; null if there is none. */
  immichFolder: string | null;
  /** The door for Immich; null for none. */
  immich: ImmichConfig | null;
  /** What the worker role works for; null for none. */
  worker: WorkerConfig | null;
  /** null: off when started by hand, on when installed. */
  announce: boolean | null;
  commands: PowerCommands & { inhibit?: readonly string[]; restartOllama?: readonly string[] };
}

interface Option {
  read: Reader;
  fallback: unknown;
  help: string;
  /** A secret must not appear in process lists; a command has no text form. */
  from?: readonly ('flag' | 'environment' | 'file')[];
  many?: true;
  boolean?: true;
}

const options: Record<keyof AgentConfig, Option> = {
  role: {
    read: list(
      (name) => agentRoles.find((role) => role === name) ?? null,
      `a list of ${agentRoles.join(', ')}`,
    ),
    fallback: ['power', 'telemetry'],
    help: 'LIST  its roles: relay, power, telemetry, runner, worker (power,telemetry)',
    many: true,
  },
  bind: {
    read: text(isAddress, 'an IP address'),
    fallback: '127.0.0.1',
    help: 'ADDRESS  the address to listen on (127.0.0.1)',
  },
  port: { read: number(0, 65_535), fallback: null, help: 'N  one port for all roles; 0 picks a free one' },
  relayPort: {
    read: number(1, 65_535),
    fallback: DEFAULT_RELAY_PORT,
    help: 'N  port of the relay role (9753)',
  },
  powerPort: {
    read: number(1, 65_535),
    fallback: DEFAULT_AGENT_PORT,
    help: 'N  port of power and telemetry (8765)',
  },
  allowMac: {
    read: list(readMac, 'MAC addresses like AA:BB:CC:DD:EE:FF'),
    fallback: [],
    help: 'MAC  a machine that may be woken; repeatable, the first is the default',
    many: true,
  },
  broadcast: {
    read: list(readIpv4, 'IPv4 addresses'),
    fallback: [],
    help: 'ADDRESS  where wake packets are sent, instead of each interface’s broadcast address',
    many: true,
  },
  wakePort: {
    read: list(portOrNull, 'ports from 1 to 65535'),
    fallback: [9, 7],
    help: 'N  UDP ports of wake packets (9,7)',
    many: true,
  },
  secureOn: {
    read: text((value) => readSecureOn(value) !== null, '4 decimal or 6 hexadecimal bytes'),
    fallback: null,
    help: 'PASSWORD  added to wake packets',
    from: ['environment', 'file'],
  },
  target: {
    read: text(isAddress, 'an IP address'),
    fallback: null,
    help: 'ADDRESS  the GPU machine, for /health and /status of the relay',
  },
  targetPort: { read: number(1, 65_535), fallback: 11_434, help: 'N  its Ollama port (11434)' },
  openWake: { read: flag, fallback: false, help: ' /wake without a token; needs --allow-mac', boolean: true },
  dryRun: { read: flag, fallback: false, help: ' power commands are logged, not run', boolean: true },
  ollama: {
    read: loopbackUrl,
    fallback: 'http://127.0.0.1:11434',
    help: 'URL  Ollama on this machine (http://127.0.0.1:11434)',
  },
  restartOllama: {
    read: flag,
    fallback: false,
    help: ' panels may restart Ollama on this machine',
    boolean: true,
  },
  runnerProgram: {
    read: text((value) => isAbsolute(value), 'an absolute path'),
    fallback: null,
    help: 'PATH  runner-worker.mjs for the role runner, if it is elsewhere',
  },
  openRunner: {
    read: flag,
    fallback: false,
    help: ' pictures from other machines without a token',
    boolean: true,
  },
  immichFolder: {
    read: text((value) => isAbsolute(value), 'an absolute path'),
    fallback: null,
    help: 'PATH  Immich’s model folder, for the role runner',
  },
  immich: {
    read: immichOption,
    fallback: null,
    help: 'OBJECT  the door for Immich',
    from: ['file'],
  },
  worker: {
    read: workerOption,
    fallback: null,
    help: 'OBJECT  whose tasks the role worker takes',
    from: ['file'],
  },
  announce: {
    read: flag,
    fallback: null,
    help: ' panels can discover it (mDNS); --no-announce turns it off',
    boolean: true,
  },
  busyPercent: { read: number(1, 100), fallback: 10, help: 'N  percent at which a GPU counts as busy (10)' },
  ignoreUser: {
    read: list((name) => (/^[^\s,]{1,64}$/.test(name) ? name : null), 'names of users'),
    fallback: [],
    help: 'NAME  this user’s sessions do not keep the machine on; repeatable',
    many: true,
  },
  secret: {
    read: text((value) => /^[\x21-\x7e]{8,256}$/.test(value), '8 to 256 visible characters without spaces'),
    fallback: null,
    help: 'TEXT  Bearer secret of an existing server, accepted as well as the token',
    from: ['environment', 'file'],
  },
  commands: {
    read: commands,
    fallback: {},
    help: 'OBJECT  programs to use instead of the defaults',
    from: ['file'],
  },
};

const keys = Object.keys(options) as (keyof AgentConfig)[];
/** Options that are or contain a secret. */
const secretKeys: readonly (keyof AgentConfig)[] = ['secret', 'secureOn', 'immich', 'worker'];
/** Variables that hold a secret. */
export const secretVariables = [environmentOf('secret'), environmentOf('secureOn')];

/** Flags of the program, for parseArgs. */
export const configFlags = Object.fromEntries(
  keys
    .filter((key) => options[key].from?.includes('flag') ?? true)
    .map((key) => [
      flagOf(key),
      { type: options[key].boolean ? 'boolean' : 'string', ...(options[key].many ? { multiple: true } : {}) },
    ]),
) as Record<string, { type: 'boolean' | 'string'; multiple?: boolean }>;

export interface ConfigSources {
  flags: Readonly<Record<string, unknown>>;
  environment: Readonly<Record<string, string | undefined>>;
  /** The parsed file; null without one. */
  file: { path: string; content: unknown; privately: boolean } | null;
}

/** Throws BAD_CONFIG with one line for each mistake. */
export function readConfig({ flags, environment, file }: ConfigSources): AgentConfig {
  const mistakes: string[] = [];
  const content = fileEntries(file, mistakes);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(environmentPrefix) || placeVariables.includes(name)) continue;
    if (!keys.some((key) => environmentOf(key) === name)) mistakes.push(`${name}: unknown option.`);
  }

  const config: Record<string, unknown> = {};
  for (const key of keys) {
    const { read, fallback, from = ['flag', 'environment', 'file'] } = options[key];
    const raw = flags[flagOf(key)];
    const flagValue = Array.isArray(raw) ? raw.flatMap((one) => String(one).split(',')) : raw;
    const sources = [
      { source: 'flag' as const, name: `--${flagOf(key)}`, value: flagValue },
      { source: 'environment' as const, name: environmentOf(key), value: environment[environmentOf(key)] },
      { source: 'file' as const, name: `${file?.path}: ${key}`, value: content.get(key) },
    ];
    const chosen = sources.find(({ value }) => value !== undefined && value !== '');
    if (chosen !== undefined && !from.includes(chosen.source)) {
      mistakes.push(`${chosen.name}: only allowed in the ${from.join(' or the ')}.`);
      continue;
    }
    const result = chosen === undefined ? { value: fallback } : read(chosen.value);
    if ('value' in result) config[key] = result.value;
    else if (chosen !== undefined) {
      const shown = secretKeys.includes(key) ? 'this value' : (JSON.stringify(chosen.value) ?? '');
      mistakes.push(`${chosen.name}: expected ${result.wanted}, not ${shown.slice(0, 80)}.`);
    }
  }
  const read = config as unknown as AgentConfig;
  if (mistakes.length === 0) mistakes.push(...together(read));
  if (mistakes.length === 0) return read;
  throw new AgentError('BAD_CONFIG', { message: mistakes.join('\n'), details: { mistakes } });
}

/** Mistakes in combinations of options. */
function together(config: AgentConfig): string[] {
  const mistakes: string[] = [];
  if (config.role.length === 0) mistakes.push('--role: at least one role is required.');
  if (config.openWake && config.allowMac.length === 0) {
    mistakes.push('--open-wake: requires --allow-mac, or anyone could wake any machine.');
  }
  if (config.openWake && !config.role.includes('relay')) mistakes.push('--open-wake: requires --role relay.');
  if (config.restartOllama && !config.role.includes('power')) {
    mistakes.push('--restart-ollama: requires --role power.');
  }
  if (config.immich !== null && !config.role.includes('runner')) {
    mistakes.push('immich: requires --role runner.');
  }
  if ((config.worker !== null) !== config.role.includes('worker')) {
    mistakes.push('worker: the role and the option in the config file require each other.');
  }
  if (config.announce && !canAnnounce(config)) {
    mistakes.push('--announce: requires --bind with an IPv4 address on the network.');
  }
  if (config.port === null && config.relayPort === config.powerPort) {
    mistakes.push('--relay-port and --power-port are the same: use --port for one port.');
  }
  return mistakes;
}

/** Only an agent that the network can reach is announced there. */
export function canAnnounce({ bind }: Pick<AgentConfig, 'bind'>): boolean {
  return bind === '::' || (readIpv4(bind) !== null && !bind.startsWith('127.'));
}

function fileEntries(file: ConfigSources['file'], mistakes: string[]): Map<string, unknown> {
  if (file === null) return new Map();
  if (typeof file.content !== 'object' || file.content === null || Array.isArray(file.content)) {
    mistakes.push(`${file.path}: expected a JSON object.`);
    return new Map();
  }
  const entries = new Map<string, unknown>(Object.entries(file.content));
  for (const name of entries.keys()) {
    if (!keys.includes(name as keyof AgentConfig)) mistakes.push(`${file.path}: ${name}: unknown option.`);
  }
  if (!file.privately && secretKeys.some((name) => entries.has(name))) {
    mistakes.push(`${file.path}: contains a secret and is readable by others; run chmod 600 on it.`);
  }
  return entries;
}

/** The flags of every command. Throws BAD_CONFIG that names an unknown one. */
export function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...configFlags,
        data: { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean' },
        print: { type: 'boolean' },
        node: { type: 'string' },
        user: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowNegative: true,
    });
  } catch (error) {
    // Node's message has more sentences; the first one names the option.
    const message = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    throw new AgentError('BAD_CONFIG', { message: `${message.replace(/\.$/, '')}.` });
  }
}

export const configHelp = keys
  .filter((key) => options[key].from?.includes('flag') ?? true)
  .map((key) => `  --${flagOf(key)} ${options[key].help}`);
