import { describe, expect, it } from 'vitest';
import { readDoor } from '../../../../shared/network/door.ts';

const asked = 'http://gpu-box:11434/api/ps';
const read = (status: number, text = '', headers: Record<string, string> = {}) =>
  readDoor({ status, text, headers }, asked);

describe('what is in front of a server', () => {
  it.each([
    [401, '{"detail":"Not authenticated"}'],
    [401, ''],
    [403, '<html>Forbidden</html>'],
    [407, ''],
    [511, '<html>Log in to this network</html>'],
    [200, '<!doctype html>\n<form><input name="p" type="password"></form>'],
    [200, "  <html><input\n  class=x type='password' name=p>"],
    [200, '<html><input type=password></html>'],
  ])('%i %s wants a login', (status, text) => {
    expect(read(status, text)).toEqual({ kind: 'login' });
  });

  it.each([
    [301, 'https://gpu-box:11434/api/ps', 'https://gpu-box:11434/api/ps'],
    [302, 'http://portal.example/login?next=%2F&token=abc#x', 'http://portal.example/login'],
    [302, '//other/api', 'http://other/api'],
    [307, '/login', 'http://gpu-box:11434/login'],
    [308, 'https://user:secret@other/', 'https://other/'],
    [302, 'https://', null],
    [302, undefined, null],
  ])('%i to %s leads elsewhere, shown without query, fragment and password', (status, location, to) => {
    expect(read(status, '', location === undefined ? {} : { location })).toEqual({ kind: 'elsewhere', to });
  });

  it.each([
    [200, '{"models":[]}'],
    [200, '<!doctype html><title>Router</title><h1>Please log in</h1>'],
    [200, '{"text":"<input type=password>"}'],
    [304, ''],
    [404, '404 page not found'],
    [500, '<html>'],
  ])('%i %s is nothing of that kind', (status, text) => {
    expect(read(status, text)).toBeNull();
  });
});
