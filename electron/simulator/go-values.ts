/**
 * How a Go server writes and reads values: durations, timestamps, memory sizes. Clients see these formats, so the
 * simulator uses them too.
 */
import { OllamaError } from './model.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** An unlimited keep-alive is the longest Go duration, about 292 years. */
export const FOREVER_MS = (2 ** 63 - 1) / 1e6;

/** A Go duration such as `5m`, `1h30m` or `-1s`, in milliseconds. Throws a 400 with Go's message. */
export function parseGoDuration(text: string): number {
  const negative = text.startsWith('-');
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0;
  const invalid = () => new OllamaError(400, `time: invalid duration ${JSON.stringify(text)}`);
  if (rest === '') throw invalid();
  let total = 0;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw invalid();
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') throw new OllamaError(400, `time: missing unit in duration ${JSON.stringify(text)}`);
    const factor = UNIT_MS[unit];
    if (factor === undefined) {
      throw new OllamaError(
        400,
        `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`,
      );
    }
    total += Number(number) * factor;
    rest = rest.slice(unit.length);
  }
  return negative ? -total : total;
}

/**
 * `keep_alive`: a number of seconds or a Go duration; negative = indefinitely (`Infinity`). `undefined` if the request
 * does not set it. Throws a 400.
 */
export function parseKeepAlive(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value < 0 ? Number.POSITIVE_INFINITY : value * 1000;
  if (typeof value === 'string') {
    const ms = parseGoDuration(value);
    return ms < 0 ? Number.POSITIVE_INFINITY : ms;
  }
  const kind =
    typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  throw new OllamaError(400, `Unsupported type: '${kind}'`);
}

/** Milliseconds as a whole number of nanoseconds. */
export function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

/**
 * RFC3339Nano: trailing zeros of the fraction are cut. The digits below a millisecond are derived from the time
 * itself, so that clients see nine digits, as from a real server.
 * `offsetMinutes` is the server's time zone; 0 writes `Z`.
 */
export function rfc3339Nano(ms: number, offsetMinutes = 0): string {
  const whole = Math.floor(ms);
  const local = new Date(whole + offsetMinutes * 60_000).toISOString();
  const below = ((whole % 999_983) * 7919) % 1_000_000;
  const nanos = `${local.slice(20, 23)}${String(below).padStart(6, '0')}`.replace(/0+$/, '');
  const fraction = nanos === '' ? '' : `.${nanos}`;
  return `${local.slice(0, 19)}${fraction}${zone(offsetMinutes)}`;
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const minutes = Math.abs(offsetMinutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Bytes as Ollama writes them in its errors, for example `5.6 GiB`. */
export function binaryBytes(bytes: number): string {
  const units: [number, string][] = [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
  ];
  for (const [size, unit] of units) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}
