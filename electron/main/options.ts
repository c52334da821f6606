import { parseArgs } from 'node:util';

export interface WindowOptions {
  /** undefined for the default folder of the system. */
  data: string | undefined;
  /** 0 takes a free port; undefined the last one used, if it is free. */
  port: number | undefined;
  simulate: boolean;
  /** 0 takes a free port; undefined that of the settings. */
  gatewayPort: number | 'off' | undefined;
}

/**
 * Reads the program's options. Electron and the system add arguments of their own, so unknown ones are ignored;
 * `npm start` has already refused mistyped options.
 * @param argv as Node provides it; without a script in a packaged program
 */
export function readOptions(argv: readonly string[], isPackaged: boolean): WindowOptions {
  const { values } = parseArgs({
    args: argv.slice(isPackaged ? 1 : 2),
    strict: false,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      simulate: { type: 'boolean' },
      'gateway-port': { type: 'string' },
    },
  });
  const { port, data, simulate, 'gateway-port': gatewayPort } = values;
  return {
    data: typeof data === 'string' && data !== '' ? data : undefined,
    port: readPort(port),
    simulate: simulate === true,
    gatewayPort: gatewayPort === 'off' ? 'off' : readPort(gatewayPort),
  };
}

function readPort(text: unknown): number | undefined {
  const isPort = typeof text === 'string' && /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
  return isPort ? Number(text) : undefined;
}
