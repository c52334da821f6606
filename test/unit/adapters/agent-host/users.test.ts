import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isInUse,
  parseSessionIds,
  parseShownSession,
} from '../../../../electron/adapters/agent-host/logind-sessions.ts';
import type { HostPlatform } from '../../../../electron/adapters/agent-host/types.ts';
import { parseQuser, parseSshTitles, readUsers } from '../../../../electron/adapters/agent-host/users.ts';
import { type Exec, execProgram } from '../../../../electron/adapters/hardware/exec.ts';

interface Said {
  code?: number;
  stdout?: string;
  stderr?: string;
}
/** What a program prints for its arguments; `hangs` for one that never ends, left out for one that is not installed. */
type Program = 'hangs' | Said | ((args: readonly string[]) => Said);

/** In place of the system's programs; one that hangs and one that is missing are so for real. */
function programs(table: Record<string, Program>): { exec: Exec; asked: string[] } {
  const asked: string[] = [];
  const exec: Exec = async (program, args, options) => {
    asked.push([program, ...args].join(' '));
    const played = table[program];
    if (played === undefined) return execProgram(`/nonexistent/${program}`, args, options);
    if (played === 'hangs')
      return execProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
        ...options,
        deadlineMs: 150,
      });
    const { code = 0, stdout = '', stderr = '' } = typeof played === 'function' ? played(args) : played;
    if (code === 0) return stdout;
    // As execProgram rejects.
    throw Object.assign(new Error(`Command failed: ${program}`), { code, stdout, stderr });
  };
  return { exec, asked };
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-users-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As the system's own folders: whether logind has run, and whether a list of logins is kept. */
function system({ logind = true, utmp = true } = {}) {
  if (logind) mkdirSync(join(folder, 'seats'), { recursive: true });
  writeFileSync(join(folder, 'utmp'), utmp ? 'boot record' : '');
  return { seatsFolder: join(folder, 'seats'), utmpFiles: [join(folder, 'utmp'), join(folder, 'none')] };
}

function read(
  table: Record<string, Program>,
  platform: HostPlatform = 'linux',
  places: Parameters<typeof system>[0] = {},
) {
  const { exec, asked } = programs(table);
  const { signal } = new AbortController();
  return readUsers({ exec, platform, signal, ...system(places) }).then((users) => ({ ...users, asked }));
}

interface Row {
  id: string;
  user?: string;
  class?: string;
  state?: string;
}
const path = (id: string) => `/org/freedesktop/login1/session/_3${id}`;
const userIds: Record<string, number> = { root: 0, ann: 1000, bob: 1001, gdm: 115 };

/** busctl of systemd 252 and 257, as recorded from a machine with one session. */
function busctl(rows: readonly Row[], ended: readonly string[] = []): Program {
  let lists = 0;
  return (args) => {
    if (args.includes('ListSessions')) {
      lists += 1;
      const listed = lists === 1 ? rows : rows.filter(({ id }) => !ended.includes(id));
      const data = [listed.map(({ id, user = 'ann' }) => [id, userIds[user] ?? 1, user, '', path(id)])];
      return { stdout: `${JSON.stringify({ type: 'a(susso)', data })}\n` };
    }
    const row = rows.find(({ id }) => args.includes(path(id)) && !ended.includes(id));
    if (row === undefined) return { code: 1, stderr: "Call failed: Unknown object '/org/…'.\n" };
    const text = (data: string) => ({ type: 's', data });
    const properties = {
      Id: text(row.id),
      User: { type: '(uo)', data: [1000, '/org/freedesktop/login1/user/_1000'] },
      Name: text(row.user ?? 'ann'),
      TTY: text(''),
      Remote: { type: 'b', data: true },
      Service: text('sshd'),
      Type: text('tty'),
      Class: text(row.class ?? 'user'),
      State: text(row.state ?? 'active'),
    };
    return { stdout: `${JSON.stringify({ type: 'a{sv}', data: [properties] })}\n` };
  };
}

const nobodyThere = { stdout: '' };

describe('people on a machine with logind', () => {
  it('count without a terminal, where who lists nobody', async () => {
    const users = await read({ busctl: busctl([{ id: '4' }]), who: nobodyThere });
    expect(users).toMatchObject({ names: ['ann'], problem: null });
  });

  it('come from both lists, each once', async () => {
    const who = {
      stdout: 'ann      tty1         2026-11-26 16:00\nbob      pts/0        2026-11-26 16:01\n',
    };
    const users = await read({ busctl: busctl([{ id: '4' }, { id: '5', user: 'root' }]), who });
    expect(users).toMatchObject({ names: ['ann', 'root', 'bob'], problem: null });
  });

  it.each<[string, Row[], string[]]>([
    ['nobody', [], []],
    ['root, signed in early', [{ id: '1', user: 'root', class: 'user-early' }], ['root']],
    ['a person who is signing in', [{ id: '1', class: 'user-incomplete', state: 'opening' }], ['ann']],
    ['a locked screen', [{ id: '1', class: 'lock-screen', state: 'online' }], ['ann']],
    ['a session in the background of the seat', [{ id: '1', state: 'online' }], ['ann']],
    ['a class of a later version', [{ id: '1', class: 'user-of-tomorrow' }], ['ann']],
    ['a state of a later version', [{ id: '1', state: 'pondering' }], ['ann']],
    ['the manager of services', [{ id: '1', class: 'manager' }], []],
    ['the manager of services of root', [{ id: '1', user: 'root', class: 'manager-early' }], []],
    ['the login screen', [{ id: 'c1', user: 'gdm', class: 'greeter' }], []],
    ['a run of cron', [{ id: '1', class: 'background' }], []],
    ['a person who has left, whose processes remain', [{ id: '1', state: 'closing' }], []],
    ['a person who has left and one who stays', [{ id: '1', state: 'closing' }, { id: '2' }], ['ann']],
  ])('are asked for their class and state: %s', async (_, rows, names) => {
    expect(await read({ busctl: busctl(rows), who: nobodyThere })).toMatchObject({ names, problem: null });
  });

  it('count in ssh without a terminal where sshd signs them in without logind', async () => {
    const ps = { stdout: '/sbin/init\nsshd-session: bob@notty\n' };
    expect(await read({ busctl: busctl([]), who: nobodyThere, ps })).toMatchObject({
      names: ['bob'],
      problem: null,
    });
  });

  it('that leave while they are read are not waited for', async () => {
    const rows = [{ id: '1' }, { id: '2', user: 'bob' }];
    const users = await read({ busctl: busctl(rows, ['1']), who: nobodyThere });
    expect(users).toMatchObject({ names: ['bob'], problem: null });
  });

  it.each<[string, Program, RegExp]>([
    ['hangs', 'hangs', /busctl did not answer in time/],
    ['fails', { code: 1, stderr: 'Call failed: Connection timed out\n' }, /Connection timed out/],
    ['prints nothing', { stdout: '' }, /busctl printed nothing/],
    ['prints something else', { stdout: 'Failed\n' }, /unexpected: Failed/],
    ['lists no list', { stdout: '{"type":"s","data":["x"]}' }, /listed no sessions/],
    ['lists something odd', { stdout: '{"type":"a(susso)","data":[[[1,2]]]}' }, /malformed session/],
  ])('are not known where logind %s', async (_, played, problem) => {
    const users = await read({ busctl: played, who: nobodyThere });
    expect(users.names).toEqual([]);
    expect(users.problem).toMatch(problem);
  });

  it('are not all known where a session cannot be described', async () => {
    const played: Program = (args) =>
      args.includes('ListSessions')
        ? { stdout: JSON.stringify({ type: 'a(susso)', data: [[['1', 1000, 'ann', '', path('1')]]] }) }
        : { stdout: '{"type":"a{sv}","data":[{"Class":{"type":"s","data":"user"}}]}' };
    const who = { stdout: 'bob      pts/0        2026-11-26 16:01\n' };
    expect(await read({ busctl: played, who })).toMatchObject({
      names: ['bob'],
      problem: expect.stringMatching(/state for a session/),
    });
  });

  it.each<[string, Program, boolean, string | null]>([
    ['ends with 1 and keeps no list', { code: 1 }, false, null],
    ['finds no list', { code: 1, stderr: "who: '/var/run/utmp': No such file or directory\n" }, false, null],
    ['hangs', 'hangs', true, 'who did not answer in time and was stopped.'],
    ['fails', { code: 1, stderr: 'who: read error\n' }, true, 'who failed with code 1: who: read error'],
  ])('are known by logind alone where who %s', async (_, who, utmp, problem) => {
    const users = await read({ busctl: busctl([{ id: '4' }]), who }, 'linux', { utmp });
    expect(users).toMatchObject({ names: ['ann'], problem });
  });
});

describe('people on a machine without systemd', () => {
  const ann = { stdout: 'ann      tty1         2026-11-26 16:00\n' };

  it('are those of who, where neither busctl nor loginctl is there', async () => {
    expect(await read({ who: ann }, 'linux', { logind: false })).toMatchObject({
      names: ['ann'],
      problem: null,
    });
    expect(await read({ who: nobodyThere }, 'linux', { logind: false })).toMatchObject({
      names: [],
      problem: null,
    });
  });

  it('and with the programs of systemd, which does not run', async () => {
    const failing = { code: 1, stderr: 'Failed to connect to bus: No such file or directory\n' };
    expect(await read({ busctl: failing, who: ann }, 'linux', { logind: false })).toMatchObject({
      names: ['ann'],
      problem: null,
    });
    const users = await read({ busctl: failing, who: ann });
    expect(users.problem).toContain('Failed to connect to bus');
  });

  it.each(['--json=short', '--output=json'])('come from elogind by loginctl %s', async (option) => {
    const loginctl: Program = (args) => {
      // Each version takes one of them; the newer prints a table for the other.
      if (args.includes('--json=short') && option !== '--json=short')
        return { code: 1, stderr: "loginctl: unrecognized option '--json=short'\n" };
      if (args.includes('list-sessions'))
        return { stdout: '[{"session":"3","uid":1000,"user":"ann","seat":"","tty":""},{"session":"c4"}]\n' };
      return args.includes('3')
        ? { stdout: 'Id=3\nName=ann\nClass=user\nState=active\n' }
        : { stdout: 'State=active\nClass=greeter\nName=lightdm\nId=c4\n' };
    };
    expect(await read({ loginctl, who: nobodyThere })).toMatchObject({ names: ['ann'], problem: null });
    expect(await read({ loginctl: { code: 1, stderr: 'No bus\n' }, who: nobodyThere })).toMatchObject({
      problem: 'loginctl failed with code 1: No bus',
    });
  });

  it('are not known where logind has run, and there is no program to ask it', async () => {
    expect(await read({ who: ann })).toMatchObject({
      names: ['ann'],
      problem: 'Neither busctl nor loginctl is installed to ask logind.',
    });
  });

  it('are not all known where who prints a line that is no session', async () => {
    const who = { stdout: `${ann.stdout}\nbob\n` };
    const users = await read({ who }, 'linux', { logind: false });
    expect(users).toMatchObject({ names: ['ann'], problem: 'who printed: bob' });
  });

  it('are seen in ssh without a terminal by its processes', async () => {
    const ps = { stdout: '/sbin/init\nsshd: bob [priv]\nsshd: bob@notty\n-bash\n' };
    const users = await read({ ps, who: nobodyThere }, 'linux', { logind: false });
    expect(users).toMatchObject({ names: ['bob'], problem: null });
  });

  it('are not known where nothing keeps a list', async () => {
    for (const who of [nobodyThere, { code: 1, stderr: "who: '/var/run/utmp': No such file\n" }, undefined]) {
      const users = await read({ ...(who ? { who } : {}) }, 'linux', { logind: false, utmp: false });
      expect(users).toMatchObject({ names: [], problem: expect.stringContaining('lists who is signed in') });
    }
  });
});

describe('people on a Mac', () => {
  const ps = { stdout: '/sbin/launchd\nsshd-session: bob@notty  \nlogin -pf ann\n' };
  it('come from who and from ssh without a terminal', async () => {
    const who = { stdout: 'ann      console      Nov 26 16:00 \n' };
    expect(await read({ who, ps }, 'darwin')).toMatchObject({ names: ['ann', 'bob'], problem: null });
    expect(await read({ who: nobodyThere, ps: { stdout: '/sbin/launchd\n' } }, 'darwin')).toMatchObject({
      names: [],
      problem: null,
    });
  });
  it('are not known where a program fails', async () => {
    expect((await read({ who: 'hangs', ps }, 'darwin')).problem).toContain('who did not answer');
    expect((await read({ who: nobodyThere, ps: 'hangs' }, 'darwin')).problem).toContain('ps did not answer');
  });
});

describe('people on Windows', () => {
  const table = [
    ' USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME',
    '>ann                   console             1  Active      none   26/11/2026 16:00',
    ' Bob Miller                                2  Disc         1:05  26/11/2026 15:00',
    ' administrator-of-all  rdp-tcp#7           3  Active          .  26/11/2026 15:00',
    '',
  ].join('\r\n');
  const names = ['ann', 'Bob Miller', 'administrator-of-all'];

  it('are listed, also where the program ends with 1', async () => {
    expect(parseQuser(table)).toEqual(names);
    for (const code of [0, 1])
      expect(await read({ 'quser.exe': { code, stdout: table } }, 'win32')).toMatchObject({
        names,
        problem: null,
      });
  });

  it('are not all known where a line is no session, or where it was stopped after some', async () => {
    const half = table.split('\r\n').slice(0, 2).join('\r\n');
    expect(await read({ 'quser.exe': { stdout: `${half}\r\n Bob\r\n` } }, 'win32')).toMatchObject({
      names: ['ann'],
      problem: 'quser.exe printed: Bob',
    });
    expect(await read({ 'quser.exe': { code: 3, stdout: half } }, 'win32')).toMatchObject({
      names: ['ann'],
      problem: expect.stringContaining('failed with code 3'),
    });
  });

  it.each([
    'No User exists for *',
    'Für * ist kein Benutzer vorhanden.',
    'Aucun utilisateur n’existe pour *',
  ])('are nobody where it says so in any language: %s', async (stderr) => {
    expect(await read({ 'quser.exe': { code: 1, stderr } }, 'win32')).toMatchObject({
      names: [],
      problem: null,
    });
  });

  it.each<[string, Program | undefined, RegExp]>([
    ['is not part of this edition', undefined, /no quser\.exe/],
    ['may not', { code: 1, stderr: 'Error [5]:Access is denied.' }, /Access is denied/],
    ['cannot', { code: 1, stderr: 'Error 0x000006BA enumerating sessionnames' }, /0x000006BA/],
    ['says nothing', { code: 1 }, /failed with code 1/],
    ['prints nothing', { code: 0 }, /listed nothing/],
    ['hangs', 'hangs', /did not answer in time/],
  ])('are not known where quser %s', async (_, played, problem) => {
    const users = await read({ ...(played ? { 'quser.exe': played } : {}) }, 'win32');
    expect(users.names).toEqual([]);
    expect(users.problem).toMatch(problem);
  });
});

describe('what programs say of sessions', () => {
  it('is read as data', () => {
    expect(parseShownSession('Id=3\nName=a=b\nClass=user\nState=closing\n')).toEqual({
      id: '3',
      user: 'a=b',
      class: 'user',
      state: 'closing',
    });
    expect(() => parseShownSession('Id=3\nName=ann\nClass=\nState=active\n')).toThrow('no Class');
    expect(parseSessionIds('[]')).toEqual([]);
    expect(() => parseSessionIds('No sessions.')).toThrow('unexpected');
    expect(() => parseSessionIds('[{"session":3}]')).toThrow('malformed');
    expect(parseSshTitles('sshd: ann [net]\nsshd: /usr/sbin/sshd -D\nsshd: ann@pts/0\n')).toEqual([]);
    expect(isInUse({ class: 'user', state: 'lingering' })).toBe(true);
  });
});
