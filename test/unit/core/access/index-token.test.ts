import { describe, expect, it } from 'vitest';
import { moveIndexToken, withIndexKey } from '../../../../electron/core/access/index-token.ts';
import type { NewActivityEntry } from '../../../../shared/models/activity.ts';
import { createMemoryAccess } from '../../../fakes/access.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';

function open(token: string | null = 'token-of-scripts') {
  const world = createMemoryAccess({ clock: createFakeClock() });
  const secrets = createMemorySecrets(token === null ? {} : { 'api.indexToken': token });
  const entries: NewActivityEntry[] = [];
  const activity = { record: (entry: NewActivityEntry) => void entries.push(entry) };
  const move = () => moveIndexToken({ secrets, access: world.access, activity, log: world.log });
  return { ...world, secrets, entries, move };
}

describe('the token for /index of an earlier version', () => {
  it('becomes a key that works as before, and is nowhere else', () => {
    const { access, secrets, entries, move, records } = open();
    move();
    expect(access.check('token-of-scripts', null)).toMatchObject({
      outcome: 'accepted',
      credential: { kind: 'script', name: 'index', rights: ['tasks'] },
    });
    expect(secrets.get('api.indexToken')).toBeNull();
    expect(JSON.stringify([...records.values()])).not.toContain('token-of-scripts');
    expect(access.keys()).toMatchObject([{ chosen: true }]);
    expect(entries.map(({ message }) => message.code)).toEqual(['INDEX_TOKEN_MOVED']);
    move();
    expect([access.keys().length, entries.length]).toEqual([1, 1]);
  });

  it('works while it cannot be moved, and is moved by a later start', () => {
    const { access, secrets, entries, move, state } = open();
    state.full = true;
    move();
    expect(access.check('token-of-scripts', null).outcome).toBe('accepted');
    expect(secrets.get('api.indexToken')).toBe('token-of-scripts');
    expect(entries).toEqual([]);
  });

  it('is not there twice when only its removal failed, and does not come back once it is revoked', () => {
    const { access, secrets, move } = open();
    secrets.failing = true;
    move();
    move();
    expect(access.keys()).toHaveLength(1);
    access.revokeKey(access.keys()[0]?.id ?? '');
    secrets.failing = false;
    move();
    expect(access.keys()).toEqual([]);
    expect(access.check('token-of-scripts', null).outcome).toBe('revoked');
    expect(secrets.get('api.indexToken')).toBeNull();
  });

  it('gets another name where its own is taken', () => {
    const { access, move } = open();
    access.addKey({ name: 'index', kind: 'script', expiresInDays: null });
    move();
    expect(access.keys().map(({ name }) => name)).toEqual(['index', 'index 2']);
  });
});

describe('the setting api.indexToken', () => {
  it('sets, replaces and removes the key', () => {
    const { access, secrets, ended } = { ...open(null), ended: [] as string[] };
    access.onEnded((id) => ended.push(id));
    const settings = withIndexKey(secrets, access);
    expect(settings.has('api.indexToken')).toBe(false);
    settings.change({ 'api.indexToken': 'first-token' });
    expect([settings.has('api.indexToken'), settings.get('api.indexToken')]).toEqual([true, null]);
    settings.change({ 'api.indexToken': 'second-token' });
    expect(access.check('first-token', null).outcome).toBe('unknown');
    expect(access.check('second-token', null).outcome).toBe('accepted');
    expect(ended).toHaveLength(1);
    settings.change({ 'api.indexToken': null });
    expect(settings.has('api.indexToken')).toBe(false);
    expect(access.check('second-token', null).outcome).toBe('revoked');
    settings.change({ 'api.indexToken': 'second-token' });
    expect(access.check('second-token', null).outcome).toBe('accepted');
    expect(secrets.values.size).toBe(0);
  });

  it('is undone together with the other settings', () => {
    const { access, secrets } = open(null);
    const settings = withIndexKey(secrets, access);
    settings.change({ 'api.indexToken': 'first-token' });
    const undo = settings.change({
      'api.indexToken': 'second-token',
      'power.webhookUrl': 'https://example.test',
    });
    undo();
    expect(access.check('first-token', null).outcome).toBe('accepted');
    expect(access.check('second-token', null).outcome).not.toBe('accepted');
    expect(settings.get('power.webhookUrl')).toBeNull();
    settings.change({ 'api.indexToken': null });
    settings.change({ 'api.indexToken': 'third-token' })();
    expect(settings.has('api.indexToken')).toBe(false);
  });

  it('changes nothing when either part cannot be saved', () => {
    const { access, secrets, state } = open(null);
    const settings = withIndexKey(secrets, access);
    state.full = true;
    const both = { 'api.indexToken': 'first-token', 'power.webhookUrl': 'https://example.test' };
    expect(() => settings.change(both)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect([settings.has('api.indexToken'), settings.has('power.webhookUrl')]).toEqual([false, false]);
    state.full = false;
    secrets.failing = true;
    expect(() => settings.change(both)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(access.keys()).toEqual([]);
  });
});
