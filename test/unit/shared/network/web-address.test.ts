import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4 } from '../../../../shared/network/ipv4.ts';
import { parseWebUrl, readWebAddress } from '../../../../shared/network/web-address.ts';

const faultOf = (text: string) => {
  const read = readWebAddress(text);
  return read.ok ? `read as ${read.url.href}` : read.fault;
};

/** Forms that a URL parser turns into an IPv4 address. */
const otherForms = [
  '127.1',
  '127.0.1',
  '0x7f.1',
  '0x7f000001',
  '0X7F.0.0.1',
  '2130706433',
  '017700000001',
  '0177.0.0.1',
  '127.0.0.01',
  '127.0.0.1.',
  '１２７.0.0.1',
  '127。0。0。1',
  '127.0.0.%31',
  '12\u00ad7.0.0.1',
  '①27.0.0.1',
];

describe('an IPv4 address in another form', () => {
  it.each(otherForms)('%j is refused, with and without scheme, port and path', (host) => {
    for (const text of [host, `${host}:11434`, `http://${host}`, `https://${host}:1/v1`, `http://${host}/x`])
      expect(faultOf(text), text).toBe('ipv4');
  });

  it.each(['1.2.3.4.5', '256.1.1.1', '1.2.3.256:80', '192.168.1'])('%s is no name either', (host) => {
    expect(faultOf(host)).toBe('ipv4');
  });

  it('is never read, whatever the number and its form', () => {
    const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const form = fc.constantFrom(
      (value: number) => String(value),
      (value: number) => `0x${value.toString(16)}`,
      (value: number) => `0${value.toString(8)}`,
      (value: number) => formatIpv4(value).replace(/\d+$/, (last) => `0${last}`),
      (value: number) => `${formatIpv4(value)}.`,
      (value: number) => `${value >>> 24}.${value & 0xffffff}`,
    );
    fc.assert(
      fc.property(number, form, (value, write) => {
        const text = write(value);
        const read = readWebAddress(`http://${text}`);
        expect(read.ok ? read.url.hostname : 'refused').toBe('refused');
      }),
      { numRuns: 500 },
    );
  });
});

describe('an address', () => {
  it('in four plain decimals is read as it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (host) => {
        const read = readWebAddress(`http://${host}:8080/a`);
        expect(read.ok && read.url.href).toBe(`http://${host}:8080/a`);
      }),
    );
  });

  it('says whether it has a scheme and a port', () => {
    expect(readWebAddress('gpu-box')).toMatchObject({ ok: true, hasScheme: false, hasPort: false });
    expect(readWebAddress('gpu-box:80')).toMatchObject({ ok: true, hasScheme: false, hasPort: true });
    expect(readWebAddress('http://[::1]')).toMatchObject({ ok: true, hasScheme: true, hasPort: false });
    expect(readWebAddress('[::1]:80')).toMatchObject({ ok: true, hasScheme: false, hasPort: true });
  });

  it('of IPv4 in the form of IPv6 is the IPv4 address', () => {
    const read = readWebAddress('[::ffff:10.0.0.2]:11434');
    expect(read.ok && read.url.host).toBe('10.0.0.2:11434');
  });

  it.each([
    ['', 'not-an-address'],
    ['a b', 'not-an-address'],
    ['http:\\\\host', 'not-an-address'],
    ['http:///host', 'not-an-address'],
    ['http:127.1', 'not-an-address'],
    ['http://.', 'not-an-address'],
    ['http://[::1', 'not-an-address'],
    ['http://127.0.0.1:70000', 'not-an-address'],
    ['127.0.0.1:70000', 'not-an-address'],
    ['ftp://host', 'not-http'],
    ['user@host', 'password'],
    ['http://user:secret@host', 'password'],
    ['http://host?x', 'query'],
    ['http://host#x', 'query'],
    ['http://host:0', 'port-zero'],
  ])('%j: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('of a webhook may have a password and a query, and needs a scheme', () => {
    const allow = { query: true, password: true };
    expect(parseWebUrl('https://u:p@host/hook?token=1', allow)?.hostname).toBe('host');
    expect(parseWebUrl('host/hook', allow)).toBeNull();
    expect(parseWebUrl('http://u@127.1/hook', allow)).toBeNull();
  });
});
