// @ts-check
import { resolve } from 'node:path';
import { SetUpError } from './errors.mjs';

export const startUsage = `Usage: npm start -- [options]
  --headless   no window: serve the panel to the browser
  --port N     port of the panel on 127.0.0.1; default: the last one used, or a free one
  --data DIR   folder for settings, history and the index
  --gateway-port N|off   port of the gateway, or none; default: that of the settings (11435)
  --simulate   add a simulated fleet
  --no-open    do not open the browser
  --help       show this help`;

/**
 * @typedef {{ headless: boolean, port: number | undefined, data: string | undefined, gatewayPort: string | undefined,
 *   simulate: boolean, open: boolean, help: boolean }} StartOptions
 */

/**
 * Parses the options of `npm start`. A value may follow its option or an equals sign.
 * @param {readonly string[]} args
 * @param {string} folder the person's working directory, for a relative `--data`
 * @returns {StartOptions}
 * @throws {SetUpError} `SETUP_OPTION`
 */
export function parseStartOptions(args, folder) {
  /** @type {StartOptions} */
  const options = {
    headless: false,
    port: undefined,
    data: undefined,
    gatewayPort: undefined,
    simulate: false,
    open: true,
    help: false,
  };
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() ?? '';
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const name = equals === -1 ? argument : argument.slice(0, equals);
    const given = equals === -1 ? undefined : argument.slice(equals + 1);
    const value = () => {
      const text = given ?? rest.shift();
      if (text === undefined || text === '' || (given === undefined && text.startsWith('--'))) {
        throw optionError(`${name} needs a value.`);
      }
      return text;
    };
    if (name === '--port') options.port = parsePort(value());
    else if (name === '--data') options.data = resolve(folder, value());
    else if (name === '--gateway-port') options.gatewayPort = parseGatewayPort(value());
    else if (given !== undefined) throw optionError(`${name} takes no value or is unknown.`);
    else if (name === '--headless') options.headless = true;
    else if (name === '--simulate') options.simulate = true;
    else if (name === '--no-open') options.open = false;
    else if (name === '--help' || name === '-h') options.help = true;
    else throw optionError(`Unknown option ${argument}.`);
  }
  return options;
}

/**
 * The same options for the program itself.
 * @param {StartOptions} options
 * @returns {string[]}
 */
export function toProgramArguments(options) {
  return [
    ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ...(options.data === undefined ? [] : ['--data', options.data]),
    ...(options.gatewayPort === undefined ? [] : ['--gateway-port', options.gatewayPort]),
    ...(options.simulate ? ['--simulate'] : []),
    ...(options.open ? [] : ['--no-open']),
  ];
}

/**
 * @param {string} text
 * @returns {number}
 */
function parsePort(text) {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw optionError(`--port expects a number from 0 to 65535, not "${text}".`);
}

/**
 * @param {string} text
 * @returns {string}
 */
function parseGatewayPort(text) {
  if (text === 'off' || (/^\d{1,5}$/.test(text) && Number(text) <= 65_535)) return text;
  throw optionError(`--gateway-port expects a number from 0 to 65535, or off, not "${text}".`);
}

/**
 * @param {string} message
 * @returns {SetUpError}
 */
function optionError(message) {
  return new SetUpError('SETUP_OPTION', message, 'Correct it and try again.', {
    details: startUsage,
    exitCode: 2,
  });
}
