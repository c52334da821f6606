import { describe, expect, it } from 'vitest';
import { privateHosts } from '../../../../electron/core/tasks/private-hosts.ts';
import { createWebGuard } from '../../../../electron/workers/web/web-guard.ts';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';

const guard = createWebGuard({ allowedHosts: [] });

function codeOf(address: string, by = guard): string {
  try {
    by.check(address);
    return 'fetched';
  } catch (error) {
    return isPilotlightError(error) ? error.code : String(error);
  }
}

describe('an address of an own network', () => {
  it.each([
    'http://127.0.0.1/',
    'http://10.1.2.3/',
    'http://172.31.0.1/',
    'http://192.168.1.1:8080/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[ff02::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2002:c0a8:101::1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://[2001:0:7f00:1::]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://printer/',
    'http://nas.local/',
    'http://router.lan/',
    'http://user:word@127.0.0.1/',
  ])('is refused: %s', (address) => {
    expect(codeOf(address)).toBe('WEB_PRIVATE');
  });

  it.each([
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://１２７.0.0.1/',
    'http://127.0.0.1./x',
    'http:127.0.0.1/',
    'http:\\\\127.0.0.1/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_x',
    'javascript:alert(1)',
    'example.org',
    '',
  ])('is no address in another spelling: %s', (address) => {
    expect(codeOf(address)).toMatch(/^WEB_(ADDRESS_WRONG|PRIVATE)$/);
  });

  it('is refused where a name leads to it', () => {
    const { refuse } = guard.check('https://example.org/');
    for (const address of ['127.0.0.1', '::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'not an address']) {
      expect(refuse?.(address)).toMatchObject({ code: 'WEB_PRIVATE', details: { host: 'example.org' } });
    }
    expect(refuse?.('93.184.216.34')).toBeNull();
    expect(refuse?.('2606:2800:220:1::1')).toBeNull();
  });

  it('may be one that a person has named, and no other', () => {
    const allowing = createWebGuard({
      allowedHosts: privateHosts('NAS.lan, 192.168.1.5;[fd00::5]\nhttp://wiki'),
    });
    for (const address of [
      'http://nas.lan:8080/',
      'http://192.168.1.5/',
      'http://[fd00::5]/',
      'http://wiki/a',
    ]) {
      expect(allowing.check(address).refuse).toBeUndefined();
    }
    for (const address of [
      'http://other.lan/',
      'http://192.168.1.6/',
      'http://[fd00::6]/',
      'http://a.nas.lan/',
    ]) {
      expect(codeOf(address, allowing)).toBe('WEB_PRIVATE');
    }
    expect(privateHosts(null)).toEqual([]);
  });
});
