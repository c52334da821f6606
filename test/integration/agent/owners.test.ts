/** The agent trusts only what is its owner's, changes no mode that it did not set, and clears up after killed ones. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStuckWriter } from '../../fakes/stuck-writer.ts';
import { asRoot, stranger } from '../ownership/stranger.ts';
import { runAgent, startAgent } from './process.ts';
import { createWorld } from './world.ts';

let base = '';
let folder = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-agent-owners-'));
  folder = join(base, 'agent');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o7777;
const dry = ['--dry-run'];
const run = (...args: string[]) => runAgent(['--port', '0', ...dry, '--data', folder, ...args]);

function make(path: string, mode: number): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

function write(path: string, content: string, mode: number): string {
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('the mode of its folder', () => {
  it('lets others through to the file of a countdown if the agent created it', async () => {
    await using _ = await startAgent(folder, dry);
    expect(modeOf(folder)).toBe(0o711);
  });

  it.each([0o700, 0o711, 0o755, 0o750, 0o2755])('stays %o if it existed', async (mode) => {
    make(folder, mode);
    await using agent = await startAgent(folder, dry);
    expect(modeOf(folder)).toBe(mode);
    expect((await agent.call('GET', '/health', undefined, null)).status).toBe(200);
    expect((await runAgent(['token', '--data', folder])).out.trim()).toBe(agent.token);
    expect(modeOf(folder)).toBe(mode);
  });
});

interface Refused {
  name: string;
  /** Prepares it and returns the unsafe path. */
  spoil(): string;
  fix: (path: string) => string;
  args?: () => string[];
}

const refused: Refused[] = [
  {
    name: 'a folder that its group may change',
    spoil: () => make(folder, 0o770),
    fix: (path) => `chmod g-w ${path}`,
  },
  {
    name: 'a folder that everyone may change, sticky or not',
    spoil: () => make(folder, 0o1777),
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a folder in one where everyone may rename',
    spoil: () => {
      make(folder, 0o755);
      return make(base, 0o777);
    },
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a new folder in one where everyone may rename',
    spoil: () => make(base, 0o777),
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a config file that everyone may change',
    spoil: () => write(join(make(folder, 0o755), 'agent.json'), '{}', 0o666),
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a link to a config file in a folder that everyone may change',
    spoil: () => {
      const shared = make(join(base, 'shared'), 0o777);
      write(join(shared, 'agent.json'), '{}', 0o644);
      symlinkSync(join(shared, 'agent.json'), join(make(folder, 0o755), 'agent.json'));
      return shared;
    },
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a named config file that its group may change',
    spoil: () => write(join(base, 'named.json'), '{}', 0o664),
    fix: (path) => `chmod g-w ${path}`,
    args: () => ['--config', join(base, 'named.json')],
  },
  {
    name: 'a token that everyone may read',
    spoil: () => write(join(make(folder, 0o755), 'token'), `${'t'.repeat(43)}\n`, 0o644),
    fix: (path) => `chmod 600 ${path}`,
  },
  ...['leases.jsonl', 'policies.json', 'id.json', 'panels.json', 'listening.json'].map((name) => ({
    name: `${name} that everyone may change`,
    spoil: () => write(join(make(folder, 0o755), name), '{}', 0o646),
    fix: (path: string) => `chmod o-w ${path}`,
  })),
];

describe.skipIf(process.platform === 'win32')('a start is refused', () => {
  it.each(refused)('with $name', async ({ spoil, fix, args }) => {
    const path = spoil();
    const before = existsSync(folder) ? readdirSync(folder) : null;
    const { code, complaints, out } = await run(...(args?.() ?? []));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(complaints).toMatch(/^UNSAFE_PERMISSIONS: /);
    expect(complaints).toContain(`${path} `);
    expect(complaints).toContain(`\n  ${fix(path)}\n`);
    // Nothing was set aside, and no token was made.
    if (args === undefined) expect(existsSync(folder) ? readdirSync(folder) : null).toEqual(before);
  });

  it('until the commands that it names were run', async () => {
    write(join(make(folder, 0o775), 'agent.json'), '{}', 0o664);
    const commands = async () => {
      const { complaints } = await run();
      return complaints.split('\n').flatMap((line) => /^ +chmod (\S+) (\S+)$/.exec(line)?.slice(1) ?? []);
    };
    expect(await commands()).toEqual(['g-w', folder]);
    chmodSync(folder, 0o755);
    expect(await commands()).toEqual(['g-w', join(folder, 'agent.json')]);
    chmodSync(join(folder, 'agent.json'), 0o644);
    await using agent = await startAgent(folder, dry);
    expect(agent.port).toBeGreaterThan(0);
  });

  it('with both files named, if two are unsafe', async () => {
    write(join(make(folder, 0o755), 'agent.json'), '{}', 0o664);
    write(join(folder, 'token'), `${'t'.repeat(43)}\n`, 0o604);
    const { complaints } = await run();
    expect(complaints).toContain(`chmod g-w ${join(folder, 'agent.json')}`);
    expect(complaints).toContain(`chmod 600 ${join(folder, 'token')}`);
  });

  it.skipIf(!asRoot).each(['', 'agent.json', 'token', 'policies.json'])(
    'with another owner of its folder or file %j',
    async (name) => {
      make(folder, 0o755);
      const path = join(folder, name);
      if (name !== '') write(path, '{}', 0o600);
      chownSync(path, stranger, stranger);
      const { code, complaints } = await run();
      expect(code).toBe(1);
      expect(complaints).toMatch(/^UNSAFE_PERMISSIONS: .* belongs to /);
      expect(complaints).toContain(`\n  chown root ${path}\n`);
    },
  );

  it.skipIf(!asRoot)('with a link of another owner in the place of its folder', async () => {
    make(join(base, 'real'), 0o755);
    make(base, 0o1777);
    symlinkSync(join(base, 'real'), folder);
    const { lchownSync } = await import('node:fs');
    lchownSync(folder, stranger, stranger);
    expect((await run()).complaints).toContain(`\n  chown -h root ${folder}\n`);
  });
});

describe.skipIf(process.platform === 'win32')('a command on this machine', () => {
  it.each(['pair', 'token', 'forget'])('%s is refused with an unsafe token too', async (command) => {
    await using agent = await startAgent(folder, dry);
    chmodSync(join(folder, 'token'), 0o644);
    const { code, out, complaints } = await runAgent([command, '--data', folder]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(complaints).toMatch(/^UNSAFE_PERMISSIONS: /);
    expect(complaints).not.toContain(agent.token);
  });

  it.skipIf(!asRoot)('may be run by root for the agent of another user', async () => {
    await using world = await createWorld();
    for (const name of readdirSync(world.folder)) chownSync(join(world.folder, name), stranger, stranger);
    chownSync(world.folder, stranger, stranger);
    const { code, out, complaints } = await runAgent(['pair', '--data', world.folder]);
    expect([code, complaints]).toEqual([0, '']);
    expect(out).toMatch(/^Code: \d{3} \d{3} /);
    expect((await runAgent(['token', '--data', world.folder])).out.trim()).toBe(world.token);
    // A file of a third user among them is not that user's.
    chownSync(join(world.folder, 'token'), stranger - 1, stranger);
    expect((await runAgent(['pair', '--data', world.folder])).complaints).toMatch(/^UNSAFE_PERMISSIONS: /);
  });
});

describe('a write that was killed between its file and its name', () => {
  it('leaves nothing after the next start, and a running one keeps its file', async () => {
    make(folder, 0o755);
    write(join(folder, 'notes.4711.new'), 'of another program', 0o600);
    await using dead = await startStuckWriter(join(folder, 'policies.json'));
    await dead.kill();
    await using live = await startStuckWriter(join(folder, 'leases.jsonl'));
    expect([existsSync(dead.draft), existsSync(live.draft)]).toEqual([true, true]);
    await using _ = await startAgent(folder, dry);
    expect([existsSync(dead.draft), existsSync(live.draft)]).toEqual([false, true]);
    expect(existsSync(join(folder, 'notes.4711.new'))).toBe(true);
    expect(existsSync(join(folder, 'policies.json'))).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('is not followed where a link has its name', async () => {
    make(folder, 0o755);
    const precious = write(join(base, 'precious'), 'theirs', 0o600);
    await using dead = await startStuckWriter(join(folder, 'token'));
    await dead.kill();
    renameSync(dead.draft, join(base, 'moved'));
    symlinkSync(precious, dead.draft);
    await using _ = await startAgent(folder, dry);
    expect(existsSync(precious)).toBe(true);
  });
});
