import { request } from 'node:http';
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { newSecret } from '../../../electron/core/access/secret-format.ts';
import { hasPassword, isCallableAddress, withoutPassword } from '../../../shared/network/callable-address.ts';
import { LONGEST_TOKEN, tokenProblem } from '../../../shared/token-text.ts';

test.each([
  ['abc', null],
  [newSecret('key'), null],
  ['eyJhbGciOi.J9-_~+/=', null],
  ['!"#$%&()[]{}|', null],
  ['x'.repeat(LONGEST_TOKEN), null],
  ['x'.repeat(LONGEST_TOKEN + 1), 'too-long'],
  ['two words', 'characters'],
  ['a\nb', 'characters'],
  ['a\rb', 'characters'],
  ['a\tb', 'characters'],
  ['passé', 'characters'],
  ['пароль', 'characters'],
  ['a\u200bb', 'characters'],
  ['a\0b', 'characters'],
  ['\u007f', 'characters'],
  ['🔑', 'characters'],
])('the token %j has the problem %s', (token, problem) => {
  expect(tokenProblem(token)).toBe(problem);
});

it('what is accepted can be sent as a header, as it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (token) => {
      if (tokenProblem(token) !== null) return;
      const outgoing = request({ host: '127.0.0.1', port: 9, headers: { authorization: `Bearer ${token}` } });
      outgoing.on('error', () => {});
      expect(outgoing.getHeader('authorization')).toBe(`Bearer ${token}`);
      outgoing.destroy();
    }),
  );
});

test.each([
  ['http://127.0.0.1:1/done?job=1', true],
  ['HTTPS://example.test/', true],
  ['http://user:p%40ss@127.0.0.1/', true],
  ['ftp://a', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['http://a b/', false],
  ['http://a/\nb', false],
  ['http://a/\u0000', false],
  ['http://a/ b', false],
  ['http://u%zz:p@a/', false],
  ['a', false],
  ['', false],
])('%j can be called: %s', (address, callable) => {
  expect(isCallableAddress(address)).toBe(callable);
});

test.each([
  ['http://user:pass@127.0.0.1:8/a?b=c#d', 'http://127.0.0.1:8/a?b=c#d'],
  ['http://user@host/', 'http://host/'],
  ['http://:pass@host/', 'http://host/'],
  ['http://host/@x', 'http://host/@x'],
  ['http://host?mail=a@b', 'http://host?mail=a@b'],
  ['no address', 'no address'],
])('%j is shown as %j', (address, shown) => {
  expect(withoutPassword(address)).toBe(shown);
  expect(hasPassword(address)).toBe(address !== shown);
});
