import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, makeSelfSigned } from '../../../../electron/adapters/http/self-signed.ts';

const now = Date.UTC(2026, 10, 28, 3, 15);
const day = 86_400_000;

describe('a certificate made here', () => {
  const hosts = ['192.168.1.20', 'fe00::1:2', '::1', 'panel.home'];
  const { cert, key } = makeSelfSigned(hosts, now);
  const read = new X509Certificate(cert);

  it('is for its addresses and names, and no others', () => {
    for (const ip of hosts.slice(0, 3)) expect(read.checkIP(ip), ip).toBe(ip);
    expect(read.checkHost('panel.home')).toBe('panel.home');
    expect(read.checkIP('192.168.1.21')).toBeUndefined();
    expect(read.checkHost('other.home')).toBeUndefined();
  });

  it('is signed with its own key, for servers, and for no authority', () => {
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(read.ca).toBe(false);
    expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is valid from a day before, for as long as phones accept', () => {
    expect(Date.parse(read.validFrom)).toBe(now - day);
    expect(Date.parse(read.validTo)).toBe(now + 396 * day);
  });

  it('has the fingerprint that browsers show', () => {
    expect(fingerprintOf(read.raw)).toBe(read.fingerprint256);
  });

  it('differs each time, in a form that is always readable', () => {
    const serials = Array.from({ length: 40 }, () => {
      const made = new X509Certificate(makeSelfSigned(['10.0.0.1'], now).cert);
      return made.serialNumber;
    });
    expect(new Set(serials).size).toBe(40);
    expect(serials.every((serial) => /^[4-7]/.test(serial))).toBe(true);
  });
});
