import { parseArgs } from 'node:util';

export interface WindowOptions {
  /** undefined for the system's usual place. */
  data: string | undefined;
  /** 0 takes a free port. */
  port: number;
  simulate: boolean;
}

/**
 * Reads the program's options. Electron and the system add arguments of their own, so that what is not known is
 * passed over; `npm start` has refused a mistyped option before.
 * @param argv as Node gives it; a packaged program has no script in it
 */
export function readOptions(argv: readonly string[], isPackaged: boolean): WindowOptions {
  const { values } = parseArgs({
    args: argv.slice(isPackaged ? 1 : 2),
    strict: false,
    options: { port: { type: 'string' }, data: { type: 'string' }, simulate: { type: 'boolean' } },
  });
  const { port, data, simulate } = values;
  return {
    data: typeof data === 'string' && data !== '' ? data : undefined,
    port: typeof port === 'string' && /^\d{1,5}$/.test(port) && Number(port) <= 65_535 ? Number(port) : 0,
    simulate: simulate === true,
  };
}
