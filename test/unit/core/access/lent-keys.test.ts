import { expect, it } from 'vitest';
import { checkCredential } from '../../../../electron/core/access/check-credential.ts';
import { createLentKeys, type LentKey } from '../../../../electron/core/access/lent-keys.ts';
import { createMemoryAccess } from '../../../fakes/access.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';

const key = (own: Partial<LentKey> = {}): LentKey => ({
  ...{ id: 'worker w1', name: 'attic', secret: 'pilotlight_key_aaaaaaaa', models: ['whisper'] },
  ...own,
});

it('opens the gateway for its models, with the right to infer and no other', () => {
  const lent = createLentKeys(silentLog);
  lent.lend(key());
  const verdict = checkCredential(lent.list(), key().secret, { now: 1, origin: null });
  expect(verdict).toMatchObject({
    outcome: 'accepted',
    credential: { name: 'attic', kind: 'program', rights: ['infer'], models: ['whisper'], endsAt: null },
  });
});

it('reports a change once, and none where nothing changed', () => {
  const lent = createLentKeys(silentLog);
  let changes = 0;
  lent.onChange(() => {
    changes += 1;
  });
  lent.lend(key());
  lent.lend(key());
  expect(changes).toBe(1);
  lent.lend(key({ models: ['whisper', 'llava'] }));
  expect(changes).toBe(2);
  lent.takeBack('worker w1');
  lent.takeBack('worker w1');
  expect(changes).toBe(3);
  expect(lent.list()).toEqual([]);
});

it('is no key of a person: it opens no other door, and is not listed, but has a name', () => {
  const { access } = createMemoryAccess({ clock: createFakeClock() });
  access.lent.lend(key());
  expect(access.check(key().secret, null)).toEqual({ outcome: 'unknown' });
  expect(access.known()).toEqual([]);
  expect(access.keys()).toEqual([]);
  expect(access.find('worker w1')).toBeNull();
  expect(access.nameOf('worker w1')).toBe('attic');
  const { credential } = access.addKey({ name: 'mine', kind: 'program', expiresInDays: null });
  expect(access.nameOf(credential.id)).toBe('mine');
  access.revokeKey(credential.id);
  expect(access.nameOf(credential.id)).toBeNull();
});
