/**
 * Makes a certificate for addresses of this computer, signed with its own key (RFC 5280, ECDSA P-256). Node can read
 * certificates, but not make them.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { ipv4Bytes } from '../../../shared/network/ipv4.ts';
import { ipv6Groups } from '../../../shared/network/private-address.ts';

export interface SelfSigned {
  /** PEM. */
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;
/** The longest that browsers of phones accept. */
const VALID_DAYS = 397;

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  text: 0x0c,
  sequence: 0x30,
  set: 0x31,
  time: 0x18,
} as const;
/** ecdsa-with-SHA256, commonName, basicConstraints, keyUsage, extKeyUsage, serverAuth, subjectAltName. */
const oids = {
  signature: '2a8648ce3d040302',
  name: '550403',
  constraints: '551d13',
  usage: '551d0f',
  extended: '551d25',
  server: '2b06010505070301',
  alternatives: '551d11',
} as const;

function der(type: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([type, content.length]), content]);
  const hex = content.length.toString(16);
  const size = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([type, 0x80 | size.length]), size, content]);
}

const oid = (hex: string) => der(tag.oid, Buffer.from(hex, 'hex'));
const sequence = (...parts: Uint8Array[]) => der(tag.sequence, ...parts);
const isTrue = der(tag.boolean, Buffer.from([0xff]));

/** `20261128031500Z` */
const time = (at: number) =>
  der(tag.time, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`));

const extension = (id: string, isCritical: boolean, value: Uint8Array) =>
  sequence(oid(id), ...(isCritical ? [isTrue] : []), der(tag.octets, value));

function ipBytes(address: string): Buffer {
  const four = ipv4Bytes(address);
  if (four !== null) return Buffer.from(four);
  const groups = ipv6Groups(address) ?? [];
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** @param hosts addresses and names that it is for */
export function makeSelfSigned(hosts: readonly string[], now: number): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(oids.signature));
  const name = sequence(
    der(tag.set, sequence(oid(oids.name), der(tag.text, Buffer.from('Pilotlight on this network')))),
  );
  const serial = randomBytes(16);
  // Positive, and without a leading zero byte.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const alternatives = hosts.map((host) =>
    isIPv4(host) || isIPv6(host) ? der(0x87, ipBytes(host)) : der(0x82, Buffer.from(host, 'latin1')),
  );
  const content = sequence(
    // Version 3.
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    name,
    // A phone's clock may be behind.
    sequence(time(now - DAY_MS), time(now + (VALID_DAYS - 1) * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        extension(oids.constraints, true, sequence()),
        // digitalSignature
        extension(oids.usage, true, der(tag.bits, Buffer.from([7, 0x80]))),
        extension(oids.extended, false, sequence(oid(oids.server))),
        extension(oids.alternatives, false, sequence(...alternatives)),
      ),
    ),
  );
  const signature = sign('sha256', content, privateKey);
  const whole = sequence(content, algorithm, der(tag.bits, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** SHA-256 in pairs of hexadecimal digits, as browsers show it. */
export const fingerprintOf = (certificate: Uint8Array): string =>
  (createHash('sha256').update(certificate).digest('hex').toUpperCase().match(/../g) ?? []).join(':');
