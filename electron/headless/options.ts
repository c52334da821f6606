import { parseArgs } from 'node:util';
import { PilotlightError } from '../../shared/contract/errors.ts';

export interface HeadlessOptions {
  /** 0 picks a free port; undefined the last one used, if it is free. */
  port: number | undefined;
  /** undefined for the system's default folder. */
  data: string | undefined;
  simulate: boolean;
  open: boolean;
  /** 0 picks a free port; undefined that of the settings. */
  gatewayPort: number | 'off' | undefined;
  help: boolean;
}

export const usage: readonly string[] = [
  'Usage: npm start -- [options]',
  '  --headless   no window: serve the panel to the browser',
  '  --port N     port of the panel on 127.0.0.1; default: the last one used, or a free one',
  '  --data DIR   folder for settings, history and the index',
  '  --gateway-port N|off   port of the gateway, or none; default: that of the settings (11435)',
  '  --simulate   add a simulated fleet',
  '  --no-open    do not open the browser',
  '  --help       show this help',
];

/** Parses the options of the program. Throws BAD_REQUEST that names the option. */
export function parseOptions(args: readonly string[]): HeadlessOptions {
  const values = read(args);
  return {
    port: values.port === undefined ? undefined : parsePort(values.port),
    data: values.data,
    simulate: values.simulate ?? false,
    open: !values['no-open'],
    gatewayPort: parseGatewayPort(values['gateway-port']),
    help: values.help ?? false,
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        headless: { type: 'boolean' },
        port: { type: 'string' },
        data: { type: 'string' },
        simulate: { type: 'boolean' },
        'no-open': { type: 'boolean' },
        'gateway-port': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // Node's message has more sentences; the first one names the option.
    const message = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    throw badOption(`${message.replace(/\.$/, '')}.`, error);
  }
}

function parsePort(text: string): number {
  const port = readPort(text);
  if (port !== null) return port;
  throw badOption(`--port expects a number from 0 to 65535, not "${text}".`);
}

function parseGatewayPort(text: string | undefined): HeadlessOptions['gatewayPort'] {
  if (text === undefined || text === 'off') return text;
  const port = readPort(text);
  if (port !== null) return port;
  throw badOption(`--gateway-port expects a number from 0 to 65535, or off, not "${text}".`);
}

function readPort(text: string): number | null {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : null;
}

function badOption(message: string, cause?: unknown): PilotlightError {
  return new PilotlightError('BAD_REQUEST', { message, next: 'Correct it and try again.', cause });
}
