/** Who may own and change what: a table of made-up users, groups and modes. */
import { describe, expect, it } from 'vitest';
import { trustHere } from '../../../../electron/adapters/ownership/trust.ts';
import {
  flawsOf,
  type Names,
  type OwnerFacts,
  type Part,
  type Trust,
} from '../../../../electron/adapters/ownership/verdict.ts';
import { ownershipMessages } from '../../../../shared/text/messages/ownership.ts';

const root = 0;
const ann = 1000;
const bob = 1001;
const staff = 50;
const admin = 80;
const names: Names = {
  user: (uid) => ({ [root]: 'root', [ann]: 'ann', [bob]: 'bob' })[uid] ?? String(uid),
  group: (gid) => ({ [staff]: 'staff' })[gid] ?? String(gid),
};
const trust: Trust = { me: ann, users: [ann, root], parentUsers: [], administrators: [admin] };

const judge = (part: Part, facts: Partial<OwnerFacts>, changes: Partial<Trust> = {}) =>
  flawsOf(
    '/srv/x',
    { uid: ann, gid: staff, mode: 0o700, ...facts },
    {
      part,
      trust: { ...trust, ...changes },
      names,
    },
  );
const shown = (part: Part, facts: Partial<OwnerFacts>, changes?: Partial<Trust>) =>
  judge(part, facts, changes).map(({ flaw, group, others }) => [flaw, group, others]);

const everyPart: Part[] = ['parent', 'folder', 'file', 'secret', 'link'];

describe('the owner', () => {
  it.each(everyPart)('of a %s may be this user or root', (part) => {
    expect(shown(part, { uid: ann })).toEqual([]);
    expect(shown(part, { uid: root })).toEqual([]);
  });

  it.each(everyPart)('of a %s may be no other user', (part) => {
    for (const uid of [bob, 65_534, 1]) expect(shown(part, { uid })).toEqual([['owner', null, false]]);
  });

  it('of a parent may also be whoever owns the root folder, but not of what is ours', () => {
    const inNamespace = { parentUsers: [65_534] };
    expect(shown('parent', { uid: 65_534 }, inNamespace)).toEqual([]);
    for (const part of ['folder', 'file', 'secret', 'link'] as const)
      expect(shown(part, { uid: 65_534 }, inNamespace)).toEqual([['owner', null, false]]);
  });
});

describe('writing', () => {
  it.each(['parent', 'folder', 'file', 'secret'] as const)('to a %s is for its owner only', (part) => {
    for (const mode of [0o700, 0o600, 0o500, 0o000]) expect(shown(part, { mode })).toEqual([]);
    expect(shown(part, { mode: 0o720 })).toEqual([['writable', 'staff', false]]);
    expect(shown(part, { mode: 0o702 })).toEqual([['writable', null, true]]);
    expect(shown(part, { mode: 0o722 })).toEqual([['writable', 'staff', true]]);
  });

  it('by a group is refused even if it has the number of its user, as a private group has', () => {
    expect(shown('folder', { gid: ann, mode: 0o770 })).toEqual([['writable', '1000', false]]);
  });

  it('to a parent is harmless where only the owner of an entry may rename it', () => {
    expect(shown('parent', { uid: root, mode: 0o1777 })).toEqual([]);
    expect(shown('folder', { uid: root, mode: 0o1777 })).toEqual([['writable', 'staff', true]]);
    expect(shown('parent', { uid: bob, mode: 0o1777 })).toEqual([['owner', null, false]]);
  });

  it('to a parent may be left to a group whose members may become root', () => {
    expect(shown('parent', { gid: admin, mode: 0o775 })).toEqual([]);
    expect(shown('parent', { gid: admin, mode: 0o777 })).toEqual([['writable', null, true]]);
    expect(shown('folder', { gid: admin, mode: 0o775 })).toEqual([['writable', '80', false]]);
  });

  it('to a link means nothing: its mode is always the same', () => {
    expect(shown('link', { mode: 0o777 })).toEqual([]);
  });
});

describe('reading', () => {
  it('a secret is for its owner only', () => {
    for (const mode of [0o600, 0o400, 0o000, 0o700]) expect(shown('secret', { mode })).toEqual([]);
    expect(shown('secret', { mode: 0o640 })).toEqual([['readable', 'staff', false]]);
    expect(shown('secret', { mode: 0o604 })).toEqual([['readable', null, true]]);
    expect(shown('secret', { mode: 0o610 })).toEqual([['readable', 'staff', false]]);
    expect(shown('secret', { mode: 0o644 })).toEqual([['readable', 'staff', true]]);
  });

  it('anything else is for everyone', () => {
    for (const part of ['parent', 'folder', 'file'] as const)
      expect(shown(part, { mode: 0o755 })).toEqual([]);
  });
});

describe('the command that fixes it', () => {
  const fixes = (part: Part, facts: Partial<OwnerFacts>, changes?: Partial<Trust>) =>
    judge(part, facts, changes).map(({ fix }) => fix);

  it.each([
    ['folder', { mode: 0o770 }, ['chmod g-w /srv/x']],
    ['folder', { mode: 0o707 }, ['chmod o-w /srv/x']],
    ['file', { mode: 0o666 }, ['chmod go-w /srv/x']],
    ['secret', { mode: 0o666 }, ['chmod 600 /srv/x']],
    ['secret', { mode: 0o644 }, ['chmod 600 /srv/x']],
    ['parent', { uid: root, mode: 0o777 }, ['sudo chmod go-w /srv/x']],
    ['file', { uid: bob, mode: 0o666 }, ['sudo chown ann /srv/x', 'sudo chmod go-w /srv/x']],
    ['parent', { uid: bob }, ['sudo chown root /srv/x']],
    ['link', { uid: bob }, ['sudo chown -h ann /srv/x']],
  ] as const)('for a %s with %j: %j', (part, facts, expected) => {
    expect(fixes(part, facts)).toEqual(expected);
  });

  it('needs no sudo for root', () => {
    const asRoot = { me: root, users: [root] };
    expect(fixes('folder', { uid: ann, mode: 0o770 }, asRoot)).toEqual([
      'chown root /srv/x',
      'chmod g-w /srv/x',
    ]);
  });

  it('quotes a path that the shell would read differently', () => {
    const [found] = flawsOf(
      "/srv/Ann's $files",
      { uid: ann, gid: staff, mode: 0o770 },
      {
        part: 'folder',
        trust,
        names,
      },
    );
    expect(found?.fix).toBe(String.raw`chmod g-w '/srv/Ann'\''s $files'`);
  });
});

it('names the path, its owner and who else may do what', () => {
  const paths = [
    ...judge('folder', { mode: 0o770 }),
    ...judge('parent', { uid: root, mode: 0o777 }),
    ...judge('secret', { mode: 0o604 }),
    ...judge('file', { uid: bob }),
  ];
  expect(ownershipMessages.UNSAFE_PATHS({ paths }).split('\n')).toEqual([
    '/srv/x belongs to ann and can be changed by its group (staff).',
    '/srv/x belongs to root and can be changed by its group (staff) and all users.',
    '/srv/x contains a secret, belongs to ann and can be read by all users.',
    '/srv/x belongs to bob.',
  ]);
  expect(ownershipMessages.FIX_UNSAFE_PATHS({ paths }).split('\n')).toEqual([
    'Run this, or choose another folder with --data:',
    '  chmod g-w /srv/x',
    '  sudo chmod go-w /srv/x',
    '  chmod 600 /srv/x',
    '  sudo chown ann /srv/x',
  ]);
  expect(ownershipMessages.FIX_UNSAFE_PATHS({ paths: judge('secret', { mode: 0o604 }) })).toBe(
    'Run this:\n  chmod 600 /srv/x',
  );
});

it.runIf(process.platform === 'win32')('is not asked on Windows', () => {
  expect(trustHere()).toBeNull();
});
