/** The option `immich` of the config file. */
import { isAllowedSource } from '../../../shared/network/allowed-source.ts';
import { readMac } from '../../../shared/network/mac.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';
import type { Reader } from '../config-readers.ts';

export interface ImmichConfig {
  port: number;
  /** The agent of the GPU machine, without a slash at the end. */
  upstream: string;
  token: string;
  /** Of the GPU machine; null if something else wakes it. */
  mac: string | null;
  holdSeconds: number;
  cpuMeanwhile: boolean;
  bodyBudgetMb: number;
  /** Where requests for text in pictures go, without a slash at the end; null refuses them. */
  ocrUrl: string | null;
  /** Addresses and networks that may connect; `anyone` is a word of its own. */
  allowed: readonly string[] | 'anyone';
}

const wanted =
  'an object with "upstream" (http://ADDRESS:PORT of the GPU machine’s agent), "token", and optionally "mac", "port" (3003), "allowed" (a list of addresses or networks, or "anyone"), "holdSeconds" (10 to 280), "cpuMeanwhile", "bodyBudgetMb" (40 to 4096) and "ocrUrl" (http://ADDRESS:PORT)';

const names = [
  ...['port', 'upstream', 'token', 'mac', 'holdSeconds', 'cpuMeanwhile', 'bodyBudgetMb'],
  ...['ocrUrl', 'allowed'],
];

const whole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

export const immichOption: Reader = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { wanted };
  const given = value as Record<string, unknown>;
  if (Object.keys(given).some((name) => !names.includes(name))) return { wanted };
  const { port = 3003, holdSeconds = 240, cpuMeanwhile = false, bodyBudgetMb = 64, allowed = [] } = given;
  const url = typeof given.upstream === 'string' ? parseWebUrl(given.upstream) : null;
  const ocr = typeof given.ocrUrl === 'string' ? parseWebUrl(given.ocrUrl) : null;
  const mac = given.mac === undefined ? null : typeof given.mac === 'string' ? readMac(given.mac) : undefined;
  const { token } = given;
  const isRight =
    url?.protocol === 'http:' &&
    typeof token === 'string' &&
    /^[\x21-\x7e]{8,500}$/.test(token) &&
    mac !== undefined &&
    (given.mac === undefined || mac !== null) &&
    (given.ocrUrl === undefined || ocr !== null) &&
    whole(port, 0, 65_535) &&
    whole(holdSeconds, 10, 280) &&
    whole(bodyBudgetMb, 40, 4096) &&
    typeof cpuMeanwhile === 'boolean' &&
    (allowed === 'anyone' ||
      (Array.isArray(allowed) && allowed.every((one) => typeof one === 'string' && isAllowedSource(one))));
  if (!isRight) return { wanted };
  return {
    value: {
      ...{ port, upstream: url.origin, token, mac, holdSeconds, cpuMeanwhile, bodyBudgetMb, allowed },
      ocrUrl: ocr === null ? null : ocr.href.replace(/\/+$/, ''),
    },
  };
};
