/** Readers of the agent's options. */
import { isIPv6 } from 'node:net';
import { powerActions } from '../../shared/models/power-actions.ts';
import { basePath } from '../../shared/network/api-path.ts';
import { readIpv4 } from '../../shared/network/ipv4.ts';
import { parseWebUrl } from '../../shared/network/web-address.ts';

/** Reads a value, or says what is expected. Flags and the environment give strings, the file gives JSON. */
export type Reader = (value: unknown) => { value: unknown } | { wanted: string };

export const take = (value: unknown) => ({ value });

export function number(least: number, most: number): Reader {
  const wanted = `a whole number from ${least} to ${most}`;
  return (value) => {
    const parsed = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
    return typeof parsed === 'number' && Number.isInteger(parsed) && parsed >= least && parsed <= most
      ? take(parsed)
      : { wanted };
  };
}

export function list(one: (text: string) => unknown, wanted: string): Reader {
  return (value) => {
    const items = typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(items)) return { wanted };
    const values = items.map((item: unknown) =>
      typeof item === 'string' || typeof item === 'number' ? (one(String(item).trim()) ?? null) : null,
    );
    return values.includes(null) ? { wanted } : take([...new Set(values)]);
  };
}

export function text(check: (value: string) => boolean, wanted: string): Reader {
  return (value) => (typeof value === 'string' && check(value) ? take(value) : { wanted });
}

export const flag: Reader = (value) => {
  if (value === true || value === 'true' || value === '1') return take(true);
  if (value === false || value === 'false' || value === '0') return take(false);
  return { wanted: 'true or false' };
};

export const commands: Reader = (value) => {
  const names: string[] = [...powerActions, 'inhibit', 'restartOllama'];
  const wanted = `an object of ${names.join(', ')}, each a list of a program and its arguments`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { wanted };
  const right = Object.entries(value).every(
    ([name, command]) =>
      names.includes(name) &&
      Array.isArray(command) &&
      command.length > 0 &&
      command.every((part) => typeof part === 'string' && !part.includes('\0')),
  );
  return right ? take(value) : { wanted };
};

/** Without the path of the API, which people copy with the address. */
export const loopbackUrl: Reader = (value) => {
  const url = typeof value === 'string' ? parseWebUrl(value) : null;
  const isHere =
    url?.protocol === 'http:' &&
    (/^(localhost|\[::1\])$/.test(url.hostname) || readIpv4(url.hostname)?.startsWith('127.') === true);
  return url !== null && isHere
    ? take(`${url.origin}${basePath(url.pathname, 'server')}`)
    : { wanted: 'an http:// address of this machine' };
};

export const isAddress = (value: string) => readIpv4(value) !== null || isIPv6(value);

export const portOrNull = (text: string) => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port > 0 && port < 65_536 ? port : null;
};
