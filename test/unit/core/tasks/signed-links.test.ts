import { describe, expect, it } from 'vitest';
import { createSignedLinks, LINK_MS } from '../../../../electron/core/tasks/signed-links.ts';
import { workerFilePaths } from '../../../../shared/contract/task-worker.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const target = { fileId: 'file_1', workerId: 'tower & co' };
const queryOf = (link: string) => Object.fromEntries(new URL(link, 'http://localhost').searchParams);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a signed link', () => {
  it('says what it is for until it expires', async () => {
    const clock = createFakeClock();
    const links = createSignedLinks({ clock, key: 'key' });
    const link = links.sign(target);
    expect(link.startsWith(`${workerFilePaths.download}?`)).toBe(true);
    expect(links.check(queryOf(link))).toEqual(target);
    await clock.advance(LINK_MS - 1);
    expect(links.check(queryOf(link))).toEqual(target);
    await clock.advance(1);
    expect(() => links.check(queryOf(link))).toThrow(code('LINK_EXPIRED'));
  });

  it.each([
    ['file', 'file_2'],
    ['worker', 'another'],
    ['until', '99999999999999'],
    ['until', '-1'],
    ['signature', ''],
    ['signature', 'zz'],
    ['signature', '00'.repeat(32)],
  ])('is refused with another %s: "%s"', (name, value) => {
    const links = createSignedLinks({ clock: createFakeClock(), key: 'key' });
    expect(() => links.check({ ...queryOf(links.sign(target)), [name]: value })).toThrow(code('FORBIDDEN'));
  });

  it('is refused with a field twice or none, and when another key signed it', () => {
    const clock = createFakeClock();
    const links = createSignedLinks({ clock, key: 'key' });
    const query = queryOf(links.sign(target));
    expect(() => links.check({ ...query, file: ['file_1', 'file_1'] })).toThrow(code('FORBIDDEN'));
    expect(() => links.check({})).toThrow(code('FORBIDDEN'));
    expect(() => createSignedLinks({ clock, key: 'other' }).check(query)).toThrow(code('FORBIDDEN'));
  });

  it('does not confuse names that would read alike', () => {
    const links = createSignedLinks({ clock: createFakeClock(), key: 'key' });
    const query = queryOf(links.sign({ fileId: 'a"', workerId: 'b' }));
    expect(() => links.check({ ...query, file: 'a', worker: '"b' })).toThrow(code('FORBIDDEN'));
  });
});
