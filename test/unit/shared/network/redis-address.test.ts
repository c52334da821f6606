import { expect, test } from 'vitest';
import { isRedisAddress } from '../../../../shared/network/redis-address.ts';

test.each([
  'redis://127.0.0.1',
  'redis://127.0.0.1:6379',
  'redis://127.0.0.1:6379/1',
  'rediss://user:secret@cache.lan:6380/15',
  'redis://:secret@[::1]:6379/',
])('%s is the address of a server', (address) => {
  expect(isRedisAddress(address)).toBe(true);
});

test.each([
  '',
  '127.0.0.1:6379',
  'http://127.0.0.1:6379',
  'redis://',
  'redis://0x7f.1:6379',
  'redis://127.0.0.1:6379/one',
  'redis://127.0.0.1:6379/1/2',
  'redis://127.0.0.1:6379/1?db=2',
  'redis://host name:6379',
])('"%s" is not', (address) => {
  expect(isRedisAddress(address)).toBe(false);
});
